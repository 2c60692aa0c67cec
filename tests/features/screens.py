"""The whole screen over a runtime without a network, and what stands on it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.pilot import Pilot
from textual.widget import Widget

from proxtui.core.memory import Memory
from proxtui.core.model import Fleet
from proxtui.features.guests.screen import GuestsView
from proxtui.features.tree.screen import Branches
from proxtui.kit.chart import LiveChart
from proxtui.kit.detail_pane import DetailPane
from proxtui.kit.live_table import LiveTable
from proxtui.tui.app import ProxtuiApp
from tests.turns import turns

from .fakes import FakeRuntime, runtime_of

SMALL, LARGE = (80, 24), (160, 50)


def text_of(widget: Widget) -> str:
    """What a widget that paints by line shows."""
    return "\n".join(widget.render_line(y).text.rstrip() for y in range(widget.size.height))


class Stage:
    """The app on a stage: press, look."""

    def __init__(self, app: ProxtuiApp, pilot: Pilot[None], runtime: FakeRuntime) -> None:
        self.app, self.pilot, self.runtime = app, pilot, runtime

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await turns()
        await self.pilot.pause()

    async def put(self, fleet: Fleet) -> None:
        """Let every server answer with this."""
        self.runtime.put(fleet)
        await self.pilot.pause(0.25)

    @property
    def front(self) -> Any:
        return self.app.screen.front  # type: ignore[attr-defined]

    @property
    def table(self) -> LiveTable:
        return self.front.table

    @property
    def tree(self) -> Branches:
        return self.app.screen.query_one(Branches)

    @property
    def pane(self) -> DetailPane:
        return self.front.pane

    @property
    def guests(self) -> GuestsView:
        return self.app.screen.query_one(GuestsView)

    @property
    def charts(self) -> list[LiveChart]:
        return [chart for chart in self.pane.query(LiveChart) if chart.display]

    def lines(self, widget: Widget) -> list[str]:
        return [line for line in text_of(widget).splitlines() if line.strip()]

    @property
    def header(self) -> str:
        return text_of(self.app.screen.query_one("HeaderBar"))

    async def until(self, seen: Any) -> None:
        """Wait until ``seen()`` is true; pytest's own timeout ends a wait for nothing."""
        while not seen():
            await self.pilot.pause(0.02)


@asynccontextmanager
async def stage(
    fleet: Fleet, size: tuple[int, int] = LARGE, memory: Memory | None = None, **known: Any
) -> AsyncIterator[Stage]:
    """The app over this fleet, after its first paint."""
    runtime = runtime_of(fleet, **known)
    app = ProxtuiApp(runtime, memory=memory)
    async with app.run_test(size=size) as pilot:
        acting = Stage(app, pilot, runtime)
        await acting.until(lambda: acting.front is not None and acting.app.focused is not None)
        await pilot.pause()
        yield acting
