"""Labels and values in one or two columns, painted by line; what does not fit is announced."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar, NamedTuple, Protocol

from textual import events
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from proxtui.core.rows import Tone
from proxtui.kit.inks import Inks
from proxtui.kit.painting import Run, fit, paint_runs

LABEL = 11
"""Cells of a label."""
MOST_LINES = 4
"""Of one value."""
TWO_COLUMNS_FROM = 72
"""Cells of the widget."""


class FactLike(Protocol):
    """One line: a label, a value, and what the value means."""

    @property
    def label(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def tone(self) -> Tone: ...


class Fact(NamedTuple):
    """The plainest ``FactLike``."""

    label: str
    text: str
    tone: Tone = Tone.PLAIN


def folded(facts: Sequence[FactLike], width: int) -> list[FactLike]:
    """The facts with long values continued on further lines, so that the reason in a message is not what is cut."""
    room = max(1, width - LABEL)
    lines: list[FactLike] = []
    for fact in facts:
        if len(fact.text) <= room:
            lines.append(fact)
            continue
        pieces = wrap(fact.text, room, max_lines=MOST_LINES, placeholder=" …")
        lines.extend(Fact(fact.label if number == 0 else "", piece, fact.tone) for number, piece in enumerate(pieces))
    return lines


def spread(facts: Sequence[FactLike], width: int, height: int) -> list[list[FactLike]]:
    """Their lines in one column, or in two when one is too short for them; a fact is never torn in two."""
    lines = folded(facts, width)
    if width < TWO_COLUMNS_FROM or len(lines) <= height:
        return [lines]
    lines = folded(facts, (width - 1) // 2)
    # What has no label goes on with the fact before it.
    starts = [at for at, line in enumerate(lines) if line.label and 0 < at <= height]
    cut = starts[-1] if starts else height
    return [lines[:cut], lines[cut:]]


def lines_needed(facts: Sequence[FactLike], width: int) -> int:
    """The least height at which all of them are seen."""
    most = len(folded(facts, width))
    if width < TWO_COLUMNS_FROM:
        return most
    fits = (height for height in range(1, most) if max(map(len, spread(facts, width, height))) <= height)
    return next(fits, most)


class Facts(Widget):
    """Told with ``set_facts``; repaints only lines that differ."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--header", "table--cursor", "table--empty"}
    DEFAULT_CSS = "Facts { background: $background; color: $foreground; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.facts: tuple[FactLike, ...] = ()
        self._inks = Inks(self)
        self._on_screen: dict[int, Strip] = {}

    def set_facts(self, facts: Sequence[FactLike]) -> None:
        """Show these."""
        self.facts = tuple(facts)
        self._repaint()

    def render_line(self, y: int) -> Strip:
        strip = self._on_screen[y] = self._paint(y)
        return strip

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._inks.clear()
        if self.is_mounted:
            self.call_next(self._repaint)

    def on_resize(self, _event: events.Resize) -> None:
        self._repaint()

    def _repaint(self) -> None:
        if not self.is_mounted or not self.size:
            return
        width = self.size.width
        dirty = [Region(0, y, width, 1) for y in range(self.size.height) if self._on_screen.get(y) != self._paint(y)]
        if dirty:
            self.refresh(*dirty)

    def _paint(self, y: int) -> Strip:
        width, height = self.size
        ink = self._inks["plain"]
        columns = spread(self.facts, width, height)
        cell = (width - (len(columns) - 1)) // len(columns)
        hidden = len(columns[-1]) - height
        runs: list[Run] = []
        for number, lines in enumerate(columns):
            is_last = number == len(columns) - 1
            if is_last and hidden > 0 and y == height - 1:
                runs.append((fit(f"… {hidden + 1} more lines", cell), ink.tones[Tone.WARN]))
            elif y < len(lines):
                runs.extend(self._runs(lines[y], cell))
            else:
                runs.append((" " * cell, ink.base))
            if not is_last:
                runs.append((" ", ink.base))
        return paint_runs(runs, width, ink.base)

    def _runs(self, fact: FactLike, width: int) -> list[Run]:
        tones = self._inks["plain"].tones
        label = min(LABEL, width)
        return [
            (fit(fact.label, label - 1) + " ", tones[Tone.MUTED]),
            (fit(fact.text, width - label), tones[fact.tone]),
        ]
