"""The token bucket and the breaker, on a clock that is held."""

import asyncio

import pytest

from proxtui.errors import (
    ApiError,
    AuthenticationError,
    CertificateError,
    DeadlineExceeded,
    InvalidInput,
    NetworkError,
    NodeUnreachable,
    OutcomeUnknown,
    PermissionDenied,
    RateLimitError,
    ReadOnlyError,
    TotpRequired,
    UnexpectedAnswer,
)
from proxtui.pve.limits import Breaker, RateLimiter

from .conftest import HeldClock

BROKEN = NetworkError("refused", stage="connect")


def limiter(clock: HeldClock, most: int = 3, window: int = 1000) -> RateLimiter:
    return RateLimiter(most, window, now=clock, sleep=clock.sleep)


def breaker(clock: HeldClock, jitter: float = 0.5) -> Breaker:
    return Breaker(now=clock, random=lambda: jitter)


def opened(clock: HeldClock) -> Breaker:
    guard = breaker(clock)
    for _ in range(3):
        guard.failed(BROKEN)
    return guard


class TestRateLimiter:
    def test_a_burst_then_an_even_refill(self, clock: HeldClock) -> None:
        bucket = limiter(clock)
        assert [bucket.try_acquire() for _ in range(4)] == [True, True, True, False]
        clock.seconds += 0.34
        assert [bucket.try_acquire() for _ in range(2)] == [True, False]
        clock.seconds += 3600
        assert [bucket.try_acquire() for _ in range(4)] == [True, True, True, False]

    def test_reset_fills_it(self, clock: HeldClock) -> None:
        bucket = limiter(clock, 1)
        assert bucket.try_acquire()
        assert not bucket.try_acquire()
        bucket.reset()
        assert bucket.try_acquire()

    async def test_waiting_for_a_token(self, clock: HeldClock) -> None:
        bucket = limiter(clock, 2)
        for _ in range(4):
            await bucket.acquire(5000)
        assert clock.slept == pytest.approx([0.5, 0.5])

    async def test_those_who_wait_at_once_wait_in_turn(self) -> None:
        slept: list[float] = []
        still = asyncio.Event()

        async def sleep(seconds: float) -> None:
            slept.append(seconds)
            await still.wait()

        bucket = RateLimiter(1, 1000, now=lambda: 0.0, sleep=sleep)
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(bucket.acquire(10_000))
            await asyncio.sleep(0)
            assert slept == pytest.approx([1.0, 2.0])
            still.set()

    async def test_too_long_a_wait_is_refused_at_once(self, clock: HeldClock) -> None:
        bucket = limiter(clock, 1, 10_000)
        await bucket.acquire(0)
        with pytest.raises(RateLimitError):
            await bucket.acquire(9_000)
        assert clock.slept == []
        await bucket.acquire(11_000)

    async def test_who_gives_up_waiting_gives_the_token_back(self) -> None:
        bucket = RateLimiter(1, 1000, now=lambda: 0.0, sleep=lambda _: asyncio.Event().wait())  # type: ignore[arg-type, return-value]
        await bucket.acquire(0)
        waiting = asyncio.ensure_future(bucket.acquire(5000))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        with pytest.raises(RateLimitError, match=r"1\.0 s"):
            await bucket.acquire(500)

    @pytest.mark.parametrize(("most", "window"), [(0, 1000), (-1, 1000), (1, 0)])
    def test_limits_that_cannot_be_meant(self, most: int, window: int) -> None:
        with pytest.raises(InvalidInput):
            RateLimiter(most, window)


class TestBreaker:
    def test_three_failures_in_a_row_open_it_for_15_seconds(self, clock: HeldClock) -> None:
        guard = breaker(clock)
        for _ in range(2):
            guard.failed(BROKEN)
        assert (guard.state, guard.allows(), guard.retry_at) == ("closed", True, None)
        guard.failed(BROKEN)
        assert (guard.state, guard.allows(), guard.retry_at) == ("open", False, 1015.0)

    def test_a_success_between_starts_the_count_anew(self, clock: HeldClock) -> None:
        guard = breaker(clock)
        for _ in range(5):
            guard.failed(BROKEN)
            guard.failed(BROKEN)
            guard.succeeded()
        assert guard.state == "closed"

    def test_one_single_probe_after_the_pause(self, clock: HeldClock) -> None:
        guard = opened(clock)
        clock.seconds += 15
        assert [guard.allows(), guard.allows(), guard.allows()] == [True, False, False]
        assert guard.state == "half-open"
        guard.succeeded()
        assert (guard.state, guard.allows(), guard.retry_at) == ("closed", True, None)

    def test_each_failed_probe_doubles_the_pause_up_to_five_minutes(self, clock: HeldClock) -> None:
        guard = opened(clock)
        pauses = []
        for _ in range(7):
            assert guard.retry_at is not None
            pauses.append(guard.retry_at - clock.seconds)
            clock.seconds = guard.retry_at
            assert guard.allows()
            guard.failed(BROKEN)
        assert pauses == pytest.approx([15, 30, 60, 120, 240, 300, 300])

    def test_a_success_forgets_the_long_pauses(self, clock: HeldClock) -> None:
        guard = opened(clock)
        clock.seconds += 15
        assert guard.allows()
        guard.failed(BROKEN)
        guard.retry_at = clock.seconds
        assert guard.allows()
        guard.succeeded()
        for _ in range(3):
            guard.failed(BROKEN)
        assert guard.retry_at == clock.seconds + 15

    def test_a_probe_that_never_reports_does_not_close_the_way(self, clock: HeldClock) -> None:
        guard = opened(clock)
        clock.seconds += 15
        assert guard.allows()
        clock.seconds += 15
        assert guard.allows()

    @pytest.mark.parametrize(("jitter", "pause"), [(0.0, 13.5), (1.0, 16.5)])
    def test_jitter(self, clock: HeldClock, jitter: float, pause: float) -> None:
        guard = breaker(clock, jitter)
        for _ in range(3):
            guard.failed(BROKEN)
        assert guard.retry_at == pytest.approx(clock.seconds + pause)

    @pytest.mark.parametrize(
        "error", [AuthenticationError("no", status=401), TotpRequired("no"), CertificateError("another")]
    )
    def test_a_refused_login_or_certificate_stays_until_reset(self, clock: HeldClock, error: NetworkError) -> None:
        guard = breaker(clock)
        guard.failed(error)
        clock.seconds += 1e6
        assert (guard.state, guard.allows(), guard.retry_at) == ("open", False, None)
        guard.failed(BROKEN)
        guard.succeeded()
        assert not guard.allows()
        guard.reset()
        assert guard.allows()

    @pytest.mark.parametrize(
        "error",
        [
            PermissionDenied("no", status=403),
            ApiError("no", status=500),
            NodeUnreachable("no", status=595),
            RateLimitError("full", stage="deadline"),
            ReadOnlyError("locked"),
            InvalidInput("path", "..", "no"),
        ],
    )
    def test_what_the_server_or_we_said_ourselves_never_counts(self, clock: HeldClock, error: ApiError) -> None:
        guard = breaker(clock)
        for _ in range(9):
            guard.failed(error)
        assert guard.state == "closed"

    @pytest.mark.parametrize(
        "error",
        [
            DeadlineExceeded("late", stage="deadline"),
            OutcomeUnknown("lost"),
            UnexpectedAnswer("html", status=200),
            ApiError("Bad Gateway", status=502),
        ],
    )
    def test_what_counts(self, clock: HeldClock, error: ApiError) -> None:
        guard = breaker(clock)
        for _ in range(3):
            guard.failed(error)
        assert guard.state == "open"

    @pytest.mark.parametrize(("asked", "pause"), [(40.0, 40.0), (100_000.0, 300.0)])
    def test_retry_after_is_honoured_up_to_five_minutes(self, clock: HeldClock, asked: float, pause: float) -> None:
        guard = breaker(clock)
        error = ApiError("Service Unavailable", status=503)
        error.retry_after = asked
        guard.failed(error)
        assert guard.retry_at == clock.seconds + pause
