"""Questions to the audit: by what was done, to what, by whom and when; the newest first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Select, case, func, select

from proxtui.core.db import Database
from proxtui.core.journal import AuditEntry, Phase
from proxtui.features.audit.chain import Record, entry_of
from proxtui.features.audit.tables import audit, of_chain

PAGE = 1_000
"""Rows of one reading: nobody can commit while one lasts."""
GUESTS = ("qemu", "lxc")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Which rows. Empty means all; times are microseconds since the epoch, both ends included."""

    action_type: str = ""
    """``guests.start``; ``guests.*`` for all of a room."""
    resource_type: str = ""
    """``qemu``, ``lxc``, ``node``, ``storage``, ..."""
    resource_id: str = ""
    user_id: str = ""
    tenant: str = ""
    server: str = ""
    guest: str = ""
    """A VMID."""
    op_id: str = ""
    result: str = ""
    start: int | None = None
    end: int | None = None
    before: int | None = None
    """Rows with smaller numbers only: the next page costs no more than the first."""
    after: int | None = None
    limit: int = 100
    offset: int = 0
    chain: str = ""
    """Another chain of a shared database than one's own."""


class AuditService:
    """Reads; every method blocks and belongs on a thread (``db.read``)."""

    def __init__(self, db: Database) -> None:
        self.db = db

    async def find(self, query: AuditQuery) -> list[Record]:
        """The rows, the newest first."""
        return await self.db.read(lambda connection: records(connection, query))

    def find_now(self, query: AuditQuery) -> list[Record]:
        """The same, here and now."""
        return self.db.look(lambda connection: records(connection, query))

    def count(self, query: AuditQuery) -> int:
        """How many rows there are; ``limit`` and ``offset`` do not count."""

        def work(connection: Connection) -> int:
            every = select(func.count()).select_from(numbers_of(connection, query).subquery())
            return int(connection.execute(every).scalar_one())

        return self.db.look(work)

    def newest(self, query: AuditQuery) -> Iterator[Record]:
        """All rows from the newest on, in pages; ``limit`` and ``offset`` do not count."""
        before = query.before
        while page := self.find_now(replace(query, before=before, limit=PAGE, offset=0)):
            yield from page
            before = page[-1].seq

    def oldest(self, query: AuditQuery) -> Iterator[Record]:
        """All rows from the oldest on, in pages."""
        following = replace(query, after=-1 if query.after is None else query.after)
        while page := self._upwards(following):
            yield from page
            following = replace(following, after=page[-1].seq)

    def one(self, seq: int) -> Record | None:
        """The row of that number."""

        def work(connection: Connection) -> Record | None:
            found = connection.execute(select(audit).where(of_chain(connection), audit.c.seq == seq)).first()
            return _record(found) if found else None

        return self.db.look(work)

    def chains(self) -> list[str]:
        """Whose rows there are, in a shared database."""
        every = select(audit.c.chain).distinct().order_by(audit.c.chain)
        return list(self.db.look(lambda connection: connection.execute(every).scalars()))

    def story(self, op_id: str) -> list[Record]:
        """All rows of one change, in order."""
        return list(self.oldest(AuditQuery(op_id=op_id)))

    def unfinished(self) -> list[AuditEntry]:
        """The last entry of every change without an outcome, oldest first."""
        ended = func.max(case((audit.c.phase == Phase.OUTCOME, 1), else_=0))

        def work(connection: Connection) -> Sequence[str]:
            mine = of_chain(connection)
            open_ones = (
                select(func.max(audit.c.seq))
                .where(mine, audit.c.op_id != "", audit.c.phase != Phase.SINGLE)
                .group_by(audit.c.op_id)
                .having(ended == 0)
            )
            last = select(audit.c.body).where(mine, audit.c.seq.in_(open_ones)).order_by(audit.c.seq)
            return connection.execute(last).scalars().all()

        return [entry_of(json.loads(body)) for body in self.db.look(work)]

    def upids_since(self, since: float) -> frozenset[str]:
        """Of everything that was written since then (seconds since the epoch)."""
        written = select(audit.c.body).where(audit.c.ts >= int(since * 1_000_000), audit.c.op_id != "")

        def work(connection: Connection) -> Sequence[str]:
            return connection.execute(written.where(of_chain(connection))).scalars().all()

        return frozenset(upid for body in self.db.look(work) if (upid := json.loads(body).get("upid")))

    def _upwards(self, query: AuditQuery) -> list[Record]:
        def work(connection: Connection) -> list[Record]:
            numbers = numbers_of(connection, query).order_by(audit.c.seq).limit(PAGE)
            these = (of_chain(connection, query.chain), audit.c.seq.in_(numbers))
            found = connection.execute(select(audit).where(*these).order_by(audit.c.seq))
            return [_record(row) for row in found]

        return self.db.look(work)


def records(connection: Connection, query: AuditQuery) -> list[Record]:
    """The rows of a query. The numbers are found in an index first, so that skipping a million reads none of them."""
    numbers = numbers_of(connection, query).order_by(audit.c.seq.desc()).limit(query.limit).offset(query.offset)
    these = (of_chain(connection, query.chain), audit.c.seq.in_(numbers))
    found = connection.execute(select(audit).where(*these).order_by(audit.c.seq.desc()))
    return [_record(row) for row in found]


def numbers_of(connection: Connection, query: AuditQuery) -> Select[tuple[int]]:
    """The numbers of all rows that a query means, in no order."""
    wanted = select(audit.c.seq).where(of_chain(connection, query.chain))
    for column, value in (
        (audit.c.kind, query.resource_type),
        (audit.c.target, query.resource_id or query.guest),
        (audit.c.user, query.user_id),
        (audit.c.tenant, query.tenant),
        (audit.c.server, query.server),
        (audit.c.op_id, query.op_id),
        (audit.c.result, query.result),
    ):
        if value:
            wanted = wanted.where(column == value)
    if query.action_type.endswith("*"):
        stem = query.action_type[:-1]
        # A range, not LIKE: an index serves it whatever its collation.
        wanted = wanted.where(audit.c.event >= stem, audit.c.event < stem + "\U0010ffff")
    elif query.action_type:
        wanted = wanted.where(audit.c.event == query.action_type)
    if query.guest:
        wanted = wanted.where(audit.c.kind.in_(GUESTS))
    if query.before is not None:
        wanted = wanted.where(audit.c.seq < query.before)
    if query.after is not None:
        wanted = wanted.where(audit.c.seq > query.after)
    return _within(connection, wanted, query)


def _within(connection: Connection, wanted: Select[tuple[int]], query: AuditQuery) -> Select[tuple[int]]:
    """Times as bounds of row numbers. The times themselves are compared, too: a clock may have been set back."""
    # "+ 0" keeps the index of times out of it: numbers are in the wanted order, times are not.
    mine = of_chain(connection, query.chain)
    if query.start is not None:
        first = connection.execute(select(func.min(audit.c.seq)).where(mine, audit.c.ts >= query.start)).scalar()
        wanted = wanted.where(audit.c.seq >= (-1 if first is None else first), audit.c.ts + 0 >= query.start)
    if query.end is not None:
        last = connection.execute(select(func.max(audit.c.seq)).where(mine, audit.c.ts <= query.end)).scalar()
        wanted = wanted.where(audit.c.seq <= (-1 if last is None else last), audit.c.ts + 0 <= query.end)
    return wanted


def _record(row: Any) -> Record:
    return Record(**row._mapping)
