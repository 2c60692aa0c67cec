"""The painting half of the live table: virtual lines, cached strips, and only what differs is repainted."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import lru_cache
from typing import Any, ClassVar

from textual import events
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from proxtui.core.rows import Column, TableRow
from proxtui.kit.bare_lines import BareLines
from proxtui.kit.groups import Head, paint_head
from proxtui.kit.inks import Inks
from proxtui.kit.layout import Layout, content_widths, lay_out
from proxtui.kit.painting import GUTTER, blank, paint_centred, paint_header, paint_row, wrapped
from proxtui.kit.row_list import RowList

_CACHED_STRIPS = 1024
_SAMPLE = 64
"""Rows that are asked how wide their texts are; all 10,000 would cost more than the painting."""
_SAMPLE_LATER = 8
"""Rows that are asked at every poll after the first."""


class TableCanvas(ScrollView):
    """A header line over a window on ``rows``; knows how lines look, not what keys do."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--header", "table--cursor", "table--empty"}
    DEFAULT_CSS = """
    TableCanvas {
        width: 1fr; height: 1fr;
        background: $background; color: $foreground;
        overflow-x: hidden; overflow-y: auto; scrollbar-size: 1 1;
        & > .table--header { color: $foreground; background: $panel; text-style: bold; }
        & > .table--cursor { background: $surface; }
        & > .table--empty { color: $foreground 70%; }
        &:focus > .table--cursor { background: $primary 40%; text-style: bold; }
    }
    """

    def __init__(
        self, rows: RowList, *, header: int, empty: str, noun: str, id: str | None, classes: str | None
    ) -> None:
        """``header`` is the number of lines at the top that do not scroll: 1 or 0."""
        super().__init__(id=id, classes=classes)
        self._styles_cache = BareLines()
        self.rows = rows
        self.header = header
        self.empty, self._noun = empty, noun
        self._slots = lay_out(rows.columns, 0)
        self._wants: dict[str, int] = {}
        self._inks = Inks(self)
        self._strips: dict[tuple[Hashable, bool], tuple[TableRow, Strip]] = {}
        self._on_screen: dict[int, Strip] = {}
        self._measured = self._turn = 0

    @property
    def line_width(self) -> int:
        """Cells of a line: all but the scroll bar."""
        return self.scrollable_content_region.width

    @property
    def slots(self) -> Layout:
        """The columns at the present width."""
        return self._fitted(self.line_width)

    def _fitted(self, line_width: int) -> Layout:
        width = max(0, line_width - GUTTER)
        if self._slots.width != width:
            self._slots = lay_out(self.rows.columns, width, self._wants)
            self._strips.clear()
        return self._slots

    @property
    def page(self) -> int:
        """Lines that fit between the header and the bottom."""
        return max(1, self.size.height - self.header)

    @property
    def first_line(self) -> int:
        """Number of the line under the header; rows and heads of groups are counted together."""
        return self.scroll_offset.y

    def forget_columns(self, columns: Sequence[Column[Any]]) -> None:
        """Use other columns from the next paint on."""
        self.rows.columns = tuple(columns)
        self._wants = {}
        self.measure()
        self._slots = lay_out(self.rows.columns, self.slots.width, self._wants)
        self._strips.clear()

    def measure(self) -> None:
        """Learn from some rows how wide the columns would like to be. They only grow, so that nothing dances."""
        found = content_widths(self.rows.columns, self._sample())
        wants = {key: max(cells, self._wants.get(key, 0)) for key, cells in found.items()}
        if wants != self._wants:
            self._wants = wants
            self._slots = lay_out(self.rows.columns, self._slots.width, wants)
            self._strips.clear()

    def _sample(self) -> Sequence[TableRow]:
        """Some rows from everywhere; as many again as at the last time are asked little by little, each poll others."""
        rows = self.rows.all
        known = len(rows) == self._measured > 2 * _SAMPLE and bool(self._wants)
        every = max(1, len(rows) // (_SAMPLE_LATER if known else _SAMPLE))
        self._measured = len(rows)
        self._turn = (self._turn + 1) % every if known else 0
        return rows[self._turn :: every]

    def rearrange(self) -> None:
        """Rows, filter or order changed: keep the cursor in sight if it was, repaint what differs."""
        in_sight = self._in_sight()
        self.rows.arrange()
        self._extend()
        if in_sight:
            self.follow()
        self.repaint()

    def follow(self) -> None:
        """Scroll just as far as the cursor needs; before the first layout nobody knows how far that is."""
        if self.size and not self._in_sight():
            top, line = self.rows.cursor_lines(self.page)
            y = top if top < self.first_line else line - self.page + 1
            self.scroll_to(y=y, animate=False, force=True)

    def repaint(self) -> None:
        """Mark the visible lines whose content is another than what was painted."""
        if not self.is_mounted or not self.size or not self._on_screen:
            # What was never painted will be, as a whole.
            return
        width = self.line_width
        dirty = [Region(0, y, width, 1) for y in range(self.size.height) if self._differs(y, width)]
        if dirty:
            self.refresh(*dirty)

    def render_line(self, y: int) -> Strip:
        strip = self._on_screen[y] = self._line(y, self.line_width)
        return strip

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._inks.clear()
        self._strips.clear()
        if self.is_mounted:
            self.call_next(self.repaint)

    def on_resize(self, _event: events.Resize) -> None:
        self._extend()
        self.follow()
        self.repaint()

    def _in_sight(self) -> bool:
        top, line = self.rows.cursor_lines(self.page)
        return self.first_line <= top and line < self.first_line + self.page

    def _extend(self) -> None:
        """Tell Textual how far it can scroll, without the layout of the whole screen that assigning would cause."""
        size = Size(self.line_width, self.header + self.rows.lines)
        if size != self.virtual_size:
            self.set_reactive(Widget.virtual_size, size)
            self._scroll_update(size)

    def _differs(self, y: int, width: int) -> bool:
        old, new = self._on_screen.get(y), self._line(y, width)
        return old is not new and old != new

    def _line(self, y: int, width: int) -> Strip:
        # The width is handed down: Textual works it out anew whenever it is asked, and a page has many lines.
        slots = self._fitted(width)
        if y < self.header:
            return paint_header(slots, self.rows.sort, descending=self.rows.descending, ink=self._inks["header"])
        found = self.rows.at_line(self.first_line + y - self.header)
        if isinstance(found, Head):
            return paint_head(found, width, self._inks["plain"])
        if found is not None:
            return self._row_strip(found, slots)
        words = () if self.rows.shown else _broken(self.rows.why_empty(self._noun) or self.empty, width - 2 * GUTTER)
        line = y - max(self.header, (self.size.height - len(words)) // 2)
        ink = self._inks["empty"]
        return paint_centred(words[line], width, ink.base) if 0 <= line < len(words) else blank(width, ink.base)

    def _row_strip(self, index: int, slots: Layout) -> Strip:
        row, lit = self.rows.shown[index], index == self.rows.cursor
        cached = self._strips.get((row.key, lit))
        if cached is not None and cached[0] is row:
            return cached[1]
        ink = self._inks[("cursor" if lit else "plain") + (" muted" if row.muted else "")]
        strip = paint_row(row, slots, ink, lit=lit)
        if cached is not None and cached[1] == strip:
            strip = cached[1]
        if len(self._strips) >= _CACHED_STRIPS:
            self._strips.clear()
        self._strips[row.key, lit] = (row, strip)
        return strip


@lru_cache(maxsize=8)
def _broken(text: str, width: int) -> tuple[str, ...]:
    """What stands in an empty table, in lines; each of its lines asks for all of them."""
    return tuple(wrapped(text, width))
