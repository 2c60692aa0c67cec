"""The live table: any number of rows, of which only the visible are formatted and only the changed painted."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from proxtui.core.rows import Column, TableRow
from proxtui.kit.painting import GUTTER
from proxtui.kit.row_list import RowList
from proxtui.kit.row_table import RowTable


class _AboutRow(Message):
    """Something about one table and one of its rows."""

    def __init__(self, table: LiveTable, row: TableRow | None) -> None:
        super().__init__()
        self.table = table
        self.row = row

    @property
    def control(self) -> LiveTable:
        return self.table


class LiveTable(RowTable, can_focus=True, inherit_bindings=False):
    """A table over row objects. Give it all rows with ``set_rows`` once per poll; it finds out what to repaint."""

    HELP_NAME: ClassVar[str] = "table"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", key_display="enter", id="open"),
        Binding("up,k", "move(-1)", "Up", show=False, id="up"),
        Binding("down,j", "move(1)", "Down", show=False, id="down"),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False, id="page-up"),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False, id="page-down"),
        Binding("home,g", "go(0)", "First row", show=False, id="first"),
        Binding("end,G", "go(-1)", "Last row", show=False, id="last"),
        Binding(
            "greater_than_sign", "sort_next(1)", "Sort by the next column", key_display=">", show=False, id="sort-next"
        ),
        Binding(
            "less_than_sign",
            "sort_next(-1)",
            "Sort by the column before",
            key_display="<",
            show=False,
            id="sort-before",
        ),
        Binding("i", "invert", "Invert order", id="invert"),
    ]

    class Highlighted(_AboutRow):
        """The cursor came to stand on another row, or on none."""

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, LiveTable.Highlighted) and message.table is self.table

    class Opened(_AboutRow):
        """Enter or a double click on a row; ``row`` is never None."""

    class Sorted(_AboutRow):
        """Somebody sorts by another column or in the other direction."""

    def __init__(
        self,
        columns: Sequence[Column[Any]],
        *,
        sort: str,
        descending: bool = False,
        empty: str = "nothing here",
        noun: str = "row",
        header: bool = True,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """``sort`` is the key of a column; ``noun`` names one row in the line that says that a filter hides all."""
        rows = RowList(columns, sort, descending=descending)
        super().__init__(rows, header=int(header), empty=empty, noun=noun, id=id, classes=classes)
        self._told: Hashable | None = None
        self.opens = True
        """Whether enter leads anywhere at the moment; else it is not offered."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "open":
            return self.opens and self.cursor_row is not None
        return super().check_action(action, parameters)

    def action_open(self) -> None:
        if self.cursor_row is not None:
            self.post_message(self.Opened(self, self.cursor_row))

    def action_move(self, step: int) -> None:
        self.move(self.rows.cursor + step)

    def action_page(self, pages: int) -> None:
        self.move(self.rows.away(pages * max(1, self.page - 1)))

    def action_go(self, index: int) -> None:
        self.move(index if index >= 0 else self.shown + index)

    def action_sort_next(self, step: int) -> None:
        keys = [slot.column.key for slot in self.slots.slots]
        if keys:
            here = keys.index(self.rows.sort) if self.rows.sort in keys else -step
            self._sort(keys[(here + step) % len(keys)])

    def action_invert(self) -> None:
        self._sort(self.rows.sort, not self.rows.descending)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        if event.y < self.header:
            self._click_header(event.x - GUTTER)
            return
        index = self.row_at(event.y)
        if index is not None:
            self.move(index)
            if event.chain == 2:
                self.action_open()

    def _click_header(self, x: int) -> None:
        slot = self.slots.slot_at(x)
        if slot is not None and slot.column.key == self.rows.sort:
            self.action_invert()
        elif slot is not None:
            self._sort(slot.column.key)

    def _sort(self, key: str, descending: bool | None = None) -> None:
        self.sort_by(key, descending)
        self.post_message(self.Sorted(self, self.cursor_row))

    def cursor_came(self) -> None:
        """Say once when the cursor came to another row."""
        key = self.rows.cursor_key
        if key != self._told:
            if self._told is None or key is None:
                # There is something to open, or nothing any more.
                self.refresh_bindings()
            self._told = key
            self.post_message(self.Highlighted(self, self.cursor_row))
