"""A widget that shows ready cells with colours of their own: a picture. Writes only the lines that differ."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar, Protocol

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from proxtui.core.rows import Tone
from proxtui.kit.painting import paint_centred
from proxtui.kit.tones import tone_styles

Rgb = tuple[int, int, int]


class Cells(Protocol):
    """Cells beside each other that look the same; without a colour the widget's own is meant."""

    @property
    def text(self) -> str: ...
    @property
    def ink(self) -> Rgb | None: ...
    @property
    def ground(self) -> Rgb | None: ...


@lru_cache(maxsize=4096)
def _style(ink: Rgb | None, ground: Rgb | None) -> Style:
    return Style(
        color=None if ink is None else Color.from_rgb(*ink),
        bgcolor=None if ground is None else Color.from_rgb(*ground),
    )


class PaintedCells(Widget, can_focus=True):
    """Told with ``show_cells``; what is smaller than the widget stands in its middle."""

    HELP_NAME: ClassVar[str] = "picture"
    ALLOW_SELECT = False
    DEFAULT_CSS = "PaintedCells { width: 1fr; height: 1fr; background: $background; color: $foreground; }"

    class Sized(Message):
        """It has another size, so that other cells are wanted."""

    def __init__(self, *, empty: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: Sequence[Sequence[Cells]] = ()
        self._width = 0
        self._empty = empty
        self._on_screen: dict[int, Strip] = {}

    def show_cells(self, lines: Sequence[Sequence[Cells]], width: int) -> None:
        """Show these lines, each of ``width`` cells."""
        self._lines, self._width = lines, width
        self.repaint()

    def say(self, text: str) -> None:
        """What stands there while there is nothing to show."""
        self._empty = text
        self.repaint()

    def repaint(self) -> None:
        """Mark the lines that differ from what was painted."""
        if self.is_mounted and self.size:
            width = self.size.width
            dirty = [
                Region(0, y, width, 1) for y in range(self.size.height) if self._on_screen.get(y) != self._paint(y)
            ]
            if dirty:
                self.refresh(*dirty)

    def render_line(self, y: int) -> Strip:
        strip = self._on_screen[y] = self._paint(y)
        return strip

    def on_resize(self) -> None:
        self.post_message(self.Sized())

    def _paint(self, y: int) -> Strip:
        width, height = self.size
        if not self._lines:
            return paint_centred(self._empty if y == height // 2 else "", width, tone_styles(self)[Tone.MUTED])
        ground = self.rich_style
        at = y - max(0, (height - len(self._lines)) // 2)
        if not 0 <= at < len(self._lines):
            return Strip.blank(width, ground)
        left = max(0, (width - self._width) // 2)
        cells = [Segment(run.text, ground + _style(run.ink, run.ground)) for run in self._lines[at]]
        strip = Strip([Segment(" " * left, ground), *cells], left + self._width)
        return strip.adjust_cell_length(width, ground)
