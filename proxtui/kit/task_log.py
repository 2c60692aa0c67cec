"""The log of a task while somebody looks at it: read on from where it ended, the last lines kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from proxtui.core.model import ServerRef
from proxtui.core.rows import Tone

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime

MOST_LINES = 2_000


class LogReader(Protocol):
    """Reads the log of a task on and on."""

    async def more(self, ref: ServerRef, upid: str) -> tuple[str, ...]:
        """All lines so far, at most the last ``MOST_LINES``. Raises a ``ProxtuiError`` when they cannot be read."""


class TaskLogReader:
    """``GET /nodes/{node}/tasks/{upid}/log``: only what is new since the last time."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._upid = ""
        self._next = 0
        self._lines: tuple[str, ...] = ()

    async def more(self, ref: ServerRef, upid: str) -> tuple[str, ...]:
        from proxtui.pve.tasks import TaskTools

        if upid != self._upid:
            self._upid, self._next, self._lines = upid, 0, ()
        found = await TaskTools(self._runtime.connection(ref).client).get_task_log(upid, self._next, MOST_LINES)
        if upid == self._upid and found.lines:
            self._next = found.next_start
            self._lines = (*self._lines, *(text for _, text in found.lines))[-MOST_LINES:]
        return self._lines


def line_tone(line: str) -> Tone:
    """Errors and warnings stand out; PVE begins them so."""
    if line.startswith(("TASK ERROR", "ERROR")):
        return Tone.BAD
    if line.startswith(("TASK WARNINGS", "WARN")):
        return Tone.WARN
    return Tone.GOOD if line == "TASK OK" else Tone.PLAIN
