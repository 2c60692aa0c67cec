"""Changes by keys in the rooms of storages and tasks: what stands on the screen, and what comes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from proxtui.features.audit.journal import AuditJournal
from proxtui.features.audit.places import AuditFiles
from proxtui.kit.confirm import Confirm
from proxtui.kit.live_table import LiveTable
from proxtui.kit.menu import ActionMenu
from proxtui.registry import FEATURES
from proxtui.sim import work
from proxtui.sim.state import Volume
from proxtui.sim.world import World
from proxtui.tui.app import ProxtuiApp
from tests.turns import turns

from .test_gate import FastClock
from .test_operations import changes
from .world import make_world, runtime_over

FILE = "nfs-backup:iso/a.iso"
BOTH = pytest.mark.parametrize("size", [(80, 24), (160, 50)])


class Journey:
    """The dashboard over the small cluster."""

    def __init__(self, app: ProxtuiApp, pilot: Pilot[None], world: World) -> None:
        self.app, self.pilot, self.world = app, pilot, world
        self.site = world.sites["lab"]

    @property
    def view(self) -> Any:
        return self.app.screen_stack[0].front  # type: ignore[attr-defined]

    @property
    def sent(self) -> list[str]:
        return [f"{change['method']} {change['path']}" for change in changes(self.world)]

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await turns()
        await self.pilot.pause()

    async def to(self, key: str, name: str) -> None:
        """Bring a view to the front."""
        await self.press(key)
        await self.until(lambda: name == self.view.HELP_NAME and self.app.focused is self.view.table)

    async def until(self, seen: Any) -> None:
        """pytest's own timeout ends a wait for nothing."""
        while not seen():
            await self.pilot.pause(0.02)

    async def at(self, kind: type) -> Any:
        """Wait until a dialog of this kind has the keys, and make it hear at once."""
        await self.until(lambda: isinstance(self.app.screen, kind))
        dialog: Any = self.app.screen
        if hasattr(dialog, "_ears"):
            dialog._ears.deaf = 0.0
            await self.until(lambda: dialog._ears._open_since is not None)
            dialog._ears.open(0.0)
        return dialog


@asynccontextmanager
async def journey(size: tuple[int, int], folder: Path, prepare: Any = None) -> AsyncIterator[Journey]:
    clock = FastClock()
    world = make_world("small", now=clock.time)
    if prepare is not None:
        prepare(world.sites["lab"])
    more: dict[str, Any] = {"make_journal": lambda: AuditJournal(AuditFiles(folder)), "features": FEATURES}
    async with runtime_over(world, clock=clock, read_only=False, timeout_ms=30_000, **more) as runtime:
        await runtime.poller.poll_once()
        app = ProxtuiApp(runtime)
        async with app.run_test(size=size) as pilot:
            acting = Journey(app, pilot, world)
            await acting.until(lambda: isinstance(app.focused, LiveTable))
            yield acting


@BOTH
async def test_a_running_task_is_stopped_from_the_tasks_view(size: tuple[int, int], tmp_path: Path) -> None:
    begun = []

    def slow(site: Any) -> None:
        begun.append(work.begin(site, site.nodes["pve1"], "vzdump", "108", "root@pam", seconds=36_000))

    async with journey(size, tmp_path, slow) as acting:
        (task,) = begun
        await acting.to("4", "tasks")
        await acting.until(lambda: any(str(row.task.upid) == task.upid for row in acting.view.table.rows.all))
        key = next(row.key for row in acting.view.table.rows.all if str(row.task.upid) == task.upid)
        assert acting.view.table.move_to(key)
        await acting.press("m")
        await acting.at(ActionMenu)
        await acting.press("x")
        await acting.at(Confirm)
        await acting.press("f9", "y")
        await acting.until(lambda: task.killed)
        assert len(acting.sent) == 1
        assert acting.sent[0].startswith("DELETE /nodes/pve1/tasks/UPID")


@BOTH
async def test_a_volume_is_deleted_by_typing_its_name(size: tuple[int, int], tmp_path: Path) -> None:
    def small(site: Any) -> None:
        site.volumes["nfs-backup"].append(Volume(FILE, "iso", "iso", 1, site.world.now()))

    async with journey(size, tmp_path, small) as acting:
        await acting.to("3", "storage")
        rows = acting.view.table.rows
        await acting.until(lambda: any(row.key.storage == "nfs-backup" for row in rows.all))
        acting.view.table.move_to(next(row.key for row in rows.all if row.key.storage == "nfs-backup"))
        await acting.press("d")
        content = acting.view.panel.content
        await acting.until(lambda: any(row.key == FILE for row in content.rows.all))
        content.focus()
        content.move_to(FILE)
        await acting.press("m")
        await acting.at(ActionMenu)
        await acting.press("x")
        await acting.at(Confirm)
        await acting.press("y", "enter")
        assert acting.sent == []
        await acting.press("backspace", *FILE, "enter")
        there = lambda: any(one.volid == FILE for one in acting.site.volumes["nfs-backup"])  # noqa: E731
        await acting.until(lambda: not there())
        assert len(acting.sent) == 1
