"""Which columns a table shows: a list over the screen, space ticks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
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
    room: bool = True
    """False: wanted, and the table is too narrow for it now."""

    @property
    def haystack(self) -> str:
        return f"{self.title} {self.key}".lower()

    def field(self, name: str) -> Scalar:
        return self.title if name == "name" else None


def note_of(one: Choice) -> str:
    """What else there is to say of a column."""
    return "always" if one.fixed else "" if one.room or not one.wanted else "no room"


COLUMNS: Sequence[Column[Choice]] = (
    Column("order", "", lambda one: one.order, lambda one: "", 0, shown=False),
    Column("wanted", "", lambda one: one.wanted, lambda one: ON if one.wanted else OFF, 3, 1),
    Column("title", "Column", lambda one: one.title, lambda one: one.title, 12, 1, grow=True),
    Column("key", "Key", lambda one: one.key, lambda one: one.key, 14, 2, tone=lambda one: Tone.MUTED),
    Column("note", "", lambda one: one.fixed, lambda one: note_of(one), 7, 1),
)


class ColumnChooser(ModalScreen[frozenset[str] | None]):
    """Answers with the keys of the wanted columns, or None when nothing is to change."""

    HELP_NAME: ClassVar[str] = "columns"
    DEFAULT_CSS = """
    ColumnChooser { align: center middle; background: $background 60%; }
    ColumnChooser #columns { width: 60; max-width: 90%; height: 80%; border: round $primary; background: $background; }
    ColumnChooser #columns-end { height: 1; width: 1fr; color: $foreground 70%; padding: 0 1; }
    ColumnChooser #columns-end { text-wrap: nowrap; text-overflow: ellipsis; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "tick", "Show or hide", key_display="space"),
        Binding("escape,q", "dismiss(None)", "Leave as it was"),
    ]

    def __init__(
        self, columns: Sequence[Column[Any]], wanted: Collection[str], without_room: Collection[str] = ()
    ) -> None:
        """``without_room`` are the wanted ones that the table had to drop at its present width."""
        super().__init__()
        self._choices = {
            one.key: Choice(
                one.key,
                order,
                one.title or one.key,
                one.key in wanted,
                one.priority <= ALWAYS and one.shown,
                room=one.key not in without_room,
            )
            for order, one in enumerate(columns)
        }

    def compose(self) -> ComposeResult:
        with Vertical(id="columns") as frame:
            frame.border_title = "columns"
            yield LiveTable(COLUMNS, sort="order", noun="column")
            yield Static("space: show or hide   enter: keep   esc: leave it", id="columns-end", markup=False)

    def on_mount(self) -> None:
        table = self.query_one(LiveTable)
        table.set_rows(list(self._choices.values()))
        table.focus()

    def action_tick(self) -> None:
        """Want the column under the cursor, or want it no more; some are always there."""
        table = self.query_one(LiveTable)
        row = table.cursor_row
        if isinstance(row, Choice) and not row.fixed:
            self._choices[row.key] = replace(row, wanted=not row.wanted)
            table.set_rows(list(self._choices.values()))
        table.action_move(1)

    def on_live_table_opened(self, event: LiveTable.Opened) -> None:
        event.stop()
        self.dismiss(frozenset(one.key for one in self._choices.values() if one.wanted))
