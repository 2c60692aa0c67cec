"""Making a picture smaller or larger: which part of it is in sight, and the mean colour of each dot of it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter
from typing import Final, NamedTuple

from proxtui.pve.rfb.surface import Picture

SAMPLES: Final = 3
"""A dot is the mean of so many by so many pixels."""
HIGHEST: Final = (7 * SAMPLES**2, 7 * SAMPLES**2, 3 * SAMPLES**2)
"""The largest sums of red, green and blue."""
_PARTS: Final = (
    bytes(pixel >> 5 for pixel in range(256)),
    bytes(pixel >> 2 & 7 for pixel in range(256)),
    bytes(pixel & 3 for pixel in range(256)),
)
CLOSEST: Final = 16.0
"""Dots a pixel at most."""
STEP: Final = 1.5


@dataclass(frozen=True, slots=True)
class Look:
    """How somebody looks at a picture."""

    zoom: float = 1.0
    """1: all of it fits; larger: closer."""
    x: float = 0.5
    """The middle of what is in sight, as a part of the width."""
    y: float = 0.5


class Window(NamedTuple):
    """The part of a picture that is in sight, in pixels, and into how many dots it is made."""

    left: float
    top: float
    width: float
    height: float
    columns: int
    lines: int

    @property
    def scale(self) -> float:
        """Dots a pixel."""
        return self.columns / self.width


def window(width: int, height: int, columns: int, lines: int, look: Look) -> Window:
    """What of a picture is in sight on ``columns`` x ``lines`` square dots; its aspect is kept."""
    scale = scale_of(width, height, columns, lines, look.zoom)
    wide = max(1, min(columns, round(width * scale)))
    high = max(1, min(lines, round(height * scale)))
    # What fits but for the rounding is shown whole: else the first line would lack its uppermost dots.
    part_wide = width if width * scale <= columns + 0.5 else wide / scale
    part_high = height if height * scale <= lines + 0.5 else high / scale
    left = min(max(look.x * width - part_wide / 2, 0), width - part_wide)
    top = min(max(look.y * height - part_high / 2, 0), height - part_high)
    return Window(left, top, part_wide, part_high, wide, high)


def scale_of(width: int, height: int, columns: int, lines: int, zoom: float) -> float:
    """Dots a pixel for a zoom."""
    return min(CLOSEST, min(columns / width, lines / height) * zoom)


class Planes(NamedTuple):
    """Sums of red, green and blue of each dot, line by line: bytes from 0 to :data:`HIGHEST`."""

    red: bytes
    green: bytes
    blue: bytes


def sample(picture: Picture, part: Window, lines: int) -> Planes:
    """The dots of a window in ``lines`` lines: its own for square dots, half of them for letters."""
    columns = part.columns
    across = _places(part.left, part.width, columns, picture.width)
    # First all first samples, then all second ones, so that a slice is one of each dot.
    pick = itemgetter(*(across[number] for turn in range(SAMPLES) for number in range(turn, len(across), SAMPLES)))
    down = _places(part.top, part.height, lines, picture.height)
    found: tuple[list[bytes], ...] = ([], [], [])
    picked: dict[int, bytes] = {}
    for line in range(lines):
        chosen = down[line * SAMPLES : line * SAMPLES + SAMPLES]
        for y in chosen:
            if y not in picked:
                row = picture.pixels[y * picture.width : (y + 1) * picture.width]
                picked[y] = bytes(pick(row))
        lengthy = b"".join(picked[y] for y in chosen)
        for parts, table in zip(found, _PARTS, strict=True):
            parts.append(_sum(lengthy.translate(table), columns))
    return Planes(*(b"".join(parts) for parts in found))


def _places(start: float, length: float, dots: int, end: int) -> list[int]:
    """Where the samples of each dot are taken: in the middles of its parts."""
    step = length / (dots * SAMPLES)
    return [min(end - 1, int(start + (number + 0.5) * step)) for number in range(dots * SAMPLES)]


def _sum(data: bytes, columns: int) -> bytes:
    """The sum of all slices of ``columns`` bytes, byte by byte; none of them overflows, so it is one long addition."""
    total = sum(int.from_bytes(data[at : at + columns]) for at in range(0, len(data), columns))
    return total.to_bytes(columns)
