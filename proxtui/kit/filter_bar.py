"""The line that opens with ``/``: filters while one types, says at once what it does not understand.

What cannot be understood filters nothing: until it is mended, the filter that was kept last is in force.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from proxtui.core.filters import EVERYTHING, MAX_LENGTH, Filter, parse
from proxtui.core.rows import Tone
from proxtui.errors import UsageError
from proxtui.kit.history import History
from proxtui.kit.key_names import key_of
from proxtui.kit.one_line import Notice


class FilterChanged(Message):
    """Another filter is in force."""

    def __init__(self, wanted: Filter) -> None:
        super().__init__()
        self.filter = wanted

    @property
    def text(self) -> str:
        """As typed."""
        return self.filter.text

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, FilterChanged)


class FilterInput(Input):
    """The text field of the filter."""

    HELP_NAME: ClassVar[str] = "filter"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "keep", "Keep filter", key_display="enter"),
        Binding("escape", "clear", "Clear filter"),
        Binding("up", "older", "Earlier filters", show=False),
        Binding("down", "newer", "Later filters", show=False),
    ]

    class Cleared(Message):
        """Escape was pressed."""

    def on_blur(self) -> None:
        # Without a new owner of the keys it is the whole terminal that lost them for a while.
        if self.screen.focused not in (None, self):
            self.bar.left_behind()

    def action_keep(self) -> None:
        self.bar.keep(self.value)

    def action_clear(self) -> None:
        self.post_message(self.Cleared())

    def action_older(self) -> None:
        self._put(self.bar.history.older(self.value))

    def action_newer(self) -> None:
        self._put(self.bar.history.newer(self.value))

    @property
    def bar(self) -> FilterBar:
        """The widget around it."""
        return next(above for above in self.ancestors if isinstance(above, FilterBar))

    def _put(self, text: str) -> None:
        self.value = text
        self.cursor_position = len(text)


class FilterBar(Widget):
    """Hidden while there is no filter; stays in sight, without the focus, while one is kept."""

    HELP_NAME: ClassVar[str] = "filter"
    DEFAULT_CSS = """
    FilterBar { height: auto; width: 1fr; display: none; background: $surface; }
    FilterBar #filter-line { height: 1; width: 1fr; }
    FilterBar #filter-sign { width: 3; color: $accent; text-style: bold; background: $surface; }
    FilterBar #filter-end { width: auto; color: $foreground 70%; background: $surface; padding: 0 1; }
    FilterBar FilterInput { width: 1fr; background: $surface; border: none; height: 1; padding: 0; }
    FilterBar FilterInput:focus { background-tint: transparent; border: none; }
    """

    def __init__(self, give_back: Callable[[], None], *, id: str | None = None) -> None:
        """``give_back`` is called when the line needs the keys no more."""
        super().__init__(id=id)
        self.give_back = give_back
        self.history = History()
        self._filter = EVERYTHING
        self._kept = EVERYTHING
        """The one that was in force when somebody began to type."""
        self._error = ""
        self._is_made = False

    @property
    def _field(self) -> FilterInput:
        """The text field. The line is made when it is first needed: unseen, it would only hold up the first picture."""
        if not self._is_made:
            self._is_made = True
            line, field = Horizontal(id="filter-line"), FilterInput(compact=True, max_length=MAX_LENGTH)
            field.select_on_focus = field.cursor_blink = False
            self.mount(line, Notice(id="filter-error"))
            line.mount(Static(" / ", id="filter-sign", markup=False), field, Static(id="filter-end", markup=False))
        return self.query_one(FilterInput)

    @property
    def filter(self) -> Filter:
        """The one in force."""
        return self._filter

    @property
    def error(self) -> str:
        """What is wrong with what stands there; empty when nothing is."""
        return self._error

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._say_way_out)

    def open(self) -> None:
        """Show the line and give it the keys."""
        self._kept = self._filter
        self.history.rewind()
        self.display = True
        self.screen.set_focus(self._field)

    def keep(self, text: str) -> None:
        """Keep this filter and give the keys back; one that cannot be understood is not taken, and that is said."""
        self._read(text)
        if self._error:
            self.query_one(Notice).say(f"not taken: {self._error}", Tone.BAD)
            return
        self._kept = self._filter
        if text.strip():
            self.history.add(text.strip())
        self._leave()

    def clear(self) -> None:
        """Take the filter away and fold up."""
        self._write("")
        self._kept = EVERYTHING
        self._read("")
        self._leave()

    def left_behind(self) -> None:
        """Something else has the keys, as after a click: what stands there stays in sight, an empty line does not."""
        self.display = bool(self._field.value)

    def put(self, text: str) -> None:
        """Filter by this without asking for the keys; a text that cannot be understood stays with its error."""
        self._write(text)
        self._read(text)
        self._kept = self._filter
        self.display = bool(text)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._read(event.value)
        # Characters that were typed before enter may arrive after the keys were given back.
        self.display = bool(event.value) or self.query_one(FilterInput).has_focus

    def on_filter_input_cleared(self, event: FilterInput.Cleared) -> None:
        event.stop()
        self.clear()

    def _write(self, text: str) -> None:
        if text or self._is_made:
            field = self._field
            with field.prevent(Input.Changed):
                field.value = text

    def _read(self, text: str) -> None:
        try:
            wanted = parse(text)
        except UsageError as error:
            self._error = str(error)
            wanted = self._kept
            rest = f"in force: {wanted.text}" if wanted else "nothing is filtered"
            self.query_one(Notice).say(f"{self._error} - {rest}", Tone.WARN)
        else:
            self._error = ""
            if self._is_made:
                self.query_one(Notice).say("")
        if wanted != self._filter:
            self._filter = wanted
            self.post_message(FilterChanged(wanted))

    def _say_way_out(self, screen: Screen[object]) -> None:
        """How to be rid of the filter: with escape, where that does nothing else first."""
        if not self._is_made:
            return
        typing = self._field.has_focus
        way = screen.active_bindings.get("escape")
        direct = way is not None and way.binding.action == "back"
        words = "esc clears" if direct else f"{key_of(screen, 'filter', '/')} esc clears"
        self.query_one("#filter-end", Static).update("" if typing else words)

    def _leave(self) -> None:
        self.display = bool(self._filter.text)
        self.give_back()
