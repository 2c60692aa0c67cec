"""The one asker of one server: when to ask, whom, and what an answer or a failure means."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from proxtui.core.clock import Clock, sleep_or_wake
from proxtui.core.connection import Connection
from proxtui.core.store import Store
from proxtui.errors import ProxtuiError, UnexpectedAnswer

log = logging.getLogger(__name__)

JITTER = 0.1
"""Of the interval, up and down: many dashboards must not ask at the same moment."""
FAILOVER_PAUSE = 0.5
"""Seconds before the next endpoint is tried after one failed for the first time."""
BREATH = 0.25
"""Of the interval: the least pause after an answer that came late."""


class Supervisor:
    """Polls one server, never twice at the same time. Times are seconds of ``Clock.monotonic``."""

    def __init__(
        self,
        connection: Connection,
        store: Store,
        clock: Clock,
        *,
        interval: float,
        random: Callable[[], float],
    ) -> None:
        self.connection = connection
        self.paused = False
        self._store = store
        self._clock = clock
        self._interval = interval
        self._random = random
        self._wake = asyncio.Event()
        self._one_at_a_time = asyncio.Lock()
        self._asked_for = True
        """Somebody wants an answer now: at the start, and after a nudge."""
        self._wants_permissions = True
        self._may_ask_permissions = asyncio.Event()
        self._earliest = 0.0
        self._started_at: float | None = None
        self._swing = 1.0

    async def run(self) -> None:
        """Poll until cancelled. Only what we can name is caught: a bug of ours ends this, loudly."""
        while True:
            wait = self._wait()
            if wait is not None and wait <= 0:
                await self.poll()
            else:
                # Nothing is awaited between looking and clearing, so no call to wake is lost.
                self._wake.clear()
                await sleep_or_wake(self._clock, wait, self._wake)

    async def poll(self) -> bool:
        """Ask once, if an endpoint may be asked. True when it answered."""
        async with self._one_at_a_time:
            self._asked_for = False
            self._started_at = started_at = self._clock.monotonic()
            self._swing = 1 + JITTER * (2 * self._random() - 1)
            self._earliest = started_at
            if not self.connection.choose():
                return False
            try:
                await self._take_inventory(started_at)
            except ProxtuiError as error:
                self._note_failure(error)
                return False
            return True

    async def poll_through(self) -> None:
        """Ask endpoint after endpoint until one answers or each has failed once; for a command that asks once."""
        for _route in self.connection.routes:
            if await self.poll() or not self.connection.has_spare:
                return

    async def watch_permissions(self) -> None:
        """After the first answer ask what the login may do; when refused, again after a refresh, never by itself."""
        while self.connection.permissions is None:
            await self._may_ask_permissions.wait()
            self._may_ask_permissions.clear()
            try:
                await self.connection.learn_permissions()
            except ProxtuiError as error:
                log.info("%s/%s: permissions stay unknown: %s", *self.connection.ref, error)
        from proxtui.pve.sight import sees_guests

        self._store.sight(self.connection.ref, guests_unseen=not sees_guests(self.connection.permissions))

    def refresh(self) -> None:
        """Ask now, also when paused and whatever the breakers say: a person wants to know."""
        self.connection.reset()
        self._asked_for = self._wants_permissions = True
        self._wake.set()

    def pace(self, interval: float) -> None:
        """Poll at another interval from now on; at once when the last answer is older than that."""
        if interval == self._interval:
            return
        slower = interval > self._interval
        self._interval = interval
        if slower:
            # Told now, or its rows would be called late; a faster pace is told by the next poll.
            self._store.pace(self.connection.ref, interval)
        self._wake.set()

    def pause(self, paused: bool) -> None:
        """Stop asking, or go on. A poll in flight still ends."""
        self.paused = paused
        self._wake.set()

    async def _take_inventory(self, started_at: float) -> None:
        connection = self.connection
        inventory = await connection.inventory()
        endpoint, interval = connection.active.endpoint, self._interval
        self._refuse_other_cluster(endpoint, {node.node for node in inventory.nodes})
        connection.answered()
        self._earliest = self._clock.monotonic() + BREATH * interval
        self._store.put(connection.ref, inventory, taken_at=started_at, endpoint=endpoint, interval=interval)
        if self._wants_permissions:
            self._wants_permissions = False
            self._may_ask_permissions.set()

    def _refuse_other_cluster(self, endpoint: str, told: set[str]) -> None:
        # A wrong address in the list of endpoints would otherwise replace one cluster by another.
        snapshot = self._store.snapshot(self.connection.ref)
        known = {key.node for key in snapshot.nodes}
        if snapshot.endpoint not in ("", endpoint) and known and told and known.isdisjoint(told):
            raise UnexpectedAnswer(f"{endpoint} belongs to another cluster (its nodes: {', '.join(sorted(told)[:3])})")

    def _note_failure(self, error: ProxtuiError) -> None:
        connection = self.connection
        log.warning("%s/%s: %s: %s", *connection.ref, connection.active.endpoint, error)
        connection.failed(error)
        pause = FAILOVER_PAUSE if connection.has_spare else self._interval * self._swing
        # Counted from the end: a server that fails slowly is not asked again at once.
        self._earliest = self._clock.monotonic() + pause
        self._store.fail(connection.ref, error, next_try_at=self._next_at())

    def _wait(self) -> float | None:
        """Seconds to the next attempt; None: until woken."""
        if self._asked_for:
            return 0.0
        at = None if self.paused else self._next_at()
        return None if at is None else at - self._clock.monotonic()

    def _next_at(self) -> float | None:
        allowed_at = self.connection.allowed_at(self._clock.monotonic())
        if allowed_at is None or self._started_at is None:
            return allowed_at
        if self.connection.has_spare:
            return max(allowed_at, self._earliest)
        return max(allowed_at, self._earliest, self._started_at + self._interval * self._swing)
