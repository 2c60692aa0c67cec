"""Charts: gaps, peaks and zeros are told apart; axes say what is drawn; equal data is not drawn again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.geometry import Region

from proxtui.core.rows import tone_of_load
from proxtui.kit.chart import LiveChart
from proxtui.kit.plot import braille, ceiling, evenly, resample, value_text

TIMES = [1_790_000_000.0 + 60 * minute for minute in range(70)]
numbers = st.none() | st.floats(min_value=-1e6, max_value=1e12, allow_nan=False)


@given(values=st.lists(numbers, max_size=200), columns=st.integers(1, 100), rows=st.integers(1, 20))
def test_an_area_has_its_size_whatever_is_drawn(values: list[float | None], columns: int, rows: int) -> None:
    lines = braille(values, columns, rows, ceiling(values, "B"))
    assert [len(line) for line in lines] == [columns] * rows
    assert all(character == " " or "\u2801" <= character <= "\u28ff" for line in lines for character in line)


def test_a_gap_is_blank_and_a_zero_is_not() -> None:
    [line] = braille([1.0, 1.0, None, None, 0.0, 0.0], 3, 1, 1.0)
    assert line == "⣿ ⣀"


def test_missing_rows_become_gaps() -> None:
    assert evenly([0, 60, 120, 300], [1, 2, 3, 4]) == [1, 2, 3, None, None, 4]
    assert evenly([0, 60], [1, 2]) == [1, 2]
    assert evenly([5, 5, 5], [1, 2, 3]) == [1, 2, 3]


def test_peaks_survive_when_there_is_little_room() -> None:
    assert resample([0, 9, 0, 0, None, None, 1, None], 4) == [9, 0, None, 1]
    assert resample([1, 2], 4) == [1, 1, 2, 2]
    assert resample([], 2) == [None, None]


@pytest.mark.parametrize(
    ("peak", "unit", "expected"),
    [(0.0, "", 1.0), (3.0, "", 5.0), (1.0, "", 1.0), (42.0, "", 50.0), (1000.0, "B", 1024.0), (3e6, "B/s", 4194304.0)],
)
def test_scales_end_at_round_numbers(peak: float, unit: str, expected: float) -> None:
    assert ceiling([peak, None], unit) == pytest.approx(expected)


def test_values_carry_their_unit() -> None:
    told = [value_text(value, unit) for value, unit in [(0.42, "%"), (1.5 * 1024**3, "B"), (2048, "B/s"), (1.25, "")]]
    assert told == ["42 %", "1.5 GiB", "2 KiB/s", "1.25"]
    assert value_text(None, "%") == "–"


class CountingChart(LiveChart):
    def __init__(self) -> None:
        super().__init__("CPU")
        self.refreshed: set[int] = set()

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Any:
        if hasattr(self, "refreshed"):
            self.refreshed |= {region.y for region in regions} or {-1}
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def lines(self) -> list[str]:
        return [self.render_line(y).text for y in range(self.size.height)]


class ChartApp(App[None]):
    def compose(self) -> ComposeResult:
        self.chart = CountingChart()
        yield self.chart


VALUES = [None if 20 < minute < 26 else minute / 100 for minute in range(70)]


async def test_a_chart_has_title_latest_value_scale_and_times() -> None:
    app = ChartApp()
    async with app.run_test(size=(72, 12)) as pilot:
        app.chart.set_series("CPU of web[prod]", TIMES, VALUES, unit="%", maximum=1.0, tone=tone_of_load)
        await pilot.pause()
        lines = app.chart.lines()
        assert lines[0].startswith("CPU of web[prod]")
        assert lines[0].endswith("69 %")
        assert lines[1].startswith("100 %│")
        assert lines[-2].startswith("  0 %│")
        assert ":" in lines[-1]
        assert {cell_len(line) for line in lines} == {72}


async def test_equal_data_is_not_drawn_again_and_a_new_value_only_where_it_shows() -> None:
    app = ChartApp()
    async with app.run_test(size=(72, 12)) as pilot:
        app.chart.set_series("CPU", TIMES, VALUES, unit="%", maximum=1.0)
        await pilot.pause()
        app.chart.refreshed.clear()
        app.chart.set_series("CPU", TIMES, list(VALUES), unit="%", maximum=1.0)
        assert app.chart.refreshed == set()
        app.chart.set_series("CPU", TIMES, [*VALUES[:-1], 0.75], unit="%", maximum=1.0)
        assert app.chart.refreshed
        assert app.chart.refreshed < set(range(12))


async def test_thresholds_colour_what_reaches_them() -> None:
    app = ChartApp()
    async with app.run_test(size=(72, 12)) as pilot:
        app.chart.set_series("CPU", TIMES, [1.0] * 70, unit="%", maximum=1.0, tone=tone_of_load)
        await pilot.pause()
        colours = [list(app.chart.render_line(y))[-1].style for y in range(1, 11)]
        assert len(set(colours)) == 3
        assert colours[0] != colours[-1]


@pytest.mark.parametrize("size", [(72, 12), (30, 5), (20, 4), (10, 3), (8, 2), (5, 1)])
async def test_every_size_is_filled_exactly(size: tuple[int, int]) -> None:
    app = ChartApp()
    async with app.run_test(size=size) as pilot:
        app.chart.set_series("Network in", TIMES, [value and value * 1e9 for value in VALUES], unit="B/s")
        await pilot.pause()
        assert {cell_len(line) for line in app.chart.lines()} == {size[0]}


async def test_a_chart_without_values_says_why() -> None:
    app = ChartApp()
    async with app.run_test(size=(60, 8)) as pilot:
        await pilot.pause()
        assert "no data" in "".join(app.chart.lines())
        app.chart.say("not allowed: VM.Audit is missing")
        await pilot.pause()
        assert "not allowed: VM.Audit is missing" in "".join(app.chart.lines())
        app.chart.set_series("CPU", TIMES, [None] * 70, unit="%")
        assert "CPU" in app.chart.lines()[0]
