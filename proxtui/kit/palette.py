"""``ctrl+p``: one field over everything there is to go to and to do; enter goes there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from proxtui.core.rows import Column, Tone
from proxtui.kit.finder import Entry, Finder, split_query
from proxtui.kit.live_table import LiveTable
from proxtui.kit.one_line import Notice
from proxtui.kit.signs import STATES, state_text

MAX_QUERY = 200
PLURALS = {
    "VM": "VMs",
    "CT": "containers",
    "node": "nodes",
    "storage": "storages",
    "do": "actions",
    "view": "views",
}
HINT = "enter goes there, esc closes"
PLACEHOLDER = "name, VMID or tag; vm: ct: guest: node: storage: narrow, > is actions"


def _status(entry: Entry) -> str:
    return state_text(entry.status) if entry.status.removesuffix("?") in STATES else entry.status


COLUMNS: Sequence[Column[Entry]] = (
    Column("kind", "KIND", lambda one: one.kind, lambda one: one.kind, 7, 1, tone=lambda one: Tone.MUTED),
    Column("id", "ID", lambda one: one.number, lambda one: one.number, 6, 3, align="right"),
    Column("name", "NAME", lambda one: one.name, lambda one: one.name, 18, 1, grow=True),
    Column("status", "STATE", lambda one: one.status, _status, 11, 4),
    Column("where", "WHERE", lambda one: one.where, lambda one: one.where, 24, 2, tone=lambda one: Tone.MUTED),
)


def nothing_called(query: str) -> str:
    """What stands where nothing was found: the words, and among what they were looked for."""
    kinds, words = split_query(query)
    among = "the fleet and the actions" if kinds is None else "the " + " and ".join(PLURALS[kind] for kind in kinds)
    return f"nothing is called «{' '.join(words)}» in {among}" if words else f"nothing is known of {among}"


class PaletteInput(Input):
    """The field of the palette; the keys that move work in the list below it."""

    HELP_NAME: ClassVar[str] = "palette"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Go there", key_display="enter"),
        Binding("escape", "screen.dismiss", "Close"),
        Binding("up,ctrl+k", "move(-1)", "Up", show=False),
        Binding("down,ctrl+j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
    ]

    def action_move(self, step: int) -> None:
        self.screen.query_one(LiveTable).action_move(step)

    def action_page(self, pages: int) -> None:
        self.screen.query_one(LiveTable).action_page(pages)

    async def action_choose(self) -> None:
        await self.screen.run_action("choose")


class Palette(ModalScreen[None]):
    """A field and a list. ``obey`` is called with the chosen entry after the palette has gone."""

    HELP_NAME: ClassVar[str] = "palette"
    DEFAULT_CSS = """
    Palette { align: center top; background: $background 60%; }
    Palette #palette { width: 90%; max-width: 110; height: 80%; margin-top: 1; }
    Palette #palette { border: round $primary; background: $background; }
    Palette #palette-line { height: 1; width: 1fr; }
    Palette #palette-sign { width: 3; color: $accent; text-style: bold; background: $surface; }
    Palette PaletteInput { width: 1fr; background: $surface; border: none; height: 1; padding: 0; }
    Palette PaletteInput:focus { background-tint: transparent; border: none; }
    Palette LiveTable > .table--cursor { background: $primary 40%; text-style: bold; }
    """

    def __init__(self, finder: Finder, obey: Callable[[Entry], Awaitable[None]], query: str = "") -> None:
        super().__init__()
        self.finder = finder
        self._obey = obey
        self._query_at_first = query
        self._found = ""

    def compose(self) -> ComposeResult:
        with Vertical(id="palette") as frame:
            frame.border_title = "go to"
            with Horizontal(id="palette-line"):
                yield Static(" > ", id="palette-sign", markup=False)
                field = PaletteInput(
                    self._query_at_first, PLACEHOLDER, compact=True, max_length=MAX_QUERY, select_on_focus=False
                )
                field.cursor_blink = False
                yield field
            # No column is called that: the best match stays first.
            yield LiveTable(COLUMNS, sort="", empty="nothing has such a name", noun="entry")
            yield Notice(id="palette-hint")

    def on_mount(self) -> None:
        self.query_one(Notice).say(HINT, Tone.MUTED)
        # The keys stay with the field, wherever somebody clicks.
        self.query_one(LiveTable).can_focus = False
        self.set_focus(self.query_one(PaletteInput))
        self.find(self._query_at_first)

    def find(self, query: str) -> None:
        """Show what matches, the best under the cursor."""
        self._found = query
        table = self.query_one(LiveTable)
        table.say_when_empty(nothing_called(query))
        table.set_rows(self.finder.search(query))
        table.move(0)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.find(event.value)

    async def on_live_table_opened(self, event: LiveTable.Opened) -> None:
        event.stop()
        if isinstance(event.row, Entry):
            await self._leave_for(event.row)

    async def action_choose(self) -> None:
        query = self.query_one(PaletteInput).value
        if query != self._found:
            self.find(query)
        row = self.query_one(LiveTable).cursor_row
        if isinstance(row, Entry):
            await self._leave_for(row)

    async def _leave_for(self, entry: Entry) -> None:
        if self.is_current:
            self.dismiss(None)
            await self._obey(entry)
