"""Rows become strips here: exact to the cell, never parsed, few segments a line. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Literal

from msgspec import Struct
from rich.cells import cell_len, chop_cells, get_character_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color, ColorParseError
from textual.strip import Strip

from proxtui.core.rows import Tone
from proxtui.kit.layout import Layout
from proxtui.kit.safe import visible
from proxtui.kit.signs import ASCENDING, CURSOR, DESCENDING, ELLIPSIS, SWATCH

GUTTER = 1
"""Cells at the left of every row, for the cursor's sign."""

_LEAST_ENDS = 5
"""Cells from which both ends of a name tell something."""

Run = tuple[str, Style]


class Ink(Struct, frozen=True):
    """The styles of one kind of line: its ground and what each tone is on it."""

    base: Style
    tones: Mapping[Tone, Style]


def fit(text: str, width: int, align: Literal["left", "right"] = "left") -> str:
    """The text in exactly ``width`` cells; ``…`` at its end says that something is cut."""
    if width <= 0:
        return ""
    text = visible(text)
    cells = len(text) if text.isascii() else cell_len(text)
    if cells > width:
        text = _cut(text, width - 1) + ELLIPSIS
        cells = cell_len(text)
    padding = " " * (width - cells)
    return padding + text if align == "right" else text + padding


def fit_name(text: str, width: int, align: Literal["left", "right"] = "left") -> str:
    """As ``fit``, but a name too long loses its middle: names of one kind differ at their ends."""
    shown = visible(text)
    cells = len(shown) if shown.isascii() else cell_len(shown)
    if cells <= width or width < _LEAST_ENDS:
        return fit(text, width, align)
    tail = _cut(shown[::-1], width // 2)[::-1]
    # A mark without the letter that it belongs to would land on the sign.
    while tail and not get_character_cell_size(tail[0]):
        tail = tail[1:]
    return fit(_cut(shown, width - 1 - cell_len(tail)) + ELLIPSIS + tail, width, align)


def _cut(text: str, width: int) -> str:
    """As many whole characters as have room; a wide one that would stick out is left away."""
    if text.isascii():
        return text[:width]
    used = 0
    for index, character in enumerate(text):
        used += get_character_cell_size(character)
        if used > width:
            return text[:index]
    return text


def paint_runs(runs: Iterable[Run], width: int, ground: Style) -> Strip:
    """Join runs of equal style and fill up: a strip of exactly ``width`` cells."""
    segments: list[Segment] = []
    text, style, used = "", ground, 0
    for piece, look in runs:
        used += len(piece) if piece.isascii() else cell_len(piece)
        if look == style or (not piece.strip() and _same_ground(look, style)):
            text += piece
        else:
            if text:
                segments.append(Segment(text, style))
            text, style = piece, look
    if used < width:
        text += " " * (width - used)
    if text:
        segments.append(Segment(text, style))
    strip = Strip(segments, max(used, width))
    return strip if used <= width else strip.crop(0, width)


def _same_ground(one: Style, other: Style) -> bool:
    """Whether blanks look the same in both styles."""
    return one.bgcolor == other.bgcolor and not (one.reverse or other.reverse or one.underline or other.underline)


def paint_row(row: Any, layout: Layout, ink: Ink, *, lit: bool) -> Strip:
    """One row of a table; ``lit`` puts the cursor's sign before it. ``layout.width`` does not count the gutter."""
    runs: list[Run] = [(CURSOR if lit else " ", ink.base)]
    end = 0
    for slot in layout.slots:
        if slot.width:
            column = slot.column
            runs.append((" " * (slot.x - end), ink.base))
            fitted = fit_name if column.is_name else fit
            end, room = slot.x + slot.width, slot.width
            if column.swatch is not None and (mark := _swatch(column.swatch(row), ink.base)) is not None:
                runs.append(mark)
                room -= cell_len(mark[0])
            runs.append((fitted(column.text(row), room, column.align), ink.tones[column.tone(row)]))
    return paint_runs(runs, layout.width + GUTTER, ink.base)


def _swatch(colour: str, ground: Style) -> Run | None:
    """A mark in this colour; None when it is none."""
    try:
        return (f"{SWATCH} ", ground + Style(color=Color.parse(colour).rich_color)) if colour else None
    except ColorParseError:
        return None


def paint_header(layout: Layout, sort: str, *, descending: bool, ink: Ink) -> Strip:
    """The titles, the sort sign at the sorted one, and ``+N`` for dropped columns at the right end."""
    runs: list[Run] = [(" ", ink.base)]
    end = 0
    for slot in layout.slots:
        if slot.width:
            sorted_by = slot.column.key == sort
            sign = (DESCENDING if descending else ASCENDING) if sorted_by else ""
            title = fit(slot.column.title, min(slot.width - len(sign), cell_len(slot.column.title)))
            look = ink.tones[Tone.ACCENT] if sorted_by else ink.base
            runs.append((" " * (slot.x - end), ink.base))
            runs.append((fit(title + sign, slot.width, slot.column.align), look))
            end = slot.x + slot.width
    if layout.sign:
        free = max(0, layout.width - end)
        runs.append((fit(layout.sign, free, "right"), ink.tones[Tone.WARN]))
    return paint_runs(runs, layout.width + GUTTER, ink.base)


@lru_cache(maxsize=64)
def blank(width: int, style: Style) -> Strip:
    """A line of nothing: one and the same for all such lines, so that it is filtered and written out once."""
    return Strip.blank(width, style)


def paint_centred(text: str, width: int, style: Style) -> Strip:
    """One line of text in the middle."""
    shown = fit(text, min(width, cell_len(visible(text))))
    left = (width - cell_len(shown)) // 2
    return paint_runs([(" " * left + shown, style)], width, style)


def wrapped(text: str, width: int) -> list[str]:
    """``text`` in lines of at most ``width`` cells, broken between words where it can be."""
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if cell_len(longer) <= width:
                line = longer
                continue
            if line:
                lines.append(line)
            # A blank at the end is a word of nothing.
            *whole, line = chop_cells(word, max(1, width)) or [""]
            lines.extend(whole)
        lines.append(line)
    return lines
