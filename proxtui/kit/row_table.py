"""The table as its owner sees it: give it rows, a filter, an order; ask what is shown and where the cursor is."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from proxtui.core.filters import Filter
from proxtui.core.rows import Column, TableRow
from proxtui.kit.table_canvas import TableCanvas


class RowTable(TableCanvas):
    """A table without keys and mouse."""

    def set_rows(self, rows: Sequence[TableRow]) -> None:
        """Show these rows. Lines that would look the same are not painted again."""
        self.rows.all = rows
        self.measure()
        self._rearrange()

    def set_filter(self, wanted: Filter) -> None:
        """Show only the rows that match."""
        self.rows.filter = wanted
        self._rearrange()

    def set_columns(self, columns: Sequence[Column[Any]]) -> None:
        """Show other columns."""
        self.forget_columns(columns)
        self._rearrange()

    def sort_by(self, key: str, descending: bool | None = None) -> None:
        """Sort by the column ``key``; rows without a value stay last in both directions."""
        self.rows.sort = key
        if descending is not None:
            self.rows.descending = descending
        self._rearrange()

    def move_to(self, key: Hashable) -> bool:
        """Put the cursor on the row with this key; False when it is not shown."""
        index = self.rows.index_of(key)
        if index is not None:
            self.move(index)
        return index is not None

    @property
    def filter(self) -> Filter:
        """The filter in force."""
        return self.rows.filter

    @property
    def cursor_row(self) -> TableRow | None:
        """The row under the cursor."""
        return self.rows.cursor_row

    @property
    def shown(self) -> int:
        """Rows that the filter lets pass."""
        return len(self.rows.shown)

    @property
    def total(self) -> int:
        """All rows."""
        return len(self.rows.all)

    def row_at(self, y: int) -> int | None:
        """Index of the row that is painted there; None on the header, the head of a group and below the last."""
        found = self.rows.at_line(self.first_line + y - self.header) if y >= self.header else None
        return found if isinstance(found, int) else None

    def say_when_empty(self, text: str) -> None:
        """What stands in the middle when there are no rows; may have several lines."""
        if text != self.empty:
            self.empty = text
            self.repaint()

    def move(self, index: int) -> None:
        """Put the cursor on the shown row with this index, or the nearest there is."""
        self.rows.cursor = self.rows.nearest(index)
        self.follow()
        self.repaint()
        self.cursor_came()

    def cursor_came(self) -> None:
        """Called whenever the cursor may stand on another row."""

    def _rearrange(self) -> None:
        self.rearrange()
        self.cursor_came()
