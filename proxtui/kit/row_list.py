"""The rows behind a table: filtered, sorted, with a cursor that follows its row. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from proxtui.core.filters import EVERYTHING, Filter
from proxtui.core.rows import Column, Scalar, TableRow
from proxtui.kit.ordering import grouped_rows, sorted_rows


class RowList:
    """All rows, those that are shown, and which of these the cursor is on."""

    def __init__(self, columns: Sequence[Column[Any]], sort: str, *, descending: bool) -> None:
        self.columns = tuple(columns)
        self.sort = sort
        self.descending = descending
        self.filter: Filter = EVERYTHING
        self.group: Callable[[Any], Scalar] | None = None
        """What rows have to agree in to stand together; None leaves them in the order of ``sort`` alone."""
        self.all: Sequence[TableRow] = ()
        self.shown: list[TableRow] = []
        self.cursor = 0

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
        self.shown = sorted_rows(passed, column, descending=self.descending)
        if self.group is not None:
            self.shown = grouped_rows(self.shown, self.group)
        found = self.index_of(key)
        self.cursor = max(0, min(self.cursor, len(self.shown) - 1)) if found is None else found

    def index_of(self, key: Hashable | None) -> int | None:
        """Where the row with this key is shown, or None."""
        if key is None:
            return None
        if self.cursor < len(self.shown) and self.shown[self.cursor].key == key:
            return self.cursor
        return next((index for index, row in enumerate(self.shown) if row.key == key), None)

    def nearest(self, index: int) -> int:
        """The index, brought inside the shown rows."""
        return max(0, min(index, len(self.shown) - 1))
