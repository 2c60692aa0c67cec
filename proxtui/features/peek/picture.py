"""A picture as cells of a terminal: half blocks in as many colours as it knows, or letters. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import groupby
from typing import Final

from proxtui.features.peek.sampling import HIGHEST, Look, Planes, Window, sample, window
from proxtui.pve.rfb.surface import Picture

Colour = tuple[int, int, int]
"""Red, green and blue, 0..255."""
RAMP: Final = " .:-=+*#%@"
"""From dark to light."""
_CUBE: Final = (0, 95, 135, 175, 215, 255)
SIXTEEN: Final[tuple[Colour, ...]] = (
    (0, 0, 0), (170, 0, 0), (0, 170, 0), (170, 85, 0), (0, 0, 170), (170, 0, 170), (0, 170, 170), (170, 170, 170),
    (85, 85, 85), (255, 85, 85), (85, 255, 85), (255, 255, 85), (85, 85, 255), (255, 85, 255), (85, 255, 255),
    (255, 255, 255),
)  # fmt: skip
"""What most terminals mean by their colours, in the order of the codes."""


class Depth(StrEnum):
    """What a terminal can show."""

    TRUE = "truecolor"
    MANY = "256"
    FEW = "16"
    ASCII = "ascii"
    """No colour, no sign but ASCII."""


@dataclass(frozen=True, slots=True)
class Run:
    """Cells of a line that look the same. Colours are None where the terminal's own are meant."""

    text: str
    ink: Colour | None = None
    ground: Colour | None = None


@dataclass(frozen=True, slots=True)
class Painting:
    """A picture as lines of runs, each as wide as what is in sight."""

    lines: Sequence[Sequence[Run]]
    window: Window

    @property
    def width(self) -> int:
        """Cells a line."""
        return self.window.columns


def paint(picture: Picture, columns: int, rows: int, depth: Depth, look: Look | None = None) -> Painting:
    """What of a picture is in sight, on at most ``columns`` x ``rows`` cells; a cell is twice as high as wide."""
    part = window(picture.width, picture.height, max(1, columns), max(1, rows) * 2, look or Look())
    height = (part.lines + 1) // 2
    if depth is Depth.ASCII:
        planes = sample(picture, part, height)
        return Painting(_letters(planes, part.columns, height), part)
    planes = sample(picture, part, part.lines)
    if part.lines % 2:
        # Below the last line of dots the picture has ended: black, as around a screen.
        rest = bytes(part.columns)
        planes = Planes(planes.red + rest, planes.green + rest, planes.blue + rest)
    return Painting(_half_blocks(planes, part.columns, height, _WAYS[depth]), part)


def _half_blocks(planes: Planes, columns: int, height: int, way: Callable[[int, int, int], Colour]) -> list[list[Run]]:
    lines = []
    for row in range(height):
        upper, lower = (
            map(way, *(plane[at : at + columns] for plane in planes))
            for at in (2 * row * columns, (2 * row + 1) * columns)
        )
        lines.append(list(_runs(zip(upper, lower, strict=True))))
    return lines


def _runs(cells: Iterator[tuple[Colour, Colour]]) -> Iterator[Run]:
    for (upper, lower), same in groupby(cells):
        count = sum(1 for _ in same)
        yield Run(" " * count, None, upper) if upper == lower else Run("▀" * count, upper, lower)


def _letters(planes: Planes, columns: int, height: int) -> list[list[Run]]:
    lines = []
    for row in range(height):
        parts = (plane[row * columns : (row + 1) * columns] for plane in planes)
        lines.append([Run("".join(map(_sign, *parts)))])
    return lines


@lru_cache(maxsize=1 << 15)
def _sign(red: int, green: int, blue: int) -> str:
    # Red, green and blue are not equally light to the eye; blue has other sums than the two.
    light = (2 * red / HIGHEST[0] + 5 * green / HIGHEST[1] + blue / HIGHEST[2]) / 8
    return RAMP[min(len(RAMP) - 1, int(light * len(RAMP)))]


@lru_cache(maxsize=1 << 15)
def _true(red: int, green: int, blue: int) -> Colour:
    return red * 255 // HIGHEST[0], green * 255 // HIGHEST[1], blue * 255 // HIGHEST[2]


@lru_cache(maxsize=1 << 15)
def _many(red: int, green: int, blue: int) -> Colour:
    return nearest_of_256(_true(red, green, blue))[1]


@lru_cache(maxsize=1 << 15)
def _few(red: int, green: int, blue: int) -> Colour:
    colour = _true(red, green, blue)
    return min(SIXTEEN, key=lambda one: _distance(one, colour))


def nearest_of_256(colour: Colour) -> tuple[int, Colour]:
    """The number and the colour of the nearest of the 240 that all terminals of 256 colours share."""
    steps = [min(range(6), key=lambda at: abs(_CUBE[at] - part)) for part in colour]
    number = 16 + 36 * steps[0] + 6 * steps[1] + steps[2]
    cube = (_CUBE[steps[0]], _CUBE[steps[1]], _CUBE[steps[2]])
    grey = min(23, max(0, (sum(colour) // 3 - 3) // 10))
    shade = (8 + 10 * grey,) * 3
    return (number, cube) if _distance(cube, colour) <= _distance(shade, colour) else (232 + grey, shade)


def _distance(one: Colour, other: Colour) -> int:
    return sum((a - b) ** 2 * weight for a, b, weight in zip(one, other, (2, 4, 3), strict=True))


_WAYS: Final = {Depth.TRUE: _true, Depth.MANY: _many, Depth.FEW: _few}


def ansi(painting: Painting, depth: Depth) -> list[str]:
    """Lines for a terminal, each with its colours and an end of them."""
    return ["".join(_ansi_runs(line, depth)) for line in painting.lines]


def _ansi_runs(line: Sequence[Run], depth: Depth) -> Iterator[str]:
    now: tuple[Colour | None, Colour | None] = (None, None)
    for run in line:
        ink, ground = run.ink or now[0], run.ground
        codes = [_code(ink, 38, depth)] if ink != now[0] and ink is not None else []
        codes += [_code(ground, 48, depth)] if ground != now[1] and ground is not None else []
        yield (f"\x1b[{';'.join(codes)}m" if codes else "") + run.text
        now = ink, ground
    if now != (None, None):
        yield "\x1b[0m"


@lru_cache(maxsize=1 << 12)
def _code(colour: Colour, plane: int, depth: Depth) -> str:
    """The codes of one colour; ``plane`` 38 is ink, 48 ground."""
    if depth is Depth.TRUE:
        return f"{plane};2;{colour[0]};{colour[1]};{colour[2]}"
    if depth is Depth.MANY:
        return f"{plane};5;{nearest_of_256(colour)[0]}"
    number = SIXTEEN.index(colour)
    return str(plane - 8 + number if number < 8 else plane + 44 + number)
