"""Which columns a table shows: a list over the screen, space ticks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from proxtui.core.rows import Column, Scalar, Tone
from proxtui.kit.layout import ALWAYS
from proxtui.kit.live_table import LiveTable

ON, OFF = "[x]", "[ ]"


@dataclass(frozen=True, slots=True)
class Choice:
    """One column and whether it is wanted."""

    key: str
    order: int
    title: str
    wanted: bool
    fixed: bool
    muted: bool = False

    @property
    def haystack(self) -> str:
        return f"{self.title} {self.key}".lower()

    def field(self, name: str) -> Scalar:
        return self.title if name == "name" else None


COLUMNS: Sequence[Column[Choice]] = (
    Column("order", "", lambda one: one.order, lambda one: "", 0, shown=False),
    Column("wanted", "", lambda one: one.wanted, lambda one: ON if one.wanted else OFF, 3, 1),
    Column("title", "Column", lambda one: one.title, lambda one: one.title, 12, 1, grow=True),
    Column("key", "Key", lambda one: one.key, lambda one: one.key, 14, 2, tone=lambda one: Tone.MUTED),
    Column("fixed", "", lambda one: one.fixed, lambda one: "always" if one.fixed else "", 6, 2),
)


class ColumnChooser(ModalScreen[frozenset[str] | None]):
    """Answers with the keys of the wanted columns, or None when nothing is to change."""

    HELP_NAME: ClassVar[str] = "columns"
    DEFAULT_CSS = """
    ColumnChooser { align: center middle; background: $background 60%; }
    ColumnChooser #columns { width: 60; max-width: 90%; height: 80%; border: round $primary; background: $background; }
    ColumnChooser #columns-end { height: 1; width: 1fr; color: $foreground 70%; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "tick", "Show or hide", key_display="space"),
        Binding("escape,q", "dismiss(None)", "Leave as it was"),
    ]

    def __init__(self, columns: Sequence[Column[Any]], wanted: Collection[str]) -> None:
        super().__init__()
        self._choices = {
            one.key: Choice(
                one.key, order, one.title or one.key, one.key in wanted, one.priority <= ALWAYS and one.shown
            )
            for order, one in enumerate(columns)
        }

    def compose(self) -> ComposeResult:
        with Vertical(id="columns") as frame:
            frame.border_title = "columns"
            yield LiveTable(COLUMNS, sort="order", noun="column")
            yield Static("space shows or hides, enter keeps, esc leaves all as it was", id="columns-end", markup=False)

    def on_mount(self) -> None:
        table = self.query_one(LiveTable)
        table.set_rows(list(self._choices.values()))
        table.focus()

    def action_tick(self) -> None:
        """Want the column under the cursor, or want it no more; some are always there."""
        table = self.query_one(LiveTable)
        row = table.cursor_row
        if isinstance(row, Choice) and not row.fixed:
            self._choices[row.key] = Choice(row.key, row.order, row.title, not row.wanted, fixed=False)
            table.set_rows(list(self._choices.values()))
        table.action_move(1)

    def on_live_table_opened(self, event: LiveTable.Opened) -> None:
        event.stop()
        self.dismiss(frozenset(one.key for one in self._choices.values() if one.wanted))
