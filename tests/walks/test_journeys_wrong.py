"""What goes wrong on the way to a change, and what must not happen by accident."""

from __future__ import annotations

from typing import Any

from textual import events

from proxtui.core.run import Run, RunState
from proxtui.errors import AuditUnavailable
from proxtui.kit.confirm import Confirm
from proxtui.kit.form import ParamsForm
from proxtui.kit.form_fields import Line
from proxtui.kit.leaving import Leaving
from proxtui.kit.menu import ActionMenu
from tests.core.gating import MemoryJournal

from .changes import guests, target_of
from .journeys import journey
from .test_journeys import BOTH, chosen


@BOTH
async def test_the_start_of_a_locked_guest_looks_failed_and_tells_its_log(size: tuple[int, int]) -> None:
    async with journey(size) as walk:
        guest = guests(walk.world, "lab", running=False, kind="qemu")[0]
        walk.go_to(guest)
        await walk.press("m")
        await walk.at(ActionMenu)
        # Locked after the menu was read.
        guest.lock = "backup"
        await walk.press("s")
        run = await walk.run("guests.start")
        assert (run.state, run.message) == (RunState.FAILED, "VM is locked (backup)")
        await walk.until(lambda: walk.told)
        assert "failed: VM is locked (backup)" in walk.told[-1]
        assert "TASK ERROR" in walk.told[-1]
        # Rows are painted a few times a second, whatever is told meanwhile.
        await walk.until(lambda: not walk.row(guest).doing)
        assert walk.row(guest).guest.status == "stopped"
        assert walk.journal.story[-1] == "outcome failed"


@BOTH
async def test_marked_guests_are_stopped_with_one_question_and_one_summary(size: tuple[int, int]) -> None:
    async with journey(size) as walk:
        some = guests(walk.world, "lab", running=True)[:4]
        for guest in some:
            walk.go_to(guest)
            await walk.press("space")
        await chosen(walk, "Stop")
        await walk.at(ParamsForm)
        await walk.press("ctrl+s")
        question = await walk.at(Confirm)
        assert question.question.lines[0].startswith("Stop 4 ")
        await walk.press("f9", "y")
        await walk.back()
        await walk.until(lambda: walk.told)
        assert walk.told == ["Stop: 4 of 4: 4 done"]
        assert not any(guest.running for guest in some)
        await walk.until(lambda: all(walk.row(guest).guest.status == "stopped" for guest in some))


@BOTH
async def test_wrong_input_is_told_at_its_field_and_nothing_is_sent(size: tuple[int, int]) -> None:
    async with journey(size) as walk:
        guest = guests(walk.world, "lab", running=False, kind="qemu")[0]
        walk.go_to(guest)
        before = walk.posts
        await chosen(walk, "Clone")
        form = await walk.at(ParamsForm)
        assert form.texts["full"] == "yes", "it is no template"
        walk.put(form, newid="99")
        await walk.press("ctrl+s")
        wrong = {line.asked.name: line.problem for line in form.query(Line) if line.problem}
        assert list(wrong) == ["newid"]
        assert walk.posts == before
        assert walk.journal.story == []


async def test_what_is_pasted_or_typed_ahead_decides_nothing() -> None:
    async with journey() as walk:
        guest = guests(walk.world, "lab", running=False, kind="qemu")[0]
        walk.go_to(guest)
        before = walk.posts
        await chosen(walk, "Delete")
        await walk.at(ParamsForm)
        await walk.pilot.press("ctrl+s", *guest.name.replace("-", ""), "enter", "y")
        await walk.until(lambda: isinstance(walk.app.screen, Confirm))
        question = await walk.at(Confirm)
        typed = question.query_one("#name").value
        walk.app.post_message(events.Paste(f"{guest.name}\n"))
        await walk.pilot.pause()
        assert question.query_one("#name").value == typed, "a paste is no decision"
        await walk.press("enter")
        assert "nothing was done" in question._notice.text
        assert walk.posts == before
        assert guest.vmid in walk.world.sites["lab"].guests


@BOTH
async def test_who_may_only_read_is_offered_nothing(size: tuple[int, int]) -> None:
    async with journey(size, read_only=True) as walk:
        assert "m" not in walk.app.screen.active_bindings
        await walk.press("m")
        assert walk.app.screen is walk.app.screen_stack[0]
        console: Any = walk.app.screen
        assert not [entry for entry in console.finder(actions=True).entries if entry.name.startswith("Start ")]
        assert "create" not in [command.name for command in console.commands.all]
        assert "_journal" not in vars(walk.runtime.acting), "readers open no audit"


async def test_the_palette_does_it_to_what_the_cursor_stands_on() -> None:
    async with journey() as walk:
        guest = guests(walk.world, "lab", running=False, kind="qemu")[0]
        walk.go_to(guest)
        await walk.press("ctrl+p")
        await walk.type(f"start {guest.name}")
        await walk.press("enter")
        assert (await walk.run("guests.start")).target.vmid == guest.vmid
        await walk.until(lambda: walk.row(guest).guest.status == "running")


async def test_both_ways_to_leave_name_what_still_runs() -> None:
    async with journey() as walk:
        guest = guests(walk.world, "lab", running=True, kind="qemu")[0]
        backup = walk.runtime.catalogue.all()["guests.backup"]
        # One whose end does not hang on how fast this machine is.
        run = Run("op-1", backup, target_of("lab", guest))
        run.mark(RunState.RUNNING)
        walk.changing.runs.note(run)
        for leaves, answer in (("ctrl+c", "escape"), ("q", "y")):
            await walk.press(leaves)
            dialog = await walk.at(Leaving)
            assert "One change still runs:" in dialog.lines
            assert walk.app.return_code is None
            await walk.press("f9", answer)
            if answer == "escape":
                await walk.back()
        await walk.until(lambda: walk.app.return_code is not None)
        assert walk.app.return_code == 0


async def test_without_an_audit_it_is_said_once_and_reading_goes_on() -> None:
    class Broken(MemoryJournal):
        async def unfinished(self) -> Any:
            raise AuditUnavailable("the disk is full")

    async with journey(make_journal=Broken) as walk:
        await walk.until(lambda: walk.told)
        assert walk.told == ["changes are refused: the disk is full"]
        assert len(walk.view.table.rows.all) > 3
