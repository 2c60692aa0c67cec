"""How much one endpoint is asked: a token bucket for the rate, a breaker for an endpoint that fails."""

from __future__ import annotations

import asyncio
import random as _random
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from proxtui.errors import (
    ApiError,
    AuthenticationError,
    CertificateError,
    InvalidInput,
    OtherCluster,
    ProxtuiError,
    RateLimitError,
    ReadOnlyError,
    TunnelRefused,
    UnexpectedAnswer,
    UsageError,
)

FIRST_PAUSE = 15.0
LONGEST_PAUSE = 300.0
FAILURES_TO_OPEN = 3
_GATEWAY_FAILURES = frozenset({502, 503, 504})


class RateLimiter:
    """A token bucket: at most ``max_requests`` at once, refilled evenly over ``window_ms``."""

    def __init__(
        self,
        max_requests: int,
        window_ms: int,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if max_requests < 1:
            raise InvalidInput("max_requests", max_requests, "at least 1")
        if window_ms < 1:
            raise InvalidInput("window_ms", window_ms, "at least 1 millisecond")
        self._capacity = float(max_requests)
        self._per_second = max_requests * 1000.0 / window_ms
        self._now = now
        self._sleep = sleep
        self._tokens = self._capacity
        self._counted_at = now()

    def try_acquire(self) -> bool:
        """Take a token if there is one now."""
        self._refill()
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def reset(self) -> None:
        """Fill the bucket."""
        self._tokens = self._capacity
        self._counted_at = self._now()

    async def acquire(self, timeout_ms: float) -> None:
        """Take a token, waiting for it at most ``timeout_ms``; ``RateLimitError`` at once when that is too short."""
        self._refill()
        # A waiter's token is taken now and may leave the bucket below zero: whoever comes later waits longer.
        wait = max(0.0, (1 - self._tokens) / self._per_second)
        if wait * 1000 > timeout_ms:
            raise RateLimitError(
                f"our own rate limit has no room for another {wait:.1f} s; nothing was sent", stage="deadline"
            )
        self._tokens -= 1
        if wait <= 0:
            return
        try:
            await self._sleep(wait)
        except asyncio.CancelledError:
            self._tokens = min(self._capacity, self._tokens + 1)
            raise

    def _refill(self) -> None:
        now = self._now()
        elapsed = max(0.0, now - self._counted_at)
        self._counted_at = now
        self._tokens = min(self._capacity, self._tokens + elapsed * self._per_second)


class Breaker:
    """Leaves a failing endpoint alone for a while.

    Three transport failures in a row open it for 15 s; then one single probe may go (half-open); each probe that
    fails doubles the pause up to 5 min. A refused login or certificate, or an endpoint of another cluster, opens it
    until ``reset``, because asking again cannot help and a login costs 3 s and perhaps a ban. An answer of PVE, 403
    and 500 too, is no failure.
    """

    def __init__(
        self, *, now: Callable[[], float] = time.monotonic, random: Callable[[], float] = _random.random
    ) -> None:
        self._now = now
        self._random = random
        self.state: Literal["closed", "open", "half-open"] = "closed"
        self.retry_at: float | None = None
        """When the next probe may go, on the clock of ``now``; None when closed or when only ``reset`` helps."""
        self._failures = 0
        self._pause = FIRST_PAUSE

    def allows(self) -> bool:
        """Whether a request may go now. In an opened breaker the first yes is the probe, and the only one."""
        if self.state == "closed":
            return True
        if self.retry_at is None or self._now() < self.retry_at:
            return False
        # A probe that never reports (its asker was cancelled) must not close the way for ever.
        self.state = "half-open"
        self.retry_at = self._now() + self._pause
        return True

    def succeeded(self) -> None:
        """The endpoint answered. Only ``reset`` lifts what a refused login or certificate caused."""
        if self.state == "open" and self.retry_at is None:
            return
        self.reset()

    def failed(self, error: ProxtuiError) -> None:
        """Count ``error``, by its kind."""
        if isinstance(error, AuthenticationError | CertificateError | OtherCluster | TunnelRefused):
            self.state, self.retry_at = "open", None
            return
        if isinstance(error, RateLimitError | UsageError | ReadOnlyError) or (
            self.state == "open" and self.retry_at is None
        ):
            return
        asked_pause = getattr(error, "retry_after", None)
        if isinstance(error, ApiError) and not _is_failure(error):
            self.succeeded()
            return
        self._failures += 1
        if asked_pause is not None:
            self._open(min(max(asked_pause, 1.0), LONGEST_PAUSE))
        elif self.state == "half-open":
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
            self._open(self._pause)
        elif self.state == "closed" and self._failures >= FAILURES_TO_OPEN:
            self._open(self._pause)

    def reset(self) -> None:
        """Closed, as new."""
        self.state, self.retry_at = "closed", None
        self._failures = 0
        self._pause = FIRST_PAUSE

    def _open(self, seconds: float) -> None:
        # Ten per cent of jitter, so that many clients do not come back at the same moment.
        self.state = "open"
        self.retry_at = self._now() + min(LONGEST_PAUSE, seconds * (0.9 + 0.2 * self._random()))


def _is_failure(error: ApiError) -> bool:
    return isinstance(error, UnexpectedAnswer) or error.status in _GATEWAY_FAILURES or error.retry_after is not None
