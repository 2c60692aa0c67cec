"""What a change of a configuration does to it, key by key, before it is sent."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from proxtui.kit.confirm import MOST_REASON, Confirmed
from proxtui.kit.dialog import DEAF, Dialog
from proxtui.kit.one_line import Notice
from proxtui.kit.safe import plain

HIDDEN = "********"
DELETE = "delete"
"""The parameter that names the keys to be deleted."""
SECRETS = frozenset({"cipassword", "password", "secret", "token", "sshkeys"})
NOTHING = "(not set)"


@dataclass(frozen=True, slots=True)
class Difference:
    """One key; None where it is not set."""

    key: str
    old: str | None
    new: str | None

    @property
    def lines(self) -> tuple[str, ...]:
        """``- cores: 2`` and ``+ cores: 4``."""
        old = (f"- {self.key}: {self.old}",) if self.old is not None else ()
        return (*old, f"+ {self.key}: {self.new}" if self.new is not None else f"  {self.key} is deleted")


def differences(
    current: Mapping[str, Any], form: Mapping[str, Any], secrets: Collection[str] = ()
) -> tuple[Difference, ...]:
    """What ``form`` (names and values as they are sent) changes in ``current``; what stays as it is, is left out."""
    hidden = {name.replace("_", "-") for name in secrets} | SECRETS
    found: list[Difference] = []
    for key, value in form.items():
        if key in (DELETE, "digest"):
            continue
        old, new = _text(current.get(key)), _text(value) or ""
        if old != new or key in hidden:
            mask = key in hidden
            found.append(Difference(key, HIDDEN if mask and old is not None else old, HIDDEN if mask else new))
    wanted = form.get(DELETE, ())
    keys = wanted.split(",") if isinstance(wanted, str) else wanted
    for key in (str(one).strip() for one in keys):
        if key in current:
            found.append(Difference(key, HIDDEN if key in hidden else _text(current[key]), None))
    return tuple(found)


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, list | tuple):
        return ";".join(str(one) for one in value)
    return None if value is None else str(value)


class DiffView(Dialog[Confirmed]):
    """``y`` sends it."""

    HELP_NAME: ClassVar[str] = "differences"
    DEAF: ClassVar[float] = DEAF
    TAKES_PASTE: ClassVar[bool] = False
    DECISIVE: ClassVar[frozenset[str]] = frozenset({"y", "enter", "f2"})
    DEFAULT_CSS = """
    DiffView > .dialog { width: 92; }
    DiffView #lines { height: auto; max-height: 14; margin: 1 0; }
    DiffView #lines Static { height: auto; width: 1fr; }
    DiffView .-old { color: $error; }
    DiffView .-new { color: $success; }
    DiffView Input { width: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "Send it"),
        Binding("n", "give_up", "Back"),
        Binding("f2", "rehearse", "Show what would be sent"),
        Binding("down,j", "scroll(1)", "Down", show=False),
        Binding("up,k", "scroll(-1)", "Up", show=False),
    ]

    def __init__(
        self,
        title: str,
        where: str,
        found: Sequence[Difference],
        *,
        deaf: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(deaf=deaf, clock=clock)
        self._title, self._where = title, where
        self.found = tuple(found)
        self._notice = Notice()

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as frame:
            frame.border_title = plain(self._title)
            yield Static(plain(self._where))
            with VerticalScroll(id="lines", can_focus=False):
                for line in (line for one in self.found for line in one.lines):
                    yield Static(plain(line), classes={"-": "-old", "+": "-new"}.get(line[0], "-old"))
            yield Input(placeholder="reason (may stay empty)", id="reason", compact=True, max_length=MOST_REASON)
            yield self._notice
            yield Static("y sends it   tab gives a reason   f2 shows requests   esc back", classes="dialog-keys")

    def on_mount(self) -> None:
        field = self.query_one(Input)
        field.cursor_blink = False
        self.set_focus(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.set_focus(None)

    def action_scroll(self, step: int) -> None:
        self.query_one("#lines").scroll_relative(y=step, animate=False)

    def action_yes(self) -> None:
        self.give(Confirmed(self.query_one(Input).value.strip()))

    def action_rehearse(self) -> None:
        self.give(Confirmed(rehearse=True))
