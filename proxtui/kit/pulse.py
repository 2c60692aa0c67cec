"""Not more often than needed: bursts become one call, and a rate is counted over a minute."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from textual.timer import Timer
from textual.widget import Widget

SHORTEST = 0.01
"""Seconds: Textual never runs a timer that is due before it has begun to wait."""


class Pulse:
    """Runs ``call`` at once when asked, but at most every ``least`` seconds; the last wish is never lost."""

    def __init__(
        self, owner: Widget, call: Callable[[], None], now: Callable[[], float], *, least: float = 0.2
    ) -> None:
        self._owner, self._call, self._now, self._least = owner, call, now, least
        self._ran_at: float | None = None
        self._timer: Timer | None = None

    def ask(self) -> None:
        """Run now, or as soon as allowed."""
        wait = 0.0 if self._ran_at is None else self._ran_at + self._least - self._now()
        if wait <= 0:
            # Also with a timer: one that is late must not hold the next picture back.
            self._run()
        elif self._timer is None:
            self._timer = self._owner.set_timer(max(wait, SHORTEST), self._run)

    def _run(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._ran_at = self._now()
        self._call()


class RequestRate:
    """Requests a minute, from a counter that only grows."""

    WINDOW = 60.0
    LEAST = 15.0
    """Seconds of knowledge before a number means anything."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()

    def text(self, now: float, count: int) -> str:
        """``15 req/min``; empty at the beginning."""
        self._samples.append((now, count))
        while len(self._samples) > 2 and self._samples[1][0] <= now - self.WINDOW:
            self._samples.popleft()
        then, before = self._samples[0]
        span = now - then
        return f"{(count - before) / span * 60:.0f} req/min" if span >= self.LEAST else ""
