"""Asking for a poll after changes, and not once for each of two hundred."""

from __future__ import annotations

from collections.abc import Callable

from proxtui.core.clock import Clock
from proxtui.core.model import ServerRef

LEAST = 2.0
"""Seconds between two nudges of one server while more is on its way."""


class Nudges:
    """Passes on the last of many wishes for certain, and of the others one every two seconds."""

    def __init__(self, nudge: Callable[[ServerRef], None], busy: Callable[[ServerRef], bool], clock: Clock) -> None:
        self._nudge = nudge
        self._busy = busy
        self._clock = clock
        self._last: dict[ServerRef, float] = {}

    def __call__(self, ref: ServerRef) -> None:
        """Somebody would like to know how this server is now."""
        now = self._clock.monotonic()
        if not self._busy(ref) or now - self._last.get(ref, float("-inf")) >= LEAST:
            self._last[ref] = now
            self._nudge(ref)
