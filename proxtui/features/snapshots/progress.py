"""Says on stderr how far a sweep is: one line painted over on a terminal, a line now and then in a file."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxtui.core.clock import Clock
    from proxtui.core.snapshots import Sweep

QUIET = 2.0
"""Seconds before anything is said: a small cluster is done by then."""
EVERY_ON_TERMINAL, EVERY_IN_FILE = 0.5, 30.0
CLEAR = "\r\x1b[K"


class Progress:
    """Give ``told`` to the sweep; the end of the ``with`` clears the line."""

    def __init__(self, sweep: Sweep, clock: Clock) -> None:
        self._sweep = sweep
        self._clock = clock
        self._terminal = sys.stderr.isatty()
        self._due = clock.monotonic() + QUIET
        self._painted = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._painted:
            sys.stderr.write(CLEAR)
            sys.stderr.flush()

    def told(self) -> None:
        """One more guest was asked."""
        now = self._clock.monotonic()
        if now < self._due or not self._sweep.is_running:
            return
        self._due = now + (EVERY_ON_TERMINAL if self._terminal else EVERY_IN_FILE)
        line = f"proxtui: {self._sweep.progress}"
        if self._terminal:
            self._painted = True
            sys.stderr.write(f"{CLEAR}{line}; ctrl+c lists what is known")
        else:
            sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
