"""The menu of what can be done: letters, reasons, marked rows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from proxtui.core.model import ServerRef
from proxtui.core.operation import Operation, Target
from proxtui.kit.app import LiveApp
from proxtui.kit.menu import ActionMenu, Choice
from proxtui.kit.menu_entries import entries_of
from tests.kit.changes import ALL, CLONE, DELETE, SHUTDOWN, START, operation, vm
from tests.kit.fakes import lines_of

BOTH = pytest.mark.parametrize("size", [(80, 24), (160, 50)])


def refusal(one: Operation, target: Target) -> str | None:
    if one is START:
        return "is running already"
    return "Clone: needs role admin in acme, you are operator" if one is CLONE and target.id == "100" else None


class MenuApp(LiveApp):
    """One menu, and what was chosen."""

    def __init__(self, *targets: Target) -> None:
        super().__init__()
        self.menu = ActionMenu("VM 100 web", entries_of(ALL, targets or (vm(),), refusal))
        self.answers: list[Choice | None] = []

    def on_mount(self) -> None:
        self.run_worker(self._ask())

    async def _ask(self) -> None:
        while True:
            self.answers.append(await self.menu.ask(self))

    @property
    def chosen(self) -> list[str | None]:
        return [answer and answer.entry.operation.verb for answer in self.answers]


def test_reasons_stand_where_it_cannot_be_done_and_other_kinds_are_left_out() -> None:
    entries = {entry.operation.verb: entry for entry in entries_of(ALL, [vm()], refusal)}
    assert set(entries) == {"start", "shutdown", "delete", "clone", "config"}
    assert (entries["start"].targets, entries["start"].why, entries["start"].muted) == ((), "is running already", True)
    # The label stands beside it already.
    assert entries["clone"].why == "needs role admin in acme, you are operator"
    assert (entries["delete"].targets, entries["delete"].why) == ((vm(),), "")


def test_of_many_it_is_done_to_those_it_can_be_done_to() -> None:
    entries = {entry.operation.verb: entry for entry in entries_of(ALL, [vm(), vm(101), vm(102)], refusal)}
    assert entries["clone"].targets == (vm(101), vm(102))
    assert entries["clone"].why.startswith("for 2 of 3: needs role admin")
    create = operation("create", "Create", creates=True)
    assert entries_of([create], [vm(), vm(101)], lambda *_: None) == []


def test_letters_are_its_own_or_free_ones() -> None:
    one, two, three = operation("a", "Stop", key="s"), operation("b", "Suspend", key="s"), operation("c", "Us")
    assert [entry.letter for entry in entries_of([one, two, three], [vm()], lambda *_: None)] == ["s", "u", "U"]


@BOTH
async def test_the_menu_tells_why_and_runs_nothing_then(size: tuple[int, int]) -> None:
    app = MenuApp()
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        shown = "\n".join(lines_of(app.menu._table))
        assert "is running already" in shown
        assert "Shut down" in shown
        await pilot.press("s")
        await pilot.pause()
        assert app.answers == []
        assert app.menu._notice.text == "Start: is running already"


async def test_letters_enter_and_escape() -> None:
    app = MenuApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("d")
        # The cursor begins on what can be done; from the letter on it stands there.
        await pilot.press("down", "enter")
        await pilot.press("f2")
        await pilot.press("escape")
        await pilot.pause()
        assert app.chosen == ["shutdown", "delete", "delete", None]
        assert [answer.rehearse for answer in app.answers if answer] == [False, False, True]


async def test_a_line_of_keys_that_is_cut_says_so() -> None:
    app = MenuApp()
    async with app.run_test(size=(50, 14)) as pilot:
        await pilot.pause()
        assert app.menu.query_one(".dialog-keys").render_line(0).text.rstrip().endswith("…")


async def test_letters_are_text_in_the_filter() -> None:
    app = MenuApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("slash", *"del", "enter")
        await pilot.pause()
        assert app.chosen == ["delete"]
        await pilot.press("escape")
        assert app.menu._table.shown == 5


def test_a_target_of_another_server_is_another_target() -> None:
    other = Target(ServerRef("zeta", "paris"), vm().kind, "100", "web", "pve1")
    entries = entries_of([SHUTDOWN, DELETE], [vm(), other], lambda _one, target: "no" if target == other else None)
    assert [entry.targets for entry in entries] == [(vm(),), (vm(),)]


@BOTH
async def test_it_begins_at_the_top_though_the_first_cannot_be_done(size: tuple[int, int]) -> None:
    many = [START, *(operation(f"one{at}", f"One {at}") for at in range(30))]
    app = MenuApp()
    app.menu = ActionMenu("VM 100 web", entries_of(many, [vm()], refusal))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        table = app.menu._table
        assert (table.rows.cursor, table.first_line) == (1, 0)
        # The last one is still found by scrolling.
        table.move(30)
        await pilot.pause()
        assert table.first_line == 31 - table.page


async def test_a_wide_screen_shows_what_an_action_does_to_its_end() -> None:
    summary = "Shut down every guest that runs, or those that are named; by default hard when they take too long."
    app = MenuApp()
    app.menu = ActionMenu("node pve1", entries_of([replace(DELETE, summary=summary)], [vm()], refusal))
    async with app.run_test(size=(160, 50)) as pilot:
        await pilot.pause()
        shown = "\n".join(lines_of(app.menu._table))
        assert summary in shown
        assert "asks for the name" in shown
