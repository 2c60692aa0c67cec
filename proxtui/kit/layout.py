"""Which columns fit into a width, and how wide each of them is. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from rich.cells import cell_len

from proxtui.core.rows import Column, TableRow

GAP = 1
ALWAYS = 1
"""The priority of columns that are never dropped."""
NAMES = 2
"""Columns up to this priority say what a row is about: whole they are worth more than the least important column."""
LONGEST_NAME = 16
"""Cells that such a column may take from others; a longer text is cut."""


class Slot(Struct, frozen=True):
    """A column and the cells it got."""

    column: Column[Any]
    x: int
    width: int


class Layout(Struct, frozen=True):
    """The columns of a table at one width, left to right."""

    width: int
    slots: tuple[Slot, ...]
    dropped: tuple[Column[Any], ...]

    @property
    def sign(self) -> str:
        """``+3`` when three columns did not fit, else empty."""
        return f"+{len(self.dropped)}" if self.dropped else ""

    def slot_at(self, x: int) -> Slot | None:
        """The slot under cell ``x``; the gap to the right of a column belongs to it."""
        return next((slot for slot in self.slots if slot.x <= x < slot.x + slot.width + GAP), None)


def lay_out(columns: Sequence[Column[Any]], width: int, wants: Mapping[str, int] | None = None) -> Layout:
    """Fit the shown columns into ``width`` cells: the highest priority number is dropped first, 1 never.

    ``wants`` is how many cells the content of a column would like; it gets them where there is room. For what says
    what a row is about, less important columns make room.
    """
    kept, dropped = _choose([column for column in columns if column.shown], width, wants or {})
    widths = _share(kept, _room(width, len(dropped)), wants or {})
    slots: list[Slot] = []
    x = 0
    for column, cells in zip(kept, widths, strict=True):
        slots.append(Slot(column, x, cells))
        x = min(width, x + cells + GAP)
    return Layout(width, tuple(slots), tuple(dropped))


def content_widths(columns: Sequence[Column[Any]], rows: Iterable[TableRow]) -> dict[str, int]:
    """The widest text of each shown column among these rows, in cells."""
    shown = [column for column in columns if column.shown]
    wants = {column.key: 0 for column in shown}
    for row in rows:
        for column in shown:
            wants[column.key] = max(wants[column.key], cell_len(column.text(row)))
    return wants


def _room(width: int, dropped: int) -> int:
    """Cells for columns; the sign of the dropped ones has its own at the right end of the header."""
    return max(0, width - (GAP + len(f"+{dropped}") if dropped else 0))


def _need(columns: Sequence[Column[Any]]) -> int:
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)


def _choose(
    columns: list[Column[Any]], width: int, wants: Mapping[str, int]
) -> tuple[list[Column[Any]], list[Column[Any]]]:
    kept = list(columns)
    dropped: list[Column[Any]] = []
    while kept:
        room = _room(width, len(dropped))
        cut = sum(_missing(column, wants) for column in kept)
        victim = max(reversed(kept), key=lambda column: column.priority)
        # Nothing that says what a row is about goes so that another such column is whole.
        if _need(kept) + (cut if victim.priority > NAMES else 0) <= room or victim.priority <= ALWAYS:
            break
        kept.remove(victim)
        dropped.append(victim)
    return kept, dropped


def _missing(column: Column[Any], wants: Mapping[str, int]) -> int:
    """Cells that a column needs beyond its least, so that what a row is about can be read whole."""
    if column.priority > NAMES:
        return 0
    return max(0, min(wants.get(column.key, 0), LONGEST_NAME) - column.width)


def _share(columns: Sequence[Column[Any]], room: int, wants: Mapping[str, int]) -> list[int]:
    widths = [column.width for column in columns]
    spare = room - _need(columns)
    if spare < 0:
        return _squeeze(widths, max(0, room - GAP * (len(columns) - 1)))
    # A name that is cut still tells something; a number does not.
    for index in sorted(range(len(columns)), key=lambda at: (columns[at].align != "right", columns[at].priority)):
        extra = min(spare, max(0, wants.get(columns[index].key, 0) - widths[index]))
        widths[index] += extra
        spare -= extra
    growing = [index for index, column in enumerate(columns) if column.grow]
    for turn, index in enumerate(growing):
        widths[index] += spare // len(growing) + (turn < spare % len(growing))
    return widths


def _squeeze(widths: list[int], room: int) -> list[int]:
    """Take cells from the widest until the sum fits; in a hopeless width the last columns get none."""
    while sum(widths) > room:
        widest = max(widths)
        if widest <= 1:
            return [1 if index < room else 0 for index in range(len(widths))]
        widths[widths.index(widest)] -= 1
    return widths
