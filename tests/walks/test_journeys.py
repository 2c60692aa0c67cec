"""What an operator does in the dashboard, from the first key to what stands on the row afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.core.run import RunState
from proxtui.kit.confirm import Confirm
from proxtui.kit.diff_view import DiffView
from proxtui.kit.form import ParamsForm
from proxtui.kit.menu import ActionMenu
from proxtui.sim.state import GIB, Guest

from .changes import guests
from .journeys import LARGE, SMALL, Journey, journey
from .test_gate import FastClock

BOTH = pytest.mark.parametrize("size", [SMALL, LARGE])


async def chosen(walk: Journey, action: str) -> None:
    """The menu of the row under the cursor, and the action with this label."""
    await walk.press("m")
    menu = await walk.at(ActionMenu)
    entry = next(one for one in menu.entries if one.operation.label == action)
    assert entry.targets, entry.why
    menu._table.move_to(entry.key)
    await walk.press("enter")


def free(walk: Journey, *, running: bool) -> Guest:
    """A VM that nothing is in the way of."""
    return guests(walk.world, "lab", running=running, kind="qemu")[0]


@BOTH
async def test_a_vm_is_made_and_stands_in_the_table(size: tuple[int, int]) -> None:
    async with journey(size) as walk:
        await walk.press("colon")
        await walk.type("create vm")
        await walk.press("enter")
        form = await walk.at(ParamsForm)
        vmid = int(form.texts["vmid"])
        walk.put(form, name="new-shop", node="pve1", disk="4", storage="local-lvm")
        await walk.press("ctrl+s")
        await walk.back()
        assert (await walk.run("guests.create-vm")).state is RunState.OK
        await walk.until(lambda: any(row.key.vmid == vmid for row in walk.view.table.rows.all))
        made = walk.world.sites["lab"].guests[vmid]
        assert (made.name, made.node) == ("new-shop", "pve1")
        (disk,) = made.disks or ()
        assert (disk.slot, disk.storage, disk.size) == ("scsi0", "local-lvm", 4 * GIB)
        assert walk.journal.story[-1] == "outcome ok"


@BOTH
async def test_a_snapshot_is_made_stands_in_the_tree_and_is_gone_back_to(size: tuple[int, int]) -> None:
    async with journey(size) as walk:
        guest = free(walk, running=True)
        walk.go_to(guest)
        await chosen(walk, "Snapshot")
        form = await walk.at(ParamsForm)
        walk.put(form, snapname="before-update", description="as it was")
        await walk.press("ctrl+s")
        await walk.back()
        assert (await walk.run("guests.snapshot")).state is RunState.OK
        assert [(one.name, one.description) for one in guest.snapshots] == [("before-update", "as it was")]
        cores, guest.cores = guest.cores, guest.cores + 5
        walk.view.turn_to("snapshots")
        table = walk.view.pane.table
        await walk.until(lambda: any("before-update" in row.haystack for row in table.rows.all))
        walk.app.set_focus(table)
        table.move(next(at for at, row in enumerate(table.rows.all) if "before-update" in row.haystack))
        await walk.press("m")
        menu = await walk.at(ActionMenu)
        assert [one.operation.label for one in menu.entries] == ["Roll back", "Delete snapshot", "Edit snapshot"]
        await walk.press("w")
        form = await walk.at(ParamsForm)
        assert "snapname" not in form.texts, "the row says which"
        await walk.press("ctrl+s")
        await walk.at(Confirm)
        await walk.type(guest.name)
        await walk.press("enter")
        await walk.back()
        run = await walk.run("guests.rollback")
        assert (run.state, run.params.snapname) == (RunState.OK, "before-update")
        assert guest.cores == cores, "what was changed since is undone"


@BOTH
async def test_a_guest_moves_to_another_node(size: tuple[int, int]) -> None:
    async with journey(size) as walk:
        guest = free(walk, running=True)
        old = guest.node
        walk.go_to(guest)
        await chosen(walk, "Migrate")
        form = await walk.at(ParamsForm)
        assert form.texts["online"] == "yes", "it runs"
        new = next(node for node in ("pve1", "pve2", "pve3") if node != old)
        walk.put(form, target=new, with_local_disks="yes")
        await walk.press("ctrl+s")
        said = (await walk.at(Confirm)).question.lines
        assert f"to node {new}" in said
        assert [line.partition(":")[0] for line in said].count("local disks are copied") == 1
        clock = walk.runtime.clock
        assert isinstance(clock, FastClock)
        clock.hold()
        await walk.press("f9", "y")
        await walk.until(lambda: walk.row(guest) is not None and walk.row(guest).doing == "migrate…")
        assert walk.row(guest).guest.node == old, "a row shows no hope"
        clock.go_on()
        await walk.back()
        assert (await walk.run("guests.migrate")).state is RunState.OK
        await walk.until(lambda: walk.row(guest) is not None and walk.row(guest).guest.node == new)
        await walk.until(lambda: not walk.row(guest).doing)


@BOTH
async def test_a_guest_is_deleted_by_typing_its_name(size: tuple[int, int]) -> None:
    async with journey(size) as walk:
        guest = free(walk, running=False)
        walk.go_to(guest)
        await chosen(walk, "Delete")
        form = await walk.at(ParamsForm)
        walk.put(form, purge="yes")
        await walk.press("ctrl+s")
        question = await walk.at(Confirm)
        said = "\n".join(question.question.lines)
        assert "goes: scsi0" in said
        assert "stays: " in said
        await walk.type("no")
        await walk.press("enter")
        await walk.until(lambda: "nothing was done" in question._notice.text)
        await walk.press("backspace", "backspace")
        await walk.type(guest.name)
        await walk.press("enter")
        await walk.back()
        assert (await walk.run("guests.delete")).state is RunState.OK
        await walk.until(lambda: walk.row(guest) is None)
        assert guest.vmid not in walk.world.sites["lab"].guests
        (sent,) = [record for record in walk.world.requests.recent if record.method == "DELETE"]
        assert sent.params == {"purge": "1", "destroy-unreferenced-disks": "0"}


@BOTH
async def test_only_what_differs_of_a_configuration_is_shown_and_sent(size: tuple[int, int]) -> None:
    async with journey(size) as walk:
        guest = free(walk, running=False)
        walk.go_to(guest)
        await chosen(walk, "Configure")
        form: Any = await walk.at(ParamsForm)
        lines = form.texts["set"].splitlines()
        walk.put(form, set="\n".join("cores=7" if line.startswith("cores=") else line for line in lines))
        await walk.press("ctrl+s")
        diff = await walk.at(DiffView)
        assert [one.key for one in diff.found] == ["cores"]
        await walk.press("f9", "y")
        await walk.back()
        run = await walk.run("guests.config")
        assert (run.state, run.params.set) == (RunState.OK, {"cores": "7"})
        assert run.params.digest
        assert guest.cores == 7
