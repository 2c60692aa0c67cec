"""Which letter 16 rows of 8 dots are: by fingerprint, so that no font is kept, only what its letters are known by."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

ROWS = 16
_UNDERLINE = range(13, ROWS)
"""Rows in which the cursor of a text mode blinks."""


@cache
def known() -> Mapping[int, str]:
    """CRC-32 of the rows -> the letter. Read from ``glyphs.txt`` when first asked for."""
    found: dict[int, str] = {}
    text = files("proxtui.features.peek").joinpath("glyphs.txt").read_text("utf-8")
    for line in text.splitlines():
        if not line.startswith("#"):
            point, *shapes = line.split()
            found.update((int(shape, 16), chr(int(point, 16))) for shape in shapes)
    return found


def letter(rows: bytes) -> str | None:
    """The letter of 16 rows from the top, the highest bit on the left; None when it is none that we know.

    Under the cursor of a text mode, a line in the lowest rows, a letter is known as well.
    """
    if not any(rows):
        return " "
    found = known().get(zlib.crc32(rows))
    if found is None and any(rows[at] == 0xFF for at in _UNDERLINE):
        bare = bytes(0 if at in _UNDERLINE and bits == 0xFF else bits for at, bits in enumerate(rows))
        return letter(bare)
    return found
