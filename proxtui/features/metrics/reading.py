"""Numbers out of the tables: sums of whole hours from what was summed up, of the first one from its calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from proxtui.core.model import ServerRef
from proxtui.features.metrics.models import HOUR, Failure, History, Hour, Percentiles, Sums, rank
from proxtui.features.metrics.tables import calls, hours, ways
from proxtui.features.metrics.writing import MICRO

AHEAD = HOUR
"""A clock that was set back leaves calls in the future: so far they count as of just now."""
_TIMED = case(((calls.c.ok == 1) & calls.c.took.is_not(None), 1), else_=0)
_RAW = (func.count(), func.sum(calls.c.ok), func.sum(_TIMED), func.sum(_TIMED * calls.c.took))
_SUMMED = tuple(func.sum(hours.c[name]) for name in ("attempts", "good", "timed", "took"))
Ways = Mapping[int, tuple[str, str]]
"""Endpoint and path, by the number of the way."""


def servers(connection: Connection) -> dict[ServerRef, Ways]:
    """Every server that was ever asked, and its ways."""
    found: dict[ServerRef, dict[int, tuple[str, str]]] = {}
    for number, tenant, server, endpoint, path in connection.execute(select(ways).order_by(ways.c.id)):
        found.setdefault(ServerRef(tenant, server), {})[number] = (endpoint, path)
    return dict(found)


def ways_of(connection: Connection, ref: ServerRef) -> Ways:
    """The ways to one server; empty when it was never asked."""
    mine = select(ways.c.id, ways.c.endpoint, ways.c.path).where(
        ways.c.tenant == ref.tenant, ways.c.server == ref.server
    )
    return {number: (endpoint, path) for number, endpoint, path in connection.execute(mine)}


class Window:
    """From ``length`` seconds ago to now: as whole hours, and the piece of an hour before them."""

    def __init__(self, now: float, length: int) -> None:
        self.start = int(now * MICRO) - length * MICRO
        """Microseconds since the epoch."""
        self.first_hour = -(-self.start // (MICRO * HOUR)) * HOUR
        """Seconds since the epoch at which the first whole hour begins."""
        self.end = (int(now) + AHEAD) // HOUR * HOUR + HOUR
        """Where the last hour ends that counts."""

    def piece(self, of: Sequence[int]) -> tuple[ColumnElement[bool], ...]:
        """Calls of these ways before the first whole hour."""
        return calls.c.way.in_(of), calls.c.ts >= self.start, calls.c.ts < self.first_hour * MICRO

    def whole(self, of: Sequence[int]) -> tuple[ColumnElement[bool], ...]:
        """Sums of these ways of whole hours."""
        return hours.c.way.in_(of), hours.c.hour >= self.first_hour, hours.c.hour < self.end

    def all(self, of: Sequence[int]) -> tuple[ColumnElement[bool], ...]:
        """All calls of these ways."""
        return calls.c.way.in_(of), calls.c.ts >= self.start, calls.c.ts < self.end * MICRO


def history_of(connection: Connection, of: Sequence[int], window: Window) -> History:
    """Hour by hour."""
    begin = window.first_hour - HOUR
    found = {begin: _sums(connection.execute(select(*_RAW).where(*window.piece(of))).one())}
    by_hour = select(hours.c.hour, *_SUMMED).where(*window.whole(of)).group_by(hours.c.hour).order_by(hours.c.hour)
    found |= {hour: _sums(sums) for hour, *sums in connection.execute(by_hour)}
    known = tuple(Hour(start, sums) for start, sums in found.items() if sums.attempts)
    return History(known, window.start // MICRO, window.end)


def percentiles_of(connection: Connection, of: Sequence[int], window: Window) -> Percentiles:
    """The database sorts them: none of the values but three come here."""
    timed = (*window.all(of), calls.c.ok == 1, calls.c.took.is_not(None))
    count = connection.execute(select(func.count()).where(*timed)).scalar_one()
    if not count:
        return Percentiles()
    ranks = [rank(count, part) for part in (0.5, 0.95, 0.99)]
    numbered = select(calls.c.took, func.row_number().over(order_by=calls.c.took).label("at")).where(*timed).subquery()
    chosen = select(numbered.c.at, numbered.c.took).where(numbered.c.at.in_(set(ranks)))
    by_rank = {at: took for at, took in connection.execute(chosen)}
    p50, p95, p99 = (round(by_rank[at] / 1000, 1) for at in ranks)
    return Percentiles(p50, p95, p99, count)


def failures_of(connection: Connection, of: Ways, limit: int, since: int = 0) -> list[Failure]:
    """The newest, the newest first; ``since`` in microseconds."""
    names = (calls.c.ts, calls.c.way, calls.c.error, calls.c.message, calls.c.retries, calls.c.took)
    found: list[Any] = []
    for way in of:
        mine = select(*names).where(calls.c.way == way, calls.c.ok == 0, calls.c.ts >= since)
        found += connection.execute(mine.order_by(calls.c.ts.desc()).limit(limit)).all()
    found.sort(key=lambda row: row[0], reverse=True)
    return [
        Failure(
            *(ts / MICRO, *of[way], error or "", message or "", retries),
            ms=None if took is None else round(took / 1000, 1),
        )
        for ts, way, error, message, retries, took in found[:limit]
    ]


def newest_times(connection: Connection, of: Sequence[int], limit: int) -> list[int]:
    """Microseconds that the newest answered calls took, the newest first."""
    found: list[tuple[int, int]] = []
    for way in of:
        mine = select(calls.c.ts, calls.c.took).where(calls.c.way == way, calls.c.ok == 1, calls.c.took.is_not(None))
        found += [(ts, took) for ts, took in connection.execute(mine.order_by(calls.c.ts.desc()).limit(limit))]
    found.sort(reverse=True)
    return [took for _, took in found[:limit]]


def uses_of(connection: Connection, of: Ways, window: Window) -> dict[str, int]:
    """How often each path was used in whole hours, the most used first."""
    by_way = select(hours.c.way, func.sum(hours.c.attempts)).where(*window.whole(list(of))).group_by(hours.c.way)
    found: dict[str, int] = {}
    for way, attempts in connection.execute(by_way):
        path = of[way][1]
        found[path] = found.get(path, 0) + int(attempts)
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def _sums(row: Sequence[int | None]) -> Sums:
    # PostgreSQL sums up to a decimal number.
    return Sums(*(int(value or 0) for value in row))
