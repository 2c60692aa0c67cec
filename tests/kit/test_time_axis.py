"""Axes say when something was, in whatever room there is; a history that ends says since when."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style
from textual.app import App, ComposeResult
from textual.geometry import Size

from proxtui.core.rows import Tone, tone_of_load
from proxtui.core.series import Drawing
from proxtui.kit.ascii import to_ascii
from proxtui.kit.chart import LiveChart
from proxtui.kit.detail_pane import curves, finished
from proxtui.kit.plot import ceiling, value_text
from proxtui.kit.time_axis import moment_text, time_axis, unknown_since, window_text, zone_text
from tests.zones import zone

END = 1_795_309_020.0
"""2026-11-22 01:57 in Berlin."""
HOUR, DAY = 3600.0, 86_400.0


@pytest.fixture(autouse=True)
def berlin() -> Iterator[None]:
    with zone("Europe/Berlin"):
        yield


def span(seconds: float, points: int = 70) -> list[float]:
    return [END - seconds + seconds * at / (points - 1) for at in range(points)]


@pytest.mark.parametrize(
    ("seconds", "first", "last"),
    [
        (HOUR, "00:57", "01:57"),
        (DAY, "21 Nov 01:57", "22 Nov 01:57"),
        (35 * HOUR, "20 Nov 14:57", "22 Nov 01:57"),
        (7 * DAY, "Sun 15 Nov", "Sun 22 Nov"),
        (30 * DAY, "23 Oct", "22 Nov"),
        (365 * DAY, "Nov 2025", "Nov 2026"),
    ],
)
def test_each_span_is_placed_in_time(seconds: float, first: str, last: str) -> None:
    axis = time_axis(span(seconds), 60)
    assert axis.startswith(first)
    assert axis.endswith(last)
    assert len(axis) == 60
    assert len(axis.split("  ")) > 2, "something stands between the ends"


def test_a_narrow_axis_says_less_and_stays_readable() -> None:
    assert time_axis(span(DAY), 20) == "Sat 01:57  Sun 01:57"
    assert time_axis(span(DAY), 12) == "01:57  01:57"
    assert time_axis(span(DAY), 6) == " 01:57"
    assert time_axis(span(7 * DAY), 15) == "Sun 15   Sun 22"


def test_a_chart_without_axis_says_its_window_in_the_title() -> None:
    assert window_text(span(HOUR), 20) == "00:57–01:57"
    assert window_text(span(59 * 60.0, 60), 6) == "1h"
    assert window_text(span(DAY), 40) == "21 Nov 01:57–22 Nov 01:57"
    assert window_text(span(DAY), 1) == ""
    assert window_text((), 20) == ""


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(HOUR, "01:27"), (DAY, "21 Nov 13:57"), (400 * DAY, "06 May 2026")],
    ids=["hour", "day", "year"],
)
def test_a_history_that_ends_says_since_when(seconds: float, said: str) -> None:
    times = span(seconds, 71)
    values = [1.0] * 36 + [None] * 35
    assert unknown_since(times, values) == f"no data since {said}"
    assert unknown_since(times, [1.0] * 71) == ""
    assert unknown_since(times, [None] * 71) == ""


def test_whose_time_it_is() -> None:
    assert zone_text(END) == "CET, UTC+0100"
    assert zone_text(END - 180 * DAY) == "CEST, UTC+0200"
    assert moment_text(1e20, "%H:%M") == ""


def test_of_coarse_points_only_the_last_may_be_on_its_way() -> None:
    values = [1.0, 1.0, None, None]
    assert finished(values, [0, 60, 120, 180]) == 2
    assert finished(values, [0, 10_800, 21_600, 32_400]) == 4
    assert finished([1.0, 1.0, 1.0, None], [0, 10_800, 21_600, 32_400]) == 3


def test_a_series_that_is_missing_is_told_from_one_without_data() -> None:
    cpu, swap = curves([Drawing("CPU", (0.5,), "%"), Drawing("Swap", (), "%")], (END,), "no data")
    assert swap.empty == "this server keeps none"
    assert cpu.values == (0.5,)
    (down,) = curves([Drawing("CPU", (None, None, None, None), "%")], span(180, 4), "no data")
    assert down.empty == "no data from 22 Nov 01:54 on"


def test_numbers_that_are_none_have_no_scale_and_no_name() -> None:
    assert [value_text(value, unit) for value in (math.nan, math.inf) for unit in ("", "B", "%")] == ["–"] * 6
    for tiny in (5e-324, 1e-310, 1e300):
        assert ceiling([tiny], "") >= tiny
        assert ceiling([tiny], "B") >= tiny


class OneChart(App[None]):
    def compose(self) -> ComposeResult:
        self.chart = LiveChart()
        yield self.chart

    def lines(self) -> list[str]:
        return [self.chart.render_line(y).text for y in range(self.chart.size.height)]


@pytest.mark.parametrize("height", [2, 4])
async def test_a_small_chart_says_its_window(height: int) -> None:
    app = OneChart()
    async with app.run_test(size=(40, height)) as pilot:
        app.chart.set_series("CPU", span(HOUR), [0.5] * 70, unit="%", maximum=1.0)
        await pilot.pause()
        assert app.lines()[0].split() == ["CPU", "00:57–01:57", "50", "%"]


async def test_a_node_that_is_gone_does_not_look_present() -> None:
    app = OneChart()
    async with app.run_test(size=(60, 10)) as pilot:
        app.chart.set_series("CPU", span(DAY), [0.5] * 35 + [None] * 35, unit="%", maximum=1.0)
        await pilot.pause()
        lines = app.lines()
        assert lines[0].endswith("no data since 21 Nov 13:46")
        assert lines[-1].endswith("22 Nov 01:57")
        assert lines[-2].endswith(" " * 20)


async def test_what_was_said_before_is_not_said_of_the_next_series() -> None:
    app = OneChart()
    async with app.run_test(size=(60, 10)) as pilot:
        app.chart.say("reading …")
        app.chart.set_series("CPU", span(HOUR), [None] * 70, unit="%", empty="nothing kept")
        await pilot.pause()
        assert "nothing kept" in "".join(app.lines())
        assert "reading" not in "".join(app.lines())


numbers = st.none() | st.floats()


@given(
    width=st.integers(0, 210),
    seconds=st.sampled_from([0.0, 60.0, HOUR, DAY, 35 * HOUR, 7 * DAY, 70 * DAY, 500 * DAY, 1e11]),
    points=st.integers(0, 80),
)
def test_an_axis_has_its_width(width: int, seconds: float, points: int) -> None:
    times = [seconds * at / max(1, points - 1) for at in range(points)]
    assert len(time_axis(times, width)) == width
    assert len(window_text(times, width)) <= width


class FreeChart(LiveChart):
    """Of any size, without an app around it."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__()
        self.room = width, height

    @property
    def size(self) -> Size:
        return Size(*self.room)


@given(
    width=st.integers(20, 200),
    height=st.integers(1, 14),
    values=st.lists(numbers, max_size=90),
    unit=st.sampled_from(["%", "B", "B/s", "", "Hz"]),
    seconds=st.sampled_from([HOUR, DAY, 7 * DAY, 500 * DAY]),
)
def test_a_chart_of_any_width_is_drawn(
    width: int, height: int, values: list[float | None], unit: str, seconds: float
) -> None:
    chart = FreeChart(width, height)
    times = span(seconds, max(2, len(values)))[: len(values)]
    chart.set_series("Network in + out", times, values, unit=unit, tone=tone_of_load)
    with pytest.MonkeyPatch.context() as patch:
        # The theme is the app's.
        patch.setattr("proxtui.kit.chart.tone_styles", lambda _widget: dict.fromkeys(Tone, Style()))
        drawn = [chart.render_line(y).text for y in range(height)]
    assert {cell_len(line) for line in drawn} == {width}
    assert all(to_ascii(line).isascii() for line in drawn)
