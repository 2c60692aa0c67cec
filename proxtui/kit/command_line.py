"""The line that opens with ``:``: tab completes, up and down bring back, an error stays until it is mended."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input, Static

from proxtui.core.rows import Tone
from proxtui.errors import UsageError
from proxtui.kit.commands import MAX_LINE, Commands, common_start, whole_words
from proxtui.kit.history import History
from proxtui.kit.one_line import Notice

SAID_FOR = 6.0
"""Seconds that a message stays when nothing is being typed."""


class CommandInput(Input):
    """The text field of the command line."""

    HELP_NAME: ClassVar[str] = "command line"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "obey", "Run", key_display="enter"),
        Binding("escape", "leave", "Close"),
        Binding("tab", "complete", "Complete"),
        Binding("up", "older", "Earlier commands", show=False),
        Binding("down", "newer", "Later commands", show=False),
    ]

    @property
    def line(self) -> CommandLine:
        """The widget around it."""
        return next(above for above in self.ancestors if isinstance(above, CommandLine))

    async def action_obey(self) -> None:
        await self.line.obey(self.value)

    def on_blur(self) -> None:
        # Without a new owner of the keys it is the whole terminal that lost them for a while.
        if self.screen.focused not in (None, self):
            self.line.left_behind()

    def action_leave(self) -> None:
        self.line.leave()

    def action_complete(self) -> None:
        self.put(self.line.completed(self.value))

    def action_older(self) -> None:
        self.put(self.line.history.older(self.value))

    def action_newer(self) -> None:
        self.put(self.line.history.newer(self.value))

    def put(self, text: str) -> None:
        """Let this stand in the field, the cursor behind it."""
        self.value = text
        self.cursor_position = len(text)


class CommandLine(Widget):
    """Hidden while nobody types in it and it has nothing to say."""

    HELP_NAME: ClassVar[str] = "command line"
    DEFAULT_CSS = """
    CommandLine { height: auto; width: 1fr; display: none; background: $surface; }
    CommandLine #command-line { height: 1; width: 1fr; }
    CommandLine #command-sign { width: 3; color: $accent; text-style: bold; background: $surface; }
    CommandLine CommandInput { width: 1fr; background: $surface; border: none; height: 1; padding: 0; }
    CommandLine CommandInput:focus { background-tint: transparent; border: none; }
    """

    def __init__(self, commands: Commands, give_back: Callable[[], None]) -> None:
        """``give_back`` is called when the line needs the keys no more."""
        super().__init__(id="commands")
        self.commands = commands
        self.history = History()
        self._give_back = give_back
        self._offers: list[str] = []
        self._completed = ""
        self._forget: Timer | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(id="command-line"):
            yield Static(" : ", id="command-sign", markup=False)
            field = CommandInput(compact=True, max_length=MAX_LINE, select_on_focus=False)
            field.cursor_blink = False
            yield field
        yield Notice(id="command-notice")

    @property
    def said(self) -> str:
        """The words under the line: an error, or how it may go on."""
        return self.query_one(Notice).text

    def open(self, text: str = "") -> None:
        """Show the line and give it the keys."""
        self._stop_forgetting()
        field = self.query_one(CommandInput)
        self.history.rewind()
        self.query_one("#command-line").display = True
        self.display = True
        with field.prevent(Input.Changed):
            field.put(text)
        self._hint(text)
        self.screen.set_focus(field)

    @property
    def is_open(self) -> bool:
        """Whether somebody types in it."""
        return self.display and self.query_one("#command-line").display

    def leave(self) -> None:
        """Fold up and give the keys back."""
        self._put_away()
        self._give_back()

    def left_behind(self) -> None:
        """Fold up where something else has the keys, as after a click: what nobody types in asks for nothing."""
        if self.is_open:
            self._put_away()

    def _put_away(self) -> None:
        field = self.query_one(CommandInput)
        with field.prevent(Input.Changed):
            field.value = ""
        self.query_one(Notice).say("")
        self.display = False

    async def obey(self, text: str) -> None:
        """Do what the line says, and fold up; with an error it stays open, the error below it."""
        try:
            # It folds up first: the command may give the keys to something else.
            command = self.commands.find(text.split()[0].removeprefix(":")) if text.strip(": ") else None
            if command is not None:
                self.history.add(text.strip())
            self.leave()
            await self.commands.run(text)
        except UsageError as error:
            self.open(text)
            self.query_one(Notice).say(str(error), Tone.BAD)

    def say(self, text: str, tone: Tone = Tone.WARN) -> None:
        """Show a line for a moment, without a field."""
        self._stop_forgetting()
        self.query_one("#command-line").display = False
        self.query_one(Notice).say(text, tone)
        self.display = True
        self._forget = self.set_timer(SAID_FOR, self._fold)

    def completed(self, text: str) -> str:
        """The line after tab: as far as all offers agree, then each of them in turn."""
        if text == self._completed and text in self._offers:
            at = self._offers.index(text)
            self._completed = self._offers[(at + 1) % len(self._offers)]
            return self._completed
        self._offers = self.commands.complete(text)
        if not self._offers:
            return text
        start = common_start(self._offers)
        self._completed = start if len(start) > len(text) and len(self._offers) > 1 else self._offers[0]
        return self._completed

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._hint(event.value)

    def _hint(self, text: str) -> None:
        """Say how the line may go on."""
        offers = self.commands.complete(text)
        words = [offer.partition(" ")[2] if " " in text.lstrip() else offer.strip() for offer in offers]
        hint = whole_words(words, self.screen.size.width - 2) if words != [text.strip()] else ""
        self.query_one(Notice).say(hint, Tone.MUTED)

    def _fold(self) -> None:
        if not self.query_one(CommandInput).has_focus:
            self.query_one(Notice).say("")
            self.display = False

    def _stop_forgetting(self) -> None:
        if self._forget is not None:
            self._forget.stop()
            self._forget = None
