"""The changes of this session, newest first: what runs, what ended, how. Bulk changes are one line. Knows no widget."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from proxtui.core.ages import age_text
from proxtui.core.rows import Column, Scalar, Tone
from proxtui.core.run import Batch, Run, RunState

MOST_KEPT = 500
"""Ended changes that are remembered; running ones always are."""
MOST_NAMED = 5
"""Of a bulk change, those that went wrong and are told by their names; the panel has all of them."""
SIGNS = {
    RunState.QUEUED: "◌",
    RunState.INTENT: "◌",
    RunState.RUNNING: "●",
    RunState.OK: "✓",
    RunState.WARNINGS: "!",
    RunState.FAILED: "✗",
    RunState.UNKNOWN: "?",
    RunState.DENIED: "⊘",
    RunState.PLANNED: "·",
}
TONES = {
    RunState.OK: Tone.GOOD,
    RunState.WARNINGS: Tone.WARN,
    RunState.FAILED: Tone.BAD,
    RunState.UNKNOWN: Tone.WARN,
    RunState.DENIED: Tone.BAD,
}
WORDS = {RunState.INTENT: "sending", RunState.UNKNOWN: "not known"}


@dataclass(frozen=True, slots=True)
class RunRow:
    """One change, or one bulk change with ``runs`` in it."""

    key: str
    order: float
    state: RunState
    what: str
    target: str
    place: str
    seconds: float
    message: str
    runs: tuple[Run, ...]
    batch: Batch | None = None
    muted: bool = False

    @property
    def haystack(self) -> str:
        return f"{self.what} {self.target} {self.place} {self.message}".lower()

    def field(self, name: str) -> Scalar:
        return {"name": self.target, "status": self.state.value, "type": self.what}.get(name)

    @property
    def is_running(self) -> bool:
        return any(not run.has_ended for run in self.runs)

    @property
    def is_sure_to_run(self) -> bool:
        """Whether a task of it could be stopped."""
        return any(run.upid is not None and not run.has_ended for run in self.runs)


def _state(row: RunRow) -> str:
    return f"{SIGNS[row.state]} {_word(row.state)}"


def _word(state: RunState) -> str:
    return WORDS.get(state, state.value)


COLUMNS: Sequence[Column[RunRow]] = (
    Column("state", "STATE", lambda row: row.state.value, _state, 11, 1,
           tone=lambda row: TONES.get(row.state, Tone.PLAIN)),
    Column("what", "CHANGE", lambda row: row.what, lambda row: row.what, 12, 1),
    Column("target", "OF", lambda row: row.target, lambda row: row.target, 20, 1, grow=True),
    Column("place", "SERVER", lambda row: row.place, lambda row: row.place, 16, 4, tone=lambda _row: Tone.MUTED),
    Column("order", "TOOK", lambda row: row.order, lambda row: age_text(int(row.seconds)), 6, 2, align="right"),
    Column("message", "HOW IT WENT", lambda row: row.message, lambda row: row.message, 22, 3, grow=True),
)  # fmt: skip


class RunList:
    """Told of runs and batches as they move; keeps what somebody may still want to read."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._batches: list[Batch] = []

    def note(self, run: Run) -> None:
        """A run moved, or is new."""
        if run.dry_run:
            return
        self._runs[run.op_id] = run
        ended = [one for one in self._runs.values() if one.has_ended]
        for old in ended[: max(0, len(ended) - MOST_KEPT)]:
            del self._runs[old.op_id]

    def note_batch(self, batch: Batch) -> None:
        """These runs belong together."""
        self._batches = [one for one in self._batches if not one.has_ended or self._is_kept(one)]
        self._batches.append(batch)
        for run in batch.runs:
            self._runs[run.op_id] = run

    def _is_kept(self, batch: Batch) -> bool:
        return any(run.op_id in self._runs for run in batch.runs)

    @property
    def all(self) -> tuple[Run, ...]:
        """Those that are kept, the oldest first."""
        return tuple(self._runs.values())

    @property
    def running(self) -> tuple[Run, ...]:
        """All that have no end yet."""
        return tuple(run for run in self._runs.values() if not run.has_ended)

    def is_in_batch(self, run: Run) -> bool:
        """Whether its end is told with that of others."""
        return any(run is one for batch in self._batches for one in batch.runs)

    def rows(self, now: float) -> list[RunRow]:
        """What runs first, then the newest; ``now`` is ``Clock.time``."""
        grouped = {run.op_id for batch in self._batches for run in batch.runs}
        rows = [_of_batch(batch, now) for batch in self._batches]
        rows += [_of_run(run, now) for run in self._runs.values() if run.op_id not in grouped]
        return sorted(rows, key=lambda row: (not row.is_running, -row.order))


def parts(row: RunRow, now: float) -> list[RunRow]:
    """The runs of a bulk change: what went wrong first, then what runs."""
    ranks = {RunState.FAILED: 0, RunState.UNKNOWN: 1, RunState.DENIED: 2, RunState.WARNINGS: 3}
    rows = [_of_run(run, now) for run in row.runs]
    return sorted(rows, key=lambda one: (ranks.get(one.state, 4 if one.is_running else 5), one.target))


def progress(batch: Batch) -> str:
    """``198 of 200: 196 done, 1 failed, 1 not known``."""
    return f"{sum(run.has_ended for run in batch.runs)} of {len(batch.runs)}: {', '.join(_counts(batch))}"


def told(batch: Batch) -> str:
    """How a bulk change ended: counted, and by its name each of the first few that went wrong."""
    bad = [f"{run.label}: {run.message or _word(run.state)}" for run in batch.bad]
    more = [f"and {len(bad) - MOST_NAMED} more"] if len(bad) > MOST_NAMED else []
    return "; ".join([f"{batch.runs[0].operation.label}: {progress(batch)}", *bad[:MOST_NAMED], *more])


def _counts(batch: Batch) -> Iterator[str]:
    counts = batch.counts
    for word, states in (
        ("done", (RunState.OK,)),
        ("with warnings", (RunState.WARNINGS,)),
        ("failed", (RunState.FAILED,)),
        ("not known", (RunState.UNKNOWN,)),
        ("refused", (RunState.DENIED,)),
        ("running", (RunState.RUNNING, RunState.INTENT)),
        ("not sent yet" if not batch.stopped else "not sent", (RunState.QUEUED,)),
    ):
        if found := sum(counts[state] for state in states):
            yield f"{found} {word}"


def _of_run(run: Run, now: float) -> RunRow:
    doubt = "" if run.unknown_since is None or run.has_ended else "the server does not tell how it goes"
    return RunRow(
        run.op_id,
        run.started,
        run.state,
        run.operation.label,
        run.label,
        f"{run.target.ref.tenant} ▸ {run.target.ref.server}",
        _took(run, now),
        doubt or run.message or (f"{run.percent} % sent" if run.in_flight and run.percent is not None else ""),
        (run,),
        muted=bool(doubt),
    )


def _of_batch(batch: Batch, now: float) -> RunRow:
    first = batch.runs[0]
    places = {run.target.ref for run in batch.runs}
    here = f"{first.target.ref.tenant} ▸ {first.target.ref.server}" if len(places) == 1 else f"{len(places)} servers"
    began: Hashable = first.op_id
    return RunRow(
        f"batch {began}",
        min((run.started for run in batch.runs if run.started), default=now),
        _worst(batch),
        first.operation.label,
        f"{len(batch.runs)} {'guests' if first.target.key is not None and first.target.id.isdigit() else 'things'}",
        here,
        _took_together(batch, now),
        progress(batch),
        batch.runs,
        batch,
    )


def _took_together(batch: Batch, now: float) -> float:
    """From the first that was sent to the last that ended: few of them run at the same time."""
    began = min((run.started for run in batch.runs if run.started), default=now)
    ended = max((run.ended or began for run in batch.runs), default=now) if batch.has_ended else now
    return max(0.0, ended - began)


def _worst(batch: Batch) -> RunState:
    """Running as long as anything runs; then the worst of the ends."""
    if not batch.has_ended:
        return RunState.RUNNING
    for state in (RunState.FAILED, RunState.UNKNOWN, RunState.DENIED, RunState.WARNINGS):
        if batch.counts[state]:
            return state
    return RunState.OK


def _took(run: Run, now: float) -> float:
    return max(0.0, (now if run.ended is None else run.ended) - run.started) if run.started else 0.0
