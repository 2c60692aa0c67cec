"""The question before a change: what it says, and which keys it does not hear."""

from __future__ import annotations

from typing import Any

import pytest
from textual import events
from textual.widgets import Input

from proxtui.core.operation import Kind, Risk, Target
from proxtui.kit.app import LiveApp
from proxtui.kit.confirm import Confirm, Confirmed
from proxtui.kit.dialog import Ears
from proxtui.kit.questions import question_of
from tests.kit.changes import DELETE, SHUTDOWN, START, operation, vm
from tests.kit.fakes import PARIS

NEVER = 3600.0
"""A dialog that hears nothing for so long."""


class AskApp(LiveApp):
    """One question, and what was answered."""

    def __init__(self, dialog: Confirm) -> None:
        super().__init__()
        self.dialog = dialog
        self.answers: list[Confirmed | None] = []

    def on_mount(self) -> None:
        self.run_worker(self._ask())

    async def _ask(self) -> None:
        while True:
            self.answers.append(await self.dialog.ask(self))

    def paste(self, text: str) -> None:
        """What the terminal sends for a paste."""
        self.post_message(events.Paste(text))


def confirm(*targets: Any, operation: Any = DELETE, deaf: float = 0.0) -> Confirm:
    question = question_of(operation, targets or (vm(),), operation.risk)
    assert question is not None
    return Confirm(question, deaf=deaf)


def test_the_question_names_what_it_is_about_and_where() -> None:
    asked = question_of(DELETE, [vm()], Risk.DESTROYS, ["it has 3 snapshots"])
    assert asked is not None
    assert asked.lines == ("Delete VM 100 web on pve1?", "tenant acme ▸ server berlin", "it has 3 snapshots")
    assert (asked.typed, asked.warning) == ("web", DELETE.summary)


def test_what_is_safe_is_not_asked_but_for_many() -> None:
    assert question_of(START, [vm()], Risk.SAFE) is None
    asked = question_of(START, [vm(), vm(101)], Risk.SAFE)
    assert asked is not None
    assert (asked.lines[0], asked.typed) == ("Start 2 VMs?", "")


def test_many_are_counted_and_their_count_is_typed() -> None:
    asked = question_of(SHUTDOWN, [vm(100 + at, f"web{at}") for at in range(200)], Risk.DISTURBS)
    assert asked is not None
    assert asked.lines[:2] == ("Shut down 200 VMs?", "  VM 100 web0 on pve1")
    assert "  and 192 more" in asked.lines
    assert asked.typed == "shut down 200"
    both = question_of(SHUTDOWN, [vm(), vm(ref=PARIS)], Risk.DISTURBS)
    assert both is not None
    assert both.typed == ""
    assert both.lines[-2:] == ("1 at tenant acme ▸ server berlin", "1 at tenant zeta ▸ server paris")


@pytest.mark.parametrize(
    ("pressed", "heard"),
    [
        ([("y", 100.2)], [False]),
        ([("y", 100.31)], [True]),
        # Out of a buffer: no fingers are that fast.
        ([("n", 101.0), ("y", 101.001)], [True, False]),
        ([("", 101.0), ("y", 101.001)], [True, False]),
        # Held down since before it opened.
        ([("y", 100.28), ("y", 100.31), ("y", 100.34)], [False, False, False]),
        ([("y", 100.2), ("y", 100.5)], [False, True]),
    ],
)
def test_what_counts_as_pressed_after_reading(pressed: list[tuple[str, float]], heard: list[bool]) -> None:
    ears = Ears(0.3, frozenset({"y"}))
    assert not ears.hear("y", 99.0)
    ears.open(100.0)
    assert [ears.hear(key, at) for key, at in pressed] == heard


async def test_yes_and_no() -> None:
    app = AskApp(confirm(operation=SHUTDOWN))
    async with app.run_test(size=(80, 24)) as pilot:
        # What has the keys at first says no.
        await pilot.press("enter")
        await pilot.press("y")
        await pilot.press("n")
        await pilot.press("escape")
        await pilot.press("tab", "enter")
        assert app.answers == [None, Confirmed(), None, None, Confirmed()]


async def test_a_reason_can_be_given() -> None:
    app = AskApp(confirm(operation=SHUTDOWN))
    async with app.run_test(size=(80, 24)) as pilot:
        app.dialog.query_one("#reason").focus()
        await pilot.press(*"why", "enter", "tab", "enter")
        assert app.answers == [Confirmed("why")]


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_what_destroys_wants_the_very_name(size: tuple[int, int]) -> None:
    app = AskApp(confirm())
    async with app.run_test(size=size) as pilot:
        await pilot.press("y", "enter")
        assert app.answers == []
        await pilot.press("backspace", *"we", "enter")
        assert app.answers == []
        await pilot.press("b", "enter")
        assert app.answers == [Confirmed()]


async def test_what_was_said_of_a_wrong_name_goes_with_the_next_key() -> None:
    app = AskApp(confirm())
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"we", "enter")
        assert app.dialog._notice.text == "that is not web: nothing was done"
        await pilot.press("b")
        assert (app.dialog.query_one("#name", Input).value, app.dialog._notice.text) == ("web", "")


async def test_keys_that_were_typed_ahead_do_nothing() -> None:
    app = AskApp(confirm(deaf=NEVER))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"web", "enter", "y", "tab", "tab", "enter")
        assert app.answers == []
        assert app.dialog.query_one("#name", Input).value == ""
        await pilot.press("escape")
        assert app.answers == [None]


async def test_a_paste_does_nothing() -> None:
    app = AskApp(confirm())
    async with app.run_test(size=(80, 24)) as pilot:
        app.paste("web\n")
        await pilot.pause()
        await pilot.press("enter")
        assert app.answers == []
        assert app.dialog.query_one("#name", Input).value == ""


async def test_keys_in_one_piece_do_not_decide() -> None:
    app = AskApp(confirm())
    async with app.run_test(size=(80, 24)) as pilot:
        for key in (*"web", "enter"):
            event = events.Key(key, key if len(key) == 1 else "\r")
            event.time = app.dialog._clock()
            app.post_message(event)
        await pilot.pause()
        assert app.answers == []
        # Alone it counts; what came in between tells that no key is held down.
        await pilot.press("end", "enter")
        assert app.answers == [Confirmed()]


def test_a_kind_that_the_label_names_is_not_named_again() -> None:
    node = Target(PARIS, Kind.NODE, "pve1", "pve1", "pve1")
    reboot = operation("reboot", "Reboot node", Risk.DISTURBS, kinds=frozenset({Kind.NODE}))
    asked = question_of(reboot, [node], Risk.DISTURBS)
    assert asked is not None
    assert (asked.title, asked.lines[0]) == ("Reboot node", "Reboot node pve1?")
    assert (START.of(node), START.of(vm())) == ("Start node pve1", "Start VM 100 web on pve1")
