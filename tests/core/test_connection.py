"""Which endpoint of a server is asked, and what a failure means for the next one."""

from __future__ import annotations

import pytest

from proxtui.errors import AuthenticationError, CertificateError, PermissionDenied, RateLimitError

from .fakes import A, FakeClient, FakeClock, connection, unreachable


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def test_the_first_endpoint_is_asked_first(clock: FakeClock) -> None:
    link = connection(A, FakeClient(clock), FakeClient(clock))
    assert link.choose()
    assert link.active.endpoint == "a1:8006"
    assert not link.has_spare


def test_a_failure_moves_to_the_next_and_round(clock: FakeClock) -> None:
    link = connection(A, FakeClient(clock), FakeClient(clock))
    link.failed(unreachable())
    assert link.active.endpoint == "a2:8006"
    assert link.has_spare
    link.failed(unreachable())
    assert link.active.endpoint == "a1:8006"
    assert not link.has_spare, "each has failed: no hurry"
    link.answered()
    assert not link.has_spare


def test_a_wrong_certificate_closes_one_endpoint_until_somebody_acts(clock: FakeClock) -> None:
    link = connection(A, FakeClient(clock), FakeClient(clock))
    link.failed(CertificateError("not the one"))
    assert link.active.endpoint == "a2:8006"
    link.failed(CertificateError("not the one"))
    assert not link.choose()
    assert link.allowed_at(clock.now) is None
    link.reset()
    assert link.choose()


@pytest.mark.parametrize("error", [PermissionDenied("no", status=403), RateLimitError("wait", stage="send")])
def test_what_another_endpoint_cannot_mend_moves_nowhere(clock: FakeClock, error: PermissionDenied) -> None:
    link = connection(A, FakeClient(clock), FakeClient(clock))
    link.failed(error)
    assert link.active.endpoint == "a1:8006"
    assert link.allowed_at(clock.now) == clock.now


def test_a_refused_login_stops_every_endpoint(clock: FakeClock) -> None:
    link = connection(A, FakeClient(clock), FakeClient(clock))
    link.failed(AuthenticationError("no", status=401))
    assert not link.choose()
    assert link.allowed_at(clock.now + 10_000) is None
    link.reset()
    assert link.choose()


def test_the_earliest_breaker_decides_when(clock: FakeClock) -> None:
    link = connection(A, FakeClient(clock), FakeClient(clock))
    for _ in range(6):
        link.failed(unreachable())
        clock.now += 1
    assert not link.choose()
    assert link.allowed_at(clock.now) == pytest.approx(1004.0 + 15.0)
    clock.now = 1019.0
    assert link.choose()
    assert link.active.endpoint == "a1:8006"


def test_clients_are_built_when_needed_and_once(clock: FakeClock) -> None:
    built = []
    link = connection(A, FakeClient(clock))
    client = FakeClient(clock)
    link.routes[0].build = lambda: built.append(client) or client  # type: ignore[func-returns-value,return-value,assignment]
    assert link.requests_sent == 0
    assert not built
    assert link.client is link.client
    assert built == [client]
