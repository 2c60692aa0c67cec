"""An endpoint that goes away, a path that comes back, a machine that slept: on a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from proxtui.core.connection import LONGEST_LOOK_BACK, Connection
from proxtui.core.model import ServerRef, Snapshot, SourceState
from proxtui.core.poller import Poller
from proxtui.errors import AuthenticationError, NetworkError

from .fakes import A, B, FakeClient, FakeClock, connection, settle, store_of, unreachable


class Bench:
    """A poller over some servers, and the first of them."""

    def __init__(self, clock: FakeClock, *links: Connection, backgrounds: dict[ServerRef, float] | None = None) -> None:
        self.clock, self.link = clock, links[0]
        self.store = store_of(clock, *(link.ref for link in links))
        self.poller = Poller(links, self.store, clock, interval=4.0, backgrounds=backgrounds, random=lambda: 0.5)

    @property
    def shown(self) -> Snapshot:
        return self.store.snapshot(A)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.ensure_future(self.poller.run())
        await settle()
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
        assert task.cancelled()
        assert self.clock.waiting == 0, "nothing is left behind"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def refuses(client: FakeClient) -> None:
    client.error = unreachable("a1:8006")


def hangs(client: FakeClient) -> None:
    client.hangs = True


def times_out(client: FakeClient) -> None:
    client.delay, client.error = 3.0, NetworkError("a1:8006 does not answer: connecting timed out", stage="connect")


@pytest.mark.parametrize("goes_away", [refuses, hangs, times_out])
@pytest.mark.parametrize("answered_before", [True, False])
async def test_the_next_endpoint_answers_within_three_seconds(
    clock: FakeClock, goes_away: Callable[[FakeClient], None], answered_before: bool
) -> None:
    first, second = FakeClient(clock), FakeClient(clock)
    second.delay = 0.5
    bench = Bench(clock, connection(A, first, second))
    if not answered_before:
        goes_away(first)
    async with bench.running():
        if answered_before:
            await clock.advance(1)
            goes_away(first)
            await clock.advance(3)
        asked_at = clock.now
        await clock.advance(3)
        assert bench.shown.endpoint == "a2:8006"
        assert bench.shown.state is SourceState.FRESH
        assert bench.link.since is not None
        assert bench.link.since - asked_at <= 3.0
        assert first.in_flight == 0, "the question that nobody answered was taken back"
        await clock.advance(20)
        assert second.times("/cluster/status") == second.times("/cluster/status")[:1]


async def test_the_third_endpoint_when_two_hang(clock: FakeClock) -> None:
    clients = [FakeClient(clock) for _ in range(3)]
    clients[0].hangs = clients[1].hangs = True
    bench = Bench(clock, connection(A, *clients))
    async with bench.running():
        await clock.advance(3)
        assert bench.shown.endpoint == "a3:8006"


async def test_the_third_endpoint_when_one_refuses_and_one_hangs(clock: FakeClock) -> None:
    clients = [FakeClient(clock) for _ in range(3)]
    refuses(clients[0])
    clients[1].hangs = True
    bench = Bench(clock, connection(A, *clients))
    async with bench.running():
        await clock.advance(3)
        assert bench.shown.endpoint == "a3:8006"


async def test_a_slow_answer_still_counts_when_it_comes_first(clock: FakeClock) -> None:
    first, second = FakeClient(clock), FakeClient(clock)
    first.delay, second.delay = 1.5, 9.0
    bench = Bench(clock, connection(A, first, second))
    async with bench.running():
        await clock.advance(30)
        assert bench.shown.endpoint == "a1:8006"
        assert len(second.asked) == 2, "once beside it; then it is known to be slow, and gets its time"
        assert second.in_flight == 0
        assert bench.link.routes[1].breaker.state == "closed"


async def test_two_slow_endpoints_are_not_changed_for_one_another(clock: FakeClock) -> None:
    first, second = FakeClient(clock), FakeClient(clock)
    first.delay = second.delay = 2.5
    bench = Bench(clock, connection(A, first, second))
    async with bench.running():
        await clock.advance(60)
        assert bench.shown.endpoint == "a1:8006"
        assert bench.link.since is None
        assert len(second.times()) == 1


async def test_another_cluster_answers_nothing_while_ours_is_slow(clock: FakeClock) -> None:
    first, other = FakeClient(clock), FakeClient(clock)
    other.cluster = "lab"
    bench = Bench(clock, connection(A, first, other))
    async with bench.running():
        await clock.advance(1)
        first.hangs = True
        await clock.advance(10)
        assert bench.shown.endpoint == "a1:8006"
        assert bench.shown.state is SourceState.STALE
        assert other.times() == []
        first.hangs = False
        bench.poller.nudge(A)
    assert bench.link.active is bench.link.routes[0]


async def test_a_login_that_only_a_spare_refuses_closes_the_spare(clock: FakeClock) -> None:
    """Another cluster knows no token of ours: that must not take the right one away."""
    first, second = FakeClient(clock), FakeClient(clock)
    first.delay, second.error = 2.0, AuthenticationError("no", status=401)
    bench = Bench(clock, connection(A, first, second))
    async with bench.running():
        await clock.advance(60)
        assert bench.shown.state is SourceState.FRESH
        assert len(second.asked) == 1
        assert [trouble.is_bad for trouble in bench.shown.troubles] == [True]


async def test_a_direct_endpoint_stays_when_the_first_one_is_back(clock: FakeClock) -> None:
    first, second = FakeClient(clock), FakeClient(clock)
    refuses(first)
    bench = Bench(clock, connection(A, first, second))
    async with bench.running():
        await clock.advance(1)
        first.error = None
        await clock.advance(600)
        assert bench.shown.endpoint == "a2:8006"
        assert len(first.times()) == 1


async def test_tailscale_goes_away_and_comes_back(clock: FakeClock) -> None:
    tailscale, direct = FakeClient(clock), FakeClient(clock)
    bench = Bench(clock, connection(A, tailscale, direct, tailscale=True))
    async with bench.running():
        assert (bench.link.path, bench.shown.path) == ("tailscale", "tailscale")
        hangs(tailscale)
        await clock.advance(7)
        assert (bench.link.path, bench.shown.path, bench.shown.endpoint) == ("direct", "direct", "a2:8006")
        for _ in range(60):
            await clock.advance(1)
            assert bench.shown.state is SourceState.FRESH, "looking for the other path delays no poll"
        looks = tailscale.times("/cluster/status")[1:]
        assert 2 <= len(looks) <= 3, "15 s, 30 s, ... apart"
        tailscale.hangs = False
        await clock.advance(70)
        assert (bench.link.path, bench.shown.path) == ("tailscale", "tailscale")
        asked = len(direct.asked)
        await clock.advance(60)
        assert len(direct.asked) == asked


async def test_a_path_that_comes_and_goes_is_looked_for_less_and_less_often(clock: FakeClock) -> None:
    link = connection(A, FakeClient(clock), FakeClient(clock), tailscale=True)
    tailscale, direct = link.routes
    waits = []
    for _ in range(8):
        link.take(direct, clock.now)
        lost_at = clock.now
        while link.worth_a_look(clock.now) is None:
            clock.now += 1
        waits.append(clock.now - lost_at)
        link.take(tailscale, clock.now)
        clock.now += 10
    assert waits[0] == 15
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_LOOK_BACK
    clock.now += LONGEST_LOOK_BACK
    link.take(direct, clock.now)
    assert link.worth_a_look(clock.now + 14) is None
    assert link.worth_a_look(clock.now + 15) is tailscale


async def test_a_path_to_another_cluster_is_looked_at_once(clock: FakeClock) -> None:
    tailscale, direct = FakeClient(clock), FakeClient(clock)
    refuses(tailscale)
    bench = Bench(clock, connection(A, tailscale, direct, tailscale=True))
    async with bench.running():
        await clock.advance(1)
        tailscale.error, tailscale.cluster = None, "lab"
        await clock.advance(600)
        assert bench.link.path == "direct"
        assert len(tailscale.times("/cluster/status")) == 1
        (trouble,) = bench.shown.troubles
        assert trouble == ("a1:8006 belongs to cluster lab, not cluster prod: not used", True)


async def test_after_sleep_what_was_open_is_dropped_and_all_is_asked_again_soon(clock: FakeClock) -> None:
    client = FakeClient(clock)
    bench = Bench(clock, connection(A, client))
    bench.poller.attend([])
    async with bench.running():
        await clock.advance(10)
        asked = len(client.times())
        clock.slept += 3600
        await clock.advance(1)
        assert client.dropped == 1
        await clock.advance(2.5)
        assert len(client.times()) == asked + 1, "within five seconds, not at the same moment as everybody else"
        await clock.advance(20)
        assert client.dropped == 1


async def test_after_sleep_the_way_through_jump_hosts_is_dropped_too(clock: FakeClock) -> None:
    class Way:
        dropped = 0

        def drop(self) -> None:
            self.dropped += 1

    bench, way = Bench(clock, connection(A, FakeClient(clock))), Way()
    bench.link.tunnel = way  # type: ignore[assignment]
    async with bench.running():
        await clock.advance(10)
        assert way.dropped == 0
        clock.slept += 3600
        await clock.advance(1)
        assert way.dropped == 1


async def test_a_poll_that_waits_for_an_answer_from_before_the_sleep_is_broken_off(clock: FakeClock) -> None:
    client = FakeClient(clock)
    bench = Bench(clock, connection(A, client))
    async with bench.running():
        client.hangs = True
        await clock.advance(5)
        assert client.in_flight == 1
        client.hangs = False
        clock.slept += 60
        await clock.advance(1)
        assert client.in_flight == 0
        await clock.advance(3)
        assert bench.shown.state is SourceState.FRESH
        assert bench.shown.error is None


async def test_a_tenant_may_have_its_own_pace_out_of_view(clock: FakeClock) -> None:
    clients = FakeClient(clock), FakeClient(clock)
    links = connection(A, clients[0]), connection(B, clients[1])
    bench = Bench(clock, *links, backgrounds={B: 300.0})
    bench.poller.attend([])
    async with bench.running():
        await clock.advance(299)
        assert [len(client.times()) for client in clients] == [10, 1]
        bench.poller.attend([B])
        await clock.advance(1)
        assert len(clients[1].times()) == 2


async def test_who_it_is_is_asked_beside_the_polls_and_only_where_there_is_another_endpoint(clock: FakeClock) -> None:
    alone, first = FakeClient(clock), FakeClient(clock)
    bench = Bench(clock, connection(B, alone), connection(A, first, FakeClient(clock)))
    async with bench.running():
        await clock.advance(60)
        bench.poller.nudge()
        await clock.advance(10)
    assert alone.times("/cluster/status") == []
    assert len(first.times("/cluster/status")) == 1


async def test_a_question_who_it_is_that_hangs_delays_no_failover(clock: FakeClock) -> None:
    first, second = FakeClient(clock), FakeClient(clock)
    bench = Bench(clock, connection(A, first, second))
    await bench.poller._supervisors[A].poll()
    first.hangs = True
    async with bench.running():
        await clock.advance(4)
        await clock.advance(3)
        assert bench.shown.endpoint == "a2:8006"


async def test_who_asks_once_knows_whose_it_is_too(clock: FakeClock) -> None:
    link = connection(A, FakeClient(clock), FakeClient(clock))
    await Bench(clock, link).poller.poll_once()
    assert link.belonging.identity is not None
    assert link.belonging.identity.name == "prod"
