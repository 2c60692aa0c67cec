"""The tasks of one guest or node as a small table. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from proxtui.core import text
from proxtui.core.rows import Tone
from proxtui.core.sheet import Cell, Head, Sheet, moment, said, sheet
from proxtui.core.task_words import words_of
from proxtui.pve.models import Task

HEADS = (
    Head("Started", 16),
    Head("Task", 12),
    Head("For", 7, 3),
    Head("Took", 7, 3, "right"),
    Head("User", 10, 4),
    Head("Result", 10, 2, grow=True),
)
TONES = {"running": Tone.ACCENT, "OK": Tone.GOOD, "WARNINGS": Tone.WARN, "error": Tone.BAD}


def task_sheet(tasks: Iterable[Task], empty: str) -> Sheet:
    """One line a task, in the order they are given; the text of an error is its result."""
    known = list(tasks)
    return sheet(HEADS, (_cells(task) for task in known), empty, known)


def _cells(task: Task) -> tuple[Cell, ...]:
    took = None if task.endtime is None or task.starttime is None else task.endtime - task.starttime
    result = "running" if task.running else task.exitstatus or "no result"
    return (
        moment(task.starttime),
        said(words_of(task.type)),
        said(task.id),
        Cell(text.duration(took), took),
        said(task.user),
        Cell(result, result, TONES[task.outcome]),
    )
