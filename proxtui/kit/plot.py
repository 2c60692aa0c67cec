"""From a series to lines of braille: gaps stay gaps, peaks stay peaks, a known zero is not an unknown. Pure."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from proxtui.core import text
from proxtui.core.rows import UNKNOWN

_LEFT = (0x00, 0x40, 0x44, 0x46, 0x47)
_RIGHT = (0x00, 0x80, 0xA0, 0xB0, 0xB8)
_CELLS = tuple(tuple(chr(0x2800 + left + right) if left + right else " " for right in _RIGHT) for left in _LEFT)
"""Braille by the number of dots from below in the left and the right half of a cell."""

_DOTS = 4
_MAX_STRETCH = 50

Series = Sequence[float | None]


def value_text(value: float | None, unit: str) -> str:
    """A value as people read it. Units: ``%`` for fractions of one, ``B``, ``B/s``, anything else as it is."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if unit == "%":
        return text.percent(value)
    if unit in ("B", "B/s"):
        return text.size(value) if unit == "B" else text.rate(value)
    number = f"{value:.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.3g}"
    return f"{number} {unit}".rstrip()


def evenly(times: Sequence[float], values: Series) -> list[float | None]:
    """The values on an even grid of time: rows that are missing become None."""
    if len(times) < 3:
        return list(values)
    steps = sorted(later - earlier for earlier, later in itertools.pairwise(times) if later > earlier)
    if not steps:
        return list(values)
    step = steps[len(steps) // 2]
    slots = round((times[-1] - times[0]) / step) + 1
    if slots > len(times) * _MAX_STRETCH:
        return list(values)
    grid: list[float | None] = [None] * max(slots, 1)
    for time, value in zip(times, values, strict=False):
        grid[max(0, min(slots - 1, round((time - times[0]) / step)))] = value
    return grid


def resample(values: Series, columns: int) -> list[float | None]:
    """As many values as columns: the peak of each piece when there are too many, steps when there are too few."""
    count = len(values)
    if not count:
        return [None] * columns
    result: list[float | None] = []
    for column in range(columns):
        first = column * count // columns
        piece = values[first : max(first + 1, (column + 1) * count // columns)]
        result.append(max((value for value in piece if value is not None), default=None))
    return result


def ceiling(values: Series, unit: str) -> float:
    """A round number that no value exceeds."""
    peak = max((value for value in values if value is not None), default=0.0)
    if peak <= 0 or not math.isfinite(peak):
        return 1.0
    if unit in ("B", "B/s"):
        return 2.0 ** min(1023, math.ceil(math.log2(max(peak, 1.0))))
    # The smallest numbers that there are have no power of ten below them.
    power = 10.0 ** max(-300, math.floor(math.log10(peak)))
    return next((nice * power for nice in (1, 2, 5, 10) if peak <= nice * power * (1 + 1e-9)), peak)


def braille(values: Series, columns: int, rows: int, top: float) -> list[str]:
    """The area under the values in ``rows`` lines of ``columns`` cells, the highest first."""
    levels = [_level(value, top, rows * _DOTS) for value in resample(values, columns * 2)]
    pairs = list(zip(levels[::2], levels[1::2], strict=True))
    lines = []
    for row in range(rows):
        floor = (rows - 1 - row) * _DOTS
        lines.append("".join(_CELLS[_dots(left - floor)][_dots(right - floor)] for left, right in pairs))
    return lines


def _level(value: float | None, top: float, most: int) -> int:
    """Dots for a value; a known one has at least one, so that zero and unknown differ."""
    if value is None or not math.isfinite(value):
        return 0
    # Kept within the chart before it is rounded: an absurd value over a small top is infinite.
    return max(1, round(min(1.0, max(0.0, value / top)) * most))


def _dots(height: int) -> int:
    return 0 if height < 0 else min(height, _DOTS)
