"""The lock over changes: opened for a time, closed by time, idleness and hand, on a clock that does not sleep."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.config.models import Config, Settings, Tenant
from proxtui.core.model import ServerRef
from proxtui.core.write_lock import LockEvent, WriteLock
from proxtui.errors import AuditUnavailable, InvalidInput, ReadOnlyError

from .fakes import FakeClock

EAST, WEST = ServerRef("acme", "east"), ServerRef("acme", "west")
OTHER = ServerRef("other", "b")


class Stage:
    def __init__(self, mode: str = "timed", tenant: str = "always", **more: Any) -> None:
        tenants = (Tenant(slug="acme", name="A", write_mode=tenant), Tenant(slug="other", name="B"))  # type: ignore[arg-type]
        config = Config(tenants=tenants, settings=Settings(write_mode=mode, write_idle_minutes=10))  # type: ignore[arg-type]
        self.clock = FakeClock()
        self.events: list[LockEvent] = []
        self.lost = False
        self.lock = WriteLock(config, self.clock, note=self.note, **more)

    async def note(self, event: LockEvent) -> None:
        if self.lost:
            raise AuditUnavailable("the disk is full")
        self.events.append(event)

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(event.event, event.message) for event in self.events]


@pytest.fixture
async def acting() -> Any:
    stage = Stage()
    yield stage
    await stage.lock.aclose()


def test_modes() -> None:
    assert Stage("always").lock.locked(EAST) is None
    assert "write_mode never" in str(Stage("never").lock.locked(EAST))
    assert ":write" in str(Stage("timed").lock.locked(EAST))
    assert Stage("always", read_only=True).lock.locked(EAST) == "read-only"


def test_the_stricter_word_of_installation_and_tenant_counts() -> None:
    assert Stage("always", tenant="never").lock.locked(EAST)
    assert Stage("always", tenant="never").lock.locked(OTHER) is None
    assert Stage("never", tenant="always").lock.locked(EAST)


async def test_it_opens_for_a_time_and_closes_by_itself(acting: Stage) -> None:
    await acting.lock.open("acme", 300, "ticket 1")
    assert acting.lock.locked(EAST) is acting.lock.locked(WEST) is None
    assert acting.lock.locked(OTHER)
    assert (acting.lock.remaining(EAST), acting.lock.reason(WEST)) == (300, "ticket 1")
    await acting.clock.advance(299)
    assert acting.lock.locked(EAST) is None
    await acting.clock.advance(2)
    assert acting.lock.locked(EAST)
    assert acting.lock.remaining(EAST) is None
    assert acting.told == [("write.open", "open for 300 s"), ("write.close", "the time is over")]
    assert {event.reason for event in acting.events} == {"ticket 1"}


async def test_one_server_alone(acting: Stage) -> None:
    await acting.lock.open(EAST, 300, "only here")
    assert acting.lock.locked(EAST) is None
    assert acting.lock.locked(WEST)
    await acting.lock.close(EAST)
    assert acting.lock.locked(EAST)
    assert acting.told[-1] == ("write.close", "closed by hand")


async def test_a_suspended_machine_does_not_stretch_it(acting: Stage) -> None:
    await acting.lock.open("acme", 300, "x")
    acting.clock.slept += 301
    assert acting.lock.locked(EAST), "at once, before anything woke up"
    acting.lock.touched()
    assert acting.lock.locked(EAST)


async def test_idle_closes_it_and_a_key_keeps_it_open(acting: Stage) -> None:
    await acting.lock.open("acme", 7200, "x")
    for _ in range(3):
        await acting.clock.advance(500)
        acting.lock.touched()
    assert acting.lock.locked(EAST) is None
    await acting.clock.advance(601)
    assert acting.lock.locked(EAST)
    acting.lock.touched()
    assert acting.lock.locked(EAST), "a key after the time does not bring it back"
    assert acting.told[-1] == ("write.close", "no key for 10 minutes")


async def test_opening_another_does_not_bring_back_an_idle_one(acting: Stage) -> None:
    await acting.lock.open(EAST, 7200, "x")
    acting.clock.slept += 601
    await acting.lock.open(WEST, 60, "y")
    assert acting.lock.locked(WEST) is None
    assert acting.lock.locked(EAST)


@pytest.mark.parametrize(
    ("where", "seconds", "reason"),
    [("acme", 0, "x"), ("acme", 8 * 3600 + 1, "x"), ("acme", 60, "  "), ("nobody", 60, "x")],
)
async def test_what_cannot_be_meant(acting: Stage, where: str, seconds: float, reason: str) -> None:
    with pytest.raises(InvalidInput):
        await acting.lock.open(where, seconds, reason)
    assert acting.events == []


async def test_without_an_audit_it_stays_closed_and_it_closes_all_the_same(acting: Stage) -> None:
    acting.lost = True
    with pytest.raises(AuditUnavailable):
        await acting.lock.open("acme", 60, "x")
    assert acting.lock.locked(EAST)
    acting.lost = False
    await acting.lock.open("acme", 60, "x")
    acting.lost = True
    await acting.lock.close(why="hang-up")
    assert acting.lock.locked(EAST)


@pytest.mark.parametrize("stage", [{"mode": "never"}, {"mode": "timed", "read_only": True}])
async def test_where_no_lock_is_to_be_opened(stage: dict[str, Any]) -> None:
    acting = Stage(**stage)
    with pytest.raises(ReadOnlyError):
        await acting.lock.open("acme", 60, "x")
    assert acting.lock.locked(EAST)
    assert acting.events == []
