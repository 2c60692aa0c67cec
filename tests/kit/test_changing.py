"""From a key on a row to the gate: what is asked on the way, and what is told afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from proxtui.core.operation import Risk
from proxtui.core.run import RunState
from proxtui.errors import InvalidInput, TaskFailed, ValidationError
from proxtui.kit.confirm import Confirm
from proxtui.kit.diff_view import DiffView, differences
from proxtui.kit.form import ParamsForm
from proxtui.kit.form_fields import Line
from proxtui.kit.header_bar import HeaderBar
from proxtui.kit.live_table import LiveTable
from proxtui.kit.menu import ActionMenu
from proxtui.kit.prepared import Prepared
from proxtui.kit.rehearsal_view import RehearsalView
from tests.kit.changes import ChangeableRuntime, DeskApp, GuestsView

BOTH = pytest.mark.parametrize("size", [(80, 24), (160, 50)])


class Stage:
    """The app, its keys, and what the gate was handed."""

    def __init__(self, app: DeskApp, pilot: Pilot[None], runtime: ChangeableRuntime) -> None:
        self.app, self.pilot, self.runtime, self.gate = app, pilot, runtime, runtime.gate

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def until(self, seen: Any) -> None:
        """pytest's own timeout ends a wait for nothing."""
        while not seen():
            await self.pilot.pause(0.01)

    async def at(self, kind: type) -> Any:
        """Wait until a dialog of this kind has the keys, and make it hear at once."""
        await self.until(lambda: isinstance(self.app.screen, kind))
        dialog: Any = self.app.screen
        dialog._ears.deaf = 0.0
        await self.until(lambda: dialog._ears._open_since is not None)
        dialog._ears.open(0.0)
        return dialog

    @property
    def header(self) -> str:
        return self.app.live.query_one(HeaderBar).render_line(0).text

    @property
    def told(self) -> list[str]:
        return [toast.message for toast in self.app._notifications]

    @property
    def sent(self) -> list[tuple[str, str]]:
        return [(name, vmid) for name, vmid, _, _ in self.gate.submitted]


@asynccontextmanager
async def stage(size: tuple[int, int] = (80, 24), **settings: Any) -> AsyncIterator[Stage]:
    runtime = ChangeableRuntime(**settings)
    app = DeskApp(runtime)
    async with app.run_test(size=size) as pilot:
        acting = Stage(app, pilot, runtime)
        await acting.until(lambda: isinstance(app.focused, LiveTable))
        # Names sort db, db, mail, mail, web, web.
        await acting.press("G")
        yield acting


@BOTH
async def test_a_safe_change_is_sent_at_once_and_its_end_is_told_once(size: tuple[int, int]) -> None:
    async with stage(size) as acting:
        await acting.press("m", "s")
        await acting.until(lambda: acting.gate.submitted)
        assert acting.sent == [("guests.start", "100")]
        await acting.until(lambda: "1 RUNNING" in acting.header)
        assert acting.app.screen is acting.app.live
        acting.gate.move(acting.gate.runs[0], RunState.OK)
        await acting.until(lambda: acting.told)
        await acting.pilot.pause()
        assert acting.told == ["Start VM 100 web on pve1: ok"]
        assert "RUNNING" not in acting.header


async def test_what_failed_is_told_with_its_log_wherever_one_is() -> None:
    async with stage() as acting:
        await acting.press("m", "s")
        await acting.until(lambda: acting.gate.runs)
        await acting.press("2")
        run = acting.gate.runs[0]
        run.log_tail = ("can't lock file: got timeout",)
        acting.gate.move(run, RunState.FAILED, "VM is locked (backup)", TaskFailed("VM is locked (backup)"))
        await acting.until(lambda: acting.told)
        assert acting.told == ["Start VM 100 web on pve1: failed: VM is locked (backup) (can't lock file: got timeout)"]


async def test_the_letter_may_come_in_one_piece_with_the_menu_key_but_not_the_answer() -> None:
    async with stage() as acting:
        await acting.pilot.press("m", "d", "y")
        await acting.until(lambda: isinstance(acting.app.screen, Confirm))
        await acting.pilot.pause()
        assert acting.sent == []
        await acting.at(Confirm)
        # Another key in between: y is not being held down.
        await acting.press("f9", "y")
        await acting.until(lambda: acting.sent)
        assert acting.sent == [("guests.shutdown", "100")]


@BOTH
async def test_deleting_wants_the_name_and_escape_leads_back_step_by_step(size: tuple[int, int]) -> None:
    async with stage(size) as acting:
        await acting.press("m", "x")
        await acting.at(Confirm)
        await acting.press("escape")
        assert isinstance(acting.app.screen, ActionMenu)
        await acting.press("x")
        await acting.at(Confirm)
        await acting.press(*"web", "enter")
        await acting.until(lambda: acting.sent)
        assert acting.sent == [("guests.delete", "100")]
        await acting.until(lambda: acting.app.screen is acting.app.live)


async def test_the_configuration_can_make_it_harder() -> None:
    async with stage() as acting:
        acting.runtime.policy.harder["guests.start"] = Risk.DISTURBS
        acting.runtime.policy.refused["guests.delete"] = "Delete: needs role admin in acme, you are operator"
        await acting.press("m", "x", "s")
        question = await acting.at(Confirm)
        assert question.question.lines[0] == "Start VM 100 web on pve1?"
        assert acting.sent == []


@BOTH
async def test_a_form_sends_its_parameters(size: tuple[int, int]) -> None:
    async with stage(size) as acting:
        await acting.press("m", "c")
        form = await acting.at(ParamsForm)
        assert "node" not in form.texts
        await acting.press("ctrl+s")
        assert acting.sent == []
        await acting.press(*"123", "ctrl+s")
        await acting.until(lambda: acting.sent)
        name, vmid, params, _ = acting.gate.submitted[0]
        assert (name, vmid, params.newid, params.node) == ("guests.clone", "100", 123, "pve1")
        await acting.until(lambda: acting.app.screen is acting.app.live)


@pytest.mark.parametrize(
    "error", [InvalidInput("newid", 123, "already used"), ValidationError("no", errors={"newid": "already used"})]
)
async def test_what_is_refused_comes_back_to_the_form_with_all_that_was_typed(error: Any) -> None:
    async with stage() as acting:
        acting.gate.error = error
        await acting.press("m", "c")
        form = await acting.at(ParamsForm)
        await acting.press(*"123", "ctrl+s")
        await acting.until(lambda: any(line.problem for line in form.query(Line)))
        assert form.query(Line).first().problem == "already used"
        assert (form.texts["newid"], acting.told) == ("123", [])
        acting.gate.error = None
        await acting.press("4", "ctrl+s")
        await acting.until(lambda: len(acting.sent) == 2)
        await acting.until(lambda: acting.app.screen is acting.app.live)


async def test_who_leaves_while_it_is_sent_hears_of_it_all_the_same() -> None:
    async with stage() as acting:
        acting.gate.pause = asyncio.Event()
        acting.gate.error = ValidationError("no", errors={"newid": "already used"})
        await acting.press("m", "c")
        await acting.at(ParamsForm)
        await acting.press(*"123", "ctrl+s")
        await acting.until(lambda: acting.sent)
        await acting.press("4", "escape")
        await acting.until(lambda: acting.app.screen is acting.app.live)
        acting.gate.pause.set()
        await acting.until(lambda: acting.told)
        assert "already used" in acting.told[0]


async def test_a_configuration_is_shown_as_it_will_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GuestsView, "prepared", Prepared({"cores": 2}, current={"cores": 2, "cipassword": "**"}))
    async with stage() as acting:
        await acting.press("m", "e")
        await acting.at(ParamsForm)
        await acting.press("ctrl+s")
        form: Any = acting.app.screen
        assert form._notice.text == "nothing would change"
        await acting.press("end", "backspace", "4", "ctrl+s")
        diff = await acting.at(DiffView)
        assert [line for one in diff.found for line in one.lines] == ["- cores: 2", "+ cores: 4"]
        await acting.press("y")
        await acting.until(lambda: acting.sent)
        assert acting.gate.submitted[0][2].cores == 4


def test_secrets_are_masked_and_deleted_keys_are_named() -> None:
    found = differences(
        {"cores": 2, "cipassword": "x", "net0": "virtio"}, {"cipassword": "geheim", "delete": "net0,no"}
    )
    assert [line for one in found for line in one.lines] == [
        "- cipassword: ********",
        "+ cipassword: ********",
        "- net0: virtio",
        "  net0 is deleted",
    ]


async def test_what_would_be_sent_can_be_seen_and_copied_and_nothing_is_sent() -> None:
    async with stage() as acting:
        await acting.press("m", "d")
        await acting.at(Confirm)
        await acting.press("f2")
        view = await acting.at(RehearsalView)
        assert view.lines == ["POST /nodes/pve1/qemu/100/status/start", "    timeout=60"]
        await acting.press("y")
        assert acting.app.clipboard == "\n".join(view.lines)
        await acting.press("escape")
        assert isinstance(acting.app.screen, Confirm)
        assert acting.sent == []


async def test_where_nothing_can_be_done_the_key_is_not_offered() -> None:
    async with stage() as acting:
        await acting.press("2")
        assert "m" not in acting.app.screen.active_bindings
        await acting.press("m")
        assert acting.app.screen is acting.app.live


async def test_write_opens_the_lock_and_the_header_counts_down() -> None:
    async with stage((160, 50), locked=True) as acting:
        assert "READ-ONLY" in acting.header
        await acting.press("colon", *"write 15m", "enter")
        assert acting.runtime.write_lock.open_for == {}
        await acting.press("escape", "colon", *"scope acme", "enter", "colon", *"write 15m disk swap", "enter")
        await acting.until(lambda: "WRITE 15:00" in acting.header)
        assert acting.runtime.write_lock.reasons == ["disk swap"]
        assert "READ-ONLY" not in acting.header
        await acting.press("colon", *"write off", "enter")
        await acting.until(lambda: "READ-ONLY" in acting.header)
