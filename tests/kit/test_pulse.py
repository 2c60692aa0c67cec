"""A burst of wishes becomes one call, and the last wish is heard however the clock stands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.app import App

from proxtui.kit.pulse import Pulse


class Beats:
    """A pulse over a clock that is set by hand."""

    def __init__(self, app: App[None]) -> None:
        self.now = 1000.0
        self.calls: list[float] = []
        self.called = asyncio.Event()
        self.pulse = Pulse(app.screen, self._call, lambda: self.now, least=0.2)

    def _call(self) -> None:
        self.calls.append(self.now)
        self.called.set()


@asynccontextmanager
async def beats() -> AsyncIterator[Beats]:
    app: App[None] = App()
    async with app.run_test():
        yield Beats(app)


async def test_a_burst_is_one_call_at_once_and_one_at_its_end() -> None:
    async with beats() as heart:
        for _ in range(5):
            heart.pulse.ask()
        assert len(heart.calls) == 1
        heart.called.clear()
        await heart.called.wait()
        assert len(heart.calls) == 2


async def test_a_wish_a_hair_before_its_time_is_not_lost() -> None:
    async with beats() as heart:
        heart.pulse.ask()
        heart.called.clear()
        heart.now = 1000.2 - 1e-12
        assert heart.now < 1000.2
        heart.pulse.ask()
        async with asyncio.timeout(5):
            await heart.called.wait()
        assert len(heart.calls) == 2


async def test_a_timer_that_is_late_holds_nothing_back() -> None:
    async with beats() as heart:
        heart.pulse.ask()
        heart.pulse.ask()
        heart.now += 1.0
        heart.pulse.ask()
        assert heart.calls == [1000.0, 1001.0]
        heart.pulse.ask()
        heart.called.clear()
        await heart.called.wait()
        assert len(heart.calls) == 3, "the late timer is gone: only the wish after it is heard"
