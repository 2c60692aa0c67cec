"""One task in the few lines that an operator looks for. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from proxtui.core import text
from proxtui.core.rows import UNKNOWN, Tone
from proxtui.core.task_words import words_of
from proxtui.features.tasks.rows import TaskRow, moment, outcome_text, outcome_tone
from proxtui.pve.models import Task


class Line(NamedTuple):
    """One line of the summary."""

    label: str
    text: str
    tone: Tone = Tone.PLAIN


def title_of(row: TaskRow) -> str:
    """``VM start 100 web1 on pve1``."""
    return " ".join(part for part in (words_of(row.task.type), row.subject, "on", row.task.node) if part)


def task_lines(row: TaskRow, live: Task | None) -> Iterator[Line]:
    """How it stands. ``live`` is the task's own status, which is asked more often than the list."""
    # What has ended stays so, whichever of the two was told it.
    task = row.task if live is None or row.task.exitstatus is not None else live
    yield Line("State", outcome_text(task), outcome_tone(task))
    if task.outcome == "error":
        yield Line("Exit", task.exitstatus or "ended without saying how", Tone.BAD)
    started, took = moment(row.task.starttime), text.duration(row.duration)
    yield Line("Started", started if took == UNKNOWN else f"{started}, {'for' if task.running else 'took'} {took}")
    yield Line("User", row.user or UNKNOWN)
    yield Line("Where", f"{row.task.node} of {row.key.tenant} / {row.key.server}, {row.task.type}")
