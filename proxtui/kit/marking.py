"""Marking rows of a table: one, a range, or all that the filter leaves. What is done then is done to all of them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual.binding import Binding, BindingType

from proxtui.core.lazy_rows import keys_of
from proxtui.core.rows import Column, Scalar, TableRow, Tone
from proxtui.kit.row_copies import RowCopies

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime

R = TypeVar("R", bound=TableRow)

MARK = "✓"


class Marking(RowCopies[R]):
    """A view over one main table whose rows can be marked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark", key_display="space", id="mark"),
        Binding("asterisk", "mark_all", "Mark all shown, or none", key_display="*", show=False, id="mark-all"),
        Binding("X", "mark_to", "Mark from the last mark to here", show=False, id="mark-to"),
    ]

    def __init__(self, runtime: Runtime, *, id: str | None = None) -> None:
        super().__init__(runtime, id=id)
        self.marks: set[Hashable] = set()
        """Keys of the marked rows."""
        self._last_mark: Hashable | None = None

    def marked_otherwise(self) -> None:
        """Called when other rows are marked than before."""

    def mark_column(self) -> Column[Any]:
        """The narrow column that shows which rows are marked."""
        return Column("mark", "", self._is_marked, self._mark_of, 1, 1, tone=lambda _row: Tone.ACCENT)

    def forget_marks(self, rows: Sequence[R]) -> None:
        """Marks of rows that are gone are gone too."""
        if self.marks:
            left = self.marks.intersection(keys_of(rows))
            if left != self.marks:
                self.marks = left
                self.marked_otherwise()

    def mark_again(self, keys: Iterable[Hashable]) -> None:
        """Mark these rows too, as far as they are there."""
        self._mark(self.marks | set(keys).intersection(keys_of(self.table.rows.all)))

    def clear_marks(self) -> None:
        """Mark nothing."""
        self._mark(set())

    def action_mark(self) -> None:
        """Mark the row under the cursor, or take its mark away; the cursor goes on."""
        if self.row is not None:
            self._last_mark = self.row.key
            self._mark(self.marks ^ {self.row.key})
            self.table.action_move(1)

    def action_mark_all(self) -> None:
        """Mark every row that the filter leaves; when all of them are marked, none of them. Others keep their mark."""
        shown = set(keys_of(self.table.rows.shown))
        self._mark(self.marks - shown if shown <= self.marks else self.marks | shown)

    def action_mark_to(self) -> None:
        """Mark every shown row between the one that was marked last and the one under the cursor, both included."""
        here, row = self.table.rows.cursor, self.row
        if row is not None:
            found = self.table.rows.index_of(self._last_mark)
            first, last = sorted((here if found is None else found, here))
            self._last_mark = row.key
            self._mark(self.marks | set(keys_of(self.table.rows.shown[first : last + 1])))

    def _mark(self, marks: set[Hashable]) -> None:
        self.marks = marks
        self.marked_otherwise()

    def _is_marked(self, row: R) -> Scalar:
        return row.key in self.marks

    def _mark_of(self, row: R) -> str:
        return MARK if row.key in self.marks else ""
