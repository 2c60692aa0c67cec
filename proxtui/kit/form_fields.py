"""The fields of a form: text with suggestions, a switch, a choice, lines; each with its label and its problem."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from proxtui.core.rows import Tone
from proxtui.kit.form_model import NO, YES, Asked
from proxtui.kit.one_line import Notice, OneLine, Sentences
from proxtui.kit.painting import Run, fit
from proxtui.kit.safe import plain, visible

MOST_TYPED = 4096
OFFERED = 6
"""Suggestions that are named at once."""


class Left(Message):
    """Somebody goes on to another field."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class Entered(Message):
    """Somebody came to a field."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class TextField(Input):
    """One line; up and down go through what is suggested."""

    HELP_NAME: ClassVar[str] = "field"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "suggested(1)", "Next suggestion", show=False),
        Binding("up", "suggested(-1)", "Suggestion before", show=False),
    ]

    def __init__(self, asked: Asked, text: str) -> None:
        super().__init__(
            visible(text),
            password=asked.kind == "secret",
            placeholder="" if asked.required else "may stay empty",
            compact=True,
            max_length=MOST_TYPED,
            select_on_focus=False,
        )
        self.cursor_blink = False
        self.words: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.value

    def put(self, text: str) -> None:
        self.value = visible(text)
        self.cursor_position = len(self.value)

    def suggest(self, words: Sequence[str]) -> None:
        self.words = tuple(visible(word) for word in words)

    def action_suggested(self, step: int) -> None:
        """Take the next of the words; without any, the next field."""
        if not self.words:
            (self.screen.focus_next if step > 0 else self.screen.focus_previous)()
            return
        at = self.words.index(self.value) + step if self.value in self.words else (0 if step > 0 else -1)
        self.put(self.words[at % len(self.words)])


class Picker(OneLine, can_focus=True):
    """One of a few words; a switch has yes and no."""

    IN_DIALOG: ClassVar[bool] = True
    HELP_NAME: ClassVar[str] = "choice"
    DEFAULT_CSS = "Picker { background: $surface; } Picker:focus { background: $primary 30%; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,right,l", "turn(1)", "Other", key_display="space"),
        Binding("left,h", "turn(-1)", "Before", show=False),
        Binding("down", "app.focus_next", "Next field", show=False),
        Binding("up", "app.focus_previous", "Field before", show=False),
    ]

    class Changed(Message):
        """It is another word now."""

    def __init__(self, asked: Asked, text: str) -> None:
        super().__init__()
        self._is_switch = asked.kind == "switch"
        self.choices = (NO, YES) if self._is_switch else asked.choices
        self._unsaid = asked.unsaid
        self.text = text if text in self.choices else self.choices[0]

    def put(self, text: str) -> None:
        if text in self.choices:
            self.text = text
            self.repaint()
            self.post_message(self.Changed())

    def suggest(self, words: Sequence[str]) -> None:
        """A choice has its own words."""

    def action_turn(self, step: int) -> None:
        """Take the next word."""
        self.put(self.choices[(self.choices.index(self.text) + step) % len(self.choices)])

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.action_turn(1)

    def runs(self, width: int) -> Sequence[Run]:
        if self._is_switch:
            shown = "[x] yes" if self.text == YES else "[ ] no"
        else:
            shown = f"< {self.text or self._unsaid} >  {self.choices.index(self.text) + 1} of {len(self.choices)}"
        return [(fit(shown, width), self.style_of(Tone.PLAIN))]


class LinesField(TextArea):
    """Several lines: notes, or ``key=value`` on each."""

    HELP_NAME: ClassVar[str] = "text"
    DEFAULT_CSS = """
    LinesField { height: 5; border: none; padding: 0; background: $surface; }
    LinesField.-pairs { height: 14; max-height: 45vh; }
    """

    def __init__(self, text: str) -> None:
        super().__init__(text, compact=True, tab_behavior="focus", soft_wrap=True)
        self.cursor_blink = False

    def put(self, text: str) -> None:
        self.load_text(text)

    def suggest(self, words: Sequence[str]) -> None:
        """There is nothing to choose among."""


class Line(Vertical):
    """A label, a field, a unit; below them what can be chosen, and what is wrong."""

    DEFAULT_CSS = """
    Line { height: auto; }
    Line > Horizontal { height: auto; }
    Line .label { width: 24; height: 1; padding-right: 1; }
    Line .unit { width: auto; height: 1; padding-left: 1; color: $foreground 70%; }
    Line .unit.-none { display: none; }
    Line TextField, Line Picker, Line LinesField { width: 1fr; }
    Line Notice { margin-left: 24; background: $background; width: 1fr; }
    """

    def __init__(self, asked: Asked, text: str, words: Sequence[str] = ()) -> None:
        super().__init__()
        self.asked = asked
        self.words = tuple(words)
        self.field: TextField | Picker | LinesField = _field(asked, text)
        self.field.suggest(words)
        self._choices, self._problem = Notice(), Sentences()
        self.problem = ""

    def compose(self) -> ComposeResult:
        sign = "* " if self.asked.required else "  "
        with Horizontal():
            yield Static(plain(fit(sign + self.asked.label, 23)), classes="label")
            yield self.field
            yield Static(plain(self.asked.unit), classes="unit" if self.asked.unit else "unit -none")
        yield self._choices
        yield self._problem

    @property
    def text(self) -> str:
        """What is typed or chosen."""
        return self.field.text

    def hint(self, text: str) -> None:
        """What an empty field means."""
        if isinstance(self.field, TextField):
            self.field.placeholder = visible(text)

    def suggest(self, words: Sequence[str]) -> None:
        """Offer these from now on."""
        self.words = tuple(words)
        self.field.suggest(words)
        if self.field.has_focus:
            self._offer()

    def say(self, problem: str) -> None:
        """Show what is wrong with it; nothing when nothing is."""
        self.problem = problem
        self._problem.say(f"! {problem}" if problem else "", Tone.BAD)

    def on_descendant_focus(self) -> None:
        self._offer()
        self.post_message(Entered(self.asked.name))

    def on_descendant_blur(self) -> None:
        self._choices.say("")
        self.post_message(Left(self.asked.name))

    def _offer(self) -> None:
        if self.words:
            more = f" and {len(self.words) - OFFERED} more" if len(self.words) > OFFERED else ""
            self._choices.say(f"up, down: {', '.join(self.words[:OFFERED])}{more}", Tone.MUTED)


def _field(asked: Asked, text: str) -> TextField | Picker | LinesField:
    if asked.kind in ("switch", "choice"):
        return Picker(asked, text)
    if asked.kind not in ("lines", "pairs"):
        return TextField(asked, text)
    field = LinesField(text)
    # A whole configuration has many lines.
    field.set_class(asked.kind == "pairs", "-pairs")
    return field


class Fold(OneLine, can_focus=True):
    """``+ 5 more fields``: opened once, they stay."""

    IN_DIALOG: ClassVar[bool] = True
    HELP_NAME: ClassVar[str] = "more fields"
    DEFAULT_CSS = "Fold { background: $background; } Fold:focus { background: $primary 30%; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "unfold", "Show them", key_display="enter"),
        Binding("down", "app.focus_next", "Next field", show=False),
        Binding("up", "app.focus_previous", "Field before", show=False),
    ]

    class Opened(Message):
        """Somebody wants to see them."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def runs(self, width: int) -> Sequence[Run]:
        said = f"+ {self._count} more field{'' if self._count == 1 else 's'}: enter shows them"
        return [(fit(said, width), self.style_of(Tone.ACCENT))]

    def action_unfold(self) -> None:
        self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.action_unfold()


def field_of(widget: Widget | None) -> Line | None:
    """The line of the form that a widget belongs to."""
    return next((node for node in widget.ancestors_with_self if isinstance(node, Line)), None) if widget else None
