"""``m``: what can be done to the row under the cursor, or to all marked ones, and why some of it cannot be done now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from proxtui.core.rows import Tone
from proxtui.kit.dialog import Dialog
from proxtui.kit.live_table import LiveTable
from proxtui.kit.menu_entries import COLUMNS, MenuEntry
from proxtui.kit.one_line import Notice
from proxtui.kit.safe import plain

HINT = "a letter or enter does it   / filters   f2 shows requests   esc closes"
NARROWEST = 92
BESIDE = 48
"""What the frame, the letter, the name and the risk take beside the summary of an action."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody wants to do."""

    entry: MenuEntry
    rehearse: bool = False


class MenuFilter(Input):
    """What the actions are narrowed by."""

    HELP_NAME: ClassVar[str] = "filter"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Do it", key_display="enter"),
        Binding("escape", "clear", "All actions"),
    ]

    async def action_choose(self) -> None:
        await self.screen.run_action("choose")

    def action_clear(self) -> None:
        self.value = ""
        self.display = False
        self.screen.set_focus(None)


class ActionMenu(Dialog[Choice]):
    """Answers with a ``Choice``; what cannot be done says why instead."""

    HELP_NAME: ClassVar[str] = "actions"
    DEFAULT_CSS = """
    ActionMenu > .dialog { max-width: 96%; height: auto; max-height: 90%; }
    ActionMenu LiveTable { height: auto; }
    ActionMenu LiveTable > .table--cursor { background: $primary 40%; text-style: bold; }
    ActionMenu MenuFilter { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Do it", key_display="enter"),
        Binding("f2", "choose(True)", "Show what would be sent"),
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("up,ctrl+k", "move(-1)", "Up", show=False),
        Binding("down,ctrl+j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
    ]

    def __init__(self, title: str, entries: Sequence[MenuEntry]) -> None:
        super().__init__()
        self._title = title
        self.entries = list(entries)
        self._said_of: object = None
        """What the line below the actions is about."""
        self._table = LiveTable(COLUMNS, sort="", empty="nothing can be done to it here", noun="action", header=False)
        self._notice = Notice()

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as frame:
            frame.border_title = plain(self._title)
            field = MenuFilter(placeholder="filter", compact=True, select_on_focus=False)
            field.cursor_blink = False
            yield field
            yield self._table
            yield self._notice
            yield Static(HINT, classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        # The keys stay with the menu: letters mean actions here, not what they mean in tables.
        self._table.can_focus = False
        self._table.styles.height = max(1, min(len(self.entries), self.app.size.height - 8))
        longest = max((cell_len(one.said) for one in self.entries), default=0)
        self.query_one(".dialog").styles.width = max(NARROWEST, BESIDE + longest)
        self._show(self.entries)

    def say(self, text: str, tone: Tone = Tone.WARN) -> None:
        """A line below the actions."""
        self._said_of = self._table.rows.cursor_key
        self._notice.say(text, tone)

    def _show(self, entries: Sequence[MenuEntry]) -> None:
        self._table.set_rows(entries)
        first = next((at for at, one in enumerate(entries) if one.targets), 0)
        self._table.move(first)

    def refuse(self, name: str, why: str) -> None:
        """It was found out that one of them cannot be done; the cursor stays where it is."""
        self._replace(
            [replace(one, targets=(), why=why) if one.operation.name == name else one for one in self.entries]
        )

    def renew(self, entries: Sequence[MenuEntry]) -> None:
        """The same actions after a closer look, but for consoles: cursor and filter stay."""
        found = {one.key: one for one in entries if not one.operation.opened_by}
        self._replace([found.get(one.key, one) for one in self.entries])

    def _replace(self, entries: list[MenuEntry]) -> None:
        self.entries = entries
        if self.is_mounted:
            self._table.set_rows(self._wanted())

    def _wanted(self) -> list[MenuEntry]:
        words = self.query_one(MenuFilter).value.lower().split()
        return [one for one in self.entries if all(word in one.haystack for word in words)]

    def on_key(self, event: events.Key) -> None:
        entry = next((one for one in self.entries if event.character and one.letter == event.character), None)
        if entry is not None and not self.waiting and not isinstance(self.focused, Input):
            event.stop()
            self._table.move_to(entry.key)
            self._take(entry)

    def action_filter(self) -> None:
        field = self.query_one(MenuFilter)
        field.display = True
        self.set_focus(field)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._show(self._wanted())

    def action_move(self, step: int) -> None:
        self._table.action_move(step)

    def action_page(self, pages: int) -> None:
        self._table.action_page(pages)

    def action_choose(self, rehearse: bool = False) -> None:
        """Do what the cursor stands on."""
        row = self._table.cursor_row
        if isinstance(row, MenuEntry) and not self.waiting:
            self._take(row, rehearse)

    def on_live_table_opened(self, event: LiveTable.Opened) -> None:
        event.stop()
        self.action_choose()

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        event.stop()
        if self._table.rows.cursor_key != self._said_of:
            self.say("")

    def _take(self, entry: MenuEntry, rehearse: bool = False) -> None:
        if entry.targets:
            self.say("")
            self.give(Choice(entry, rehearse))
        else:
            self.say(f"{entry.operation.label}: {entry.why}")
