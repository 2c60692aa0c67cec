"""Reading rectangles of one byte a pixel: raw, copied, zlib, and the pseudo encodings that a look at a screen needs.

Each is a generator that yields how many bytes it needs next and is sent them: piece by piece, so that no rectangle
is ever held twice.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Generator
from typing import Final

from proxtui.pve.rfb.surface import BadStream, Surface
from proxtui.pve.rfb.words import Encoding

Reading = Generator[int, bytes, None]
"""Yields a number of bytes, gets them."""
PIECE: Final = 64 << 10
"""Bytes that are wanted at a time, and that zlib may give at a time."""
LONGEST_NAME: Final = 64 << 10
LARGEST_CURSOR: Final = 1024
"""Pixels a side."""

WANTED: Final = (
    Encoding.ZLIB,
    Encoding.COPY_RECT,
    Encoding.RAW,
    Encoding.EXTENDED_DESKTOP_SIZE,
    Encoding.DESKTOP_SIZE,
)
"""What we ask for; QEMU takes the first encoding of pixels that it knows."""


class Rectangles:
    """Of one connection: its zlib stream goes on from rectangle to rectangle."""

    def __init__(self, surface: Surface) -> None:
        self.surface = surface
        self.resized = False
        """Set when the screen got another size; who looks at it takes it back."""
        self.painted = 0
        """Pixels painted since the screen has its size."""
        self._zlib = zlib.decompressobj()

    def read(self, x: int, y: int, width: int, height: int, kind: int) -> Reading:
        """One rectangle after its head. :class:`BadStream` for one that cannot be."""
        if kind == Encoding.EXTENDED_DESKTOP_SIZE:
            yield from self._extended(x, y, width, height)
        elif kind == Encoding.DESKTOP_SIZE:
            self._resize(width, height)
        elif kind == Encoding.CURSOR:
            yield from self._cursor(width, height)
        elif kind == Encoding.DESKTOP_NAME:
            yield from skip((yield from number()), LONGEST_NAME, "a name")
        elif kind == Encoding.QEMU_LED:
            yield 1
        elif kind not in (Encoding.POINTER_TYPE, Encoding.QEMU_KEY, Encoding.QEMU_AUDIO):
            yield from self._pixels(x, y, width, height, kind)

    def _pixels(self, x: int, y: int, width: int, height: int, kind: int) -> Reading:
        self.surface.check(x, y, width, height)
        if kind == Encoding.RAW:
            yield from self._raw(x, y, width, height)
        elif kind == Encoding.ZLIB:
            yield from self._inflate(x, y, width, height)
        elif kind == Encoding.COPY_RECT:
            from_x, from_y = struct.unpack(">HH", (yield 4))
            self.surface.copy(x, y, width, height, from_x, from_y)
        else:
            raise BadStream(f"encoding {kind}, which nobody asked for")
        self.painted += width * height

    def _raw(self, x: int, y: int, width: int, height: int) -> Reading:
        lines = max(1, PIECE // max(1, width))
        for top in range(y, y + height if width else y, lines):
            self.surface.paint(x, top, width, (yield width * min(lines, y + height - top)))

    def _inflate(self, x: int, y: int, width: int, height: int) -> Reading:
        left = yield from number()
        # zlib makes nothing much larger than it was, and says a few bytes around it.
        if left > width * height + (width * height >> 8) + 1024:
            raise BadStream(f"{left} bytes for a rectangle of {width}x{height}")
        lines = _Lines(self.surface, x, y, width, height)
        while left:
            piece = yield min(left, PIECE)
            left -= len(piece)
            self._spread(piece, lines)
        lines.finish()

    def _spread(self, piece: bytes, lines: _Lines) -> None:
        while True:
            try:
                found = self._zlib.decompress(piece, PIECE)
            except zlib.error as error:
                raise BadStream(f"damaged zlib data ({error})") from error
            lines.add(found)
            piece = self._zlib.unconsumed_tail
            # A full answer may not be all that these bytes stood for.
            if not piece and len(found) < PIECE:
                return

    def _extended(self, reason: int, status: int, width: int, height: int) -> Reading:
        screens = (yield 4)[0]
        yield 16 * screens
        # A client asked for another size and was refused: the size is that of the request, not of the screen.
        if not (reason == 1 and status):
            self._resize(width, height)

    def _resize(self, width: int, height: int) -> None:
        before = self.surface.width, self.surface.height
        self.surface.resize(width, height)
        if before != (width, height):
            self.resized, self.painted = True, 0

    def _cursor(self, width: int, height: int) -> Reading:
        if width > LARGEST_CURSOR or height > LARGEST_CURSOR:
            raise BadStream(f"a cursor of {width}x{height}")
        yield from skip(width * height + (width + 7) // 8 * height, 2 * LARGEST_CURSOR**2, "a cursor")


class _Lines:
    """Puts bytes that come in any pieces on the screen, line by line, and no more of them than there is room for."""

    def __init__(self, surface: Surface, x: int, y: int, width: int, height: int) -> None:
        self._surface = surface
        self._x, self._y, self._width = x, y, width
        self._left = width * height
        self._rest = bytearray()

    def add(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0:
            raise BadStream("zlib data with more pixels than its rectangle")
        self._rest += data
        whole = len(self._rest) // self._width if self._width else 0
        if whole:
            end = whole * self._width
            self._surface.paint(self._x, self._y, self._width, self._rest[:end])
            self._y += whole
            del self._rest[:end]

    def finish(self) -> None:
        if self._left:
            raise BadStream("zlib data with fewer pixels than its rectangle")


def number() -> Generator[int, bytes, int]:
    """A length of 32 bits."""
    return int.from_bytes((yield 4))


def skip(length: int, most: int, what: str) -> Reading:
    """Bytes that mean nothing to us. :class:`BadStream` for more than ``most``."""
    if length > most:
        raise BadStream(f"{what} of {length} bytes")
    while length:
        length -= len((yield min(length, PIECE)))
