"""Questions that cannot wait, asked over whatever is on the screen."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from proxtui.kit.safe import plain


class SecondFactor(ModalScreen[str]):
    """Asks for a TOTP code or a recovery key; gives an empty text when nobody wants to answer."""

    HELP_NAME: ClassVar[str] = "second factor"
    DEFAULT_CSS = """
    SecondFactor { align: center middle; background: $background 60%; }
    SecondFactor #ask { width: 64; max-width: 95%; height: auto; border: round $primary; padding: 0 1; }
    SecondFactor #ask { background: $background; }
    SecondFactor Input { border: none; height: 1; padding: 0; background: $surface; }
    SecondFactor #keys { color: $foreground 70%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "Do not log in")]

    def __init__(self, prompt: str) -> None:
        super().__init__()
        self._prompt = prompt

    def compose(self) -> ComposeResult:
        with Vertical(id="ask"):
            yield Static(plain(self._prompt), id="prompt")
            field = Input(password=True, compact=True)
            field.cursor_blink = False
            yield field
            yield Static("enter answers, esc does not log in", id="keys", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value)

    def action_give_up(self) -> None:
        self.dismiss("")
