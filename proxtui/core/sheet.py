"""One section of what is known of a thing: lines, a small table, charts. Made by rooms, shown by a pane. Pure."""

from __future__ import annotations

import time
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal, NamedTuple

from proxtui.core.rows import UNKNOWN, Column, Scalar, Tone
from proxtui.core.series import Drawing


class Note(NamedTuple):
    """One line: a label, a value, and what the value means."""

    label: str
    text: str
    tone: Tone = Tone.PLAIN


class Cell(NamedTuple):
    """One cell of a small table."""

    text: str
    value: Scalar = None
    """For sorting; None sorts last."""
    tone: Tone = Tone.PLAIN


def said(text: str | None, tone: Tone = Tone.PLAIN) -> Cell:
    """A cell of words; ``–`` when there are none."""
    return Cell(text or UNKNOWN, text or None, tone if text else Tone.MUTED)


class Head(NamedTuple):
    """The head of a column."""

    title: str
    width: int
    priority: int = 1
    """1 is never dropped; the highest goes first where it is narrow."""
    align: Literal["left", "right"] = "left"
    grow: bool = False


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One line of a small table."""

    key: Hashable
    cells: tuple[Cell, ...]
    muted: bool = False
    thing: object = None
    """What the line is about, where something can be done to it."""

    @property
    def haystack(self) -> str:
        return " ".join(cell.text for cell in self.cells).lower()

    def field(self, name: str) -> Scalar:
        return None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A small table. Rows stand as they are given until somebody sorts them."""

    heads: tuple[Head, ...]
    rows: tuple[SheetRow, ...] = ()
    empty: str = "none"
    """What stands there when there are no rows."""


def sheet(heads: Sequence[Head], rows: Iterable[Sequence[Cell]], empty: str, things: Iterable[object] = ()) -> Sheet:
    """A table of these cells; ``things`` are what its lines are about, in the same order."""
    about = zip_longest(rows, things) if things else ((cells, None) for cells in rows)
    lines = tuple(SheetRow(number, tuple(cells or ()), thing=thing) for number, (cells, thing) in enumerate(about))
    return Sheet(tuple(heads), lines, empty)


@dataclass(frozen=True, slots=True)
class Page:
    """What one section shows."""

    notes: tuple[Note, ...] = ()
    sheet: Sheet | None = None
    drawings: tuple[Drawing, ...] = ()
    times: tuple[float, ...] = ()
    """Of the points of all drawings, seconds since the epoch."""
    empty: str = "no data"
    """What stands in a chart without values."""


def columns(heads: Sequence[Head]) -> tuple[Column[SheetRow], ...]:
    """The columns of a small table; the key of each is its number."""
    return tuple(_column(at, head) for at, head in enumerate(heads))


def _column(at: int, head: Head) -> Column[SheetRow]:
    return Column(
        str(at),
        head.title,
        lambda row: row.cells[at].value,
        lambda row: row.cells[at].text,
        head.width,
        head.priority,
        head.align,
        head.grow,
        lambda row: row.cells[at].tone,
    )


def moment(seconds: float | None) -> Cell:
    """A time as a cell: ``2026-11-22 03:04``, local."""
    if seconds is None:
        return said(None)
    return Cell(time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds)), seconds)


def one_line(text: str | None) -> str | None:
    """A text of several lines in one."""
    return " / ".join(line.strip() for line in text.splitlines() if line.strip()) if text else None


def unread(problems: Iterable[str]) -> tuple[Note, ...]:
    """What could not be read, and why, a line each."""
    return tuple(Note("not read", problem, Tone.WARN) for problem in problems)
