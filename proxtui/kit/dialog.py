"""The base of every dialog before a change: which keys count, and an answer that somebody waits for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen
from textual.widgets import Input

A = TypeVar("A")

DEAF = 0.3
"""Seconds after the first paint in which a question hears nothing: what comes then was typed before it was read."""
ONE_PIECE = 0.004
"""Keys that follow each other faster come out of a paste or a buffer, not from fingers."""
HELD = 0.1
"""Seconds between two of the same key below which it is being held down."""


class Ears:
    """Tells the keys that somebody pressed after reading from those that only arrived."""

    def __init__(self, deaf: float, decisive: frozenset[str]) -> None:
        """``decisive`` keys decide something, so they must come alone; all times are of one monotonic clock."""
        self.deaf = deaf
        self._decisive = decisive
        self._open_since: float | None = None
        self._last_at = float("-inf")
        self._last_key = ""

    def open(self, now: float) -> None:
        """The question is on the screen."""
        # What is never deaf takes also what was typed ahead.
        self._open_since = now if self.deaf else float("-inf")

    def close(self) -> None:
        """It is not, or it is answered."""
        self._open_since = None

    def hear(self, key: str, at: float) -> bool:
        """Whether this key counts that was pressed at ``at``; an empty key is a paste."""
        gap, again = at - self._last_at, key == self._last_key
        self._last_at, self._last_key = at, key
        if self._open_since is None or at < self._open_since + self.deaf:
            return False
        return key not in self._decisive or not (gap < ONE_PIECE or (again and gap < HELD))


class Dialog(ModalScreen[None], Generic[A]):
    """Stays where it is while the next dialog asks, so that escape leads back to it with everything still there.

    The app asks ``hears`` before it hands out a key.
    """

    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 60%; }
    Dialog > .dialog { width: 76; max-width: 96%; height: auto; max-height: 96%; }
    Dialog > .dialog { border: round $primary; background: $background; padding: 0 1; }
    Dialog .dialog-keys { color: $foreground 70%; height: 1; width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }
    Dialog Input { border: none; height: 1; padding: 0; background: $surface; }
    Dialog Input:focus { background-tint: transparent; border: none; background: $primary 30%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "Cancel")]
    AUTO_FOCUS: ClassVar[str | None] = ""
    """Each says itself who has the keys at first."""
    DEAF: ClassVar[float] = 0.0
    TAKES_PASTE: ClassVar[bool] = True
    DECISIVE: ClassVar[frozenset[str]] = frozenset()
    """Keys that decide when no text field has them."""
    ALWAYS: ClassVar[frozenset[str]] = frozenset({"escape", "ctrl+c", "ctrl+q", "ctrl+l"})
    """Keys that take back, leave or cover everything are heard at any time."""

    def __init__(self, *, deaf: float | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` is the one that events are stamped by."""
        super().__init__()
        self._clock = clock
        self._ears = Ears(self.DEAF if deaf is None else deaf, self.DECISIVE)
        self._answers: asyncio.Queue[A | None] = asyncio.Queue()
        self.has_left = False
        """True once nobody waits for its answer any more."""
        if not self._ears.deaf:
            self._ears.open(clock())
        self.waiting = False
        """True from an answer until the next question: nothing is heard then."""

    def hears(self, event: events.Key | events.Paste) -> bool:
        """Whether a key or a paste counts."""
        key = event.key if isinstance(event, events.Key) else ""
        heard = self._ears.hear("text" if key and self._types(key) else key, event.time)
        if key in self.ALWAYS:
            return True
        return heard and (bool(key) or self.TAKES_PASTE)

    def _types(self, key: str) -> bool:
        return isinstance(self.focused, Input) and key != "enter"

    async def ask(self, app: App[None]) -> A | None:
        """Show it, or let it ask again, and wait for the answer; None when somebody gave up."""
        await self.open(app)
        return await self.answer()

    async def open(self, app: App[None]) -> None:
        """Put it on the screen where it is not yet; the keys that follow are its own."""
        if self.is_attached:
            self.again()
        else:
            await app.push_screen(self)

    def again(self) -> None:
        """Listen again, after an answer that did not settle it."""
        self.waiting = False
        self._listen()

    async def answer(self) -> A | None:
        """The next answer; None when somebody gave up."""
        return await self._answers.get()

    def give(self, answer: A | None) -> None:
        """Answer. What is pressed from now on is lost until it asks again."""
        self.waiting = True
        self._ears.close()
        self._answers.put_nowait(answer)

    def leave(self) -> None:
        """Go away; when something else lies above it, as soon as that has gone."""
        self.has_left = True
        self._ears.close()
        if self.is_attached and self.is_current:
            self.dismiss(None)

    def on_screen_resume(self) -> None:
        if self.has_left:
            self.call_later(self.leave)
        elif not self.waiting:
            # Not before it is painted: until then nobody can have read it.
            self.call_after_refresh(self._listen)

    def _listen(self) -> None:
        if not self.waiting:
            self._ears.open(self._clock())

    def on_screen_suspend(self) -> None:
        self._ears.close()

    def action_give_up(self) -> None:
        """Answer that nothing is to happen."""
        self.give(None)
