"""The dashboard over the simulator in this process, for walks that change something: press, wait for what is seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot

from proxtui.core.model import GuestKey, ServerRef
from proxtui.core.run import Run
from proxtui.core.runtime import Runtime
from proxtui.kit.live_table import LiveTable
from proxtui.sim.state import Guest
from proxtui.sim.world import World
from proxtui.tui.app import ProxtuiApp
from tests.core.gating import MemoryJournal
from tests.turns import turns

from .test_gate import FastClock
from .world import make_world, runtime_over

SMALL, LARGE = (80, 24), (160, 50)


class Journey:
    """The app, its keys, and the world behind it."""

    def __init__(self, app: ProxtuiApp, pilot: Pilot[None], runtime: Runtime, world: World, journal: Any) -> None:
        self.app, self.pilot, self.runtime, self.world, self.journal = app, pilot, runtime, world, journal

    async def press(self, *keys: str) -> None:
        # Not by the pilot: it waits for every widget that was there, and for ever for one that a key made go away.
        await self.app._press_keys(keys)
        await turns()

    async def type(self, text: str) -> None:
        """A name or a number, letter by letter."""
        names = {"-": "minus", " ": "space", ".": "full_stop", ":": "colon", "/": "slash"}
        await self.press(*(names.get(sign, sign) for sign in text))

    async def until(self, seen: Any) -> None:
        """pytest's own timeout ends a wait for nothing."""
        while not seen():
            await self._let_it_go_on()

    async def _let_it_go_on(self) -> None:
        await asyncio.sleep(0.01)

    async def at(self, kind: type) -> Any:
        """Wait until a dialog of this kind has the keys, and make it hear at once."""
        await self.until(lambda: isinstance(self.app.screen, kind) and self.app.screen.is_mounted)
        dialog: Any = self.app.screen
        dialog._ears.deaf = 0.0
        await self.until(lambda: dialog._ears._open_since is not None)
        dialog._ears.open(0.0)
        return dialog

    async def back(self) -> None:
        """Until no dialog is left."""
        await self.until(lambda: self.app.screen is self.app.screen_stack[0])

    def put(self, form: Any, **texts: str) -> None:
        """Fill fields of a form as they would stand after typing."""
        from proxtui.kit.form_fields import Line

        for line in form.query(Line):
            if line.asked.name in texts:
                line.field.put(texts[line.asked.name])

    @property
    def view(self) -> Any:
        return self.app.screen_stack[0].front  # type: ignore[attr-defined]

    @property
    def changing(self) -> Any:
        return self.app.changing(self.runtime)

    @property
    def told(self) -> list[str]:
        return [toast.message for toast in self.app._notifications]

    def go_to(self, guest: Guest) -> None:
        assert self.view.table.move_to(GuestKey("lab", "lab", guest.kind, guest.vmid))

    def row(self, guest: Guest) -> Any:
        wanted = GuestKey("lab", "lab", guest.kind, guest.vmid)
        return next((row for row in self.view.table.rows.all if row.key == wanted), None)

    async def run(self, name: str) -> Run:
        """The newest change of this name, once its end is in the audit."""
        await self.until(lambda: any(run.operation.name == name for run in self.changing.runs.all))
        run: Run = [one for one in self.changing.runs.all if one.operation.name == name][-1]
        return await run.wait()

    @property
    def posts(self) -> int:
        """Requests that change something."""
        return sum(n for line, n in self.world.requests.counts.items() if line.split()[1] != "GET")


@asynccontextmanager
async def journey(size: tuple[int, int] = LARGE, *, read_only: bool = False, **more: Any) -> AsyncIterator[Journey]:
    """The dashboard on its guests, everything known."""
    clock, journal = FastClock(), MemoryJournal()
    world = make_world("small", now=clock.time)
    more = {"make_journal": lambda: journal, "clock": clock, "interval": 4.0, "timeout_ms": 30_000, **more}
    async with runtime_over(world, read_only=read_only, **more) as runtime:
        app = ProxtuiApp(runtime)
        async with app.run_test(size=size) as pilot:
            walk = Journey(app, pilot, runtime, world, journal)
            ref = ServerRef("lab", "lab")
            await walk.until(lambda: runtime.store.snapshot(ref).guests and isinstance(app.focused, LiveTable))
            await walk.until(lambda: len(walk.view.table.rows.all))
            yield walk
