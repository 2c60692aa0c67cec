"""The dialogs of a setup view: its menu, its forms and questions, and what is read after a change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from msgspec.structs import replace
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from proxtui.kit.confirm import Confirm
from proxtui.kit.dialog import Dialog
from proxtui.kit.form import ParamsForm
from proxtui.kit.menu import ActionMenu
from proxtui.kit.menu_entries import MenuEntry
from proxtui.kit.prepared import Prepared
from proxtui.kit.safe import plain
from proxtui.kit.setup_view import Deed

HINT = "a letter or enter does it   / filters   esc closes"


def entries_of(deeds: Sequence[tuple[Deed, str | None]]) -> list[MenuEntry]:
    """A line for each, with why it cannot be done now."""
    made: list[MenuEntry] = []
    for deed, why in deeds:
        # The menu asks of an operation no more than a deed has: its label, its summary and its risk.
        # Several deeds may be one thing to the registrar; lines of a table differ in their names.
        operation: Any = replace(deed, name=deed.do)
        targets: Any = () if why else (deed,)
        made.append(MenuEntry(operation, deed.key, targets, why or ""))
    return made


class SetupMenu(ActionMenu):
    """Nothing here is sent to a server, so there are no requests to show."""

    def on_mount(self) -> None:
        self.query_one(".dialog-keys", Static).update(HINT)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not (action == "choose" and True in parameters) and super().check_action(action, parameters)


class SetupForm(ParamsForm):
    """Nothing here is sent to a server."""

    KEYS: ClassVar[str] = "ctrl+s saves   f1 more help   up, down fields   esc cancels"

    def __init__(self, title: str, model: Any, prepared: Prepared | None = None) -> None:
        super().__init__(title, model, prepared)
        # What is there already stands above what could be.
        known = prepared.initial if prepared is not None else {}
        self.asked = tuple(sorted(self.asked, key=lambda one: (one.rare, not one.required, one.name not in known)))

    @property
    def _values(self) -> dict[str, Any]:
        """What stood in a field at first and was taken away is said to be nothing, not left as it is."""
        texts, empty = self.texts, {"list": [], "pairs": {}, "text": "", "number": "", "lines": ""}
        gone = [
            one for one in self.asked if one.kind in empty and self._first[one.name] and not texts[one.name].strip()
        ]
        return {**super()._values, **{one.name: empty[one.kind] for one in gone}}

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not (action == "submit" and True in parameters) and super().check_action(action, parameters)


class SetupQuestion(Confirm):
    """A question about what is configured: no requests to show, and no reason to write down."""

    DEFAULT_CSS = "SetupQuestion #reason { display: none; }"

    @property
    def _keys(self) -> str:
        return f"{'enter does it' if self.question.typed else 'y yes   n no'}   esc cancels"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "rehearse" and super().check_action(action, parameters)


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
