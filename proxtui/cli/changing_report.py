"""Changes as the command line tells of them: steps and task logs on stderr as they come, the result on stdout."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proxtui.cli.output import Output, narrate
from proxtui.cli.sources import json_sources
from proxtui.core.gate import UNDER_WAY
from proxtui.core.record import secrets_of, without_secrets
from proxtui.core.rows import Column, Scalar, Tone
from proxtui.core.run import Batch, Run, RunState
from proxtui.errors import ProxtuiError

if TYPE_CHECKING:
    from proxtui.core.gate import Gate
    from proxtui.core.model import Fleet, ServerRef
    from proxtui.core.runtime import Runtime

log = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two looks at the log of a running task."""
EMPTY = "no content"
WAITS = "waits"
PIECE = 500
"""Lines of a log at once."""
_TONES = {RunState.FAILED: Tone.BAD, RunState.UNKNOWN: Tone.WARN, RunState.WARNINGS: Tone.WARN, RunState.OK: Tone.GOOD}


@dataclass(frozen=True, slots=True)
class RunRow:
    """One line of the result."""

    run: Run

    @property
    def key(self) -> str:
        return self.run.op_id

    @property
    def haystack(self) -> str:
        return self.run.target.label

    @property
    def muted(self) -> bool:
        return False

    def field(self, name: str) -> Scalar:
        return {"tenant": self.run.target.ref.tenant, "server": self.run.target.ref.server}.get(name)


def _column(key: str, text: Any) -> Column[RunRow]:
    tone = (lambda row: _TONES.get(row.run.state, Tone.PLAIN)) if key == "state" else (lambda _row: Tone.PLAIN)
    return Column(key, key.upper(), text, text, 4, tone=tone)


COLUMNS = (
    _column("server", lambda row: row.run.target.ref.server),
    _column("target", lambda row: row.run.target.label),
    _column("state", lambda row: row.run.state.value),
    _column("message", lambda row: row.run.message),
    _column("upid", lambda row: row.run.upid or ""),
)


async def watch(runtime: Runtime, batch: Batch, *, wait: bool) -> None:
    """Tell how it goes until all have ended, or until PVE has answered all."""
    if len(batch.runs) == 1:
        await _watch_one(runtime, batch.runs[0], wait=wait)
        return
    told: set[str] = set()

    def tell(run: Run) -> None:
        if run in batch.runs and run.has_ended and run.op_id not in told:
            told.add(run.op_id)
            narrate(run.line)
        if not wait and WAITS not in told and _must_wait(batch, run.target.ref):
            told.add(WAITS)
            narrate(
                f"{UNDER_WAY} of them run, and no more at a time on one server: this ends once PVE took the last of "
                f"{len(batch.runs)}; ctrl+c sends no more"
            )

    unsubscribe = runtime.gate.subscribe(tell)
    try:
        for run in batch.runs:
            tell(run)
            await (run.wait() if wait else run.answered())
    finally:
        unsubscribe()
    narrate(batch.summary)


def _must_wait(batch: Batch, ref: ServerRef) -> bool:
    """True while a server works on so many that the others have to wait."""
    states = Counter(run.state for run in batch.runs if run.target.ref == ref)
    return bool(states[RunState.QUEUED]) and states[RunState.RUNNING] >= UNDER_WAY


@contextmanager
def percent_told(gate: Gate) -> Iterator[None]:
    """Tell of every tenth part of a file that is sent in here."""
    told = -1

    def tell(run: Run) -> None:
        nonlocal told
        tenth = -1 if run.percent is None else run.percent // 10
        if tenth > told:
            told = tenth
            narrate(f"{run.operation.of(run.target)}: {run.percent} % sent")

    unsubscribe = gate.subscribe(tell)
    try:
        yield
    finally:
        unsubscribe()


async def _watch_one(runtime: Runtime, run: Run, *, wait: bool) -> None:
    if run.has_ended or run.upid is None:
        await run.wait()
    elif not wait:
        narrate(f"{run.line}; its task goes on: proxtui tasks log {run.upid}")
        return
    else:
        narrate(f"{run.line} {run.upid}")
        await _tail(runtime, run)
        await run.wait()
    if not run.is_good or run.state is RunState.WARNINGS:
        narrate(run.line)


async def _tail(runtime: Runtime, run: Run) -> None:
    """The log of its task, line by line, until it has ended."""
    from proxtui.pve.tasks import TaskTools

    assert run.upid is not None  # noqa: S101 - only a task has a log
    tools, seen = TaskTools(runtime.connection(run.target.ref).client), 0
    while True:
        is_last = run.has_ended
        try:
            piece = await tools.get_task_log(run.upid, start=seen, limit=PIECE)
        except ProxtuiError as error:
            # The end is learned elsewhere; without a log there is only less to read.
            log.info("no log of %s: %s", run.upid, error)
        else:
            # PVE numbers its own "no content" as the first line of a log that is still empty.
            lines = [(number, text) for number, text in piece.lines if (number, text) != (1, EMPTY)]
            new = [text for number, text in lines if number > seen]
            seen = max([seen, *(number for number, _text in lines)])
            for text in new:
                narrate(f"  {without_secrets(run.params, text)}")
        if is_last:
            return
        await _ended_within(run, EVERY)


async def _ended_within(run: Run, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await run.wait()
    except TimeoutError:
        return


class Report:
    """The result of one command."""

    def __init__(self, output: Output, fleet: Fleet, batch: Batch, params: Any) -> None:
        self._output = output
        self._fleet = fleet
        self._batch = batch
        self._secrets = secrets_of(params)

    def show(self, *, as_json: bool) -> None:
        """Print it: an object, what a rehearsal or a program gave, or a table."""
        runs = self._batch.runs
        if as_json:
            sources = json_sources(self._fleet)
            self._output.json({"runs": [self._json(run) for run in runs], "sources": sources})
        elif all(run.state is RunState.PLANNED for run in runs):
            for run in runs:
                self._planned(run)
        elif any(run.output for run in runs):
            for run in runs:
                for line in run.output.splitlines():
                    self._output.text(line)
        else:
            self._output.table(COLUMNS, [RunRow(run) for run in runs])
        for run in runs:
            if run.is_made_unrecorded:
                narrate(run.lost_line)
            elif run.unrecorded:
                narrate(f"{run.target.label}: the audit lacks something of it: {run.unrecorded}")

    def interrupted(self) -> None:
        """Say what goes on without us."""
        tell_interrupted(self._batch.runs)

    def _planned(self, run: Run) -> None:
        narrate(f"{run.operation.of(run.target)}: nothing was sent; it would be:")
        for request in run.requests:
            told = request.without(self._secrets).params
            shown = " ".join(f"{name}={one}" for name, value in told.items() for one in _each(value))
            self._output.text(f"{request.method} {request.path} {shown}".rstrip())

    def _json(self, run: Run) -> dict[str, Any]:
        target = run.target
        return {
            "op_id": run.op_id,
            "operation": run.operation.name,
            "tenant": target.ref.tenant,
            "server": target.ref.server,
            "target": {"kind": target.kind.value, "id": target.id, "name": target.name, "node": target.node},
            "state": run.state.value,
            "upid": str(run.upid) if run.upid is not None else None,
            "message": run.message,
            "output": run.output,
            "log_tail": list(run.log_tail),
            "requests": [
                {"method": one.method, "path": one.path, "params": one.without(self._secrets).params}
                for one in run.requests
            ],
            "unrecorded": run.unrecorded,
        }


def tell_interrupted(runs: Sequence[Run]) -> None:
    """Say what goes on without us."""
    for run in runs:
        if run.upid is not None and not run.has_ended:
            narrate(f"interrupted; {run.target.label}: its task goes on: {run.upid}")
        elif run.in_flight:
            narrate(f"interrupted; {run.target.label}: on its way, not answered yet: the audit will know")
        elif not run.has_ended:
            narrate(f"interrupted; {run.target.label}: nothing was sent")


def _each(value: Any) -> Sequence[Any]:
    """As it goes over the wire: a list repeats its name, yes and no are 1 and 0."""
    return value if isinstance(value, list | tuple) else (int(value) if isinstance(value, bool) else value,)
