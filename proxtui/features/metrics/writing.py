"""Calls into the tables: rows, and the sums of their hours in the same transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection, Insert, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from proxtui.core.calls import Called
from proxtui.core.db import is_shared
from proxtui.core.model import ServerRef
from proxtui.features.metrics.models import HOUR, Sums
from proxtui.features.metrics.tables import calls, hours, ways

Way = tuple[str, str, str, str]
"""Tenant, server, endpoint, path."""
MICRO = 1_000_000
CHUNK = 5_000
"""Rows that one transaction deletes."""
MOST_TEXT = 200
TOLD = (calls.c.ts, calls.c.took, calls.c.retries, calls.c.error, calls.c.message)
"""What a row tells of its call beside its way."""


def write(connection: Connection, batch: Sequence[Called], known: dict[Way, int]) -> None:
    """Add these calls. ``known`` are numbers of ways that were found before; it grows."""
    rows = []
    sums: dict[tuple[int, int], Sums] = {}
    for call, way in zip(batch, _numbers(connection, batch, known), strict=True):
        ts, took, retries, error, message = _row(call)
        good = not call.error
        told: dict[str, int | str | None] = {
            "ts": ts,
            "took": took,
            "retries": retries,
            "error": error,
            "message": message,
        }
        rows.append({"way": way, "ok": int(good), **told})
        place = (way, ts // MICRO // HOUR * HOUR)
        timed = good and took is not None
        more = Sums(1, int(good), int(timed), (took or 0) if timed else 0)
        sums[place] = sums.get(place, Sums()) + more
    connection.execute(insert(calls), rows)
    # In the same order in every process: two that add to the same hours never wait for each other in a circle.
    added = [
        {"way": way, "hour": hour, "attempts": one.attempts, "good": one.good, "timed": one.timed, "took": one.took}
        for (way, hour), one in sorted(sums.items())
    ]
    connection.execute(_adding(connection), added)


def absent(connection: Connection, batch: Sequence[Called]) -> list[Called]:
    """The calls of the batch that are not there.

    A call has no number that everybody knows. It is the same one where way, time, duration and all else are the same,
    to the microsecond; of several that are the same as many are there as in the batch.
    """
    by_way: dict[Way, list[Called]] = {}
    for call in batch:
        by_way.setdefault(_way(call), []).append(call)
    found: list[Called] = []
    for way, mine in by_way.items():
        there = _there(connection, way, {round(call.at * MICRO) for call in mine})
        for call in mine:
            if there[same := called(way, *_row(call))]:
                there[same] -= 1
            else:
                found.append(call)
    return found


def called(way: Way, ts: int, took: int | None, retries: int, error: str | None, message: str | None) -> Called:
    """A call out of its row: the columns of ``TOLD``."""
    tenant, server, endpoint, path = way
    seconds = None if took is None else took / MICRO
    return Called(ts / MICRO, ServerRef(tenant, server), endpoint, path, seconds, error or "", retries, message or "")


def _there(connection: Connection, way: Way, times: Collection[int]) -> Counter[Called]:
    names = (ways.c.tenant, ways.c.server, ways.c.endpoint, ways.c.path)
    same = [column == value for column, value in zip(names, way, strict=True)]
    asked = select(*TOLD).join_from(calls, ways, calls.c.way == ways.c.id).where(*same, calls.c.ts.in_(times))
    return Counter(called(way, *row) for row in connection.execute(asked))


def _way(call: Called) -> Way:
    return call.ref.tenant, call.ref.server, call.endpoint, call.path


def _row(call: Called) -> tuple[int, int | None, int, str | None, str | None]:
    """What the columns of ``TOLD`` hold of it."""
    took = None if call.seconds is None else max(0, round(call.seconds * MICRO))
    return (
        round(call.at * MICRO), took, call.retries, call.error[:MOST_TEXT] or None, call.message[:MOST_TEXT] or None,
    )  # fmt: skip


def forget(connection: Connection, before: int) -> int:
    """Delete at most ``CHUNK`` calls that are older than this whole hour; gives how many went.

    The sums of their hours go with the last of them.
    """
    old = calls.c.ts < before * MICRO
    gone = 0
    for way in connection.execute(select(ways.c.id)).scalars().all():
        some = select(calls.c.id).where(calls.c.way == way, old).limit(CHUNK - gone)
        gone += connection.execute(delete(calls).where(calls.c.id.in_(some))).rowcount
        if gone >= CHUNK:
            return gone
    connection.execute(delete(hours).where(hours.c.hour < before))
    return gone


def newest(connection: Connection) -> float | None:
    """Seconds since the epoch of the newest call; None without any."""
    found = (
        connection.execute(select(func.max(calls.c.ts)).where(calls.c.way == way)).scalar_one()
        for way in connection.execute(select(ways.c.id)).scalars().all()
    )
    latest = max((at for at in found if at is not None), default=None)
    return None if latest is None else latest / MICRO


def _numbers(connection: Connection, batch: Iterable[Called], known: dict[Way, int]) -> list[int]:
    wanted = [_way(call) for call in batch]
    for way in sorted(set(wanted) - known.keys()):
        known[way] = _number(connection, way)
    return [known[way] for way in wanted]


def _number(connection: Connection, way: Way) -> int:
    names = dict(zip(("tenant", "server", "endpoint", "path"), way, strict=True))
    make = postgresql.insert(ways) if is_shared(connection) else sqlite.insert(ways)
    connection.execute(make.values(**names).on_conflict_do_nothing())
    same = [ways.c[name] == value for name, value in names.items()]
    return int(connection.execute(select(ways.c.id).where(*same)).scalar_one())


def _adding(connection: Connection) -> Insert:
    make = postgresql.insert(hours) if is_shared(connection) else sqlite.insert(hours)
    names = ("attempts", "good", "timed", "took")
    added = {name: hours.c[name] + make.excluded[name] for name in names}
    return make.on_conflict_do_update(index_elements=[hours.c.way, hours.c.hour], set_=added)
