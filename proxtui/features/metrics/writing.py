"""Calls into the tables: rows, and the sums of their hours in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Insert, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from proxtui.core.calls import Called
from proxtui.core.db import is_shared
from proxtui.features.metrics.models import HOUR, Sums
from proxtui.features.metrics.tables import calls, hours, ways

Way = tuple[str, str, str, str]
"""Tenant, server, endpoint, path."""
MICRO = 1_000_000
CHUNK = 5_000
"""Rows that one transaction deletes."""
MOST_TEXT = 200


def write(connection: Connection, batch: Sequence[Called], known: dict[Way, int]) -> None:
    """Add these calls. ``known`` are numbers of ways that were found before; it grows."""
    rows = []
    sums: dict[tuple[int, int], Sums] = {}
    for call, way in zip(batch, _numbers(connection, batch, known), strict=True):
        took = None if call.seconds is None else max(0, round(call.seconds * MICRO))
        ts = round(call.at * MICRO)
        good = not call.error
        rows.append(
            {
                "way": way,
                "ts": ts,
                "took": took,
                "ok": int(good),
                "retries": call.retries,
                "error": call.error[:MOST_TEXT] or None,
                "message": call.message[:MOST_TEXT] or None,
            }
        )
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
    wanted = [(call.ref.tenant, call.ref.server, call.endpoint, call.path) for call in batch]
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
