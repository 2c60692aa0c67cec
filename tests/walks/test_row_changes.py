"""Changes from rows that stand for something within something: an HA entry, a backup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from proxtui.core.run import RunState
from proxtui.kit.confirm import Confirm
from proxtui.kit.form import ParamsForm
from proxtui.kit.form_fields import Line
from proxtui.kit.menu import ActionMenu
from proxtui.sim.state import Volume

from .test_room_changes import BOTH, Journey, journey

BACKUP = "nfs-backup:backup/vzdump-qemu-108-2026_11_20-01_00_00.vma.zst"


async def choose(acting: Journey, name: str) -> None:
    """Take a change from the menu by its name: letters are the menu's own affair."""
    menu = await acting.at(ActionMenu)
    assert menu._table.move_to(name), [one.key for one in menu.entries]
    await acting.press("enter")


async def ended(acting: Journey, name: str) -> Any:
    """The newest change of this name, once its end is recorded."""
    changing: Any = acting.app.changing(acting.app.runtime)
    await acting.until(lambda: any(run.operation.name == name for run in changing.runs.all))
    return await [run for run in changing.runs.all if run.operation.name == name][-1].wait()


@BOTH
async def test_a_guest_is_relocated_from_its_ha_entry(size: tuple[int, int], tmp_path: Path) -> None:
    async with journey(size, tmp_path) as acting:
        guest = next(one for one in acting.site.guests.values() if one.ha == "started" and one.running)
        before = guest.node
        goal = next(node for node in sorted(acting.site.nodes) if node != before)
        await acting.to("5", "cluster")
        await acting.press("right")
        table = acting.view.table
        entry = lambda: next(  # noqa: E731
            (row for row in table.rows.all if row.target is not None and getattr(row.target, "vmid", 0) == guest.vmid),
            None,
        )
        await acting.until(entry)
        table.move_to(entry().key)
        await acting.press("m")
        await choose(acting, "cluster.ha-relocate")
        form = await acting.at(ParamsForm)
        for line in form.query(Line):
            if line.asked.name == "target":
                line.field.put(goal)
        await acting.press("ctrl+s")
        await acting.at(Confirm)
        await acting.press("y")
        run = await ended(acting, "cluster.ha-relocate")
        assert run.state is RunState.OK
        kind = "vm" if guest.kind == "qemu" else "ct"
        assert acting.sent == [f"POST /cluster/ha/resources/{kind}%3A{guest.vmid}/relocate"]
        await acting.until(lambda: guest.node == goal)


@BOTH
async def test_a_backup_is_deleted_by_typing_its_name(size: tuple[int, int], tmp_path: Path) -> None:
    def with_backup(site: Any) -> None:
        site.volumes["nfs-backup"].append(Volume(BACKUP, "backup", "vma.zst", 1 << 30, site.world.now() - 3600, 108))

    async with journey(size, tmp_path, with_backup) as acting:
        await acting.to("3", "storage")
        rows = acting.view.table.rows
        await acting.until(lambda: any(row.key.storage == "nfs-backup" for row in rows.all))
        acting.view.table.move_to(next(row.key for row in rows.all if row.key.storage == "nfs-backup"))
        await acting.press("d")
        content = acting.view.panel.content
        await acting.until(lambda: any(row.key == BACKUP for row in content.rows.all))
        content.focus()
        content.move_to(BACKUP)
        await acting.press("m")
        await choose(acting, "storage.delete")
        await acting.at(Confirm)
        await acting.press(*"something", "enter")
        assert acting.sent == []
        field = acting.app.focused
        field.value = ""  # type: ignore[union-attr]
        await acting.press(*BACKUP, "enter")
        run = await ended(acting, "storage.delete")
        assert run.state is RunState.OK, run.line
        assert [line.partition("/content/")[0] for line in acting.sent] == ["DELETE /nodes/pve1/storage/nfs-backup"]
        assert not any(one.volid == BACKUP for one in acting.site.volumes["nfs-backup"])
        await acting.until(lambda: not any(row.key == BACKUP for row in content.rows.all))


@BOTH
async def test_a_service_is_restarted_from_its_line(size: tuple[int, int], tmp_path: Path) -> None:
    async with journey(size, tmp_path) as acting:
        await acting.to("2", "nodes")
        await acting.until(lambda: len(acting.view.table.rows.all))
        assert acting.view.table.move_to(next(row.key for row in acting.view.table.rows.all if row.key.node == "pve2"))
        await acting.press("enter")
        while acting.view.section.name != "Services":
            await acting.press("full_stop")
        services = acting.view.pane.table
        await acting.until(lambda: any(row.cells[0].value == "pvestatd" for row in services.rows.all))
        services.focus()
        services.move_to(next(row.key for row in services.rows.all if row.cells[0].value == "pvestatd"))
        await acting.press("m")
        await choose(acting, "nodes.restart-service")
        question = await acting.at(Confirm)
        assert "pvestatd" in "\n".join(question.question.lines)
        await acting.press("y")
        run = await ended(acting, "nodes.restart-service")
        assert run.state is RunState.OK, run.line
        assert acting.sent == ["POST /nodes/pve2/services/pvestatd/restart"]
