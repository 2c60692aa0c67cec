"""One SQL database: one thread writes, others read, nobody on the event loop. SQLAlchemy loads when it is opened."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import NullPool

from proxtui.errors import NewerFormat, StoreUnavailable

T = TypeVar("T")
Work = Callable[[Connection], T]

BUSY_SECONDS = 10.0
"""How long another process may keep the database locked."""
WRITES = "proxtui_writes"
"""Execution option of a transaction that takes the lock at its beginning."""
READERS = 2

_FULL = ("SQLITE_FULL",)
_LOCKED = ("SQLITE_BUSY", "SQLITE_LOCKED")
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


@dataclass(frozen=True, slots=True)
class Schema:
    """What a database holds."""

    what: str
    """In messages: ``the audit``."""
    metadata: MetaData
    version: int
    synchronous: str = "EXTRA"


class Database:
    """Made by ``open_sqlite``. ``write``, ``read`` and ``call`` are for the event loop; the others block.

    All raise StoreUnavailable when the database cannot be used, and NewerFormat for a write into a newer one.
    """

    def __init__(self, engine: Engine, schema: Schema, path: Path, *, newer: bool = False) -> None:
        self.engine = engine
        self.path = path
        self.newer = newer
        """True when a newer proxtui made it: it is only read."""
        self._schema = schema
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="db-writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="db-reader")

    async def write(self, work: Work[T]) -> T:
        """Run ``work`` in one transaction on the writer thread; it is on disk when this returns.

        A cancelled caller does not stop what was handed over.
        """
        return await self.call(lambda: self.transact(work))

    async def read(self, work: Work[T]) -> T:
        """Run ``work`` in one short transaction: while it reads, nobody can commit."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.look, work)

    async def call(self, work: Callable[[], T]) -> T:
        """Run something that blocks on the writer thread, in turn with the writing."""
        # Unshielded, a cancelled caller would take back what still waits behind others.
        return await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._writer, work))

    def call_now(self, work: Callable[[], T]) -> T:
        """``call`` for who has no event loop."""
        return self._writer.submit(work).result()

    def transact(self, work: Work[T]) -> T:
        """One writing transaction, here and now: only for work that already runs on the writer thread."""
        self.refuse_newer()
        return self._run(work, writes=True)

    def look(self, work: Work[T]) -> T:
        """One reading transaction, here and now."""
        return self._run(work, writes=False)

    def close(self, last: Callable[[], None] | None = None, *, patience: float = BUSY_SECONDS) -> None:
        """Let what was handed over end, do ``last`` after it, then close.

        After ``patience`` seconds what still waits is given up: each write into a locked database takes ten seconds.
        """
        ending = self._writer.submit(last or (lambda: None))
        wait([ending], timeout=patience)
        self._writer.shutdown(cancel_futures=True)
        self._readers.shutdown()
        self.engine.dispose()

    def refuse_newer(self) -> None:
        """Raise NewerFormat when a newer proxtui made the database."""
        if self.newer:
            raise NewerFormat(f"{self.path} is of a newer proxtui: {self._schema.what} is read, never written")

    def _run(self, work: Work[T], *, writes: bool) -> T:
        try:
            with self.engine.connect().execution_options(**{WRITES: writes}) as connection, connection.begin():
                return work(connection)
        except DBAPIError as error:
            raise _trouble(error, self._schema.what, self.path) from error


def open_sqlite(path: Path, schema: Schema, *, only_read: bool = False) -> Database:
    """Open or make a database file of mode 0600 in a folder of mode 0700. It blocks.

    With ``only_read`` nothing is made and nothing is changed, not even modes: a copy on a read-only disk will do.
    Raises StoreUnavailable when that is not possible.
    """
    try:
        path.stat() if only_read else _prepare(path)
    except OSError as error:
        why = "full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "failed"
        raise StoreUnavailable(f"{schema.what}: cannot use {path}: {error.strerror or error}", why=why) from error
    engine = _engine(path, schema.synchronous)
    try:
        newer = _bring_up(engine, schema, only_read=only_read)
    except DBAPIError as error:
        engine.dispose()
        raise _trouble(error, schema.what, path) from error
    return Database(engine, schema, path, newer=newer)


def _prepare(path: Path) -> None:
    folder = path.parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if stat.S_IMODE(folder.stat().st_mode) & 0o077:
        folder.chmod(0o700)
    # SQLite would make it with what the umask leaves, and follow a link to anywhere.
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
    try:
        known = os.fstat(handle)
        if not stat.S_ISREG(known.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        if stat.S_IMODE(known.st_mode) & 0o077:
            os.fchmod(handle, 0o600)
    finally:
        os.close(handle)


def _engine(path: Path, synchronous: str) -> Engine:
    # A connection for each transaction: an open one would go on writing into a file that was moved away.
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})

    def connected(connection: Any, _record: object) -> None:
        # The driver's own transactions begin too late: with the first write, not with the first look.
        connection.isolation_level = None
        connection.execute(f"PRAGMA synchronous={synchronous}")
        connection.execute("PRAGMA trusted_schema=OFF")

    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine


def _bring_up(engine: Engine, schema: Schema, *, only_read: bool) -> bool:
    """Make the tables when they are missing. True when a newer proxtui made them."""
    with engine.connect() as connection, connection.begin():
        found = _version(connection)
    if found == 0 and not only_read:
        with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
            # Another process may have been quicker.
            if _version(connection) == 0:
                schema.metadata.create_all(connection)
                connection.exec_driver_sql(f"PRAGMA user_version={schema.version}")
    return found > schema.version


def _version(connection: Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


def _trouble(error: DBAPIError, what: str, path: Path) -> StoreUnavailable:
    code = str(getattr(error.orig, "sqlite_errorname", ""))
    if code.startswith(_FULL):
        return StoreUnavailable(f"{what}: the disk with {path} is full", why="full")
    if code.startswith(_LOCKED):
        return StoreUnavailable(f"{what}: another process keeps {path} locked", why="locked")
    if code.startswith(_DAMAGED):
        return StoreUnavailable(f"{what}: {path} is damaged: {error.orig}", why="damaged")
    why = "refused" if isinstance(error, IntegrityError) else "failed"
    return StoreUnavailable(f"{what}: {path}: {error.orig}", why=why)
