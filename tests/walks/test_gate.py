"""Changes through the whole kernel against the simulator in this process, on a clock that runs fast."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from contextlib import asynccontextmanager
from typing import Any

import pytest

from proxtui.core.connecting import MAX_REQUESTS, WINDOW_MS
from proxtui.core.model import GuestKey
from proxtui.core.run import RunState
from proxtui.errors import TargetChanged
from proxtui.sim.faults import Fault
from proxtui.sim.world import World
from tests.core.fakes import FakeClock
from tests.core.gating import MemoryJournal

from .changes import ROOMS, START, STOP, guests, target_of
from .world import make_world, runtime_over

SPEED = 25.0


class FastClock:
    """The machine's clock, so many times as fast."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._held: float | None = None

    def monotonic(self) -> float:
        return (time.monotonic() - self._began) * SPEED + 1000.0 if self._held is None else self._held

    def hold(self) -> None:
        """Stand still, so that what takes a while lasts as long as a busy machine needs to look at it."""
        self._held = self.monotonic()

    def go_on(self) -> None:
        """From the time at which it was held."""
        if self._held is not None:
            self._began = time.monotonic() - (self._held - 1000.0) / SPEED
            self._held = None

    def boottime(self) -> float:
        return self.monotonic()

    def time(self) -> float:
        return 1_795_305_600.0 + self.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


@asynccontextmanager
async def walk(scenario: str, clock: Any = None) -> Any:
    clock, journal = clock or FastClock(), MemoryJournal()
    world = make_world(scenario, now=clock.time)
    more = {"make_journal": lambda: journal, "features": ROOMS}
    async with runtime_over(world, clock=clock, read_only=False, timeout_ms=30_000, **more) as runtime:
        await runtime.poller.poll_once()
        yield world, runtime, journal
    assert journal.closed


def posts(world: World) -> int:
    return sum(count for line, count in world.requests.counts.items() if line.split()[1] == "POST")


async def test_a_start_is_seen_followed_and_recorded() -> None:
    async with walk("small") as (world, runtime, journal):
        guest = guests(world, "lab", running=False, kind="qemu")[0]
        target = target_of("lab", guest)
        run = await runtime.gate.submit(START, target)
        await run.wait()
        assert (run.state, run.upid.type) == (RunState.OK, "qmstart")
        assert guest.running
        assert journal.story == ["intent", "sent", "outcome ok"]
        assert posts(world) == 1
        key = GuestKey(*target.ref, "qemu", guest.vmid)
        assert runtime.store.snapshot(target.ref).guests[key].status == "running", "nobody polled since"


async def test_the_start_of_a_locked_guest_is_accepted_and_fails() -> None:
    async with walk("small") as (world, runtime, journal):
        guest = guests(world, "lab", running=False, kind="qemu")[0]
        guest.lock = "backup"
        run = await runtime.gate.submit(START, target_of("lab", guest))
        await run.wait()
        assert (run.state, run.message) == (RunState.FAILED, "VM is locked (backup)")
        assert run.log_tail
        assert "locked" in run.log_tail[-1]
        assert journal.story[-1] == "outcome failed"


async def test_a_dropped_answer_is_unknown_and_is_not_sent_again() -> None:
    async with walk("small") as (world, runtime, journal):
        guest = guests(world, "lab", running=False)[0]
        world.faults.add(Fault("drop-after", method="POST"))
        run = await runtime.gate.submit(START, target_of("lab", guest))
        assert run.state is RunState.UNKNOWN
        assert journal.story == ["intent", "outcome unknown"]
        assert posts(world) == 1


async def test_a_guest_that_moved_meanwhile_is_left_alone() -> None:
    async with walk("small") as (world, runtime, journal):
        guest = guests(world, "lab", running=False)[0]
        target = target_of("lab", guest)
        guest.node = "pve2" if guest.node == "pve1" else "pve1"
        world.sites["lab"].moved()
        with pytest.raises(TargetChanged, match=f"it is on {guest.node} now"):
            await runtime.gate.submit(START, target)
        assert posts(world) == 0
        assert journal.story == ["intent", "outcome denied"]


async def test_many_are_stopped_within_the_limit_with_few_requests() -> None:
    # Held by the test: how busy this machine is must not count.
    clock = FakeClock()
    async with walk("fleet", clock) as (world, runtime, journal):
        assert await runtime.gate.reconcile() == (), "opens the journal, which takes a thread"
        site = world.sites["aurora"]
        for guest in site.guests.values():
            guest.ha = None
            guest.lock = None
            if not guest.template:
                guest.turn(world.now(), "running")
        chosen = guests(world, "aurora", running=True)[:200]
        assert len(chosen) == 200
        world.requests.clear()
        batch = await runtime.gate.submit_all(STOP, [target_of("aurora", guest) for guest in chosen])
        while not batch.has_ended:
            await clock.advance(0.5)
        assert batch.summary == "200 ok"
        assert not any(guest.running for guest in chosen)
        assert len({entry.op_id for entry in journal.entries}) == 200
        assert Counter(entry.phase for entry in journal.entries) == {"intent": 200, "sent": 200, "outcome": 200}
        asked = Counter(line.split()[1] for line in world.requests.counts.elements())
        assert asked["POST"] == 200
        assert asked["GET"] < 400, "not a look and a status for each"
        at = [record.at for record in world.requests.recent]
        refill = MAX_REQUESTS * 1000 / WINDOW_MS
        assert all(n <= MAX_REQUESTS + 1 + refill * (then - at[0]) for n, then in enumerate(at))
