"""The panel of changes: what runs, how it ended, single changes of a bulk one, logs; and the question at the end."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from proxtui.core.model import ServerRef
from proxtui.core.run import Batch, Run, RunState
from proxtui.kit.confirm import Confirm
from proxtui.kit.leaving import Leaving
from proxtui.kit.run_list import RunList, parts, progress, told
from proxtui.kit.runs_panel import RunsPanel
from proxtui.kit.write_badge import countdown
from proxtui.pve.upid import Upid
from tests.kit.changes import DELETE, START, UPID, operation, vm
from tests.kit.fakes import lines_of
from tests.kit.test_changing import BOTH, Stage, stage

NOW = 1_790_001_010.0


def run(vmid: int = 100, state: RunState = RunState.RUNNING, message: str = "", **known: Any) -> Run:
    made = Run(f"op{vmid}", START, vm(vmid, f"web{vmid}"), **known)
    made.started = NOW - 10
    made.mark(state, message)
    return made


def batch(*states: RunState) -> Batch:
    return Batch(tuple(run(100 + at, state, state.value) for at, state in enumerate(states)))


class FakeReader:
    """Tells lines that a test gives it."""

    def __init__(self) -> None:
        self.lines: tuple[str, ...] = ("starting",)
        self.asked: list[str] = []

    async def more(self, ref: ServerRef, upid: str) -> Sequence[str]:
        self.asked.append(upid)
        return self.lines


def test_what_runs_stands_first_and_rehearsals_are_no_changes() -> None:
    runs = RunList()
    runs.note(run(100, RunState.OK))
    runs.note(run(101, RunState.RUNNING))
    runs.note(run(102, RunState.PLANNED, dry_run=True))
    assert [(row.target, row.seconds) for row in runs.rows(NOW)] == [
        ("VM 101 web101 on pve1", 10.0),
        ("VM 100 web100 on pve1", 10.0),
    ]
    assert len(runs.running) == 1


def test_a_guest_that_was_moved_stands_with_the_node_that_it_is_on() -> None:
    migrate = operation("migrate", "Migrate", moves_to="target")
    for params in ({"target": "pve2"}, SimpleNamespace(target="pve2")):
        one = Run("op1", migrate, vm(100, "web"), params)
        seen: list[str] = []
        for state in (RunState.RUNNING, RunState.FAILED, RunState.OK):
            one.mark(state)
            runs = RunList()
            runs.note(one)
            seen.append(runs.rows(NOW)[0].target)
        assert seen == ["VM 100 web on pve1", "VM 100 web on pve1", "VM 100 web on pve1 → pve2"]
        # HA was told, and moves it in its own time.
        one.upid = Upid(str(UPID).replace("qmstart", "hamigrate"))
        assert one.label == "VM 100 web on pve1"


def test_a_bulk_change_is_one_line_with_its_trouble_first_inside() -> None:
    runs = RunList()
    many = batch(RunState.OK, RunState.RUNNING, RunState.FAILED, RunState.UNKNOWN, RunState.QUEUED)
    for one in many.runs:
        runs.note(one)
    runs.note_batch(many)
    (row,) = runs.rows(NOW)
    assert (row.what, row.target, row.state) == ("Start", "5 guests", RunState.RUNNING)
    assert row.message == "3 of 5: 1 done, 1 failed, 1 not known, 1 running, 1 not sent yet"
    inside = [one.state for one in parts(row, NOW)]
    assert inside[:2] == [RunState.FAILED, RunState.UNKNOWN]
    assert inside[-1] is RunState.OK


def test_ended_changes_are_forgotten_in_the_end_and_running_ones_never() -> None:
    runs = RunList()
    runs.note(run(100, RunState.RUNNING))
    for at in range(600):
        runs.note(run(1000 + at, RunState.OK))
    assert len(runs.rows(NOW)) == 501
    assert len(runs.running) == 1


def test_a_bulk_change_took_from_its_first_to_its_last_and_names_what_went_wrong() -> None:
    many = batch(*[RunState.OK] * 3, *[RunState.FAILED] * 7)
    for at, one in enumerate(many.runs):
        # One after the other, ten seconds each.
        one.started, one.ended = NOW + 10 * at, NOW + 10 * (at + 1)
    runs = RunList()
    runs.note_batch(many)
    (row,) = runs.rows(NOW + 1000)
    assert row.seconds == 100
    assert told(many).split("; ") == [
        "Start: 10 of 10: 3 done, 7 failed",
        *(f"VM {number} web{number} on pve1: failed" for number in range(103, 108)),
        "and 2 more",
    ]
    many.runs[9].mark(RunState.RUNNING)
    assert runs.rows(NOW + 1000)[0].seconds == 1000, "it still goes on"


def test_progress_of_an_ended_one() -> None:
    assert progress(batch(RunState.OK, RunState.WARNINGS, RunState.DENIED)) == (
        "3 of 3: 1 done, 1 with warnings, 1 refused"
    )
    assert [countdown(seconds) for seconds in (872.4, 3900, -1)] == ["14:32", "1:05:00", "0:00"]


async def start_one(acting: Stage) -> Run:
    await acting.press("m", "s")
    await acting.until(lambda: acting.gate.runs)
    found: Run = acting.gate.runs[0]
    return found


async def panel(acting: Stage) -> RunsPanel:
    await acting.press("R")
    await acting.until(lambda: isinstance(acting.app.screen, RunsPanel))
    found: Any = acting.app.screen
    return found


@BOTH
async def test_the_panel_shows_what_runs_and_its_log_after_a_switch_of_views(size: tuple[int, int]) -> None:
    async with stage(size) as acting:
        started = await start_one(acting)
        await acting.press("2")
        shown = await panel(acting)
        reader = shown._reader = FakeReader()
        text = "\n".join(lines_of(shown._table))
        assert "● running" in text
        assert "VM 100 web on pve1" in text
        await acting.press("enter")
        await acting.until(lambda: shown._log.lines)
        assert (shown._log.lines, reader.asked) == (("starting",), [UPID])
        acting.gate.move(started, RunState.FAILED, "VM is locked")
        await acting.until(lambda: "✗ failed" in "\n".join(lines_of(shown._table)))
        await acting.press("escape", "escape")
        assert acting.app.screen is acting.app.live


async def test_a_task_is_stopped_after_a_question() -> None:
    async with stage() as acting:
        await start_one(acting)
        await panel(acting)
        await acting.press("x")
        await acting.at(Confirm)
        await acting.press("y")
        await acting.until(lambda: len(acting.sent) == 2)
        assert acting.sent[1] == ("tasks.stop", UPID)


async def test_marked_rows_are_changed_together_after_one_question() -> None:
    async with stage() as acting:
        view: Any = acting.app.live.front
        everything = view.table.rows.all
        type(view).meant = property(lambda self: everything)
        try:
            await acting.press("m", "x")
        finally:
            del type(view).meant
        question = await acting.at(Confirm)
        assert question.question.typed == "delete 6"
        await acting.press(*"delete 6", "enter")
        await acting.until(lambda: acting.gate.batches)
        await acting.until(lambda: acting.app.screen is acting.app.live)
        (many,) = acting.gate.batches
        assert [one.operation for one in many.runs] == [DELETE] * 6
        shown = await panel(acting)
        assert "6 guests" in "\n".join(lines_of(shown._table))
        await acting.press("enter")
        assert shown._table.total == 6
        await acting.press("escape", "x")
        assert many.stopped
        for at, one in enumerate(many.runs):
            acting.gate.move(one, RunState.FAILED if at == 1 else RunState.OK, "")
        await acting.until(lambda: acting.told)
        bad = many.runs[1]
        assert acting.told == [f"Delete: 6 of 6: 5 done, 1 failed; {bad.target.label}: failed"]


def test_leaving_names_what_runs() -> None:
    lines = Leaving([run(100), run(101, RunState.QUEUED)]).lines
    assert lines[0] == "2 changes still run:"
    assert lines[1] == "  Start VM 100 web100 on pve1: running"
    assert "will not be" in lines[3]
    assert len(Leaving([run(100 + at) for at in range(200)]).lines) < 15


@pytest.mark.parametrize(("key", "left"), [("q", True), ("y", True), ("escape", False)])
async def test_leaving_with_running_changes_asks(key: str, left: bool) -> None:
    from proxtui.tui.app import ProxtuiApp
    from tests.features.fakes import runtime_of
    from tests.features.fleets import two_tenants
    from tests.kit.changes import FakeGate

    runtime: Any = runtime_of(two_tenants())
    runtime.gate = FakeGate()
    app = ProxtuiApp(runtime)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        runtime.gate.runs.append(run())
        app.changing(runtime)
        await pilot.press("q")
        while not isinstance(app.screen, Leaving):
            await pilot.pause(0.01)
        # Held down, or typed ahead: not heard.
        await pilot.press("q")
        assert app.is_running
        dialog = app.screen
        dialog._ears.deaf = 0.0
        dialog._ears.open(0.0)
        await pilot.press("f9", key)
        await pilot.pause()
        assert (not app._exit) is not left
