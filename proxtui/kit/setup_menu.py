"""The menu of a setup view, and what is read after a change: which secrets have to be made anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from proxtui.kit.dialog import Dialog
from proxtui.kit.menu import ActionMenu
from proxtui.kit.menu_entries import MenuEntry
from proxtui.kit.safe import plain
from proxtui.kit.setup_view import Deed

HINT = "a letter or enter does it   / filters   esc closes"


def entries_of(deeds: Sequence[tuple[Deed, str | None]]) -> list[MenuEntry]:
    """A line for each, with why it cannot be done now."""
    made: list[MenuEntry] = []
    for deed, why in deeds:
        # The menu asks of an operation no more than a deed has: its label, its summary and its risk.
        operation: Any = deed
        targets: Any = () if why else (deed,)
        made.append(MenuEntry(operation, deed.key, targets, why or ""))
    return made


class SetupMenu(ActionMenu):
    """Nothing here is sent to a server, so there are no requests to show."""

    def on_mount(self) -> None:
        self.query_one(".dialog-keys", Static).update(HINT)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not (action == "choose" and True in parameters) and super().check_action(action, parameters)


class Lines(Dialog[bool]):
    """Some lines that somebody has to have read."""

    HELP_NAME: ClassVar[str] = "report"
    DEFAULT_CSS = """
    Lines #lines { height: auto; max-height: 18; }
    Lines #lines Static { height: auto; width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "give_up", "Close", show=False)]

    def __init__(self, title: str, lines: Sequence[str]) -> None:
        super().__init__(deaf=0.3)
        self._title, self.lines = title, tuple(lines)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as frame:
            frame.border_title = plain(self._title)
            with VerticalScroll(id="lines", can_focus=True):
                for line in self.lines:
                    yield Static(plain(line))
            yield Static("enter, esc close", classes="dialog-keys", markup=False)
