"""Series over time that are made of other series; a gap stays a gap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from proxtui.core import text

Values = Sequence[float | None]


class Drawing(NamedTuple):
    """What one chart is to draw."""

    title: str
    values: Values
    unit: str
    """``%`` for 0..1, ``B/s`` for bytes in a second, empty for a plain number."""


def shares(used: Values, total: Values) -> Values:
    """Used of total, point by point; a gap where either is unknown."""
    return [text.share(part, whole) for part, whole in zip(used, total, strict=False)]


def sums(first: Values, second: Values) -> Values:
    """Both together, point by point; a gap where neither is known."""
    if not first or not second:
        return first or second
    pairs = zip(first, second, strict=True)
    return [None if one is None and other is None else (one or 0) + (other or 0) for one, other in pairs]


class Span(NamedTuple):
    """What part of the history is looked at, and what a point stands for when there are more readings than points."""

    timeframe: str = "hour"
    """``hour``, ``day``, ``week``, ``month`` or ``year``."""
    cf: str = "AVERAGE"
    """``AVERAGE`` or ``MAX``."""

    @property
    def text(self) -> str:
        """``day, average``."""
        return f"{self.timeframe}, {'maximum' if self.cf == 'MAX' else 'average'}"

    def longer(self) -> Span:
        """The next longer one; after the longest the shortest."""
        return self._replace(timeframe=TIMEFRAMES[(TIMEFRAMES.index(self.timeframe) + 1) % len(TIMEFRAMES)])

    def other(self) -> Span:
        """Maxima instead of averages, or the other way round."""
        return self._replace(cf="AVERAGE" if self.cf == "MAX" else "MAX")


TIMEFRAMES = ("hour", "day", "week", "month", "year")


def parts(percents: Values) -> Values:
    """Percent as 0..1; a gap stays a gap."""
    return [None if value is None else value / 100 for value in percents]
