"""Writing rectangles of a picture in the encodings that viewers ask for."""

from __future__ import annotations

import struct
import zlib
from typing import Final

from proxtui.pve.rfb.pixels import Palette, PixelFormat, from_palette
from proxtui.pve.rfb.words import Encoding

WRITES: Final = (Encoding.ZRLE, Encoding.ZLIB, Encoding.HEXTILE, Encoding.RAW)
_HEAD: Final = struct.Struct(">HHHHi")
_SOLID, _RAW_TILE = 2, 1


def head(x: int, y: int, width: int, height: int, encoding: int) -> bytes:
    """The twelve bytes before a rectangle."""
    return _HEAD.pack(x, y, width, height, encoding)


class Writer:
    """Writes for one viewer: its streams of zlib last as long as it stays."""

    def __init__(self, form: PixelFormat, palette: Palette) -> None:
        self.form = form
        self.palette = palette
        self.encoding = Encoding.RAW
        self._zlib = zlib.compressobj(6)
        self._zrle = zlib.compressobj(6)

    def write(self, indexes: bytes, width: int) -> bytes:
        """A rectangle of one byte a pixel, without its head."""
        if self.encoding == Encoding.HEXTILE:
            return self._hextile(indexes, width)
        if self.encoding == Encoding.ZRLE:
            data = self._zrle.compress(self._tiles(indexes, width)) + self._zrle.flush(zlib.Z_SYNC_FLUSH)
            return len(data).to_bytes(4) + data
        raw = from_palette(self.form, self.palette, indexes)
        if self.encoding == Encoding.ZLIB:
            data = self._zlib.compress(raw) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
            return len(data).to_bytes(4) + data
        return raw

    def _hextile(self, indexes: bytes, width: int) -> bytes:
        found = []
        for tile in _cut(indexes, width, 16):
            kind, part = (_SOLID, tile[:1]) if _plain(tile) else (_RAW_TILE, tile)
            found.append(bytes([kind]) + from_palette(self.form, self.palette, part))
        return b"".join(found)

    def _tiles(self, indexes: bytes, width: int) -> bytes:
        """Tiles of 64x64, each of one colour or all its pixels."""
        found = []
        for tile in _cut(indexes, width, 64):
            kind, part = (1, tile[:1]) if _plain(tile) else (0, tile)
            found.append(bytes([kind]) + self._short(from_palette(self.form, self.palette, part)))
        return b"".join(found)

    def _short(self, pixels: bytes) -> bytes:
        """ZRLE leaves away the byte of a 32 bit pixel that holds no colour."""
        form = self.form
        if form.bits != 32 or form.depth > 24:
            return pixels
        top = max(shift + most.bit_length() for shift, most in zip(form.shifts, form.maxima, strict=True))
        if top > 24 and min(form.shifts) < 8:
            return pixels
        # The empty byte is the highest one when all colours stand in the lower three, else the lowest.
        empty = (0 if form.big_endian else 3) if top <= 24 else (3 if form.big_endian else 0)
        kept = [place for place in range(4) if place != empty]
        found = bytearray(len(pixels) // 4 * 3)
        for place, source in enumerate(kept):
            found[place::3] = pixels[source::4]
        return bytes(found)


def _plain(tile: bytes) -> bool:
    return tile == tile[:1] * len(tile)


def _cut(indexes: bytes, width: int, side: int) -> list[bytes]:
    """Tiles from left to right and from top to bottom; those at the edges are smaller."""
    height = len(indexes) // width
    found = []
    for top in range(0, height, side):
        rows = [indexes[y * width : (y + 1) * width] for y in range(top, min(top + side, height))]
        found += [b"".join(row[left : left + side] for row in rows) for left in range(0, width, side)]
    return found


Band = tuple[int, int, int, int]
"""x, y, width, height."""


def differences(old: bytes, new: bytes, width: int, step: int = 16) -> list[Band]:
    """Where two pictures of the same size differ: bands of lines, cut left and right to whole ``step``s."""
    if old == new:
        return []
    height = len(new) // width
    lines = [y for y in range(height) if old[y * width : (y + 1) * width] != new[y * width : (y + 1) * width]]
    found = []
    start = last = lines[0]
    for y in [*lines[1:], height + step]:
        if y - last > 4:
            found.append(_trimmed(old, new, width, step, start, last + 1))
            start = y
        last = y
    return found


def _trimmed(old: bytes, new: bytes, width: int, step: int, top: int, bottom: int) -> Band:
    touched = [
        x
        for x in range(0, width, step)
        if any(
            old[y * width + x : y * width + min(x + step, width)]
            != new[y * width + x : y * width + min(x + step, width)]
            for y in range(top, bottom)
        )
    ]
    left, right = touched[0], min(width, touched[-1] + step)
    return left, top, right - left, bottom - top


def part(pixels: bytes, width: int, band: Band) -> bytes:
    """The pixels of a rectangle."""
    x, y, wide, high = band
    return b"".join(pixels[row * width + x : row * width + x + wide] for row in range(y, y + high))
