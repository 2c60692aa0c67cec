"""The poller: who is asked, when, and that nobody waits for anybody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from proxtui.core.ages import coarse_age
from proxtui.core.connection import Connection
from proxtui.core.model import ServerRef, SourceState
from proxtui.core.poller import Poller
from proxtui.core.store import Store
from proxtui.errors import AuthenticationError, PermissionDenied, UnexpectedAnswer

from .fakes import A, B, FakeClient, FakeClock, connection, node_row, settle, store_of, unreachable, vm_row


class Bench:
    """A store and a poller over some servers, without jitter unless asked for."""

    def __init__(self, clock: FakeClock, *connections: Connection, random: float = 0.5) -> None:
        self.clock = clock
        self.store: Store = store_of(clock, *(each.ref for each in connections))
        self.poller = Poller(
            connections, self.store, clock, interval=4.0, background_interval=30.0, random=lambda: random
        )

    def state(self, ref: ServerRef) -> SourceState:
        return self.store.snapshot(ref).state

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


async def test_one_request_per_interval_after_three_to_the_first_full_table(clock: FakeClock) -> None:
    rows = [node_row(f"n{n}") for n in range(10)] + [vm_row(100 + n, node=f"n{n % 10}") for n in range(300)]
    client = FakeClient(clock, *rows)
    bench = Bench(clock, connection(A, client))
    async with bench.running():
        assert len(bench.store.snapshot(A).guests) == 300
        assert [path for _, path in client.asked] == ["/cluster/resources", "/access/permissions"]
        await clock.advance(40)
        assert client.times() == [1000.0 + 4 * n for n in range(11)]
        assert client.requests_sent == 12


async def test_a_hung_server_leaves_the_other_within_one_interval_of_fresh(clock: FakeClock) -> None:
    well, hung = FakeClient(clock), FakeClient(clock)
    bench = Bench(clock, connection(A, well), connection(B, hung))
    async with bench.running():
        await clock.advance(4)
        hung.hangs = True
        for _ in range(20):
            await clock.advance(1)
            age = bench.store.snapshot(A).age(clock.now)
            assert age is not None
            assert age <= 4.0
            assert bench.state(A) is SourceState.FRESH
        assert bench.state(B) is SourceState.STALE
        assert bench.store.snapshot(B).guests, "its rows stay"
        assert len(hung.times()) == 3, "a poll that hangs is not overtaken by another"


async def test_a_server_that_never_answers_keeps_waiting_and_delays_nobody(clock: FakeClock) -> None:
    well, hung = FakeClient(clock), FakeClient(clock)
    hung.hangs = True
    bench = Bench(clock, connection(B, hung), connection(A, well))
    async with bench.running():
        assert bench.state(A) is SourceState.FRESH
        await clock.advance(12)
        assert bench.state(B) is SourceState.WAITING
        assert len(well.times()) == 4


async def test_start_to_start_is_the_interval_however_long_the_answer_takes(clock: FakeClock) -> None:
    client = FakeClient(clock)
    client.delay = 1.5
    bench = Bench(clock, connection(A, client))
    async with bench.running():
        await clock.advance(12)
        assert client.times() == [1000.0, 1004.0, 1008.0, 1012.0]
        assert bench.store.snapshot(A).taken_at == 1008.0, "true when it was asked"


async def test_polls_never_overlap(clock: FakeClock) -> None:
    client = FakeClient(clock)
    client.delay = 9.0
    bench = Bench(clock, connection(A, client))
    async with bench.running():
        for _ in range(10):
            bench.poller.nudge()
            await clock.advance(3)
        assert client.most_in_flight == 1


async def test_asking_once_waits_for_the_poll_in_flight(clock: FakeClock) -> None:
    client = FakeClient(clock)
    client.delay = 2.0
    bench = Bench(clock, connection(A, client))
    async with bench.running():
        once = asyncio.ensure_future(bench.poller.poll_once())
        await clock.advance(3)
        assert (client.most_in_flight, len(client.times())) == (1, 2)
        await clock.advance(2)
        await once


async def test_a_server_that_fails_slowly_gets_its_pause(clock: FakeClock) -> None:
    client = FakeClient(clock)
    client.delay = 10.0
    client.error = unreachable()
    bench = Bench(clock, connection(A, client))
    async with bench.running():
        await clock.advance(25)
        assert client.times() == [1000.0, 1014.0]


@pytest.mark.parametrize(("random", "gap"), [(0.0, 3.6), (0.5, 4.0), (1.0, 4.4)])
async def test_the_interval_swings_by_a_tenth(clock: FakeClock, random: float, gap: float) -> None:
    client = FakeClient(clock)
    bench = Bench(clock, connection(A, client), random=random)
    async with bench.running():
        await clock.advance(5)
        first, second = client.times()
        assert second - first == pytest.approx(gap)


async def test_a_failure_keeps_the_rows_backs_off_and_recovers(clock: FakeClock) -> None:
    client = FakeClient(clock)
    bench = Bench(clock, connection(A, client))
    async with bench.running():
        client.error = unreachable()
        await clock.advance(12)
        snapshot = bench.store.snapshot(A)
        assert snapshot.state is SourceState.STALE
        assert snapshot.guests
        assert snapshot.error == "pve1:8006: connection refused"
        assert snapshot.next_try_at == 1012.0 + 15.0, "three failures in a row open the breaker"
        await clock.advance(14)
        assert len(client.times()) == 4
        client.error = None
        await clock.advance(1)
        assert bench.state(A) is SourceState.FRESH
        assert bench.store.snapshot(A).error is None
        await clock.advance(4)
        assert len(client.times()) == 6


async def test_a_refused_login_is_tried_once_until_somebody_asks(clock: FakeClock) -> None:
    first, second = FakeClient(clock), FakeClient(clock)
    first.error = second.error = AuthenticationError("authentication failure", status=401)
    bench = Bench(clock, connection(A, first, second))
    async with bench.running():
        await clock.advance(3600)
        assert (len(first.times()), len(second.times())) == (1, 0)
        assert bench.state(A) is SourceState.FORBIDDEN
        assert bench.store.snapshot(A).next_try_at is None
        first.error = None
        bench.poller.nudge(A)
        await clock.advance(0)
        assert bench.state(A) is SourceState.FRESH


async def test_the_next_endpoint_is_tried_soon_and_kept(clock: FakeClock) -> None:
    first, second = FakeClient(clock), FakeClient(clock)
    first.error = unreachable("a1:8006")
    bench = Bench(clock, connection(A, first, second))
    async with bench.running():
        assert bench.state(A) is SourceState.DOWN
        await clock.advance(0.5)
        assert bench.state(A) is SourceState.FRESH
        assert bench.store.snapshot(A).endpoint == "a2:8006"
        await clock.advance(20)
        assert len(first.times()) == 1
        assert len(second.times()) == 6


async def test_when_every_endpoint_fails_nobody_is_hammered(clock: FakeClock) -> None:
    first, second = FakeClient(clock), FakeClient(clock)
    first.error = second.error = unreachable()
    bench = Bench(clock, connection(A, first, second))
    async with bench.running():
        await clock.advance(60)
        assert len(first.times()) <= 7
        assert len(second.times()) <= 7
        second.error = None
        await clock.advance(60)
        assert bench.state(A) is SourceState.FRESH


async def test_an_endpoint_of_another_cluster_is_refused(clock: FakeClock) -> None:
    first, other = FakeClient(clock), FakeClient(clock, node_row("stranger"), vm_row(999, node="stranger"))
    bench = Bench(clock, connection(A, first, other))
    async with bench.running():
        first.error = unreachable("a1:8006")
        await clock.advance(4.5)
        snapshot = bench.store.snapshot(A)
        assert other.times() == [], "it was asked who it is, and nothing else"
        assert snapshot.error == "a2:8006 belongs to cluster prod with other nodes, not cluster prod: not used"
        assert [trouble.line for trouble in snapshot.troubles] == [snapshot.error]
        assert [key.vmid for key in snapshot.guests] == [100]
        first.error = None
        await clock.advance(5)
        assert bench.state(A) is SourceState.FRESH
        assert bench.store.snapshot(A).troubles, "that it works without it hides nothing"


async def test_pause_asks_nothing_but_a_refresh_does(clock: FakeClock) -> None:
    client = FakeClient(clock)
    bench = Bench(clock, connection(A, client))
    async with bench.running():
        bench.poller.pause()
        assert bench.poller.paused
        await clock.advance(60)
        assert len(client.times()) == 1
        assert bench.state(A) is SourceState.STALE, "paused rows get old like any others"
        bench.poller.nudge()
        await clock.advance(60)
        assert len(client.times()) == 2
        bench.poller.resume()
        await clock.advance(0)
        assert len(client.times()) == 3
        assert not bench.poller.paused


async def test_servers_out_of_view_are_polled_slowly_and_are_not_late(clock: FakeClock) -> None:
    front, back = FakeClient(clock), FakeClient(clock)
    bench = Bench(clock, connection(A, front), connection(B, back))
    async with bench.running():
        bench.poller.attend({A})
        for _ in range(60):
            await clock.advance(1)
            assert bench.state(B) is SourceState.FRESH
        assert len(front.times()) == 16
        assert back.times() == [1000.0, 1030.0, 1060.0]
        await clock.advance(10)
        bench.poller.attend(None)
        await clock.advance(0)
        assert back.times()[-1] == clock.now, "what comes into view is asked at once"
        assert bench.state(B) is SourceState.FRESH


async def test_nobody_at_the_keys_more_than_halves_the_pace_and_a_touch_asks_at_once(clock: FakeClock) -> None:
    client = FakeClient(clock)
    bench = Bench(clock, connection(A, client))
    async with bench.running():
        bench.poller.rest(True)
        for _ in range(17):
            await clock.advance(1)
            assert bench.state(A) is SourceState.FRESH
            assert coarse_age(bench.store.snapshot(A), clock.now) == 0, "rows never look old for it"
        assert client.times() == pytest.approx([1000.0, 1008.4, 1016.8])
        await clock.advance(5)
        bench.poller.rest(False)
        await clock.advance(0)
        assert client.times()[-1] == clock.now


async def test_a_nudge_asks_one_server_at_once(clock: FakeClock) -> None:
    one, other = FakeClient(clock), FakeClient(clock)
    bench = Bench(clock, connection(A, one), connection(B, other))
    async with bench.running():
        await clock.advance(1)
        bench.poller.nudge(A)
        await clock.advance(0)
        assert (one.times(), other.times()) == ([1000.0, 1001.0], [1000.0])
        await clock.advance(4)
        assert one.times()[-1] == 1005.0, "the interval counts from there"


async def test_a_nudge_passes_an_open_breaker(clock: FakeClock) -> None:
    client = FakeClient(clock)
    client.error = unreachable()
    bench = Bench(clock, connection(A, client))
    async with bench.running():
        await clock.advance(9)
        asked = len(client.times())
        client.error = None
        bench.poller.nudge()
        await clock.advance(0)
        assert len(client.times()) == asked + 1
        assert bench.state(A) is SourceState.FRESH


async def test_refused_permissions_stay_unknown_and_cost_one_request(clock: FakeClock) -> None:
    client = FakeClient(clock)
    client.permissions = PermissionDenied("no", status=403)
    link = connection(A, client)
    bench = Bench(clock, link)
    async with bench.running():
        await clock.advance(40)
        assert len(client.times("/access/permissions")) == 1
        assert link.permissions is None
        client.permissions = {"/": {"VM.Audit": 1}}
        bench.poller.nudge()
        await clock.advance(0)
        assert link.permissions is not None
        assert link.permissions.allows("/vms/100", "VM.Audit")
        bench.poller.nudge()
        await clock.advance(0)
        assert len(client.times("/access/permissions")) == 2


async def test_poll_once_asks_every_server_at_the_same_time(clock: FakeClock) -> None:
    slow, dead, well = FakeClient(clock), FakeClient(clock), FakeClient(clock)
    slow.delay = 5.0
    dead.error = unreachable()
    third = ServerRef("acme", "c")
    bench = Bench(clock, connection(A, slow), connection(B, dead), connection(third, well))
    once = asyncio.ensure_future(bench.poller.poll_once())
    await clock.advance(0)
    assert bench.state(third) is SourceState.FRESH
    assert bench.state(B) is SourceState.DOWN
    assert not once.done()
    await clock.advance(5)
    assert once.done()
    await once
    assert bench.state(A) is SourceState.FRESH
    assert [client.requests_sent for client in (slow, dead, well)] == [1, 1, 1]


async def test_poll_once_goes_through_the_endpoints(clock: FakeClock) -> None:
    first, second, third = FakeClient(clock), FakeClient(clock), FakeClient(clock)
    first.error = unreachable()
    second.error = UnexpectedAnswer("HTML", status=200)
    bench = Bench(clock, connection(A, first, second, third))
    await bench.poller.poll_once()
    assert bench.state(A) is SourceState.FRESH
    assert bench.store.snapshot(A).endpoint == "a3:8006"


async def test_a_bug_ends_the_poller_loudly(clock: FakeClock) -> None:
    client, other = FakeClient(clock), FakeClient(clock)
    client.error = ZeroDivisionError("a bug")
    bench = Bench(clock, connection(A, client), connection(B, other))
    with pytest.raises(ExceptionGroup) as caught:
        await bench.poller.run()
    assert caught.group_contains(ZeroDivisionError, match="a bug")
    assert clock.waiting == 0


async def test_a_connection_closes_the_clients_it_built(clock: FakeClock) -> None:
    used, unused = FakeClient(clock), FakeClient(clock)
    link = connection(A, used, unused)
    await Bench(clock, link).poller.poll_once()
    assert link.requests_sent == 2
    await link.aclose()
    assert used.closed
    assert not unused.closed
