"""The table of the audit. What it is searched by stands in columns of its own; what counts is ``body``."""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    event,
    true,
)
from sqlalchemy.schema import ExecutableDDLElement

from proxtui.core.db import Schema, is_shared, scope_of

VERSION = 2

_NUMBER = Integer().with_variant(BigInteger, "postgresql")
# Bytes are compared, whatever the language of the server: a range of names has to mean the same everywhere.
_TEXT = Text().with_variant(Text(collation="C"), "postgresql")

metadata = MetaData()
audit = Table(
    "audit",
    metadata,
    Column("seq", _NUMBER, nullable=False, autoincrement=False),
    # Microseconds since the epoch.
    Column("ts", _NUMBER, nullable=False),
    Column("phase", _TEXT, nullable=False),
    Column("event", _TEXT, nullable=False),
    Column("op_id", _TEXT, nullable=False),
    Column("user", _TEXT, nullable=False),
    Column("tenant", _TEXT, nullable=False),
    Column("server", _TEXT, nullable=False),
    Column("kind", _TEXT, nullable=False),
    Column("target", _TEXT, nullable=False),
    Column("result", _TEXT, nullable=False),
    Column("body", _TEXT, nullable=False),
    Column("prev", _TEXT, nullable=False),
    Column("mac", _TEXT, nullable=False),
    # Whose it is in a shared database. A file holds one chain, which needs no name.
    Column("chain", _TEXT, nullable=False, server_default=""),
    # In a file the number is the row itself, which makes the table small and quick.
    PrimaryKeyConstraint("seq").ddl_if(dialect="sqlite"),
    sqlite_strict=True,
)
SEARCHED = ("event", "user", "kind", "result", "server", "target", "ts")
_INDEXES = {name: (audit.c[name], audit.c.seq) for name in SEARCHED} | {
    "tenant": (audit.c.tenant, audit.c.server, audit.c.seq),
    "op": (audit.c.op_id, audit.c.phase, audit.c.seq),
}
for _name, _columns in _INDEXES.items():
    Index(f"audit_{_name}", *_columns).ddl_if(dialect="sqlite")
    Index(f"audit_chain_{_name}", audit.c.chain, *_columns).ddl_if(dialect="postgresql")
Index("audit_chain", audit.c.chain, audit.c.seq, unique=True).ddl_if(dialect="postgresql")

FORBID_UPDATE = """CREATE TRIGGER IF NOT EXISTS audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END"""
FORBID_DELETE = """CREATE TRIGGER IF NOT EXISTS audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END"""
ALLOW_DELETE = "DROP TRIGGER IF EXISTS audit_no_delete"
"""Against mistakes, not against people: who has the file can drop them. The chain is what finds that."""

_FORBID_SHARED = (
    """CREATE OR REPLACE FUNCTION audit_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND current_setting('proxtui.pruning', true) = 'on' THEN RETURN OLD; END IF;
  RAISE EXCEPTION 'the audit is only added to';
END $$""",
    """CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit
FOR EACH ROW EXECUTE FUNCTION audit_only_added_to()""",
    """CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit
FOR EACH STATEMENT EXECUTE FUNCTION audit_only_added_to()""",
)

for _dialect, _statements in (("sqlite", (FORBID_UPDATE, FORBID_DELETE)), ("postgresql", _FORBID_SHARED)):
    for _statement in _statements:
        _forbid: ExecutableDDLElement = DDL(_statement)  # type: ignore[no-untyped-call] # SQLAlchemy left it untyped
        event.listen(audit, "after_create", _forbid.execute_if(dialect=_dialect))


def of_chain(connection: Connection, chain: str = "") -> ColumnElement[bool]:
    """The rows of that chain, else of the one that is meant. A file holds one: all its rows."""
    wanted = chain or scope_of(connection)
    return audit.c.chain == wanted if is_shared(connection) and wanted is not None else true()


def allow_delete(connection: Connection) -> None:
    """Up to the end of the transaction, or until ``forbid_delete``: rows may be deleted."""
    connection.exec_driver_sql("SET LOCAL proxtui.pruning = 'on'" if is_shared(connection) else ALLOW_DELETE)


def forbid_delete(connection: Connection) -> None:
    """From now on again no row may be deleted."""
    connection.exec_driver_sql("SET LOCAL proxtui.pruning = 'off'" if is_shared(connection) else FORBID_DELETE)


def _name_the_chain(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE audit ADD COLUMN chain TEXT NOT NULL DEFAULT ''")


_FIRST = "seq, ts, phase, event, op_id, user, tenant, server, kind, target, result, body, prev, mac"
SCHEMA = Schema(
    "the audit",
    metadata,
    VERSION,
    name="audit",
    migrations={2: _name_the_chain},
    older={1: (f"CREATE TEMP VIEW audit AS SELECT {_FIRST}, '' AS chain FROM main.audit",)},  # noqa: S608 # our own words
)
