"""What is asked besides the poll: slowly, of those that answer, and never in the way of the page."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from proxtui.core.model import ServerRef
from proxtui.errors import StoreUnavailable
from proxtui.exporter.gathering import ASK_EVERY, OLDEST, Gathering
from tests.core.fakes import A, B, FakeClock, inventory, store_of, unreachable, vm
from tests.features.fakes import FakeClient

SUMS = SimpleNamespace(attempts=10, rate=0.5, average_ms=20.0)


class Recorded:
    """Answers as the metrics do; with an error it raises that."""

    def __init__(self, error: StoreUnavailable | None = None) -> None:
        self.error = error

    async def ask(self, work: Any) -> Any:
        if self.error is not None:
            raise self.error
        stranger = ServerRef("gone", "old")
        return work(
            SimpleNamespace(standings=lambda _hours: [SimpleNamespace(ref=ref, sums=SUMS) for ref in (A, stranger)])
        )


class World:
    """Two servers: one answers, the other never did."""

    def __init__(self, recorded: Recorded | None = None) -> None:
        self.clock = FakeClock()
        self.client = FakeClient(**{"/version": {"version": "8.4.1"}, "/cluster/status": []})
        self.store = store_of(self.clock, A, B)
        self.poll()
        known = SimpleNamespace(client=self.client, requests_sent=3, active=SimpleNamespace(expired_at=1.8e9))
        silent = SimpleNamespace(client=self.client, requests_sent=0, active=SimpleNamespace(expired_at=None))
        self.runtime: Any = SimpleNamespace(
            clock=self.clock,
            store=self.store,
            connections={A: known, B: silent},
            connection={A: known, B: silent}.__getitem__,
            recording=recorded,
        )
        self.gathering = Gathering(self.runtime)

    def poll(self) -> None:
        self.store.put(A, inventory(vm(100)), taken_at=self.clock.now, endpoint="a:8006", interval=4.0)


async def test_a_server_that_answers_is_asked_once_a_minute_and_a_silent_one_never() -> None:
    world = World()
    await world.gathering.ask()
    await world.gathering.ask()
    assert world.client.asked == ["/version", "/cluster/status"]
    world.clock.now += ASK_EVERY
    world.poll()
    await world.gathering.ask()
    assert len(world.client.asked) == 4
    facts = world.gathering.facts()
    assert facts.versions[A].version == "8.4.1"
    assert B not in facts.versions
    assert (facts.requests, facts.certificates) == ({A: 3, B: 0}, {A: 1.8e9})


async def test_an_old_answer_is_told_no_more() -> None:
    world = World()
    await world.gathering.ask()
    world.client.answers["/version"] = unreachable()
    world.clock.now += OLDEST + 1
    world.poll()
    await world.gathering.ask()
    facts = world.gathering.facts()
    assert A not in facts.versions
    assert A in facts.clusters


async def test_connection_metrics_of_the_servers_that_are_configured() -> None:
    world = World(Recorded())
    await world.gathering.ask()
    (calls,) = world.gathering.facts().calls.values()
    assert (calls.attempts, calls.success_ratio, calls.average_seconds) == (10, 0.5, 0.02)


async def test_without_a_database_the_rest_is_told() -> None:
    world = World(Recorded(StoreUnavailable("no room", why="full")))
    await world.gathering.ask()
    assert world.gathering.facts().calls == {}
    assert b"pve_version_info" in await world.gathering.page()


async def test_visitors_of_one_second_share_a_page() -> None:
    world = World()
    first = await world.gathering.page()
    world.store.put(A, inventory(vm(100), vm(101)), taken_at=world.clock.now, endpoint="a:8006", interval=4.0)
    assert await world.gathering.page() is first
    world.clock.now += 1
    assert b'id="qemu/101"' in await world.gathering.page()
