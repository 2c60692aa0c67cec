"""The detail pane finds its side, and the pulse neither floods nor forgets."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static

from proxtui.kit.pulse import Pulse, RequestRate
from proxtui.kit.split import Split
from tests.kit.fakes import CountingTable, HeldClock


class SplitApp(App[None]):
    def compose(self) -> ComposeResult:
        self.table = CountingTable()
        self.detail = CountingTable()
        self.split = Split(self.table, lambda: self.detail)
        yield self.split


async def test_the_detail_stands_right_when_wide_and_below_when_narrow() -> None:
    app = SplitApp()
    async with app.run_test(size=(160, 40)) as pilot:
        await pilot.pause()
        assert app.table.region.size == (160, 40)
        assert app.split.toggle()
        await pilot.pause()
        assert app.detail.region.x > app.table.region.x
        assert app.detail.region.y == app.table.region.y
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert app.detail.region.y > app.table.region.y
        assert app.detail.region.x == app.table.region.x
        app.detail.focus()
        await pilot.pause()
        assert not app.split.toggle()
        await pilot.pause()
        assert app.table.has_focus
        assert app.table.region.size == (80, 24)


async def test_a_pulse_runs_at_once_then_waits_and_keeps_the_last_wish() -> None:
    app = App[None]()
    async with app.run_test() as pilot:
        clock, ran = HeldClock(), []
        owner = Static()
        await app.mount(owner)
        pulse = Pulse(owner, lambda: ran.append(clock.now), clock.monotonic, least=0.05)
        pulse.ask()
        assert len(ran) == 1
        for _ in range(10):
            pulse.ask()
        assert len(ran) == 1
        await pilot.pause(0.2)
        assert len(ran) == 2
        clock.now += 1
        pulse.ask()
        assert len(ran) == 3


def test_a_rate_needs_time_and_forgets_what_is_long_ago() -> None:
    rate = RequestRate()
    assert rate.text(0, 100) == ""
    assert rate.text(10, 103) == ""
    assert rate.text(20, 105) == "15 req/min"
    for second in range(24, 200, 4):
        told = rate.text(second, 105 + (second - 20) // 2)
    assert told == "30 req/min"
