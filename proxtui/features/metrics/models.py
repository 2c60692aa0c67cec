"""What the metrics tell of a server: plain values. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

from proxtui.core.model import ServerRef

HOUR = 3_600
LEAST_TIMEOUT_MS, MOST_TIMEOUT_MS = 5_000, 120_000
LEAST_SUCCESSES = 10
"""Below so many nothing was learned."""


class Sums(Struct, frozen=True):
    """Counted calls. ``took`` is in microseconds, of the ``timed`` ones of the ``good``."""

    attempts: int = 0
    good: int = 0
    timed: int = 0
    took: int = 0

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            self.attempts + other.attempts, self.good + other.good, self.timed + other.timed, self.took + other.took
        )

    @property
    def failed(self) -> int:
        return self.attempts - self.good

    @property
    def rate(self) -> float | None:
        """Answered of all, 0..1; None when nobody asked."""
        return self.good / self.attempts if self.attempts else None

    @property
    def success_rate(self) -> float | None:
        """The same in percent with two decimals. It is 100 only when every call was answered."""
        if not self.attempts:
            return None
        return min(99.99, round(100 * self.good / self.attempts, 2)) if self.failed else 100.0

    @property
    def average_ms(self) -> float | None:
        """Milliseconds, one decimal, of the answered calls; None when none was timed."""
        return round(self.took / self.timed / 1000, 1) if self.timed else None

    @property
    def document(self) -> dict[str, int | float | None]:
        """The documented fields of a summary. An unknown rate or time is null."""
        return {
            "totalAttempts": self.attempts,
            "successCount": self.good,
            "failureCount": self.failed,
            "successRate": self.success_rate,
            "avgResponseTime": self.average_ms,
        }


class Hour(Struct, frozen=True):
    """One hour of UTC in which somebody asked."""

    start: int
    """Seconds since the epoch."""
    sums: Sums

    @property
    def time(self) -> str:
        """ISO 8601, in UTC: ``2026-11-22T14:00:00Z``."""
        return datetime.fromtimestamp(self.start, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def document(self) -> dict[str, str | int | float | None]:
        """The documented fields."""
        return {
            "time": self.time,
            "successRate": self.sums.success_rate,
            "avgResponseTime": self.sums.average_ms,
            "attempts": self.sums.attempts,
        }


class History(Struct, frozen=True):
    """The hours of the last day that have calls, the oldest first; the first one only as far as the day reaches."""

    hourly: tuple[Hour, ...]
    start: int
    """Seconds since the epoch: where the day begins."""
    end: int

    @property
    def sums(self) -> Sums:
        """All hours together."""
        return sum((hour.sums for hour in self.hourly), Sums())

    @property
    def document(self) -> dict[str, object]:
        """The documented fields: ``hourly`` and ``summary``."""
        whole = self.sums.document
        kept = ("totalAttempts", "successCount", "avgResponseTime")
        return {
            "hourly": [hour.document for hour in self.hourly],
            "summary": {name: whole[name] for name in kept},
        }


class Percentiles(Struct, frozen=True):
    """Of the answered calls of the last day, in milliseconds, by nearest rank; None when there are none."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    count: int = 0


class Failure(Struct, frozen=True):
    """One call that was not answered."""

    at: float
    """Seconds since the epoch."""
    endpoint: str
    path: str
    error: str
    message: str
    retries: int
    ms: float | None


class Standing(Struct, frozen=True):
    """One server over the last day."""

    ref: ServerRef
    sums: Sums
    percentiles: Percentiles
    paths: tuple[str, ...]
    """In the order of how often they were used."""
    last: Failure | None
    learned_ms: int | None
    hourly: tuple[Hour, ...]


def rank(count: int, part: float) -> int:
    """The nearest rank of a percentile, from 1: the smallest that is not below ``part`` (0..1) of all."""
    # In whole thousandths: 0.95 of 20 is 19, and not 18.999.
    return max(1, -(-count * round(part * 1000) // 1000))


def learned_timeout(took: list[int]) -> int | None:
    """1.5 times the 95th percentile of these microseconds in ms, 5 s to 120 s; None of fewer than ten."""
    if len(took) < LEAST_SUCCESSES:
        return None
    p95 = sorted(took)[rank(len(took), 0.95) - 1]
    return min(MOST_TIMEOUT_MS, max(LEAST_TIMEOUT_MS, round(1.5 * p95 / 1000)))
