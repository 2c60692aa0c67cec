"""A log with what there is to say about it above, and a line to look for words below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Static

from proxtui.core.rows import Tone
from proxtui.kit.log_view import LogView
from proxtui.kit.one_line import OneLine
from proxtui.kit.painting import Run, fit

MOST_TYPED = 200


class LogTitle(OneLine):
    """How long the log is, and whether its end is followed."""

    text, tone = "", Tone.MUTED

    def say(self, text: str, tone: Tone = Tone.MUTED) -> None:
        """Show this."""
        self.text, self.tone = text, tone
        self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        return [(" ", self.style_of(Tone.PLAIN)), (fit(self.text, width - 1), self.style_of(self.tone))]


class FindInput(Input):
    """The text field of the search."""

    HELP_NAME: ClassVar[str] = "find"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "keep", "Keep search", key_display="enter"),
        Binding("escape", "clear", "Clear search"),
    ]

    def action_keep(self) -> None:
        self._pane.keep()

    def action_clear(self) -> None:
        self.value = ""
        self._pane.keep()

    @property
    def _pane(self) -> LogPane:
        return next(above for above in self.ancestors if isinstance(above, LogPane))


class LogPane(Widget):
    """``find`` opens the search line; what is found is marked while one types."""

    DEFAULT_CSS = """
    LogPane { width: 1fr; height: 1fr; layout: vertical; }
    LogPane LogView { padding: 0 1; }
    LogPane #find-line { height: 1; width: 1fr; display: none; background: $surface; }
    LogPane #find-sign { width: 7; color: $accent; text-style: bold; background: $surface; }
    LogPane FindInput { width: 1fr; background: $surface; border: none; height: 1; padding: 0; }
    LogPane FindInput:focus { background-tint: transparent; border: none; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.log_view = LogView()
        self._title = LogTitle()
        self._field = FindInput(compact=True, max_length=MOST_TYPED, select_on_focus=False)
        self._field.cursor_blink = False
        self._about: object = None
        self._note = ""

    def compose(self) -> ComposeResult:
        yield self._title
        yield self.log_view
        with Horizontal(id="find-line"):
            yield Static(" find: ", id="find-sign", markup=False)
            yield self._field

    def tell(self, about: object, lines: Sequence[str], tones: Sequence[Tone], *, note: str, empty: str) -> None:
        """Show the log of ``about``; another one begins at its end. ``empty`` stands there while it has no lines."""
        if about != self._about:
            self._about = about
            self.log_view.start_over()
        self._note = note
        self.log_view.say_when_empty(empty)
        self.log_view.set_lines(lines, tones)
        self._say()

    @property
    def word(self) -> str:
        """What is looked for; empty when nothing is."""
        return self._field.value

    @property
    def title(self) -> str:
        """What stands above the log."""
        return self._title.text

    def find(self) -> None:
        """Open the search line and give it the keys."""
        self.query_one("#find-line").display = True
        self.screen.set_focus(self._field)

    def next_hit(self, step: int) -> None:
        """Go to the next hit (1) or the one before (-1)."""
        around = self.log_view.next_hit(step)
        self._say(("from the first line again" if step > 0 else "from the last line again") if around else "")

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.log_view.look_for(event.value)
        self._say()

    def keep(self) -> None:
        """Give the keys to the log; what was looked for stays marked."""
        self.query_one("#find-line").display = bool(self.word)
        self.screen.set_focus(self.log_view)
        self.screen.refresh_bindings()

    def _say(self, around: str = "") -> None:
        if not self.word:
            self._title.say(self._note)
            return
        hits, hit = self.log_view.hits, self.log_view.hit
        place = f"{hits.index(hit) + 1} of {len(hits)}" if hit in hits else f"{len(hits)}"
        found = f"{place} lines with «{self.word}»" if hits else f"no line with «{self.word}»"
        self._title.say(
            "  ".join(part for part in (found, around, self._note) if part), Tone.ACCENT if hits else Tone.WARN
        )
