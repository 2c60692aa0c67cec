"""What became of each call to a server, kept in memory until somebody writes it down. Cheap: it runs in every call."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from proxtui.core.model import ServerRef

MOST = 20_000
"""Calls that wait to be written; of more the oldest are lost."""


class Called(NamedTuple):
    """One call that ended. It holds no path, no parameter and no text of the server."""

    at: float
    """Seconds since the epoch when it ended."""
    ref: ServerRef
    endpoint: str
    path: str
    """``direct``, ``tailscale`` or ``ssh``."""
    seconds: float | None
    """To its answer; None where that tells nothing, as of an upload."""
    error: str = ""
    """The class of the error; empty: it was answered."""
    retries: int = 0
    message: str = ""
    """Only of a call that was told by somebody else: in their words."""


class CallLog:
    """Appended to on the event loop, drained by whoever writes. ``now`` is the wall clock."""

    def __init__(self, *, now: Callable[[], float] = time.time, most: int = MOST) -> None:
        self._now = now
        self._waiting: deque[Called] = deque(maxlen=most)

    def __len__(self) -> int:
        return len(self._waiting)

    def observer(self, ref: ServerRef, endpoint: str, path: str) -> Callable[[float | None, str, int], None]:
        """What the client of one endpoint tells of each of its calls."""
        append, now = self._waiting.append, self._now

        def observe(seconds: float | None, error: str, retries: int) -> None:
            append(Called(now(), ref, endpoint, path, seconds, error, retries))

        return observe

    def drain(self) -> list[Called]:
        """Take all that wait."""
        found = []
        while self._waiting:
            found.append(self._waiting.popleft())
        return found

    def put_back(self, calls: list[Called]) -> None:
        """They could not be written. What has no room any more is lost, the oldest first."""
        room = (self._waiting.maxlen or 0) - len(self._waiting)
        if room > 0:
            self._waiting.extendleft(reversed(calls[-room:]))
