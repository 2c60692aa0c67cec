"""Nobody at the keys: servers are asked less often until somebody is there again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App
from textual.timer import Timer

if TYPE_CHECKING:
    from proxtui.core.poller import Poller

AFTER = 12.0
"""Seconds without a key or a click."""


class Rest:
    """Slows the poller down while nobody touches the app; the first touch asks at once what is late by then."""

    def __init__(self, app: App[None], poller: Poller) -> None:
        self._app = app
        self._poller = poller
        self._timer: Timer | None = None
        self._resting = False

    def wait(self) -> None:
        """Begin to count."""
        self._timer = self._app.set_timer(AFTER, self._begin)

    def touched(self) -> None:
        """Somebody is there."""
        if self._timer is not None:
            self._timer.reset()
        elif self._resting:
            self._resting = False
            self._poller.rest(False)
            self.wait()

    def _begin(self) -> None:
        self._timer, self._resting = None, True
        self._poller.rest(True)
