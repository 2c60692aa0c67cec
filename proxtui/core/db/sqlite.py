"""SQLite: a file of mode 0600 in a folder of mode 0700, and errors in one line."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.pool import NullPool

from proxtui.core.db.database import Database
from proxtui.core.db.migrating import bring_up
from proxtui.core.db.schema import WRITES, Schema
from proxtui.errors import StoreUnavailable

BUSY_SECONDS = 10.0
"""How long another process may keep the database locked."""

_FULL = ("SQLITE_FULL",)
_LOCKED = ("SQLITE_BUSY", "SQLITE_LOCKED")
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


def open_sqlite(path: Path, schema: Schema, *, only_read: bool = False) -> Database:
    """Open or make a database file of mode 0600 in a folder of mode 0700. It blocks.

    With ``only_read`` nothing is made and nothing is changed, not even modes: a copy on a read-only disk will do.
    An older version is made this one, after a copy of it (``audit.db.1.bak``); who only reads sees it as this one.
    Raises StoreUnavailable when that is not possible.
    """
    try:
        path.stat() if only_read else _prepare(path)
    except OSError as error:
        why = "full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "failed"
        raise StoreUnavailable(f"{schema.what}: cannot use {path}: {error.strerror or error}", why=why) from error
    engine = _engine(path, schema, only_read=only_read)

    def trouble(error: DBAPIError) -> StoreUnavailable:
        return _trouble(error, schema.what, path)

    try:
        found = bring_up(engine, schema, before=lambda version: _copy(path, version), only_read=only_read)
    except DBAPIError as error:
        engine.dispose()
        raise trouble(error) from error
    except OSError as error:
        engine.dispose()
        raise StoreUnavailable(f"{schema.what}: cannot copy {path}: {error.strerror or error}") from error
    return Database(engine, schema, str(path), trouble, path=path, found=found)


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


def _copy(path: Path, version: int) -> None:
    """Keep what is there beside it, before another version is made of it."""
    copy = path.with_name(f"{path.name}.{version}.bak")
    new = path.with_name(f"{copy.name}.new")
    new.unlink(missing_ok=True)
    os.close(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    try:
        with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(new)) as kept:
            old.backup(kept)
        new.replace(copy)
    except sqlite3.Error as error:
        new.unlink(missing_ok=True)
        raise OSError(errno.EIO, str(error)) from error


def _engine(path: Path, schema: Schema, *, only_read: bool) -> Engine:
    # A connection for each transaction: an open one would go on writing into a file that was moved away.
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})

    def connected(connection: Any, _record: object) -> None:
        # The driver's own transactions begin too late: with the first write, not with the first look.
        connection.isolation_level = None
        connection.execute(f"PRAGMA synchronous={schema.synchronous}")
        connection.execute("PRAGMA trusted_schema=OFF")
        if schema.journal_mode != "DELETE" and not only_read:
            connection.execute(f"PRAGMA journal_mode={schema.journal_mode}")
        if only_read and schema.older:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            for statement in schema.older.get(version, ()):
                connection.execute(statement)

    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get(WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", begun)
    return engine


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
