"""Keys behind one that is stuck, and a mouse beside keys: nothing is lost, nothing overtakes."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import pytest
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget

from proxtui.kit import in_turn
from proxtui.kit.app import LiveApp
from tests.turns import turns


class Stuck(Widget):
    """Has the keys; what ``a`` does waits until the test lets it go on."""

    can_focus = True
    DEFAULT_CSS = "Stuck, Beside { height: 3; }"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("a", "wait", "Wait"), Binding("b", "do", "Do")]

    class Waited(Message):
        """An action is obeyed by the app, which must not stand still; what it leads to is done here."""

    def action_wait(self) -> None:
        self.post_message(self.Waited())

    async def on_stuck_waited(self) -> None:
        app = self.app
        assert isinstance(app, Turns)
        await app.may_go_on.wait()
        app.done.append("a")

    def action_do(self) -> None:
        self.app.done.append("b")  # type: ignore[attr-defined]


class Beside(Widget):
    def on_click(self) -> None:
        self.app.done.append("click")  # type: ignore[attr-defined]


class Turns(LiveApp):
    """Writes down what was done."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+q", "leave", "Leave", priority=True)]

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []
        self.may_go_on = asyncio.Event()

    def compose(self) -> ComposeResult:
        yield Stuck()
        yield Beside()

    def action_leave(self) -> None:
        self.done.append("leave")

    def type(self, *keys: str) -> None:
        for key in keys:
            self.post_message(events.Key(key, key if len(key) == 1 else None))

    def click(self) -> None:
        at = self.query_one(Beside).region
        for kind in (events.MouseDown, events.MouseUp):
            self.post_message(kind(None, at.x, at.y, 0, 0, 1, False, False, False, at.x, at.y))

    def become_impatient(self) -> None:
        """As when the first key has had its time."""
        self.call_later(self._in_turn._give_up, self._in_turn._turn)


async def until_done(app: Turns, *wanted: str) -> None:
    """pytest's own timeout ends a wait for nothing; a pilot would wait for the widget that is stuck."""
    while len(app.done) < len(wanted):
        await turns()
    assert app.done == list(wanted)


@pytest.fixture(autouse=True)
def _no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_turn, "PATIENCE", 3600.0)


async def test_behind_a_stuck_key_all_have_waited_once_and_the_key_to_leave_is_obeyed() -> None:
    app = Turns()
    async with app.run_test():
        app.type("a", "b", "b", "ctrl+q")
        await turns()
        assert app.done == []
        app.become_impatient()
        await until_done(app, "leave")
        app.may_go_on.set()
        await until_done(app, "leave", "a", "b", "b")


async def test_a_click_waits_for_the_keys_before_it_and_the_keys_after_it_for_the_click() -> None:
    app = Turns()
    async with app.run_test():
        app.type("a")
        app.click()
        app.type("ctrl+q")
        await turns()
        assert (app.done, app.is_typing) == ([], True)
        app.may_go_on.set()
        await until_done(app, "a", "click", "leave")


async def test_a_click_alone_waits_for_nothing() -> None:
    app = Turns()
    async with app.run_test():
        app.click()
        await until_done(app, "click")
        assert not app.is_typing
