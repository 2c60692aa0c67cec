"""The picture of a VNC server, one byte a pixel, as its rectangles paint it; a rectangle outside of it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from proxtui.errors import ConsoleError

LONGEST_SIDE: Final = 8192
MOST_PIXELS: Final = 16 << 20
"""5120x2880 and two 4K screens side by side fit; a picture takes 16 MiB at most."""


class BadStream(ConsoleError):
    """What the VNC server sent is no picture, or too much of one. The connection is of no use after it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the screen cannot be read: {what}")


@dataclass(frozen=True, slots=True)
class Picture:
    """A screen of one moment: ``width * height`` bytes, each a pixel of :data:`~proxtui.pve.rfb.pixels.RGB332`."""

    width: int
    height: int
    pixels: bytes

    def rows(self, top: int = 0, bottom: int | None = None) -> list[bytes]:
        """Its lines from ``top`` up to, and without, ``bottom``."""
        last = self.height if bottom is None else bottom
        return [self.pixels[y * self.width : (y + 1) * self.width] for y in range(top, last)]


class Surface:
    """What rectangles are painted on."""

    def __init__(self, width: int, height: int) -> None:
        """Black. :class:`BadStream` for a size that no screen has."""
        self.width = self.height = 0
        self.pixels = bytearray()
        self.resize(width, height)

    def resize(self, width: int, height: int) -> None:
        """Another screen, black. The same size again changes nothing. :class:`BadStream` as for a new one."""
        if not (0 < width <= LONGEST_SIDE and 0 < height <= LONGEST_SIDE) or width * height > MOST_PIXELS:
            raise BadStream(f"{width}x{height} pixels; from 1x1 to {LONGEST_SIDE} a side and {MOST_PIXELS} in all")
        if (width, height) != (self.width, self.height):
            self.width, self.height = width, height
            # The old one goes before the new one comes, or there would be two of the largest.
            self.pixels = bytearray()
            self.pixels = bytearray(width * height)

    def check(self, x: int, y: int, width: int, height: int) -> None:
        """:class:`BadStream` for a rectangle that is not within the screen."""
        if x + width > self.width or y + height > self.height:
            raise BadStream(f"a rectangle {width}x{height} at {x},{y} on a screen of {self.width}x{self.height}")

    def paint(self, x: int, y: int, width: int, data: bytes | bytearray | memoryview) -> None:
        """Whole lines of ``width`` pixels from ``x, y`` downwards; checked before."""
        if width == self.width:
            start = y * width
            self.pixels[start : start + len(data)] = data
            return
        start = y * self.width + x
        for at in range(0, len(data), width):
            self.pixels[start : start + width] = data[at : at + width]
            start += self.width

    def copy(self, x: int, y: int, width: int, height: int, from_x: int, from_y: int) -> None:
        """Copy a part of the screen to another place of it; the two may overlap. Both are checked."""
        self.check(x, y, width, height)
        self.check(from_x, from_y, width, height)
        # From the side that it moves to, so that no line is read after it was painted over.
        lines = range(height) if from_y >= y else range(height - 1, -1, -1)
        for line in lines:
            source = (from_y + line) * self.width + from_x
            place = (y + line) * self.width + x
            self.pixels[place : place + width] = self.pixels[source : source + width]

    def picture(self) -> Picture:
        """What is on it now."""
        return Picture(self.width, self.height, bytes(self.pixels))
