"""A form made from a parameter model: what is wrong stands at its field, and nothing leaves it until nothing is."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static, TextArea

from proxtui.core.rows import Tone
from proxtui.kit.form_fields import Entered, Fold, Left, Line, Picker, field_of
from proxtui.kit.form_keys import FieldKeys
from proxtui.kit.form_model import asked_of, problems_of, text_of, values_of
from proxtui.kit.one_line import Sentences
from proxtui.kit.prepared import Prepared, Words
from proxtui.kit.safe import plain

if TYPE_CHECKING:
    from pydantic import BaseModel

KEYS = "ctrl+s goes on   f2 shows requests   f1 more help   esc cancels"
AGAIN = "esc again throws away what was typed; any other key goes on"


@dataclass(frozen=True, slots=True)
class Filled:
    """Parameters without a fault."""

    params: Any
    rehearse: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """What the server said to them, by field; under an empty name what belongs to none."""

    problems: Mapping[str, str]


class ParamsForm(FieldKeys[Filled | Refused]):
    """Answers with ``Filled``; ``Refused`` comes back into its queue when the server had something against it."""

    HELP_NAME: ClassVar[str] = "form"
    KEYS: ClassVar[str] = KEYS
    DEFAULT_CSS = """
    ParamsForm > .dialog { width: 84; height: auto; max-height: 96%; }
    ParamsForm #notes { dock: top; height: auto; color: $warning; }
    ParamsForm #below { dock: bottom; height: auto; }
    ParamsForm #fields { height: auto; max-height: 100%; }
    ParamsForm #rare { height: auto; display: none; }
    ParamsForm #told { height: 2; color: $foreground 70%; }
    ParamsForm #told.-all { height: auto; max-height: 8; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "submit", "Go on"),
        Binding("f2", "submit(True)", "Show what would be sent"),
        Binding("f1", "tell_all", "More help"),
    ]

    def __init__(
        self,
        title: str,
        model: type[BaseModel],
        prepared: Prepared | None = None,
        *,
        kind: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``kind`` is that of the guest: fields that it does not have are not asked for."""
        super().__init__(clock=clock)
        self._title = title
        self._model = model
        self._prepared = prepared or Prepared()
        self.asked = asked_of(model, kind, self._prepared.fixed)
        initial = {name: text_of(value) for name, value in self._prepared.initial.items()}
        self._first = {one.name: initial.get(one.name, one.default) for one in self.asked}
        self._left: set[str] = set()
        self._warned = False
        self._notice = Sentences()

    def compose(self) -> ComposeResult:
        rare = [one for one in self.asked if one.rare]
        lines = {one.name: Line(one, self._first[one.name], _words(self._prepared, one.name)) for one in self.asked}
        for name, text in self._prepared.kept.items():
            if name in lines:
                lines[name].hint(text)
        with Vertical(classes="dialog") as frame:
            frame.border_title = plain(self._title)
            yield Static(plain("\n".join(self._prepared.notes)), id="notes")
            with VerticalScroll(id="fields", can_focus=False):
                yield from (lines[one.name] for one in self.asked if not one.rare)
                if rare:
                    yield Fold(len(rare))
                yield Vertical(*(lines[one.name] for one in rare), id="rare")
            with Vertical(id="below"):
                yield Static("", id="told", markup=False)
                yield self._notice
                yield Static(self.KEYS, classes="dialog-keys", markup=False)

    def on_mount(self) -> None:
        self.query_one("#notes").display = bool(self._prepared.notes)
        if any(line.text and line.asked.rare and line.text != line.asked.default for line in self.query(Line)):
            self._unfold()
        # The first field takes the keys at once: letters that were typed ahead belong to it.
        first = next(iter(self.query(Line)), None)
        if first is not None:
            self.set_focus(first.field)
        for name, words in self._prepared.suggestions.items():
            if callable(words):
                self.run_worker(_find(self, name, words), name=f"suggest {name}", group="suggest")

    @property
    def texts(self) -> dict[str, str]:
        """What stands in the fields."""
        return {line.asked.name: line.text for line in self.query(Line)}

    @property
    def problems(self) -> dict[str, str]:
        """What is wrong with it now, by field."""
        return problems_of(self._model, self._values)

    @property
    def _values(self) -> dict[str, Any]:
        return {**values_of(self.asked, self.texts), **self._prepared.fixed}

    def again(self) -> None:
        super().again()
        self.say("")

    def say(self, text: str, tone: Tone = Tone.MUTED) -> None:
        """A line above the keys."""
        self._notice.say(text, tone)

    def busy(self, text: str) -> None:
        """Say what is waited for; only escape is heard until then."""
        self.waiting = True
        self.say(text)

    def refuse(self, problems: Mapping[str, str]) -> None:
        """Show what the server had against it, at the fields as far as they are asked for."""
        self.again()
        lines = {line.asked.name: line for line in self.query(Line)}
        for name, problem in problems.items():
            if name in lines:
                lines[name].say(problem)
        others = [f"{name}: {problem}" if name else problem for name, problem in problems.items() if name not in lines]
        self.say("; ".join(others), Tone.BAD)
        self._go_to_first(problems)

    def action_submit(self, rehearse: bool = False) -> None:
        """Hand the parameters on, or show every fault and go to the first."""
        lines = list(self.query(Line))
        problems = self.problems
        self._left = {line.asked.name for line in lines}
        for line in lines:
            line.say(problems.get(line.asked.name, ""))
        if not problems:
            self.give(Filled(self._model(**self._values), rehearse))
            return
        # What is wrong with the whole, or with what is not asked for.
        rest = [f"{name}: {text}" for name, text in problems.items() if name not in self.texts]
        count = len(problems)
        self.say("; ".join(rest) or f"{count} field{'' if count == 1 else 's'} to put right", Tone.BAD)
        self._go_to_first(problems)

    def action_give_up(self) -> None:
        """Cancel; asked for twice when there is something to lose."""
        if self.waiting or self._warned or self.texts == self._first:
            super().action_give_up()
            return
        self._warned = True
        self.say(AGAIN, Tone.WARN)

    def action_tell_all(self) -> None:
        """Give the help the room it needs, or take it back."""
        self.query_one("#told").toggle_class("-all")

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Picker.Changed)
    def _changed(self, event: Input.Changed | TextArea.Changed | Picker.Changed) -> None:
        event.stop()
        self._warned = False
        line = field_of(self.focused)
        if line is not None and line.problem:
            line.say(self.problems.get(line.asked.name, ""))

    def on_entered(self, event: Entered) -> None:
        event.stop()
        told = next((one.description for one in self.asked if one.name == event.name), "")
        self.query_one("#told", Static).update(plain(told))

    def on_left(self, event: Left) -> None:
        event.stop()
        problem = self.problems.get(event.name, "")
        line = next((line for line in self.query(Line) if line.asked.name == event.name), None)
        if line is not None and (line.text != self._first[event.name] or event.name in self._left):
            self._left.add(event.name)
            line.say(problem)

    def on_fold_opened(self, event: Fold.Opened) -> None:
        event.stop()
        self.show_rare()

    def show_rare(self) -> None:
        self._unfold()
        first = next((line for line in self.query(Line) if line.asked.rare), None)
        if first is not None:
            self.set_focus(first.field)

    def _unfold(self) -> None:
        self.query_one("#rare").display = True
        self.query(Fold).set(display=False)

    def _go_to_first(self, problems: Mapping[str, str]) -> None:
        first = next((line for line in self.query(Line) if line.asked.name in problems), None)
        if first is not None:
            if first.asked.rare:
                self._unfold()
            self.set_focus(first.field)
            # What is told below the fields takes lines from them: the field may have gone out of view under the cursor.
            self.call_after_refresh(first.scroll_visible, animate=False)


def _words(prepared: Prepared, name: str) -> Words:
    words = prepared.suggestions.get(name, ())
    return () if callable(words) else words


async def _find(form: ParamsForm, name: str, ask: Callable[[], Awaitable[Words]]) -> None:
    words = await ask()
    for line in form.query(Line):
        if line.asked.name == name:
            line.suggest(words)
