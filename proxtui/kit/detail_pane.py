"""Everything about one thing: a title, facts, and charts of its last hour, arranged to the room there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.containers import Grid
from textual.widget import Widget

from proxtui.core.rows import Tone, tone_of_load
from proxtui.core.series import Drawing
from proxtui.kit.chart import LiveChart
from proxtui.kit.facts import TWO_COLUMNS_FROM, FactLike, Facts, folded
from proxtui.kit.one_line import OneLine
from proxtui.kit.painting import Run, fit

SIDE_BY_SIDE = 70
"""Cells of the pane from which two charts stand side by side."""
LEAST_CHART, MOST_CHART = 4, 9
"""Lines of a chart."""
UNFINISHED = 3
"""Points at the end of a history that may not be there yet."""


class Curve(NamedTuple):
    """What one chart shows."""

    title: str
    times: Sequence[float]
    """Seconds since the epoch."""
    values: Sequence[float | None]
    unit: str = ""
    maximum: float | None = None
    is_load: bool = False
    """Coloured by the thresholds of load; the values are 0..1 then."""
    empty: str = "no data"
    """What stands there instead of an empty chart: why there is none."""


def curves(drawings: Sequence[Drawing], times: Sequence[float], empty: str) -> list[Curve]:
    """Charts over the same points of time. What is a part of something has a full scale and the colours of load."""
    return [_curve(one, times, empty) for one in drawings]


def _curve(one: Drawing, times: Sequence[float], empty: str) -> Curve:
    whole = finished(one.values)
    is_load = one.unit == "%"
    return Curve(
        one.title,
        times[:whole],
        one.values[:whole],
        one.unit,
        maximum=1.0 if is_load else None,
        is_load=is_load,
        empty=empty,
    )


def finished(values: Sequence[float | None]) -> int:
    """How many points to draw. The last minutes may not be there yet: that is no gap, and not the latest value."""
    for missing in range(min(UNFINISHED, len(values))):
        if values[len(values) - 1 - missing] is not None:
            return len(values) - missing
    return len(values)


class Arrangement(NamedTuple):
    """How charts share a pane."""

    columns: int
    rows: int
    chart_height: int


def arrange(width: int, height: int, charts: int, facts: int) -> Arrangement:
    """One column of charts where they can stand below each other, else two.

    ``facts`` is the number of their lines: they get what they need as long as the charts keep their least height.
    """
    room = height - 1
    in_one_column = facts if width < TWO_COLUMNS_FROM else -(-facts // 2)
    one_below_the_other = width < SIDE_BY_SIDE and room - charts * (LEAST_CHART + 1) >= min(facts, room // 3)
    columns = 1 if one_below_the_other else 2
    rows = -(-charts // columns)
    left = room - min(in_one_column, room - rows * LEAST_CHART)
    return Arrangement(columns, rows, max(LEAST_CHART, min(MOST_CHART, left // rows)))


class PaneTitle(OneLine):
    """The name of the thing."""

    text = ""

    def say(self, text: str) -> None:
        """Show this name."""
        self.text = text
        self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        return [(" ", self.style_of(Tone.PLAIN)), (fit(self.text, width - 1), self.style_of(Tone.ACCENT))]


class DetailPane(Widget):
    """Told with ``tell``; asks nothing."""

    DEFAULT_CSS = """
    DetailPane { width: 1fr; height: 1fr; layout: vertical; }
    DetailPane Facts { height: 1fr; width: 1fr; padding: 0 1; }
    DetailPane Grid { width: 1fr; grid-gutter: 0 1; padding: 0 1; }
    """

    def __init__(self, charts: int = 4, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._title = PaneTitle()
        self._facts = Facts()
        self._charts = [LiveChart() for _ in range(charts)]
        self._grid = Grid(*self._charts)
        self._how: Arrangement | None = None

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._facts
        yield self._grid

    def tell(self, title: str, facts: Sequence[FactLike], curves: Sequence[Curve]) -> None:
        """Show this. There are as many curves as charts."""
        self._title.say(title)
        self._facts.set_facts(facts)
        for chart, curve in zip(self._charts, curves, strict=True):
            tone = tone_of_load if curve.is_load else None
            chart.set_series(curve.title, curve.times, curve.values, unit=curve.unit, maximum=curve.maximum, tone=tone)
            if not curve.times:
                chart.say(curve.empty)
        self._arrange()

    def clear(self) -> None:
        """There is nothing to tell about."""
        self._title.say("")
        self._facts.set_facts(())
        for chart in self._charts:
            chart.say("")

    @property
    def title(self) -> str:
        """What it is about."""
        return self._title.text

    @property
    def facts(self) -> tuple[FactLike, ...]:
        """What it says."""
        return self._facts.facts

    def on_resize(self, _event: events.Resize) -> None:
        self._arrange()

    def _arrange(self) -> None:
        if not self.size:
            return
        width = self._facts.content_size.width or self.size.width
        lines = len(folded(self._facts.facts, width if width < TWO_COLUMNS_FROM else (width - 1) // 2))
        how = arrange(width, self.size.height, len(self._charts), lines)
        if how == self._how:
            return
        self._how = how
        self._grid.styles.grid_size_columns = how.columns
        self._grid.styles.grid_size_rows = how.rows
        self._grid.styles.height = how.rows * how.chart_height
