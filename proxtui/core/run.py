"""A change on its way, and many of them: what screens and commands watch. The gate alone writes in them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from proxtui.core.operation import Operation, Target
from proxtui.errors import AuditUnavailable, OutcomeUnknown, ProxtuiError, ReadOnlyError, TaskFailed

if TYPE_CHECKING:
    from proxtui.pve.rehearsal import PlannedRequest
    from proxtui.pve.upid import Upid


class RunState(StrEnum):
    """How far a change came."""

    QUEUED = "queued"
    """Waits for its turn; nothing of it was sent."""
    INTENT = "intent"
    """On its way: recorded, perhaps sent, not answered."""
    RUNNING = "running"
    """PVE took it; its task runs."""
    OK = "ok"
    WARNINGS = "warnings"
    """Done, and PVE had something to say."""
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It may have happened. Never repeated by itself."""
    DENIED = "denied"
    """Refused on our side; nothing was sent."""
    PLANNED = "planned"
    """A rehearsal: ``Run.requests`` is what would have been sent."""


ENDED = frozenset(RunState) - {RunState.QUEUED, RunState.INTENT, RunState.RUNNING}
HANDED_ON_BY = frozenset({"hastart", "hastop", "hamigrate"})
"""Types of tasks that are over within a second, some ten seconds before HA acts."""
GOOD = frozenset({RunState.OK, RunState.WARNINGS, RunState.PLANNED})
_CODES = {
    RunState.FAILED: TaskFailed.exit_code,
    RunState.UNKNOWN: OutcomeUnknown.exit_code,
    RunState.DENIED: ReadOnlyError.exit_code,
}


@dataclass(slots=True, eq=False)
class Run:
    """One change to one target."""

    op_id: str
    """UUID, version 7; the audit knows it by this."""
    operation: Operation
    target: Target
    params: Any = field(default=None, repr=False)
    reason: str = ""
    dry_run: bool = False
    state: RunState = RunState.QUEUED
    upid: Upid | None = None
    message: str = ""
    """How it went, in one clean line."""
    error: ProxtuiError | None = None
    """What it ended with, where it did not end well."""
    percent: int | None = None
    """How much of it was sent, where that takes long: of a file; None elsewhere."""
    output: str = ""
    """What it printed, where it runs a program; nothing keeps it."""
    log_tail: tuple[str, ...] = ()
    """The last lines of the log of a task that did not end well."""
    sent: Sequence[tuple[str, str]] = ()
    """What went out for it: method and kind of path, ``/nodes/{node}/qemu/{vmid}/config``; the last is the newest."""
    is_ours: bool = True
    """False for a change that another process began, and whose end we looked for."""
    requests: tuple[PlannedRequest, ...] = ()
    """Of a rehearsal: what would have been sent."""
    unknown_since: float | None = None
    """Seconds since the epoch since when the server does not tell how it goes; None while it does."""
    unrecorded: str = ""
    """Why the audit lacks something of it; a change that was sent is not undone for that."""
    started: float = 0.0
    """Seconds since the epoch."""
    ended: float | None = None
    _was_answered: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    _has_ended: asyncio.Event = field(default_factory=asyncio.Event, repr=False)

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def is_good(self) -> bool:
        """True when it ended as it should."""
        return self.state in GOOD

    @property
    def is_handed_on(self) -> bool:
        """True when the task only told HA: that it ended well does not mean that anything happened yet."""
        return self.upid is not None and self.upid.type in HANDED_ON_BY

    @property
    def in_flight(self) -> bool:
        """True from the record of the intent until PVE answered."""
        return self.state is RunState.INTENT

    @property
    def exit_code(self) -> int:
        """For the command line; 0 while nothing is wrong with it. A change that the audit lost is not all right."""
        if self.error is not None:
            return self.error.exit_code
        if self.is_made_unrecorded:
            return AuditUnavailable.exit_code
        return _CODES.get(self.state, 0)

    @property
    def is_made_unrecorded(self) -> bool:
        """True when something was sent, and the audit lacks the end of it."""
        return bool(self.unrecorded) and self.state not in (RunState.DENIED, RunState.PLANNED)

    @property
    def lost_line(self) -> str:
        """What is told of ``is_made_unrecorded``."""
        was = "WAS sent" if self.state is RunState.UNKNOWN or not self.is_good else "WAS made"
        return f"{self.operation.of(self.target)}: the change {was}, but the audit lacks it: {self.unrecorded}"

    @property
    def label(self) -> str:
        """Of the target; with the node that it is on by now, when it was moved: ``VM 100 web-1 on pve1 → pve2``."""
        return f"{self.target.label}{self._moved}"

    @property
    def _moved(self) -> str:
        name, params = self.operation.moves_to, self.params
        if not name or not self.is_good or self.dry_run or self.is_handed_on:
            return ""
        node = params.get(name) if isinstance(params, dict) else getattr(params, name, None)
        return f" → {node}" if node else ""

    @property
    def line(self) -> str:
        """As in ``Start VM 100 web-1 on pve1: failed: VM is locked (backup)``."""
        parts = [f"{self.operation.of(self.target)}{self._moved}", self.state.value]
        return ": ".join([*parts, self.message] if self.message else parts)

    async def answered(self) -> Run:
        """Wait until PVE answered, or it is certain that it was not asked."""
        await self._was_answered.wait()
        return self

    async def wait(self) -> Run:
        """Wait for its real end. Only closing the gate ends this with a change that still runs."""
        await self._has_ended.wait()
        return self

    def mark(self, state: RunState, message: str = "", error: ProxtuiError | None = None) -> None:
        """Move on; for the gate."""
        self.state, self.message, self.error = state, message, error
        if state is RunState.RUNNING:
            self._was_answered.set()
        if self.has_ended:
            self.unknown_since = None

    def release(self) -> None:
        """Let go of whoever waits: all is recorded, or nobody follows it any more; for the gate."""
        self._was_answered.set()
        self._has_ended.set()


@dataclass(slots=True, eq=False)
class Batch:
    """The same change to many targets."""

    runs: tuple[Run, ...]
    stopped: bool = False

    def stop(self) -> None:
        """Send nothing more. What is under way goes on, since nobody could take it back."""
        self.stopped = True

    async def wait(self) -> Batch:
        """Wait until all have ended."""
        for run in self.runs:
            await run.wait()
        return self

    @property
    def counts(self) -> Counter[RunState]:
        """How many are in which state."""
        return Counter(run.state for run in self.runs)

    @property
    def has_ended(self) -> bool:
        return all(run.has_ended for run in self.runs)

    @property
    def bad(self) -> Sequence[Run]:
        """Those that ended and not well."""
        return tuple(run for run in self.runs if run.has_ended and not run.is_good)

    @property
    def exit_code(self) -> int:
        """0 when all went well; of several kinds of trouble the one that asks most for a look."""
        codes = {run.exit_code for run in self.runs}
        return OutcomeUnknown.exit_code if OutcomeUnknown.exit_code in codes else max(codes, default=0)

    @property
    def summary(self) -> str:
        """As in ``198 ok, 2 failed``."""
        counts = self.counts
        return ", ".join(f"{counts[state]} {state.value}" for state in RunState if counts[state])
