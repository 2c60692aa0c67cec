"""The pane shares its room between facts and charts; facts that are cut say so."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from proxtui.core.rows import Tone
from proxtui.core.series import Drawing, shares, sums
from proxtui.kit.chart import LiveChart
from proxtui.kit.detail_pane import LEAST_CHART, arrange, curves, finished
from proxtui.kit.facts import MOST_LINES, TWO_COLUMNS_FROM, Fact, folded


@pytest.mark.parametrize("width", [40, 52, 78, 100])
@pytest.mark.parametrize("height", range(13, 60))
@pytest.mark.parametrize("facts", [0, 3, 12, 40])
def test_charts_and_facts_never_need_more_than_there_is(width: int, height: int, facts: int) -> None:
    how = arrange(width, height, 4, facts)
    assert how.columns * how.rows >= 4
    assert how.chart_height >= LEAST_CHART
    left = height - 1 - how.rows * how.chart_height
    assert left * (2 if width >= TWO_COLUMNS_FROM else 1) >= min(facts, 4)


def test_facts_get_what_they_need_before_charts_grow() -> None:
    assert arrange(80, 40, 4, 20).chart_height > LEAST_CHART
    assert arrange(80, 20, 4, 20) == (2, 2, LEAST_CHART, 4)


def test_tall_and_narrow_puts_charts_below_each_other() -> None:
    assert arrange(52, 45, 4, 14).columns == 1
    assert arrange(52, 20, 4, 14).columns == 2


@pytest.mark.parametrize(
    ("values", "count"),
    [((), 0), ((1.0, None), 1), ((1.0, None, None), 1), ((1.0, None, None, None), 4), ((None, 2.0), 2), ((None,), 1)],
)
def test_unfinished_minutes_are_not_drawn_and_real_gaps_are(values: tuple[float | None, ...], count: int) -> None:
    assert finished(values) == count


def test_loads_have_a_full_scale_and_others_have_not() -> None:
    cpu, net = curves([Drawing("CPU", (0.5, 0.6, None), "%"), Drawing("Net", (), "B/s")], (60, 120, 180), "not read")
    assert (cpu.maximum, cpu.is_load, cpu.times, cpu.values) == (1.0, True, (60, 120), (0.5, 0.6))
    assert (net.maximum, net.is_load, net.times, net.empty) == (None, False, (), "not read")


def test_a_gap_stays_a_gap() -> None:
    assert shares((1, None, 3), (2, 4, None)) == [0.5, None, None]
    assert sums((1, None, None), (2, 4, None)) == [3, 4, None]
    assert sums((), (1, 2)) == (1, 2)


def test_long_values_go_on_below_and_very_long_ones_are_cut_with_a_sign() -> None:
    lines = folded([Fact("a", "short"), Fact("why", "word " * 100, Tone.WARN)], 40)
    assert [line.label for line in lines] == ["a", "why", *[""] * (MOST_LINES - 1)]
    assert all(len(line.text) <= 29 for line in lines)
    assert lines[-1].text.endswith("…")
    assert all(line.tone is Tone.WARN for line in lines[1:])


@pytest.mark.parametrize("height", [1, 2, 3])
async def test_a_chart_of_any_height_is_painted(height: int) -> None:
    chart = LiveChart()

    class OneChart(App[None]):
        def compose(self) -> ComposeResult:
            yield chart

    async with OneChart().run_test(size=(30, height)) as pilot:
        chart.set_series("CPU", (60, 120), (0.5, 0.6), unit="%", maximum=1.0)
        await pilot.pause()
        assert "60 %" in chart.render_line(0).text
