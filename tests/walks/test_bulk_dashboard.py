"""Two hundred marked guests stopped from the dashboard: how fast it asks, what it tells, and that it stays alive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from proxtui.core.connecting import MAX_REQUESTS, WINDOW_MS
from proxtui.core.gate import AT_ONCE, UNDER_WAY
from proxtui.core.model import ServerRef
from proxtui.core.run import Batch, RunState
from proxtui.kit.confirm import Confirm
from proxtui.kit.form import ParamsForm
from proxtui.kit.live_table import LiveTable
from proxtui.kit.menu import ActionMenu
from proxtui.kit.runs_panel import RunsPanel
from proxtui.sim import cast
from proxtui.sim.build import Plan, raise_site
from proxtui.sim.world import World
from proxtui.tui.app import ProxtuiApp
from tests.core.fakes import FakeClock
from tests.core.gating import MemoryJournal

from .journeys import LARGE, Journey
from .world import runtime_over

MANY, OTHERS = 200, 60
STEP = 4.0
"""Seconds of the held clock between two looks."""


class HeldJourney(Journey):
    """Its clock moves only while something is waited for: how busy this machine is does not count."""

    clock: FakeClock

    async def until(self, seen: Any) -> None:
        while not seen():
            await self.clock.advance(STEP)
            await self.pilot.pause()

    @property
    def table(self) -> LiveTable:
        table: LiveTable = self.view.table
        return table

    @property
    def painted(self) -> str:
        """The whole screen as text."""
        return "\n".join(strip.text for strip in self.app.screen._compositor.render_strips(self.app.size))

    @property
    def stopped(self) -> int:
        site = self.world.sites["lab"]
        return sum(not guest.running for guest in site.guests.values() if not guest.template)


@asynccontextmanager
async def large_cluster() -> AsyncIterator[HeldJourney]:
    """The dashboard over one cluster of which every guest runs and can be stopped; some are to be stopped."""
    clock, journal = FakeClock(), MemoryJournal()
    world = World(seed=1, now=clock.time, auth_delay=0.0)
    nodes = tuple(f"pve{number}" for number in range(1, 7))
    raise_site(world, Plan("lab", cast.LAB, "lab", "8.4.21", nodes, 300, "10.77.0", memory=1024))
    usual = [guest for guest in world.sites["lab"].guests.values() if not guest.template]
    for at, guest in enumerate(usual):
        guest.ha = guest.lock = None
        guest.tags = ["w" if at < MANY else "x"]
        guest.turn(world.now() - 60, "running")
    more: dict[str, Any] = {"make_journal": lambda: journal, "clock": clock, "interval": 4.0, "timeout_ms": 600_000}
    async with runtime_over(world, read_only=False, **more) as runtime:
        await runtime.gate.reconcile()  # opens the journal, which takes a thread
        app = ProxtuiApp(runtime)
        async with app.run_test(size=LARGE) as pilot:
            walk = HeldJourney(app, pilot, runtime, world, journal)
            walk.clock = clock
            ref = ServerRef("lab", "lab")
            await walk.until(lambda: runtime.store.snapshot(ref).guests and isinstance(app.focused, LiveTable))
            await walk.until(lambda: len(walk.table.rows.all))
            yield walk


async def stop_all_marked(walk: HeldJourney) -> Batch:
    """From the filter to the typed count; returns once the bulk change is under way."""
    await walk.press("slash")
    await walk.type("tag:w")
    await walk.press("enter", "asterisk", "slash", "ctrl+u")
    assert len(walk.view.marks) == MANY
    await walk.type("status:running")
    await walk.press("enter")
    assert walk.table.shown >= MANY + OTHERS
    await walk.press("m")
    menu = await walk.at(ActionMenu)
    menu._table.move_to(next(one.key for one in menu.entries if one.operation.name == "guests.stop"))
    await walk.press("enter")
    await walk.at(ParamsForm)
    await walk.press("ctrl+s")
    question = await walk.at(Confirm)
    assert f"Stop {MANY} guests?" in question.question.lines[0]
    await walk.type(f"stop {MANY}")
    walk.world.requests.clear()
    await walk.press("enter")
    await walk.back()
    batches = walk.changing.runs._batches
    await walk.until(lambda: batches)
    batch: Batch = batches[0]
    return batch


async def test_two_hundred_are_stopped_while_the_table_stays_alive() -> None:
    async with large_cluster() as walk:
        began = walk.clock.time()
        batch = await stop_all_marked(walk)
        on_their_way, at_work, moves, left = 0, 0, 0, walk.table.shown
        while not batch.has_ended:
            before, seen = walk.table.rows.cursor_key, walk.painted
            # The clock stands still meanwhile: only the key can have moved it.
            await walk.press("down")
            assert not batch.has_ended
            assert walk.table.rows.cursor_key != before
            assert walk.painted != seen
            moves += 1
            await walk.clock.advance(STEP)
            await walk.pilot.pause()
            on_their_way = max(on_their_way, batch.counts[RunState.INTENT])
            at_work = max(at_work, batch.counts[RunState.INTENT] + batch.counts[RunState.RUNNING])
            if moves % 5 == 0:
                # What has stopped leaves the filter while the others still run.
                await walk.until(lambda most=left: walk.table.shown < most)
                left = walk.table.shown
        assert moves >= 10
        assert 1 < on_their_way <= AT_ONCE
        assert AT_ONCE < at_work <= UNDER_WAY
        assert walk.stopped == MANY
        await walk.until(lambda: walk.told)
        assert walk.told == [f"Stop: {MANY} of {MANY}: {MANY} done"]

        assert walk.posts == MANY
        at = [record.at for record in walk.world.requests.recent]
        assert len(at) == sum(walk.world.requests.counts.values()) < 3 * MANY
        refill = MAX_REQUESTS * 1000 / WINDOW_MS
        assert all(n <= MAX_REQUESTS + refill * (then - began) for n, then in enumerate(at, start=1))

        await walk.press("R")
        await walk.until(lambda: isinstance(walk.app.screen, RunsPanel))
        rows = walk.app.screen._table.rows.all
        assert [(row.what, row.target, row.state) for row in rows] == [("Stop", f"{MANY} guests", RunState.OK)]
        assert walk.told == [f"Stop: {MANY} of {MANY}: {MANY} done"]
