"""The pane shares its room between facts and charts; facts that are cut say so."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult

from proxtui.core.rows import Tone
from proxtui.core.series import Drawing, shares, sums
from proxtui.kit.chart import LiveChart
from proxtui.kit.detail_pane import LEAST_CHART, arrange, curves, finished
from proxtui.kit.facts import MOST_LINES, TWO_COLUMNS_FROM, Fact, folded, lines_needed, spread


@pytest.mark.parametrize("width", [40, 52, 78, 100])
@pytest.mark.parametrize("height", range(5, 60))
@pytest.mark.parametrize("facts", [0, 3, 12, 40])
def test_facts_are_never_cut_for_a_chart(width: int, height: int, facts: int) -> None:
    how = arrange(width, height, 4, facts)
    left = height - 1 - how.rows * how.chart_height
    assert left >= min(facts, height - 1)
    assert how.chart_height >= LEAST_CHART
    assert how.charts == min(4, how.rows * how.columns)
    # Nothing is left out that would have had room.
    assert how.charts == 4 or left - facts < LEAST_CHART


def test_facts_get_what_they_need_before_charts_grow() -> None:
    assert arrange(80, 40, 4, 10).chart_height > LEAST_CHART
    assert arrange(80, 20, 4, 10) == (2, 2, LEAST_CHART, 4)
    assert arrange(80, 12, 4, 5) == (2, 1, 6, 2)
    assert arrange(52, 9, 4, 6).charts == 0


@pytest.mark.parametrize("height", range(3, 12))
def test_a_fact_of_several_lines_is_not_torn_over_two_columns(height: int) -> None:
    facts = [Fact("state", "up"), Fact("why", "word " * 20), Fact("uptime", "5d"), *(Fact("", "note") for _ in "123")]
    first, *others = spread(facts, TWO_COLUMNS_FROM, height)
    assert all(column[0].label for column in others if len(first) < height)
    assert sum(map(len, (first, *others))) == len(folded(facts, TWO_COLUMNS_FROM if not others else 35))


def test_what_is_needed_is_what_shows_all() -> None:
    facts = [Fact(f"fact {number}", "word " * number) for number in range(12)]
    for width in (40, TWO_COLUMNS_FROM, 120):
        needed = lines_needed(facts, width)
        assert max(map(len, spread(facts, width, needed))) <= needed
        assert max(map(len, spread(facts, width, needed - 1))) > needed - 1
    assert lines_needed((), 80) == 0


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
