"""PostgreSQL: limits of time for everything, and errors in one line that never tell the password."""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError

from proxtui.config.database_url import check_database_url, is_plain, shown
from proxtui.config.secret import Secret
from proxtui.core.db.database import READERS, RETRY_SECONDS, Database
from proxtui.core.db.migrating import bring_up
from proxtui.core.db.schema import Schema
from proxtui.errors import MissingExtra, StoreUnavailable, UsageError

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 30.0
LOCK_SECONDS = 10.0
IDLE_SECONDS = 60.0
"""A process that froze inside a transaction loses it, and its locks, after so long."""
_LIBPQ = {
    "connect_timeout": CONNECT_SECONDS,
    "application_name": "proxtui",
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
"""What holds unless the address says something else. Without keep-alives a dead server is waited for for hours."""

_log = logging.getLogger(__name__)


def open_postgres(url: Secret, schema: Schema, *, scope: str | None = None, only_read: bool = False) -> Database:
    """Connect, and make or bring up the tables unless ``only_read``. It blocks.

    Raises StoreUnavailable in one line, with ``why`` ``unreachable`` or ``login`` (exit 10) where there is no way in;
    MissingExtra without the driver, UsageError for what is no address.
    """
    place = shown(url)
    try:
        check_database_url(url)
    except ValueError as error:
        raise UsageError(f"database_url: {error}") from None
    if is_plain(url):
        _log.warning("%s may be spoken to in plain text: add sslmode=verify-full (or require) to database_url", place)
    engine = _engine(url)

    def trouble(error: DBAPIError) -> StoreUnavailable:
        return _trouble(error, schema.what, place, url)

    try:
        found = bring_up(engine, schema, before=lambda _version: None, only_read=only_read)
    except DBAPIError as error:
        engine.dispose()
        said = trouble(error)
        raise StoreUnavailable(str(said), why="unreachable" if said.why == "gone" else said.why) from None
    return Database(engine, schema, place, trouble, found=found, scope=scope, patience=RETRY_SECONDS)


def _engine(url: Secret) -> Engine:
    address: URL = make_url(url.get_secret_value()).set(drivername="postgresql+psycopg")
    said = {name: value for name, value in _LIBPQ.items() if name not in address.query}
    try:
        # Before a connection is used that idled it is asked whether the server is still there.
        engine = create_engine(
            address, pool_size=1 + READERS, max_overflow=-1, pool_pre_ping=True, pool_recycle=600,
            pool_timeout=LOCK_SECONDS, connect_args=said, hide_parameters=True,
        )  # fmt: skip
    except ModuleNotFoundError:
        raise MissingExtra("PostgreSQL needs its driver: pip install 'proxtui[postgres]'") from None

    def connected(connection: Any, _record: object) -> None:
        limits = {
            "statement_timeout": int(STATEMENT_SECONDS * 1000),
            "lock_timeout": int(LOCK_SECONDS * 1000),
            "idle_in_transaction_session_timeout": int(IDLE_SECONDS * 1000),
            # A role may have been given less: then what was acknowledged could be lost.
            "synchronous_commit": "on",
        }
        with connection.cursor() as cursor:
            for name, value in limits.items():
                cursor.execute("SELECT set_config(%s, %s, false)", (name, str(value)))
        connection.commit()

    event.listen(engine, "connect", connected)
    return engine


_WHY = {
    "53100": "full",
    "55P03": "locked",
    "57014": "slow",
    "XX001": "damaged",
    "XX002": "damaged",
}
_GONE = ("08", "57P", "58")
_LOGIN = ("28", "3D")
_NO_ENTRY = ("authentication failed", "no password supplied", "does not exist", "no pg_hba.conf entry")
_WORDS = {
    "full": "the disk of {place} is full",
    "locked": "another process keeps {place} locked",
    "slow": "{place} did not answer within " + f"{STATEMENT_SECONDS:.0f} s",
}


def _trouble(error: DBAPIError, what: str, place: str, url: Secret) -> StoreUnavailable:
    state = str(getattr(error.orig, "sqlstate", "") or "")
    text = _one_line(str(error.orig), url)
    why = _WHY.get(state) or ("gone" if state.startswith(_GONE) else "")
    # Before there is a connection the server's words are all that is known.
    if not why and (state.startswith(_LOGIN) or (not state and any(words in text for words in _NO_ENTRY))):
        why = "login"
    if not why and (error.connection_invalidated or not state) and type(error).__name__ == "OperationalError":
        why = "gone"
    why = why or ("refused" if isinstance(error, IntegrityError) else "failed")
    said = _WORDS[why].format(place=place) if why in _WORDS else f"{place}: {text}"
    return StoreUnavailable(f"{what}: {said}", why=why)


def _one_line(text: str, url: Secret) -> str:
    password = make_url(url.get_secret_value()).password
    line = " ".join(text.split())[:300]
    return line.replace(str(password), "***") if password else line
