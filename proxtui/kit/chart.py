"""The live chart: one series as a braille area with axes, painted by line and only where it differs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from proxtui.core.rows import Tone
from proxtui.kit.painting import fit, paint_centred, paint_runs
from proxtui.kit.plot import Series, braille, ceiling, evenly, value_text
from proxtui.kit.safe import visible
from proxtui.kit.time_axis import time_axis, unknown_since, window_text
from proxtui.kit.tones import tone_styles

ToneOf = Callable[[float], Tone]
_NARROW = 24
"""Cells below which there is no room for the y axis."""
_LOW = 4
"""Lines up to which there is no room for the x axis."""


@dataclass(frozen=True, slots=True)
class _Drawn:
    title: str = ""
    times: tuple[float, ...] = ()
    values: tuple[float | None, ...] = ()
    unit: str = ""
    maximum: float | None = None


class LiveChart(Widget):
    """Title and latest value, the area with its scale at the left, the time below. Any size from one line up."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "LiveChart { width: 1fr; height: 1fr; background: $background; color: $foreground; }"

    def __init__(self, title: str = "", *, empty: str = "no data", id: str | None = None) -> None:
        super().__init__(id=id)
        self._drawn = _Drawn(title)
        self._tone: ToneOf | None = None
        self._empty = empty
        self._lines: list[Strip] = []

    def set_series(
        self,
        title: str,
        times: Sequence[float],
        values: Series,
        *,
        unit: str = "",
        maximum: float | None = None,
        tone: ToneOf | None = None,
        empty: str = "no data",
    ) -> None:
        """Draw this. ``times`` are seconds since the epoch, ascending; a None in ``values`` is a gap.

        ``unit`` is ``%`` (fractions of one), ``B``, ``B/s`` or any word; ``maximum`` fixes the scale;
        ``tone`` colours what reaches a threshold, as ``core.rows.tone_of_load`` does. ``empty`` stands there
        when nothing is known.
        """
        known = tuple(value if value is not None and math.isfinite(value) else None for value in values)
        self._drawn = _Drawn(title, tuple(times), known, unit, maximum)
        self._tone, self._empty = tone, empty
        self._repaint()

    def say(self, text: str) -> None:
        """Show words instead of a series: why there is none."""
        self._drawn = _Drawn(self._drawn.title)
        self._empty = text
        self._repaint()

    def render_line(self, y: int) -> Strip:
        if len(self._lines) != self.size.height:
            self._lines = self._draw()
        return self._lines[y] if y < len(self._lines) else Strip.blank(self.size.width)

    def on_resize(self, _event: events.Resize) -> None:
        self._lines = self._draw()
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._lines = []
        if self.is_mounted:
            self.call_next(self._repaint)

    def _repaint(self) -> None:
        if not self.is_mounted or not self.size:
            return
        old, self._lines = self._lines, self._draw()
        width = self.size.width
        dirty = [
            Region(0, y, width, 1)
            for y, line in enumerate(self._lines)
            if len(old) != len(self._lines) or old[y] != line
        ]
        if dirty:
            self.refresh(*dirty)

    def _draw(self) -> list[Strip]:
        width, height = self.size
        if not width or not height:
            return []
        tones = tone_styles(self)
        lines = [self._title_line(width, tones)]
        if all(value is None for value in self._drawn.values):
            words = [paint_centred(self._empty, width, tones[Tone.MUTED])]
            blank = Strip.blank(width, tones[Tone.PLAIN])
            above = [blank] * ((height - 2) // 2)
            return (lines + above + words + [blank] * height)[:height]
        return lines if height < 2 else (lines + self._plot_lines(width, height - 1, tones))[:height]

    def _title_line(self, width: int, tones: dict[Tone, Style]) -> Strip:
        drawn, ground = self._drawn, tones[Tone.PLAIN]
        latest = drawn.values[-1] if drawn.values else None
        since = unknown_since(drawn.times, drawn.values)
        shown = since or (value_text(latest, drawn.unit) if drawn.values else "")
        shown = shown if len(shown) < width else ""
        tone = Tone.WARN if since else self._tone(latest) if self._tone and latest is not None else Tone.PLAIN
        title = visible(drawn.title)
        left = fit(title, min(cell_len(title), max(0, width - len(shown) - 1)))
        room = width - cell_len(left) - len(shown)
        # Without an axis below, and two blanks on either side, the title says which time this is.
        window = "" if self._has_axis else window_text(drawn.times, room - 4)
        middle = f"  {window}".ljust(room) if window else " " * max(0, room)
        return paint_runs(
            [
                (left, ground + Style(bold=True)),
                (middle, tones[Tone.MUTED]),
                (shown, tones[tone] + Style(bold=True)),
            ],
            width,
            ground,
        )

    @property
    def _has_axis(self) -> bool:
        """Whether there is room for the time below."""
        return self.size.height > _LOW

    def _plot_lines(self, width: int, height: int, tones: dict[Tone, Style]) -> list[Strip]:
        drawn = self._drawn
        top = drawn.maximum or ceiling(drawn.values, drawn.unit)
        rows = height - 1 if self._has_axis else height
        labels = self._labels(top, rows) if width >= _NARROW else [""] * rows
        axis = max(map(len, labels)) + 1 if width >= _NARROW else 0
        columns = width - axis
        lines = []
        for row, cells in enumerate(braille(evenly(drawn.times, drawn.values), columns, rows, top)):
            edge = labels[row].rjust(axis - 1) + "│" if axis else ""
            ink = tones[self._row_tone((rows - row - 0.5) / rows * top)]
            lines.append(paint_runs([(edge, tones[Tone.MUTED]), (cells, ink)], width, tones[Tone.PLAIN]))
        if rows < height:
            below = " " * axis + time_axis(drawn.times, columns)
            lines.append(paint_runs([(below, tones[Tone.MUTED])], width, tones[Tone.PLAIN]))
        return lines

    def _labels(self, top: float, rows: int) -> list[str]:
        labels = [""] * rows
        labels[-1] = value_text(0.0, self._drawn.unit)
        if rows >= 5:
            labels[rows // 2] = value_text(top * (rows - rows // 2) / rows, self._drawn.unit)
        if rows > 1:
            labels[0] = value_text(top, self._drawn.unit)
        return labels

    def _row_tone(self, value: float) -> Tone:
        tone = self._tone(value) if self._tone is not None else Tone.PLAIN
        return Tone.ACCENT if tone is Tone.PLAIN else tone
