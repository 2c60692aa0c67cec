"""Rows that belong together, and the line above each group. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from msgspec import Struct
from rich.cells import cell_len
from textual.strip import Strip

from proxtui.core.rows import Scalar, TableRow, Tone
from proxtui.kit.painting import GUTTER, Ink, Run, fit, paint_runs

RULE = "─"


class Grouping(Struct, frozen=True):
    """What rows have to agree in to stand together."""

    value: Callable[[Any], Scalar]
    """Of a row; empty or None when it is in no group."""
    title: Callable[[Any], str]
    """How the group of this row is called."""
    counted: Callable[[Any, int, int], str]
    """How many of how many rows are shown in the group of this row, in words."""


class Head(Struct, frozen=True):
    """The line above a group."""

    title: str
    note: str


class Heads:
    """Where the heads stand among the rows: which line a row is on, and what is on a line."""

    def __init__(self, starts: Sequence[int] = (), heads: Sequence[Head] = ()) -> None:
        """``starts`` are the indices of the first row of each group, in order."""
        self._starts, self._heads = starts, heads
        self._lines = [start + above for above, start in enumerate(starts)]

    def __len__(self) -> int:
        return len(self._heads)

    def line_of(self, index: int) -> int:
        """The line on which the row with this index stands."""
        return index + bisect_right(self._starts, index)

    def top_of(self, index: int) -> int:
        """The first line that belongs to a row: of the first one of a group, its head."""
        line = self.line_of(index)
        at = bisect_left(self._starts, index)
        return line - (at < len(self._starts) and self._starts[at] == index)

    def at(self, line: int) -> int | Head:
        """The head on this line, or the index of the row."""
        above = bisect_right(self._lines, line)
        if above and self._lines[above - 1] == line:
            return self._heads[above - 1]
        return line - above


def grouped(shown: Sequence[TableRow], every: Sequence[TableRow], grouping: Grouping) -> tuple[list[TableRow], Heads]:
    """The rows with those of one group together, in the order they have; those in none last.

    ``every`` row counts for "3 of 12", also those that a filter hides.
    """
    value = grouping.value
    members: dict[Hashable, list[TableRow]] = {}
    for row in shown:
        members.setdefault(_name(value(row)), []).append(row)
    totals = Counter(_name(value(row)) for row in every) if len(every) != len(shown) else None
    rows: list[TableRow] = []
    starts: list[int] = []
    heads: list[Head] = []
    for name in sorted(members, key=_place):
        group = members[name]
        starts.append(len(rows))
        total = len(group) if totals is None else totals[name]
        heads.append(Head(grouping.title(group[0]), grouping.counted(group[0], len(group), total)))
        rows += group
    return rows, Heads(starts, heads)


def _name(value: Scalar) -> Hashable:
    return tuple(value) or None if isinstance(value, list) else value or None


def _place(name: Hashable) -> tuple[bool, str, str]:
    text = " ".join(map(str, name)) if isinstance(name, tuple) else str(name)
    return name is None, text.casefold(), text


def paint_head(head: Head, width: int, ink: Ink) -> Strip:
    """A strip of exactly ``width`` cells: a title, its count, and a rule to the end. The count is cut last."""
    lead = RULE * (GUTTER + 1) + " "
    note = fit(head.note, min(cell_len(head.note), max(0, width - len(lead) - 4)))
    room = width - len(lead) - cell_len(note) - 2
    title = fit(head.title, max(0, min(cell_len(head.title), room)))
    runs: list[Run] = [(lead, ink.tones[Tone.MUTED]), (title, ink.tones[Tone.ACCENT]), ("  ", ink.base)]
    runs.append((note, ink.base))
    left = width - len(lead) - cell_len(title) - 2 - cell_len(note)
    if left > 1:
        runs.append((" " + RULE * (left - 1), ink.tones[Tone.MUTED]))
    return paint_runs(runs, width, ink.base)
