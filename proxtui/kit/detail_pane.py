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
from proxtui.kit.facts import FactLike, Facts
from proxtui.kit.one_line import OneLine
from proxtui.kit.painting import Run, fit

SIDE_BY_SIDE = 70
"""Cells of the pane from which two charts stand side by side."""
LEAST_CHART, MOST_CHART = 4, 9
"""Lines of a chart."""


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
    return [
        Curve(
            one.title,
            times if one.values else (),
            one.values,
            one.unit,
            maximum=1.0 if one.unit == "%" else None,
            is_load=one.unit == "%",
            empty=empty,
        )
        for one in drawings
    ]


class Arrangement(NamedTuple):
    """How charts share a pane."""

    columns: int
    rows: int
    chart_height: int


def arrange(width: int, height: int, charts: int, facts: int) -> Arrangement:
    """One column of charts where they can stand below each other, else two; facts get a third of the room or more."""
    room = height - 1
    wanted = min(facts, max(4, room // 3))
    one_below_the_other = width < SIDE_BY_SIDE and room - wanted >= charts * (LEAST_CHART + 1)
    columns = 1 if one_below_the_other else 2
    rows = -(-charts // columns)
    share = (room - wanted) // rows if rows else 0
    return Arrangement(columns, rows, max(LEAST_CHART, min(MOST_CHART, share)))


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

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._facts
        yield self._grid

    def tell(self, title: str, facts: Sequence[FactLike], curves: Sequence[Curve]) -> None:
        """Show this. There are as many curves as charts."""
        rearrange = len(facts) != len(self._facts.facts)
        self._title.say(title)
        self._facts.set_facts(facts)
        for chart, curve in zip(self._charts, curves, strict=True):
            tone = tone_of_load if curve.is_load else None
            chart.set_series(curve.title, curve.times, curve.values, unit=curve.unit, maximum=curve.maximum, tone=tone)
            if not curve.times:
                chart.say(curve.empty)
        if rearrange:
            self._arrange()

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
        how = arrange(self.size.width, self.size.height, len(self._charts), len(self._facts.facts))
        self._grid.styles.grid_size_columns = how.columns
        self._grid.styles.grid_size_rows = how.rows
        self._grid.styles.height = how.rows * how.chart_height
