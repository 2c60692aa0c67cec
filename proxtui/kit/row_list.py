"""The rows behind a table: filtered, sorted, with a cursor that follows its row. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from proxtui.core.filters import EVERYTHING, Filter
from proxtui.core.lazy_rows import LazyRows
from proxtui.core.rows import Column, TableRow
from proxtui.kit.groups import Grouping, Head, Heads, grouped
from proxtui.kit.ordering import Order


class RowList:
    """All rows, those that are shown, and which of these the cursor is on."""

    def __init__(self, columns: Sequence[Column[Any]], sort: str, *, descending: bool) -> None:
        self.columns = tuple(columns)
        self.sort = sort
        self.descending = descending
        self.filter: Filter = EVERYTHING
        self.group: Grouping | None = None
        """None leaves the rows in the order of ``sort`` alone."""
        self.heads = Heads()
        """The lines above the groups. The cursor counts rows, so it never stands on one of them."""
        self.all: Sequence[TableRow] = ()
        self.shown: Sequence[TableRow] = ()
        self.cursor = 0
        self._order = Order()

    @property
    def cursor_row(self) -> TableRow | None:
        return self.shown[self.cursor] if self.shown else None

    @property
    def cursor_key(self) -> Hashable | None:
        """The key of the row under the cursor."""
        row = self.cursor_row
        return None if row is None else row.key

    def arrange(self) -> None:
        """Filter and sort again. The cursor stays on its row; when that is gone, at its place."""
        key = self.cursor_key
        matches = self.filter.matches
        passed = [row for row in self.all if matches(row)] if self.filter else self.all
        column = next((column for column in self.columns if column.key == self.sort), None)
        self.shown = self._order.of(passed, column, descending=self.descending)
        self.heads = Heads()
        if self.group is not None:
            self.shown, self.heads = grouped(self.shown, self.all, self.group)
        found = self.index_of(key)
        self.cursor = max(0, min(self.cursor, len(self.shown) - 1)) if found is None else found

    def index_of(self, key: Hashable | None) -> int | None:
        """Where the row with this key is shown, or None."""
        if key is None:
            return None
        if self.cursor < len(self.shown) and self.shown[self.cursor].key == key:
            return self.cursor
        if isinstance(self.shown, LazyRows):
            return self.shown.place_of(key)
        return next((index for index, row in enumerate(self.shown) if row.key == key), None)

    @property
    def lines(self) -> int:
        """How many lines rows and heads need."""
        return len(self.shown) + len(self.heads)

    def at_line(self, line: int) -> int | Head | None:
        """The index of the row on this line, the head of a group, or None below the last one."""
        return self.heads.at(line) if 0 <= line < self.lines else None

    def away(self, lines: int) -> int:
        """The index of the row that stands so many lines from the cursor; another row where there is one."""
        line = max(0, min(self.heads.line_of(self.cursor) + lines, self.lines - 1))
        # Below the head of a group stands a row, always.
        index = next(found for found in map(self.heads.at, (line, line + 1)) if isinstance(found, int))
        return index if index != self.cursor or not lines else self.cursor + (1 if lines > 0 else -1)

    def cursor_lines(self, page: int) -> tuple[int, int]:
        """First and last line of what is under the cursor; the head of a group is seen with its first row."""
        line = self.heads.line_of(self.cursor)
        return (self.heads.top_of(self.cursor) if page > 1 else line), line

    def why_empty(self, noun: str) -> str:
        """That a filter hides all rows, or nothing when it is not the filter."""
        return f"no {noun} matches «{self.filter.text}» - esc clears" if self.all and self.filter else ""

    def nearest(self, index: int) -> int:
        """The index, brought inside the shown rows."""
        return max(0, min(index, len(self.shown) - 1))
