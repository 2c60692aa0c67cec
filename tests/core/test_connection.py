"""Which endpoint of a server is asked, and what a failure means for the next one."""

from __future__ import annotations

import pytest

from proxtui.errors import (
    AuthenticationError,
    CertificateError,
    NetworkError,
    OtherCluster,
    PermissionDenied,
    RateLimitError,
)

from .fakes import A, FakeClient, FakeClock, connection, node_row, unreachable


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def test_the_first_endpoint_is_asked_first_and_not_for_who_it_is(clock: FakeClock) -> None:
    first = FakeClient(clock)
    link = connection(A, first, FakeClient(clock))
    assert await link.choose(clock.now)
    assert link.active.endpoint == "a1:8006"
    assert not link.has_spare
    assert first.asked == []


async def test_a_failure_moves_to_the_next_and_round(clock: FakeClock) -> None:
    link = connection(A, FakeClient(clock), FakeClient(clock))
    link.failed(unreachable())
    assert link.active.endpoint == "a1:8006", "nobody takes over before it was looked at"
    assert link.has_spare
    assert await link.choose(clock.now)
    assert link.active.endpoint == "a2:8006"
    link.failed(unreachable())
    assert not link.has_spare, "each has failed: no hurry"
    assert await link.choose(clock.now)
    assert link.active.endpoint == "a1:8006"
    link.answered()
    assert not link.has_spare


async def test_who_takes_over_is_asked_once_and_then_no_more(clock: FakeClock) -> None:
    first, second = FakeClient(clock), FakeClient(clock)
    link = connection(A, first, second)
    link.failed(unreachable())
    for _ in range(5):
        assert await link.choose(clock.now)
        link.answered()
    assert second.times("/cluster/status") == [clock.now]
    assert first.asked == []


async def test_an_endpoint_of_another_cluster_never_takes_over_until_somebody_acts(clock: FakeClock) -> None:
    first, other = FakeClient(clock), FakeClient(clock)
    other.cluster = "lab"
    link = connection(A, first, other)
    await link.belonging.learn(link.client)
    link.failed(unreachable())
    with pytest.raises(OtherCluster, match=r"^a2:8006 belongs to cluster lab, not cluster prod: not used$"):
        await link.choose(clock.now)
    assert link.active.endpoint == "a1:8006"
    assert await link.choose(clock.now + 10_000)
    assert link.active.endpoint == "a1:8006", "the other one is not even asked again"
    assert [trouble.is_bad for trouble in link.troubles(clock.time())] == [True]
    link.reset()
    assert link.troubles(clock.time()) == ()
    other.cluster = "prod"
    link.failed(unreachable())
    assert await link.choose(clock.now)
    assert link.active.endpoint == "a2:8006"


async def test_a_wrong_certificate_closes_one_endpoint_until_somebody_acts(clock: FakeClock) -> None:
    link = connection(A, FakeClient(clock), FakeClient(clock))
    link.failed(CertificateError("seen BB, expected AA", seen="BB", expected=("AA",)))
    await link.choose(clock.now)
    link.answered()
    (trouble,) = link.troubles(clock.time())
    assert trouble == ("seen BB, expected AA", True), "what works all the same does not hide it"
    assert link.active.endpoint == "a2:8006"
    link.failed(CertificateError("not the one"))
    assert not await link.choose(clock.now + 10_000)
    assert link.allowed_at(clock.now) is None
    link.reset()
    assert await link.choose(clock.now)


async def test_the_certificate_of_a_spare_that_cannot_take_over_counts_against_the_spare(clock: FakeClock) -> None:
    spare = FakeClient(clock)
    spare.error = CertificateError("not the one")
    link = connection(A, FakeClient(clock), spare)
    link.failed(unreachable())
    with pytest.raises(CertificateError):
        await link.choose(clock.now)
    assert link.routes[1].breaker.retry_at is None
    assert link.routes[1].trouble
    assert await link.choose(clock.now)
    assert link.active is link.routes[0]


@pytest.mark.parametrize("error", [PermissionDenied("no", status=403), RateLimitError("wait", stage="send")])
async def test_what_another_endpoint_cannot_mend_moves_nowhere(clock: FakeClock, error: PermissionDenied) -> None:
    link = connection(A, FakeClient(clock), FakeClient(clock))
    link.failed(error)
    assert await link.choose(clock.now)
    assert link.active.endpoint == "a1:8006"
    assert link.allowed_at(clock.now) == clock.now


async def test_a_refused_login_stops_every_endpoint(clock: FakeClock) -> None:
    link = connection(A, FakeClient(clock), FakeClient(clock))
    link.failed(AuthenticationError("no", status=401))
    assert not await link.choose(clock.now)
    assert link.allowed_at(clock.now + 10_000) is None
    link.reset()
    assert await link.choose(clock.now)


async def test_the_earliest_breaker_decides_when(clock: FakeClock) -> None:
    link = connection(A, FakeClient(clock), FakeClient(clock))
    for at in range(6):
        link.failed(unreachable(), link.routes[at % 2])
        clock.now += 1
    assert not await link.choose(clock.now)
    assert link.allowed_at(clock.now) == pytest.approx(1004.0 + 15.0)
    clock.now = 1019.0
    assert await link.choose(clock.now)
    assert link.active.endpoint == "a1:8006"


async def test_an_expired_certificate_is_told_as_long_as_it_is_used(clock: FakeClock) -> None:
    client = FakeClient(clock)
    client.certificate_expires = clock.time() + 10
    link = connection(A, client)
    assert link.client is client
    assert link.troubles(clock.time()) == ()
    (trouble,) = link.troubles(clock.time() + 11)
    assert trouble.line == "the certificate of a1:8006 has expired; it is trusted by its fingerprint"
    assert not trouble.is_bad


async def test_a_refused_spare_does_not_move_anything(clock: FakeClock) -> None:
    link = connection(A, FakeClient(clock), FakeClient(clock))
    link.lost(link.routes[1], NetworkError("no", stage="connect"))
    assert await link.choose(clock.now)
    assert link.active is link.routes[0]
    assert link.spares == (), "one that just failed is not asked again at once"
    link.answered()
    assert link.spares == (link.routes[1],)


async def test_nodes_come_and_go_and_it_is_still_the_same_cluster(clock: FakeClock) -> None:
    first = FakeClient(clock, node_row("n1"), node_row("n2"))
    second = FakeClient(clock, node_row("n2"), node_row("n3"))
    link = connection(A, first, second)
    await link.belonging.learn(link.client)
    link.belonging.note(frozenset({"n3", "n4"}))
    link.failed(unreachable())
    assert await link.choose(clock.now)
    assert link.active is link.routes[1]


def test_clients_are_built_when_needed_and_once(clock: FakeClock) -> None:
    built = []
    link = connection(A, FakeClient(clock))
    client = FakeClient(clock)
    link.routes[0].build = lambda: built.append(client) or client  # type: ignore[func-returns-value,return-value,assignment]
    assert link.requests_sent == 0
    assert not built
    assert link.client is link.client
    assert built == [client]
