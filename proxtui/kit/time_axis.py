"""When something was: the labels below a chart, in the local time of whoever looks. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from proxtui.core import text

_HOUR, _DAY = 3_600.0, 86_400.0
_SHAPES: tuple[tuple[float, tuple[str, ...]], ...] = (
    (3 * _HOUR, ("%H:%M",)),
    (2 * _DAY, ("%d %b %H:%M", "%a %H:%M", "%H:%M")),
    (10 * _DAY, ("%a %d %b", "%a %d", "%a")),
    (100 * _DAY, ("%d %b", "%d")),
)
"""Up to how many seconds a label is written how: the first way that has room."""
_YEARS = ("%b %Y", "%b %y", "%Y")
_MOST, _BETWEEN = 7, 4
"""Labels of one axis, and the cells that more than two of them want between each other."""


def moment_text(seconds: float, shape: str) -> str:
    """Local time; empty for what no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, tz=UTC).astimezone().strftime(shape)
    except (ValueError, OverflowError, OSError):
        return ""


def time_axis(times: Sequence[float], width: int) -> str:
    """Exactly ``width`` cells: the first and the last moment at the ends, and others between where there is room.

    Up to hours they are times, of a day they have its date, of weeks days, of years months.
    """
    if not times or width < 1:
        return " " * max(0, width)
    for shape in _shapes(times):
        count = _labels(times, shape, width)
        if count > 1:
            return _line(times, shape, width, count)
    # No room for two: the end is what counts.
    last = moment_text(times[-1], _shapes(times)[-1])
    return last.rjust(width) if len(last) <= width else " " * width


def _line(times: Sequence[float], shape: str, width: int, count: int) -> str:
    line = [" "] * width
    for place in range(count):
        part = place / (count - 1)
        label = moment_text(times[0] + (times[-1] - times[0]) * part, shape)
        start = round(part * (width - len(label)))
        line[start : start + len(label)] = label
    return "".join(line)


def window_text(times: Sequence[float], room: int) -> str:
    """From when to when in at most ``room`` cells: ``13:05–14:04``, else how long, else nothing."""
    if not times:
        return ""
    span = times[-1] - times[0]
    both = [f"{moment_text(times[0], shape)}–{moment_text(times[-1], shape)}" for shape in _shapes(times)]
    # Each point stands for the time since the one before.
    long = text.age(span + span / max(1, len(times) - 1))
    return next((words for words in (*both, long) if len(words) <= room), "")


def unknown_since(times: Sequence[float], values: Sequence[float | None]) -> str:
    """``no data since 21 Nov 14:00`` when the end of a series is missing; empty when it is there, or all is missing."""
    last = next((at for at in range(len(values) - 1, -1, -1) if values[at] is not None), None)
    if last is None or last == len(values) - 1:
        return ""
    same_day = moment_text(times[last], "%d %b %Y") == moment_text(times[-1], "%d %b %Y")
    long_ago = times[-1] - times[last] > 100 * _DAY
    shape = "%H:%M" if same_day else "%d %b %Y" if long_ago else "%d %b %H:%M"
    return f"no data since {moment_text(times[last], shape)}"


def zone_text(seconds: float) -> str:
    """Whose time it is then: ``CET, UTC+0100``, or ``UTC``."""
    name, offset = moment_text(seconds, "%Z"), moment_text(seconds, "%z")
    if offset in ("+0000", ""):
        return name or "UTC"
    return f"{name}, UTC{offset}" if name.isalpha() else f"UTC{offset}"


def _shapes(times: Sequence[float]) -> tuple[str, ...]:
    span = times[-1] - times[0]
    return next((shapes for longest, shapes in _SHAPES if span <= longest), _YEARS)


def _labels(times: Sequence[float], shape: str, width: int) -> int:
    """How many have room: of a series with one moment only one."""
    label = max(len(moment_text(at, shape)) for at in (times[0], times[-1]))
    fits = (width + _BETWEEN) // (label + _BETWEEN)
    return min(max(fits, 2 if width > 2 * label else 1), _MOST, len(times))
