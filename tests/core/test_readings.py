"""Live readings: one list per node for all that changed there, until it shows or is over."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.core.connection import Connection, Route
from proxtui.core.model import GuestKey
from proxtui.core.operation import Kind, Operation, Target
from proxtui.core.readings import Readings
from proxtui.core.run import Run, RunState
from proxtui.core.sightings import Sightings
from proxtui.core.store import Store
from proxtui.errors import NetworkError
from proxtui.pve.limits import Breaker

from .fakes import FakeClock, inventory
from .fakes import vm as row
from .gating import NOTE, REF, START, FakePve

LIST = "/nodes/n1/qemu"


class Stage:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.pve = FakePve(self.clock)
        self.store = Store(self.clock)
        self.store.register(REF)
        route = Route("a1:8006", lambda: self.pve, Breaker(now=self.clock.monotonic))  # type: ignore[arg-type,return-value]
        self.sightings = Sightings({REF: Connection(REF, [route])}, self.clock)
        self.readings = Readings(self.sightings, self.store, self.clock)

    def watch(self, vmid: int, operation: Operation = START) -> Run:
        run = Run(str(vmid), operation, Target(REF, Kind.QEMU, str(vmid), "", "n1"), state=RunState.RUNNING)
        self.readings.watch(run)
        return run

    def status(self, vmid: int) -> str:
        return self.store.snapshot(REF).guests[GuestKey(*REF, "qemu", vmid)].status

    @property
    def looks(self) -> list[float]:
        return [at - 1000.0 for at in self.pve.times(LIST)]


@pytest.fixture
async def acting() -> Any:
    stage = Stage()
    yield stage
    await stage.readings.aclose()


async def test_one_list_for_all_guests_of_a_node_until_each_shows(acting: Stage) -> None:
    for vmid in (100, 101, 102):
        acting.pve.guest(vmid, status="stopped")
        acting.watch(vmid)
    await acting.clock.advance(1.0)
    assert acting.looks == pytest.approx([0.4, 0.9])
    assert acting.status(101) == "stopped"
    acting.pve.guests[100]["status"] = acting.pve.guests[101]["status"] = "running"
    await acting.clock.advance(0.5)
    assert [acting.status(vmid) for vmid in (100, 101, 102)] == ["running", "running", "stopped"]
    acting.pve.guests[102]["status"] = "running"
    await acting.clock.advance(10)
    assert len(acting.looks) == 4, "nothing is asked once all is seen"


async def test_an_ended_change_is_looked_at_once_more(acting: Stage) -> None:
    acting.pve.guest(100, status="stopped")
    run = acting.watch(100)
    await acting.clock.advance(1.0)
    run.mark(RunState.FAILED)
    await acting.clock.advance(10)
    assert acting.looks == pytest.approx([0.4, 0.9, 1.4])


async def test_a_change_without_an_effect_is_watched_slowly_in_the_end(acting: Stage) -> None:
    acting.pve.guest(100)
    acting.watch(100, NOTE)
    await acting.clock.advance(30)
    assert 18 <= len(acting.looks) <= 25


async def test_many_are_looked_at_less_often(acting: Stage) -> None:
    for vmid in range(100, 300):
        acting.pve.guest(vmid, status="stopped")
        acting.watch(vmid)
    await acting.clock.advance(20)
    assert len(acting.looks) <= 11


async def test_a_failed_look_is_tried_again_and_a_gone_guest_is_left_to_the_poll(acting: Stage) -> None:
    acting.pve.guest(100)
    acting.pve.down = NetworkError("gone", stage="connect")
    run = acting.watch(100)
    await acting.clock.advance(1.0)
    acting.pve.down = None
    acting.pve.guests.clear()
    await acting.clock.advance(1.0)
    assert not acting.store.snapshot(REF).guests
    run.mark(RunState.OK)
    await acting.clock.advance(1.0)
    asked = len(acting.looks)
    await acting.clock.advance(10)
    assert len(acting.looks) == asked


async def test_an_older_poll_does_not_win(acting: Stage) -> None:
    acting.pve.guest(100, status="running")
    polled = inventory(row(100, status="stopped"))
    acting.watch(100)
    await acting.clock.advance(0.5)
    acting.store.put(REF, polled, taken_at=acting.clock.now, endpoint="a1", interval=4.0)
    assert acting.status(100) == "running"


async def test_what_is_no_guest_is_not_read(acting: Stage) -> None:
    acting.readings.watch(Run("1", START, Target(REF, Kind.NODE, "n1")))
    await acting.clock.advance(5)
    assert acting.pve.asked == []


async def test_looks_are_shared_by_all_who_want_to_know_at_once(acting: Stage) -> None:
    from proxtui.core.sightings import Place

    acting.pve.guest(100)
    place = Place(REF, "n1", "qemu")
    first = await acting.sightings.look(place)
    assert (await acting.sightings.look(place, no_older_than=2.0)) is first
    acting.clock.now += 3
    assert (await acting.sightings.look(place, no_older_than=2.0)) is not first
