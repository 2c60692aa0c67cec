"""Everything about one thing: a title, facts, a small table, and charts, arranged to the room there is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.containers import Grid
from textual.widget import Widget

from proxtui.core.rows import Tone, tone_of_load
from proxtui.core.series import Drawing
from proxtui.core.sheet import Head, Sheet, columns
from proxtui.kit.chart import LiveChart
from proxtui.kit.facts import FactLike, Facts, lines_needed
from proxtui.kit.live_table import LiveTable
from proxtui.kit.one_line import OneLine
from proxtui.kit.painting import Run, fit
from proxtui.kit.time_axis import moment_text

SIDE_BY_SIDE = 70
"""Cells of the pane from which two charts stand side by side."""
LEAST_CHART, MOST_CHART = 4, 9
"""Lines of a chart."""
MANY = 4
"""Charts above which up to three stand side by side."""
LEAST_WIDE = 24
"""Cells of a chart that still tells something."""
MORE, TURN = "…", ", ."
"""What stands for sections that have no room, and the keys that turn to the next."""
NO_DATA = "no data"
"""Stands in a chart whose history was read, and is empty."""
UNFINISHED = 3
"""Points at the end of a history of which all but the first may not be there yet."""
COARSE = 120.0
"""Seconds between two points from which only one may be missing."""


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
    empty: str = NO_DATA
    """What stands there instead of an empty chart: why there is none."""


def curves(drawings: Sequence[Drawing], times: Sequence[float], empty: str) -> list[Curve]:
    """Charts over the same points of time. What is a part of something has a full scale and the colours of load."""
    known = [any(value is not None for value in one.values) for one in drawings]
    if times and empty == NO_DATA:
        # PVE leaves out what it has nothing of: a series alone is not kept there, all of them were not recorded then.
        empty = "this server keeps none" if any(known) else f"no data from {moment_text(times[0], '%d %b %H:%M')} on"
    return [_curve(one, times, empty) for one in drawings]


def _curve(one: Drawing, times: Sequence[float], empty: str) -> Curve:
    whole = finished(one.values, times)
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


def finished(values: Sequence[float | None], times: Sequence[float] = ()) -> int:
    """How many points to draw. The last minutes may not be there yet: that is no gap, and not the latest value."""
    # Of points that stand for half an hour and more only the one that is being gathered may be missing.
    coarse = len(times) > 1 and times[-1] - times[-2] > COARSE
    for missing in range(min(2 if coarse else UNFINISHED, len(values))):
        if values[len(values) - 1 - missing] is not None:
            return len(values) - missing
    return len(values)


class Arrangement(NamedTuple):
    """How charts share a pane."""

    columns: int
    rows: int
    chart_height: int
    charts: int
    """How many have room."""


def arrange(width: int, height: int, charts: int, facts: int) -> Arrangement:
    """One column of charts where they can stand below each other, else two.

    ``facts`` is the number of lines that they need, and they get it. Charts share what is left, and some have no room
    when it is little: a section of its own shows them all.
    """
    room = height - 1
    if charts > MANY:
        return _arrange_many(width, room - min(facts, 2), charts)
    one_below_the_other = width < SIDE_BY_SIDE and room - charts * (LEAST_CHART + 1) >= facts
    columns = 1 if one_below_the_other else 2
    left = room - min(facts, room)
    rows = min(-(-charts // columns), left // LEAST_CHART)
    height_of_each = max(LEAST_CHART, min(MOST_CHART, left // rows)) if rows else LEAST_CHART
    return Arrangement(columns, rows, height_of_each, min(charts, rows * columns))


def _arrange_many(width: int, room: int, charts: int) -> Arrangement:
    """As few columns as have room for all; when not even three have, some charts have none."""
    most = max(1, min(3, width // LEAST_WIDE))
    fits = (columns for columns in range(1, most) if -(-charts // columns) * (LEAST_CHART + 1) <= room)
    columns = next(fits, most)
    rows = max(1, min(-(-charts // columns), room // LEAST_CHART))
    return Arrangement(columns, rows, max(LEAST_CHART, min(MOST_CHART, room // rows)), min(charts, rows * columns))


class PaneTabs(OneLine):
    """The sections there are, the one in front lit; folded away while there is only one."""

    DEFAULT_CSS = "PaneTabs { background: $surface; display: none; }"

    def __init__(self) -> None:
        super().__init__()
        self._names: Sequence[str] = ()
        self._front = 0
        self._note = ""

    def say(self, names: Sequence[str], front: int) -> None:
        """Show these, the one with this number in front."""
        self._names, self._front = names, front
        self.display = len(names) > 1
        self.repaint()

    def note(self, text: str) -> None:
        """Say this at the right end instead of the keys that turn the pages."""
        if text != self._note:
            self._note = text
            self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        plain = self.style_of(Tone.PLAIN)
        end = f" {self._note or TURN} "
        sight = self._in_sight(width - len(end) - 2 * len(MORE))
        runs: list[Run] = [(MORE, plain)] if sight.start else []
        for at in sight:
            name = self._names[at]
            runs.append((f" {name} ", self.badge_style(Tone.ACCENT) if at == self._front else plain))
        if sight.stop < len(self._names):
            runs.append((MORE, plain))
        used = sum(len(piece) for piece, _ in runs)
        tone = Tone.WARN if self._note else Tone.MUTED
        return [*runs, (" " * max(0, width - used - len(end)), plain), (end, self.style_of(tone))]

    def _in_sight(self, width: int) -> range:
        """The names that fit, from the first on, or as far to the right as the one in front needs."""
        cells = [len(name) + 2 for name in self._names]
        first = 0
        while first < self._front and sum(cells[first : self._front + 1]) > width:
            first += 1
        last = first + 1
        while last < len(cells) and sum(cells[first : last + 1]) <= width:
            last += 1
        return range(first, last)


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
    DetailPane LiveTable { height: 1fr; width: 1fr; display: none; }
    DetailPane Grid { width: 1fr; grid-gutter: 0 1; padding: 0 1; }
    DetailPane.-sheet LiveTable { display: block; }
    DetailPane.-sheet Grid { display: none; }
    """

    def __init__(self, charts: int = 4, *, id: str | None = None) -> None:
        """``charts`` is the most that are ever shown at once."""
        super().__init__(id=id)
        self._title = PaneTitle()
        self._tabs = PaneTabs()
        self._facts = Facts()
        self.table = LiveTable((), sort="", noun="line", empty="")
        self._charts = [LiveChart() for _ in range(charts)]
        self._grid = Grid(*self._charts)
        self._used = charts
        self._how: Arrangement | None = None
        self._heads: tuple[Head, ...] = ()

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._tabs
        yield self._facts
        yield self.table
        yield self._grid

    def say_sections(self, names: Sequence[str], front: int) -> None:
        """Tell which sections there are and which one is in front."""
        self._tabs.say(names, front)

    def tell(
        self, title: str, facts: Sequence[FactLike], curves: Sequence[Curve], small_table: Sheet | None = None
    ) -> None:
        """Show this: facts with charts below them, or with a small table."""
        self._title.say(title)
        self._facts.set_facts(facts)
        for chart, curve in zip(self._charts, curves, strict=False):
            tone = tone_of_load if curve.is_load else None
            chart.set_series(
                curve.title,
                curve.times,
                curve.values,
                unit=curve.unit,
                maximum=curve.maximum,
                tone=tone,
                empty=curve.empty,
            )
        self._used = min(len(curves), len(self._charts))
        self._show_table(small_table)
        self._arrange()

    def _show_table(self, wanted: Sheet | None) -> None:
        self.set_class(wanted is not None, "-sheet")
        if wanted is None:
            self.table.set_rows(())
            return
        if wanted.heads != self._heads:
            self._heads = wanted.heads
            # The rows of one table have not the cells that the columns of another ask for.
            self.table.set_rows(())
            self.table.set_columns(columns(wanted.heads))
            self.table.sort_by("", descending=False)
        self.table.say_when_empty(wanted.empty)
        self.table.set_rows(wanted.rows)

    def clear(self) -> None:
        """There is nothing to tell about."""
        self._title.say("")
        self._facts.set_facts(())
        for chart in self._charts:
            chart.say("")
        self._show_table(None)

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
        width = self.size.width - 2
        lines = lines_needed(self._facts.facts, width)
        height = self.size.height - int(self._tabs.display)
        if self.has_class("-sheet"):
            # What is wrong is said above the table, which keeps most of the room.
            self._facts.styles.height = min(lines, max(1, height // 3))
            self._tabs.note("")
            return
        how = arrange(width, height, self._used, lines)
        self._facts.styles.height = "1fr" if self._used <= MANY else min(lines, 2)
        self._tabs.note(f"+{self._used - how.charts} charts" if how.charts < self._used else "")
        if how == self._how:
            return
        self._how = how
        for at, chart in enumerate(self._charts):
            chart.display = at < how.charts
        self._grid.display = how.charts > 0
        self._grid.styles.grid_size_columns = how.columns
        self._grid.styles.grid_size_rows = max(1, how.rows)
        self._grid.styles.height = how.rows * how.chart_height
