"""The version of a schema in its database, and the way from an older one: once, whoever comes first."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import BigInteger, Column, Connection, Engine, MetaData, Table, Text, insert, select, text, update
from sqlalchemy.engine import Inspector
from sqlalchemy.inspection import inspect

from proxtui.core.db.schema import WRITES, Schema, is_shared

_metadata = MetaData()
versions = Table(
    "proxtui_schema",
    _metadata,
    Column("name", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
)
"""Of a shared database: which schema is there in which version. An SQLite file has its ``user_version``."""


def lock(connection: Connection, name: str) -> None:
    """Let only one transaction at a time pass here, up to its end. In an SQLite file each that writes is alone anyway.

    DBAPIError when another one keeps it for ten seconds.
    """
    if is_shared(connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})


def version_of(connection: Connection, schema: Schema) -> int:
    """Which version is there; 0 for none."""
    if not is_shared(connection):
        return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    found: Inspector = inspect(connection)
    if not found.has_table(versions.name):
        return 0
    said = select(versions.c.version).where(versions.c.name == schema.name)
    return connection.execute(said).scalar_one_or_none() or 0


def bring_up(engine: Engine, schema: Schema, *, before: Callable[[int], None], only_read: bool) -> int:
    """Make the tables when they are missing, and what is older this version. Which version is there now; 0: none.

    ``before`` is called with the old version while nobody else can write. All of it happens, or nothing.
    """
    with engine.connect() as connection, connection.begin():
        found = version_of(connection, schema)
    if found < schema.version and not only_read:
        with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
            lock(connection, "proxtui schema")
            # Another process may have been quicker.
            found = version_of(connection, schema)
            if found < schema.version:
                _migrate(connection, schema, found, before)
                found = schema.version
    return found


def _migrate(connection: Connection, schema: Schema, found: int, before: Callable[[int], None]) -> None:
    if found == 0:
        schema.metadata.create_all(connection)
    else:
        before(found)
        for version in range(found + 1, schema.version + 1):
            schema.migrations[version](connection)
    _note(connection, schema)


def _note(connection: Connection, schema: Schema) -> None:
    if not is_shared(connection):
        connection.exec_driver_sql(f"PRAGMA user_version={schema.version}")
        return
    _metadata.create_all(connection)
    noted = update(versions).where(versions.c.name == schema.name).values(version=schema.version)
    if connection.execute(noted).rowcount == 0:
        connection.execute(insert(versions).values(name=schema.name, version=schema.version))
