"""The question before a change: one yes for what disturbs, a typed name for what destroys."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button, Input, Static

from proxtui.core.rows import Tone
from proxtui.kit.dialog import DEAF, Dialog
from proxtui.kit.one_line import Notice
from proxtui.kit.questions import Question
from proxtui.kit.safe import plain, visible

MOST_REASON = 200


@dataclass(frozen=True, slots=True)
class Confirmed:
    """Somebody wants it."""

    reason: str = ""
    """Why, for the audit."""
    rehearse: bool = False
    """Only to see what would be sent."""


class NameInput(Input):
    """Where the name is typed."""

    HELP_NAME: ClassVar[str] = "name"


class Confirm(Dialog[Confirmed]):
    """Asks one question; the answer is a ``Confirmed``, or None."""

    HELP_NAME: ClassVar[str] = "question"
    DEAF: ClassVar[float] = DEAF
    TAKES_PASTE: ClassVar[bool] = False
    """A paste is no decision."""
    DECISIVE: ClassVar[frozenset[str]] = frozenset({"y", "Y", "enter", "space", "f2"})
    DEFAULT_CSS = """
    Confirm > .dialog { border: round $warning; }
    Confirm.-destroys > .dialog { border: round $error; }
    Confirm #asked { height: auto; max-height: 14; }
    Confirm #asked Static { width: 1fr; height: auto; }
    Confirm #lost { color: $warning; }
    Confirm.-destroys #lost { color: $error; text-style: bold; }
    Confirm #typing { height: auto; margin-top: 1; }
    Confirm #reason { margin-top: 1; }
    Confirm #buttons { height: 1; margin-top: 1; }
    Confirm Button { height: 1; min-width: 10; margin-right: 2; border: none; }
    Confirm Button:focus { text-style: bold reverse; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", "Yes"),
        Binding("n", "give_up", "No"),
        Binding("f2", "rehearse", "Show what would be sent"),
        Binding("left,up", "app.focus_previous", "Before", show=False),
        Binding("right,down", "app.focus_next", "Next", show=False),
    ]

    def __init__(
        self, question: Question, *, deaf: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(deaf=deaf, clock=clock)
        self.question = question
        self._notice = Notice()

    def compose(self) -> ComposeResult:
        asked = self.question
        with VerticalScroll(classes="dialog", can_focus=False) as frame:
            frame.border_title = plain(asked.title)
            with VerticalScroll(id="asked", can_focus=False):
                for line in asked.lines:
                    yield Static(plain(line))
                if asked.warning:
                    yield Static(plain(asked.warning), id="lost")
            if asked.typed:
                yield Static(plain(f"To do it, type {asked.typing}: {asked.typed}"), id="typing")
                yield NameInput(id="name", compact=True)
            yield Input(placeholder="reason (may stay empty)", id="reason", compact=True, max_length=MOST_REASON)
            with Horizontal(id="buttons"):
                yield Button("No", id="no", compact=True)
                yield Button("Yes", id="yes", compact=True)
            yield self._notice
            yield Static(self._keys, classes="dialog-keys", markup=False)

    @property
    def _keys(self) -> str:
        first = "enter does it" if self.question.typed else "y yes   n no"
        return f"{first}   f2 shows requests   esc cancels"

    def on_mount(self) -> None:
        self.set_class(bool(self.question.typed), "-destroys")
        for field in self.query(Input):
            field.cursor_blink = False
        self.set_focus(self.query_one("#name" if self.question.typed else "#no"))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "yes":
            self._decide()
        else:
            self.action_give_up()

    def on_input_changed(self, event: Input.Changed) -> None:
        """What was said of another name is not true of the one that is typed now."""
        event.stop()
        self._notice.say("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self.question.typed:
            self._decide()
        else:
            self.set_focus(self.query_one("#no"))

    def action_yes(self) -> None:
        """A bare letter is no answer where a name is asked for."""
        if not self.question.typed:
            self._decide()

    def action_rehearse(self) -> None:
        """Show the requests; nothing is sent, so nothing need be typed for it."""
        self.give(Confirmed(rehearse=True))

    def _decide(self) -> None:
        wanted = self.question.typed
        if wanted and self.query_one("#name", Input).value != visible(wanted):
            self._notice.say(f"that is not {visible(wanted)}: nothing was done", Tone.WARN)
            self.set_focus(self.query_one("#name"))
            return
        self.give(Confirmed(self.query_one("#reason", Input).value.strip()))
