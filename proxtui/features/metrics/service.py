"""The connection metrics: recorded in batches, asked in numbers. Every method blocks and belongs on a thread."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Connection

from proxtui.core.calls import Called
from proxtui.core.db import Database, lock
from proxtui.core.model import ServerRef
from proxtui.features.metrics import reading, writing
from proxtui.features.metrics.models import (
    HOUR,
    Failure,
    History,
    Percentiles,
    Standing,
    Sums,
    learned_timeout,
)

DAY = 24 * HOUR
KEEP_DAYS = 30
LEARN_FROM = 1_000
"""Newest answered calls from which a time-out is learned."""


class ConnectionMetrics:
    """Made over an open database; ``now`` is the wall clock, seconds since the epoch. Raises StoreUnavailable."""

    def __init__(self, db: Database, *, now: Callable[[], float] = time.time) -> None:
        self.db = db
        self._now = now
        self._known: dict[writing.Way, int] = {}
        self._name = f"proxtui metrics {uuid.uuid4()}"
        self._is_doubtful = False
        """Whether the last batch may be there though its writing failed: it comes again, and is looked for first."""

    def record(self, batch: Sequence[Called]) -> None:
        """Write these calls in one transaction: all of them or none, and once, though the answer to it were lost."""
        if not batch:
            return

        tries = 1 if self._is_doubtful else 0
        self._is_doubtful = True

        def work(connection: Connection) -> dict[writing.Way, int]:
            nonlocal tries
            # Whatever became of the last try, it is over once this is had.
            lock(connection, self._name)
            fresh = writing.absent(connection, batch) if tries else batch
            tries += 1
            # A copy: what a transaction made that was never committed is not there.
            known = dict(self._known)
            if fresh:
                writing.write(connection, fresh, known)
            return known

        self._known = self.db.call_now(lambda: self.db.transact(work, was_done=_looked_up))
        self._is_doubtful = False

    def servers(self) -> list[ServerRef]:
        """All that were ever asked, sorted."""
        return sorted(self.db.look(reading.servers))

    def summary(self, ref: ServerRef, hours: int = 24) -> Sums:
        """All calls to a server in the last ``hours``."""
        return self.history(ref, hours).sums

    def history(self, ref: ServerRef, hours: int = 24) -> History:
        """The same by hours of UTC, those in which somebody asked."""
        window = self._window(hours)
        return self.db.look(
            lambda connection: reading.history_of(connection, list(reading.ways_of(connection, ref)), window)
        )

    def percentiles(self, ref: ServerRef, hours: int = 24) -> Percentiles:
        """Of the answered calls to a server in the last ``hours``."""
        window = self._window(hours)
        return self.db.look(
            lambda connection: reading.percentiles_of(connection, list(reading.ways_of(connection, ref)), window)
        )

    def newest_errors(self, ref: ServerRef, limit: int = 5) -> list[Failure]:
        """Calls that were not answered, the newest first, as far back as they are kept."""
        return self.db.look(lambda connection: reading.failures_of(connection, reading.ways_of(connection, ref), limit))

    def learned_timeout_ms(self, ref: ServerRef) -> int | None:
        """1.5 times the 95th percentile of the newest 1,000 answered calls, 5 s to 120 s; None of fewer than ten."""
        return self.learned([ref]).get(ref)

    def learned(self, refs: Iterable[ServerRef]) -> dict[ServerRef, int]:
        """The same of several servers; those of which nothing was learned are left out."""

        def look(connection: Connection) -> dict[ServerRef, int]:
            known = reading.servers(connection)
            found = {
                ref: learned_timeout(reading.newest_times(connection, list(known[ref]), LEARN_FROM))
                for ref in refs
                if ref in known
            }
            return {ref: ms for ref, ms in found.items() if ms is not None}

        return self.db.look(look)

    def standings(self, hours: int = 24) -> list[Standing]:
        """Every server that was asked in the last ``hours``, in one look."""
        window = self._window(hours)

        def look(connection: Connection) -> list[Standing]:
            found = [_standing(connection, ref, ways, window) for ref, ways in reading.servers(connection).items()]
            return [one for one in found if one.sums.attempts]

        return self.db.look(look)

    def prune(self, days: int = KEEP_DAYS) -> int:
        """Delete calls that are older than ``days``, in short transactions; gives how many went.

        The days are counted back from the newest call where the clock is ahead of it: a clock that is wrong for a
        moment must not empty the record.
        """
        latest = self.db.look(writing.newest)
        if latest is None:
            return 0
        before = (int(min(self._now(), latest)) - days * DAY) // HOUR * HOUR
        gone = 0
        while True:
            some = self.db.call_now(lambda: self.db.transact(lambda connection: writing.forget(connection, before)))
            gone += some
            if some < writing.CHUNK:
                return gone

    def close(self) -> None:
        """Close the database."""
        self.db.close()

    def _window(self, hours: int) -> reading.Window:
        return reading.Window(self._now(), hours * HOUR)


def _looked_up(_connection: Connection) -> None:
    """Whether the batch is there after a lost answer: the next try looks call by call."""


def _standing(connection: Connection, ref: ServerRef, ways: reading.Ways, window: reading.Window) -> Standing:
    history = reading.history_of(connection, list(ways), window)
    times = reading.newest_times(connection, list(ways), LEARN_FROM)
    return Standing(
        ref,
        history.sums,
        reading.percentiles_of(connection, list(ways), window),
        tuple(reading.uses_of(connection, ways, window)),
        next(iter(reading.failures_of(connection, ways, 1, window.start)), None),
        learned_timeout(times),
        history.hourly,
    )
