"""One supervisor for each server, all apart: one that hangs delays nobody else."""

from __future__ import annotations

import asyncio
import random as _random
from collections.abc import Callable, Collection, Mapping, Sequence

from proxtui.core.clock import Clock
from proxtui.core.connection import Connection
from proxtui.core.model import ServerRef
from proxtui.core.store import Store
from proxtui.core.supervisor import Supervisor

INTERVAL = 4.0
"""Below the 5 s after which PVE closes an idle connection: one connection serves all polls."""
BACKGROUND_INTERVAL = 30.0
LONGEST_REST = 8.5
"""Seconds between polls of a screen that nobody touches, at the most: rows younger than 10 s are shown as of now, and
PVE itself measures every 10 s."""
REST = 2.1
"""How many times the interval a rest is: as long as rows of the usual interval never look old."""
AGEING = 1.0
"""Seconds between two looks at how old the rows have become."""
NAP = 2.0
"""Seconds of sleep after which the other side may have closed what we keep open."""


class Poller:
    """Keeps the store fresh: one request per cluster and interval, however many guests there are.

    ``backgrounds`` are intervals (seconds) of single servers while they are not in view.
    """

    def __init__(
        self,
        connections: Sequence[Connection],
        store: Store,
        clock: Clock,
        *,
        interval: float = INTERVAL,
        background_interval: float = BACKGROUND_INTERVAL,
        backgrounds: Mapping[ServerRef, float] | None = None,
        random: Callable[[], float] = _random.random,
    ) -> None:
        self._store = store
        self._clock = clock
        self._interval = interval
        self._background_interval = background_interval
        self._backgrounds = backgrounds or {}
        self._supervisors = {
            connection.ref: Supervisor(connection, store, clock, interval=interval, random=random)
            for connection in connections
        }
        self._paused = False
        self._attended: Collection[ServerRef] | None = None
        self._resting = False

    async def run(self) -> None:
        """Poll every server until cancelled.

        What a server does wrong ends up in its snapshot. Anything else is a bug of ours and leaves this call as
        an ExceptionGroup, after the other supervisors were cancelled.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._age(), name="age")
            for ref, supervisor in self._supervisors.items():
                group.create_task(supervisor.run(), name=f"poll {ref.tenant}/{ref.server}")
                group.create_task(supervisor.watch_permissions(), name=f"permissions {ref.tenant}/{ref.server}")
                group.create_task(supervisor.watch_identity(), name=f"identity {ref.tenant}/{ref.server}")

    async def poll_once(self) -> None:
        """Ask every server once, all at the same time; returns when each has answered or failed.

        Each is bounded by the deadline of its own client. Ask the store what came of it.
        """
        async with asyncio.TaskGroup() as group:
            for supervisor in self._supervisors.values():
                group.create_task(supervisor.poll_through())

    def nudge(self, ref: ServerRef | None = None) -> None:
        """Ask one server now, or all of them: somebody wants to know. An open breaker lets this one through."""
        for supervisor in self._chosen(ref):
            supervisor.refresh()

    @property
    def paused(self) -> bool:
        """True while only a nudge asks anything."""
        return self._paused

    def pause(self) -> None:
        """Ask nothing until ``resume``; rows get old and say so."""
        self._set_paused(True)

    def resume(self) -> None:
        """Go on; what is late is asked at once."""
        self._set_paused(False)

    def attend(self, refs: Collection[ServerRef] | None) -> None:
        """The servers in view: they are polled at the interval, the others at the background interval. None: all."""
        self._attended = refs
        self._pace()

    def rest(self, resting: bool) -> None:
        """Ask less than half as often, but rows never look old for it; or go on, with what is late at once."""
        self._resting = resting
        self._pace()

    def _pace(self) -> None:
        near = self._interval
        if self._resting:
            near = max(near, min(REST * near, LONGEST_REST))
        for ref, supervisor in self._supervisors.items():
            in_view = self._attended is None or ref in self._attended
            supervisor.pace(near if in_view else max(near, self._backgrounds.get(ref, self._background_interval)))

    def _set_paused(self, paused: bool) -> None:
        self._paused = paused
        for supervisor in self._supervisors.values():
            supervisor.pause(paused)

    def _chosen(self, ref: ServerRef | None) -> list[Supervisor]:
        return list(self._supervisors.values()) if ref is None else [self._supervisors[ref]]

    async def _age(self) -> None:
        slept = self._slept()
        while True:
            await self._clock.sleep(AGEING)
            before, slept = slept, self._slept()
            if slept - before > NAP:
                for supervisor in self._supervisors.values():
                    await supervisor.woke()
            self._store.age()

    def _slept(self) -> float:
        """Seconds for which the machine was suspended since it was started."""
        return self._clock.boottime() - self._clock.monotonic()
