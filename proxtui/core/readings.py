"""The truth after an action: changed guests are read from their node until it shows, for the poll lags behind.

``/nodes/{node}/qemu`` shows a start or stop after half a second, ``/cluster/resources`` after two to ten; a guest's
own ``status/current`` blocks for a second while it starts. So the node's list is asked, once for all that changed.
"""

from __future__ import annotations

import asyncio
import logging

from proxtui.core.clock import Clock
from proxtui.core.model import GuestKey
from proxtui.core.operation import GUESTS
from proxtui.core.owning import report_bug
from proxtui.core.run import Run
from proxtui.core.sightings import Place, Sightings
from proxtui.core.store import Store
from proxtui.errors import ProxtuiError

log = logging.getLogger(__name__)

FIRST_LOOK = 0.4
SHORT, LONG = 0.5, 2.0
"""Seconds between two looks: at first, and later or when many are waited for, so that requests are left for others."""
SOON = 5.0
APART = 0.5
"""Seconds between two looks at any nodes of one server, on average."""
FEW = 4
PATIENCE_WITH_HA = 60.0
"""Seconds after the end of a task that only told HA to act."""


class Readings:
    """Lays what nodes say over what was polled, for as long as a change is on its way."""

    def __init__(self, sightings: Sightings, store: Store, clock: Clock) -> None:
        self._sightings = sightings
        self._store = store
        self._clock = clock
        self._watched: dict[Place, dict[int, Run]] = {}
        self._tasks: dict[Place, asyncio.Task[None]] = {}

    def watch(self, run: Run) -> None:
        """Look until the effect of this change shows or its task has ended; at least once."""
        target = run.target
        if target.kind not in GUESTS or not target.node:
            return
        place = Place(target.ref, target.node, target.kind.value)
        self._watched.setdefault(place, {})[target.vmid] = run
        if place not in self._tasks:
            task = asyncio.create_task(self._look_until_seen(place), name=f"readings {place.node}")
            self._tasks[place] = task
            task.add_done_callback(report_bug)

    async def aclose(self) -> None:
        """Look no more."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._watched.clear()
        self._tasks.clear()

    async def _look_until_seen(self, place: Place) -> None:
        watched = self._watched[place]
        started = self._clock.monotonic()
        await self._clock.sleep(FIRST_LOOK)
        while watched:
            # Whoever had ended before the look is seen by it for good.
            over = {run for run in watched.values() if self._is_over(run)}
            try:
                shown = await self._look(place, watched)
            except ProxtuiError as error:
                log.info("%s/%s: no live reading of %s: %s", *place.ref, place.node, error)
                shown = set()
            for run in over | shown:
                # Another change of the same guest may have taken its place meanwhile.
                if watched.get(run.target.vmid) is run:
                    del watched[run.target.vmid]
            if watched:
                soon = self._clock.monotonic() - started < SOON and len(watched) <= FEW
                places = sum(other.ref == place.ref for other in self._watched)
                await self._clock.sleep(max(SHORT if soon else LONG, places * APART))
        del self._watched[place], self._tasks[place]

    def _is_over(self, run: Run) -> bool:
        if run.is_handed_on and run.is_good and run.operation.effect and run.ended is not None:
            return self._clock.time() - run.ended > PATIENCE_WITH_HA
        return run.has_ended

    async def _look(self, place: Place, watched: dict[int, Run]) -> set[Run]:
        """Show what the node says; gives those whose change is to be seen."""
        sighting = await self._sightings.look(place)
        shown: set[Run] = set()
        for vmid, run in list(watched.items()):
            guest = sighting.guests.get(vmid)
            # One that is not there any more is told by the next poll: who exists, and where, does not lag.
            if guest is not None:
                self._store.overlay(GuestKey(*place.ref, place.kind, vmid), guest, taken_at=sighting.taken_at)
                if guest.status == run.operation.effect:
                    shown.add(run)
        return shown
