"""The pages of the first run: fields, a certificate to judge, a test that one watches. Each covers the one before."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from proxtui.core.rows import Tone
from proxtui.kit.dialog import DEAF, Dialog
from proxtui.kit.form_fields import Entered, Left, Line, Picker
from proxtui.kit.form_model import Asked
from proxtui.kit.one_line import Notice
from proxtui.kit.safe import plain
from proxtui.tui.wizard_answers import Problems, Texts

if TYPE_CHECKING:
    from proxtui.pve.stages import Stage

A = TypeVar("A")
Check = Callable[[Texts], Problems]
Shown = Callable[[Texts], frozenset[str]]
"""The names of the fields that are not asked for, as long as the others stand so."""
Follows = Mapping[str, tuple[str, Callable[[str], str]]]
"""By field: of which other one it is made, and how."""
BORDER = 2
"""Lines of the frame."""
LEAST = 3
"""Lines of the middle, however low the terminal is."""
SIGNS = {"ok": "✓", "failed": "✗", "skipped": "·"}


def lines_of(texts: Sequence[str]) -> Content:
    """Foreign lines, one below the other."""
    return Content("\n").join(plain(text) for text in texts)


class Middle(VerticalScroll, can_focus=False):
    """Scrolls; whenever it or what is in it gets another size, what has the keys is in sight."""

    def on_resize(self) -> None:
        self._show_focused()

    def watch_virtual_size(self) -> None:
        self.call_later(self._show_focused)

    def _show_focused(self) -> None:
        if self.is_attached and self.screen.focused is not None:
            self.screen.focused.scroll_visible(animate=False)


class Page(Dialog[A]):
    """A title, what is to be known, and below it what the page is for; the last lines are news and keys."""

    HELP_NAME: ClassVar[str] = "first run"
    KEYS: ClassVar[str] = ""
    DEFAULT_CSS = """
    Page { background: $background; }
    Page > .dialog { width: 78; max-width: 100%; max-height: 100%; }
    Page .intro { height: auto; width: 1fr; color: $foreground 80%; margin-bottom: 1; }
    Page #middle { height: auto; }
    Page #news { height: auto; max-height: 5; width: 1fr; }
    Page #news.-bad { color: $error; }
    Page #news.-warn { color: $warning; }
    """

    def __init__(self, title: str, intro: Sequence[str] = (), *, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(clock=clock)
        self._title, self._intro = title, intro
        self.keys = self.KEYS
        """What can be pressed, in the last line."""
        self.news, self._tone = "", Tone.MUTED
        """What stands above the keys."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as frame:
            frame.border_title = plain(self._title)
            with Middle(id="middle"):
                if self._intro:
                    yield Static(lines_of(self._intro), classes="intro")
                yield from self.middle()
            yield Static("", id="news", markup=False)
            yield Static(self.keys, classes="dialog-keys", markup=False)

    def middle(self) -> Iterable[Line | Static | Notice]:
        """What the page is for."""
        return ()

    def say(self, text: str, tone: Tone = Tone.MUTED) -> None:
        """Show some lines above the keys; an empty text takes them away."""
        self.news, self._tone = text, tone
        if self.is_mounted:
            self._show_news()
            self.call_after_refresh(self._fit)

    def busy(self, text: str) -> None:
        """Say what is waited for; only escape is heard until then."""
        self.waiting = True
        self.say(text)

    def on_mount(self) -> None:
        self._show_news()

    def on_resize(self) -> None:
        # The first size may come before the parts do.
        self.call_after_refresh(self._fit)

    def _show_news(self) -> None:
        # An app that is ending mounts no parts any more.
        for news in self.query("#news").results(Static):
            news.update(plain(self.news))
            news.display = bool(self.news)
            news.set_class(self._tone is Tone.BAD, "-bad")
            news.set_class(self._tone is Tone.WARN, "-warn")

    def _fit(self) -> None:
        """Leave room for the news and the keys: what is between them and the top scrolls. Without parts, nothing."""
        others = [one for one in self.query(".dialog > Static") if one.display]
        room = self.size.height - BORDER - sum(one.outer_size.height for one in others)
        self.query("#middle").set_styles(max_height=max(LEAST, room))


class Form(Page[Texts]):
    """Fields; answers with their texts once nothing is wrong with them."""

    KEYS: ClassVar[str] = "enter next   ctrl+s goes on   up, down fields   esc one step back"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "submit", "Go on"),
        # Before what enter means to the field itself (priority).
        Binding("enter", "onward", "Next", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        asked: Sequence[Asked],
        check: Check,
        *,
        texts: Mapping[str, str] | None = None,
        intro: Sequence[str] = (),
        hidden: Shown | None = None,
        follows: Follows | None = None,
    ) -> None:
        """``texts`` stand in the fields at first. ``hidden`` says which fields are not meant at the moment.

        ``follows``: a field that nobody wrote into is made of another one.
        """
        super().__init__(title, intro)
        said = texts or {}
        self.lines = [Line(one, said.get(one.name, one.default)) for one in asked]
        self._check, self._hidden, self._follows = check, hidden, follows or {}
        self._made: dict[str, str] = {}
        self._judged = False

    def middle(self) -> Iterable[Line]:
        return self.lines

    def on_mount(self) -> None:
        self._fold()
        self.set_focus(self.lines[0].field)

    @property
    def texts(self) -> dict[str, str]:
        """What stands in the fields."""
        return {line.asked.name: line.text for line in self.lines}

    def put(self, name: str, text: str) -> None:
        """Write into a field."""
        next(line for line in self.lines if line.asked.name == name).field.put(text)

    def refuse(self, problems: Mapping[str, str]) -> None:
        """Show what is wrong at the fields, and go to the first."""
        if self.waiting:
            self.again()
        known = {line.asked.name for line in self.lines}
        for line in self.lines:
            line.say(problems.get(line.asked.name, ""))
        self.say("; ".join(text for name, text in problems.items() if name not in known), Tone.BAD)
        first = next((line for line in self.lines if line.asked.name in problems), None)
        if first is not None:
            self.set_focus(first.field)

    def action_submit(self) -> None:
        """Hand the texts on, or show what is wrong."""
        self._judged = True
        problems = self._check(self.texts)
        self.refuse(problems)
        if not problems:
            self.give(self.texts)

    def action_onward(self) -> None:
        """The next field; behind the last one the next page."""
        shown = [line for line in self.lines if line.display]
        if not shown or shown[-1].field.has_focus:
            self.action_submit()
        else:
            self.focus_next()

    @on(Input.Changed)
    @on(Picker.Changed)
    def _changed(self, event: Input.Changed | Picker.Changed) -> None:
        event.stop()
        self._fold()
        for name, (source, make) in self._follows.items():
            texts = self.texts
            if texts[name] == self._made.get(name, "") and (made := make(texts[source])) != texts[name]:
                self._made[name] = made
                self.put(name, made)
        if self._judged and any(line.problem for line in self.lines):
            problems = self._check(self.texts)
            for line in self.lines:
                if line.problem:
                    line.say(problems.get(line.asked.name, ""))

    def _fold(self) -> None:
        hidden = self._hidden(self.texts) if self._hidden is not None else frozenset()
        for line in self.lines:
            line.display = line.asked.name not in hidden

    def on_entered(self, event: Entered) -> None:
        event.stop()
        line = next(line for line in self.lines if line.asked.name == event.name)
        if line.asked.description and not self.waiting and not any(one.problem for one in self.lines):
            self.say(line.asked.description)

    def on_left(self, event: Left) -> None:
        event.stop()


class Trust(Page[bool]):
    """A certificate that somebody has to judge; a paste, or a key that was typed ahead, is no judgement."""

    DEAF: ClassVar[float] = DEAF
    TAKES_PASTE: ClassVar[bool] = False
    DECISIVE: ClassVar[frozenset[str]] = frozenset({"y", "enter"})
    KEYS: ClassVar[str] = "y trusts it   esc one step back"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "trust", "Trust it"),
        Binding("enter", "go_on", "Go on", show=False),
    ]

    def __init__(self, title: str, facts: Sequence[tuple[str, str]], *, is_known: bool) -> None:
        """``is_known``: this system trusts it already, so that enter is enough."""
        intro = (
            ("This system trusts the certificate: one of its authorities signed it, and the name fits.",)
            if is_known
            else (
                "Nobody here knows who signed this certificate. Compare the SHA-256 with what `pvenode cert info` "
                "says on the node. Nothing was sent to it yet.",
            )
        )
        super().__init__(title, intro)
        self.facts, self._is_known = facts, is_known
        if is_known:
            self.keys = "enter, y go on   esc one step back"

    def middle(self) -> Iterable[Static]:
        for label, text in self.facts:
            yield Static(plain(f"{label:<13}{text}"))

    def action_trust(self) -> None:
        self.give(True)

    def action_go_on(self) -> None:
        """Enter is too quick an answer for a certificate that nobody knows."""
        if self._is_known:
            self.give(True)
        else:
            self.say("y trusts this certificate, and no other one", Tone.WARN)


class Watch(Page[bool]):
    """A test that goes on by itself, line by line; what came out of it decides what enter means."""

    KEYS: ClassVar[str] = "testing ...   esc one step back"
    DEAF: ClassVar[float] = DEAF
    TAKES_PASTE: ClassVar[bool] = False
    DECISIVE: ClassVar[frozenset[str]] = frozenset({"enter", "r", "s"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go_on", "Go on"),
        Binding("s", "save_anyway", "Save anyway"),
        Binding("r", "repeat", "Test again"),
        Binding("up,k", "roll(-1)", "Up", show=False),
        Binding("down,j", "roll(1)", "Down", show=False),
    ]

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self.ended: bool | None = None
        """Whether all went well; None until it has ended."""
        self.told: list[str] = []

    def middle(self) -> Iterable[Static]:
        yield Static("", id="stages", markup=False)

    def begin(self) -> None:
        """Forget what an earlier test has told."""
        self.ended = None
        self.told.clear()
        self.say("")
        self._tell(self.KEYS)

    def hear(self, stage: Stage) -> None:
        """One stage has ended."""
        took = "" if stage.ms is None else f" {stage.ms:.0f} ms"
        self.told.append(f"{SIGNS[stage.state]} {stage.name:<8}{took:>8}  {stage.line}")
        self._tell(self.KEYS)

    def end(self, verdict: str, lines: Sequence[str], *, good: bool) -> None:
        """All stages have."""
        self.ended = good
        self.told += ["", *lines]
        self.say(verdict, Tone.PLAIN if good else Tone.BAD)
        self._tell(
            "enter goes on   r tests again   esc one step back"
            if good
            else "esc corrects it   r tests again   s goes on all the same"
        )

    def _tell(self, keys: str) -> None:
        if self.is_mounted:
            self.query_one("#stages", Static).update(lines_of(self.told))
            self.call_after_refresh(self.query_one("#middle").scroll_end, animate=False)
            self.query_one(".dialog-keys", Static).update(keys)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        wanted = {"go_on": self.ended is True, "save_anyway": self.ended is False, "repeat": self.ended is not None}
        return wanted[action] if action in wanted else super().check_action(action, parameters)

    def action_go_on(self) -> None:
        self.give(True)

    def action_save_anyway(self) -> None:
        self.give(True)

    def action_roll(self, lines: int) -> None:
        """Scroll what has no room."""
        self.query_one("#middle").scroll_relative(y=lines, animate=False)

    def action_repeat(self) -> None:
        self.give(False)
