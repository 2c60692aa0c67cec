"""The table of the audit. What it is searched by stands in columns of its own; what counts is ``body``."""

from __future__ import annotations

from sqlalchemy import DDL, BigInteger, Column, Index, Integer, MetaData, Table, Text, event
from sqlalchemy.schema import ExecutableDDLElement

from proxtui.core.db import Schema

VERSION = 1

_NUMBER = Integer().with_variant(BigInteger, "postgresql")

metadata = MetaData()
audit = Table(
    "audit",
    metadata,
    Column("seq", _NUMBER, primary_key=True, autoincrement=False),
    # Microseconds since the epoch.
    Column("ts", _NUMBER, nullable=False),
    Column("phase", Text, nullable=False),
    Column("event", Text, nullable=False),
    Column("op_id", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("server", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("prev", Text, nullable=False),
    Column("mac", Text, nullable=False),
    sqlite_strict=True,
)
SEARCHED = ("event", "user", "kind", "result", "server", "target", "ts")
for _name in SEARCHED:
    Index(f"audit_{_name}", audit.c[_name], audit.c.seq)
Index("audit_tenant", audit.c.tenant, audit.c.server, audit.c.seq)
Index("audit_op", audit.c.op_id, audit.c.phase, audit.c.seq)

FORBID_UPDATE = """CREATE TRIGGER IF NOT EXISTS audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END"""
FORBID_DELETE = """CREATE TRIGGER IF NOT EXISTS audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END"""
ALLOW_DELETE = "DROP TRIGGER IF EXISTS audit_no_delete"
"""Against mistakes, not against people: who has the file can drop them. The chain is what finds that."""

for _statement in (FORBID_UPDATE, FORBID_DELETE):
    _forbid: ExecutableDDLElement = DDL(_statement)  # type: ignore[no-untyped-call] # SQLAlchemy left it untyped
    event.listen(audit, "after_create", _forbid.execute_if(dialect="sqlite"))

SCHEMA = Schema("the audit", metadata, VERSION)
