"""How long nobody has touched the keys, by the clock that also runs while the machine sleeps."""

from __future__ import annotations

from proxtui.core.clock import Clock


class Idle:
    """Over after ``seconds`` without ``touched``; with 0 seconds never. Once over it stays so until ``begin``."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._touched_at = clock.boottime()

    @property
    def left(self) -> float:
        """Seconds until it is over; 0 when it is."""
        return max(0.0, self._touched_at + self._seconds - self._clock.boottime())

    @property
    def is_over(self) -> bool:
        """Whether nobody was there for too long."""
        return bool(self._seconds) and not self.left

    def touched(self) -> None:
        """Somebody pressed a key: who comes back too late does not undo that."""
        if not self.is_over:
            self.begin()

    @property
    def since(self) -> float:
        """``Clock.boottime`` when somebody was there last."""
        return self._touched_at

    def go_on(self, since: float) -> None:
        """Count on from there: another one counted before."""
        self._touched_at = since

    def begin(self) -> None:
        """Count anew."""
        self._touched_at = self._clock.boottime()
