"""Reading a text screen as text: cells of 8x16 or 9x16 dots, each looked up among the letters that are known. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from proxtui.features.peek.glyphs import ROWS, letter
from proxtui.pve.rfb.pixels import RGB332_COLOURS
from proxtui.pve.rfb.surface import Picture

UNKNOWN: Final = "\ufffd"
"""Stands for a cell that is no letter we know."""
ENOUGH: Final = 0.75
"""The share of known letters from which on a screen counts as text."""
FEWEST: Final = 4
"""Letters that there are at least on a text screen; fewer may be chance."""
_TRIED: Final = 400
_HOPELESS: Final = 0.3
_LIGHT: Final = tuple(2 * red + 5 * green + blue for red, green, blue in RGB332_COLOURS)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read of a screen."""

    lines: tuple[str, ...] = ()
    """Its lines, blanks at their ends left away; those at the end of the screen, too."""
    seen: int = 0
    """Cells that are not blank."""
    known: int = 0
    """Those of them that are a letter we know."""
    columns: int = 0

    @property
    def share(self) -> float:
        """Which part of what is not blank was known, 0..1; 0 when all is blank."""
        return self.known / self.seen if self.seen else 0.0

    @property
    def is_text(self) -> bool:
        """Whether it is worth showing as text."""
        return self.known >= FEWEST and self.share >= ENOUGH


def read(picture: Picture) -> Reading:
    """The text of a screen, whichever size of cells fits it better."""
    # 720 is 80 columns of nine and 90 of eight dots: only the letters can tell.
    wide = [9, 8] if picture.width % 9 == 0 else [8]
    found = Reading()
    for width in wide:
        one = _read(picture, width)
        if one.known > found.known:
            found = one
        if found.share > 0.9:
            break
    return found


def _read(picture: Picture, width: int) -> Reading:
    columns = picture.width // width
    gap = f"{width - 8}x" if width > 8 else ""
    cut = struct.Struct(f"8s{gap}" * columns + f"{picture.width - columns * width}x")
    letters: dict[tuple[bytes, ...], str] = {}
    lines: list[str] = []
    seen = known = 0
    for top in range(0, picture.height - ROWS + 1, ROWS):
        line = list(_letters(zip(*map(cut.unpack, picture.rows(top, top + ROWS)), strict=True), letters))
        blank, strange = line.count(" "), line.count(UNKNOWN)
        seen, known = seen + len(line) - blank, known + len(line) - blank - strange
        if seen > _TRIED and known < seen * _HOPELESS:
            # Photographs and desktops: nobody is to wait for the rest of them.
            return Reading(seen=seen, known=known, columns=columns)
        lines.append("".join(line).rstrip())
    while lines and not lines[-1]:
        lines.pop()
    return Reading(tuple(lines), seen, known, columns)


def _letters(cells: Iterator[tuple[bytes, ...]], letters: dict[tuple[bytes, ...], str]) -> Iterator[str]:
    for cell in cells:
        found = letters.get(cell)
        if found is None:
            found = letters[cell] = _letter(b"".join(cell))
        yield found


def _letter(dots: bytes) -> str:
    """The letter in 128 pixels of at most two colours."""
    colours = sorted(set(dots), key=_LIGHT.__getitem__)
    if len(colours) == 1:
        return " "
    if len(colours) > 2:
        return UNKNOWN
    # Light on dark first: half blocks are letters either way.
    for ink in reversed(colours):
        table = bytes(0x31 if colour == ink else 0x30 for colour in range(256))
        rows = int(dots.translate(table), 2).to_bytes(ROWS)
        if any(rows) and (found := letter(rows)) is not None:
            return found
    return UNKNOWN
