"""Asking about one thing while somebody looks at it: after a rest, then again and again, never twice at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual.timer import Timer
from textual.widget import Widget
from textual.worker import Worker

REST = 0.2
"""Seconds that the cursor stands still before anything is asked about its row."""


class Lookout:
    """Runs ``look`` for its owner; whatever was being asked is given up when something newer is wanted."""

    def __init__(
        self, owner: Widget, look: Callable[[], Awaitable[None]], *, every: float, idle: Callable[[], bool]
    ) -> None:
        """``every`` seconds it looks again, but while ``idle`` says that nobody would see it."""
        self._owner, self._look, self._every, self._idle = owner, look, every, idle
        self._timer: Timer | None = None

    @property
    def is_waiting(self) -> bool:
        """True while another look is planned."""
        return self._timer is not None

    def now(self) -> None:
        """Look at once."""
        self.stop()
        # Not the coroutine: one that is given up before it began would never be awaited.
        _worker: Worker[None] = self._owner.run_worker(self._run, name="lookout", group="lookout", exclusive=True)

    def soon(self) -> None:
        """Look when nothing newer is wanted for a moment."""
        self.stop()
        self._timer = self._owner.set_timer(REST, self.now)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._owner.workers.cancel_group(self._owner, "lookout")

    async def _run(self) -> None:
        await self._look()
        self._later()

    def _later(self) -> None:
        self._timer = self._owner.set_timer(self._every, self._again)

    def _again(self) -> None:
        if self._idle():
            self._later()
        else:
            self.now()
