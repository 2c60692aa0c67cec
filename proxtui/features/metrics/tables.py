"""The tables of the metrics: every call, and for each way and hour of UTC the sums of its calls."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, Table, Text, UniqueConstraint

from proxtui.core.db import Schema

VERSION = 1
_WIDE = Integer().with_variant(BigInteger, "postgresql")

metadata = MetaData()
ways = Table(
    "metric_ways",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("server", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    # direct, tailscale or ssh
    Column("path", Text, nullable=False),
    UniqueConstraint("tenant", "server", "endpoint", "path", name="metric_ways_once"),
)
calls = Table(
    "metric_calls",
    metadata,
    Column("id", _WIDE, primary_key=True),
    Column("way", Integer, nullable=False),
    # Microseconds since the epoch, and of the answer; whole numbers, so that sums are exact.
    Column("ts", _WIDE, nullable=False),
    Column("took", _WIDE),
    # 1 or 0
    Column("ok", Integer, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("error", Text),
    Column("message", Text),
)
# All that the numbers need stands in it: they never read the rows themselves.
Index("metric_calls_when", calls.c.way, calls.c.ts, calls.c.ok, calls.c.took)
Index(
    "metric_calls_failed",
    *(calls.c.way, calls.c.ts),
    sqlite_where=calls.c.ok == 0,
    postgresql_where=calls.c.ok == 0,
)
hours = Table(
    "metric_hours",
    metadata,
    Column("way", Integer, primary_key=True, autoincrement=False),
    # Seconds since the epoch at which it began.
    Column("hour", _WIDE, primary_key=True, autoincrement=False),
    Column("attempts", _WIDE, nullable=False),
    Column("good", _WIDE, nullable=False),
    # Of the good ones whose time is known: how many, and microseconds.
    Column("timed", _WIDE, nullable=False),
    Column("took", _WIDE, nullable=False),
    sqlite_with_rowid=False,
)

# Nothing depends on the last seconds: they need not survive a power cut.
SCHEMA = Schema("the metrics", metadata, VERSION, synchronous="NORMAL", name="metrics")
