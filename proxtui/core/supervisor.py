"""The one asker of one server: when to ask, whom, and what an answer or a failure means."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from proxtui.core.clock import Clock, sleep_or_wake
from proxtui.core.connection import LOOK, Connection
from proxtui.core.racing import first_good, within
from proxtui.core.store import Store
from proxtui.errors import NetworkError, ProxtuiError

if TYPE_CHECKING:
    from proxtui.pve.resources import Inventory

log = logging.getLogger(__name__)

JITTER = 0.1
"""Of the interval, up and down: many dashboards must not ask at the same moment."""
FAILOVER_PAUSE = 0.5
"""Seconds before the next endpoint is tried after one failed for the first time."""
BREATH = 0.25
"""Of the interval: the least pause after an answer that came late."""
PATIENCE = 1.2
"""Seconds without an answer after which the next endpoint is asked too: with its handshake it answers within 3 s."""
SLOWNESS = 2.0
"""A server that is always slow gets so many times its usual time instead, so that it does not go back and forth."""
SPREAD = 5.0
"""Seconds in which many dashboards ask again that slept together."""


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
        self._may_learn = asyncio.Event()
        self._earliest = 0.0
        self._started_at: float | None = None
        self._due_at: float | None = None
        self._swing = 1.0
        self._usual = 0.0
        """Seconds that an answer takes."""
        self._bound: asyncio.Timeout | None = None

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
            self._asked_for, self._due_at = False, None
            self._started_at = started_at = self._clock.monotonic()
            self._swing = 1 + JITTER * (2 * self._random() - 1)
            self._earliest = started_at
            try:
                async with asyncio.timeout(None) as self._bound:
                    return await self._ask(started_at)
            except TimeoutError:
                # The machine slept while the answer was on its way: the next poll is set already.
                return False
            finally:
                self._bound = None

    async def poll_through(self) -> None:
        """Ask endpoint after endpoint until one answers or each has failed once; for a command that asks once."""
        for _route in self.connection.routes:
            if await self.poll():
                await self._learn_identity()
                return
            if not self.connection.has_spare:
                return

    async def watch_identity(self) -> None:
        """After the first answer ask whose it is, beside the polls; when nothing is told, again after a refresh."""
        while self._must_learn:
            await self._may_learn.wait()
            self._may_learn.clear()
            await self._learn_identity()

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

    async def woke(self) -> None:
        """The machine slept. Connections from before are dropped, a poll that waits on one is broken off.

        The next one comes soon, not at the same moment as everybody else's.
        """
        await self.connection.drop_idle()
        self._due_at = self._clock.monotonic() + SPREAD * self._random()
        if self._bound is not None:
            self._bound.reschedule(asyncio.get_running_loop().time())
        self._wake.set()

    async def _ask(self, started_at: float) -> bool:
        connection = self.connection
        await connection.belonging.recall()
        try:
            if not await connection.choose(started_at, self._clock):
                return False
        except ProxtuiError as error:
            self._note_failure(error)
            return False
        try:
            await self._take_inventory(started_at)
        except ProxtuiError as error:
            connection.failed(error)
            self._note_failure(error)
            return False
        connection.belonging.note(frozenset(key.node for key in self._store.snapshot(connection.ref).nodes))
        if not await connection.belonging.keep():
            connection.active.is_ours = False
        if len(connection.routes) > 1:
            await self._look_back()
        return True

    @property
    def _must_learn(self) -> bool:
        return len(self.connection.routes) > 1 and self.connection.belonging.is_poor

    async def _learn_identity(self) -> None:
        """What another endpoint will be measured by; a server with one endpoint is not asked."""
        connection = self.connection
        if not self._must_learn:
            return
        try:
            route = connection.active
            await within(self._clock, LOOK, connection.belonging.learn(route.client))
        except (ProxtuiError, TimeoutError) as error:
            log.info("%s/%s: its cluster stays unknown: %s", *connection.ref, error)
        else:
            # Where another process learned another cluster first, it is looked at before it is asked anything more.
            route.is_ours = await connection.belonging.keep()

    async def _take_inventory(self, started_at: float) -> None:
        connection, interval = self.connection, self._interval
        inventory = await self._inventory()
        connection.answered()
        self._earliest = self._clock.monotonic() + BREATH * interval
        self._store.put(
            connection.ref,
            inventory,
            taken_at=started_at,
            endpoint=connection.active.endpoint,
            interval=interval,
            path=connection.path,
            troubles=connection.troubles(self._clock.time()),
        )
        if self._wants_permissions:
            self._wants_permissions = False
            self._may_ask_permissions.set()
            self._may_learn.set()

    async def _inventory(self) -> Inventory:
        """By the endpoint in use; when it is slow, by the first of all endpoints that answers."""
        connection, clock = self.connection, self._clock
        spares = connection.spares
        if not spares:
            return await connection.inventory()
        failures: dict[int, ProxtuiError] = {}
        ways: list[Callable[[], Awaitable[Inventory]]] = [
            connection.inventory,
            *(partial(connection.inventory, spare) for spare in spares),
        ]
        patience, asked_at = max(PATIENCE, SLOWNESS * self._usual), clock.monotonic()
        at, inventory = await first_good(clock, ways, patience, lost=failures.__setitem__)
        for place, error in failures.items():
            if place:
                connection.lost(spares[place - 1], error)
        if at == 0:
            self._usual = max(clock.monotonic() - asked_at, 0.8 * self._usual)
            return inventory
        silent = f"{connection.active.endpoint} gave no answer within {patience:g} s"
        error = failures.get(0) or NetworkError(silent, stage="deadline", endpoint=connection.active.endpoint)
        log.warning("%s/%s: %s; %s takes over", *connection.ref, error, spares[at - 1].endpoint)
        connection.failed(error)
        connection.take(spares[at - 1], clock.monotonic())
        return inventory

    async def _look_back(self) -> None:
        """Whether the better way is there again, from time to time."""
        connection = self.connection
        route = connection.worth_a_look(self._clock.monotonic())
        if route is None:
            return
        try:
            await within(self._clock, LOOK, connection.look_at(route))
        except ProxtuiError as error:
            connection.lost(route, error)
        except TimeoutError:
            log.info("%s/%s: %s does not answer yet", *connection.ref, route.endpoint)
        else:
            log.info("%s/%s: %s answers again", *connection.ref, route.endpoint)
            connection.take(route, self._clock.monotonic())

    def _note_failure(self, error: ProxtuiError) -> None:
        connection = self.connection
        log.warning("%s/%s: %s: %s", *connection.ref, connection.active.endpoint, error)
        pause = FAILOVER_PAUSE if connection.has_spare else self._interval * self._swing
        # Counted from the end: a server that fails slowly is not asked again at once.
        self._earliest = self._clock.monotonic() + pause
        troubles = connection.troubles(self._clock.time())
        self._store.fail(connection.ref, error, next_try_at=self._next_at(), troubles=troubles)

    def _wait(self) -> float | None:
        """Seconds to the next attempt; None: until woken."""
        if self._asked_for:
            return 0.0
        at = None if self.paused else self._next_at()
        if at is not None and self._due_at is not None:
            at = min(at, self._due_at)
        return None if at is None else at - self._clock.monotonic()

    def _next_at(self) -> float | None:
        allowed_at = self.connection.allowed_at(self._clock.monotonic())
        if allowed_at is None or self._started_at is None:
            return allowed_at
        if self.connection.has_spare:
            return max(allowed_at, self._earliest)
        return max(allowed_at, self._earliest, self._started_at + self._interval * self._swing)
