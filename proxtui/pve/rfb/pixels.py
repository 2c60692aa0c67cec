"""Pixel formats of RFB, and pictures from and to them; without numpy, by tables and slices."""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

FORMAT_LENGTH: Final = 16
_WIRE: Final = struct.Struct(">BBBBHHHBBB3x")


@dataclass(frozen=True, slots=True)
class PixelFormat:
    """How one pixel is written: ``bits`` (8, 16 or 32) a pixel, and where its three colours stand in it."""

    bits: int
    depth: int
    big_endian: bool
    true_colour: bool
    maxima: tuple[int, int, int]
    """The largest red, green and blue."""
    shifts: tuple[int, int, int]
    """How far left they stand."""

    @property
    def size(self) -> int:
        """Bytes a pixel."""
        return self.bits // 8

    def pack(self) -> bytes:
        """The 16 bytes of ServerInit and SetPixelFormat."""
        flags = int(self.big_endian), int(self.true_colour)
        return _WIRE.pack(self.bits, self.depth, *flags, *self.maxima, *self.shifts)

    @classmethod
    def unpack(cls, data: bytes) -> PixelFormat:
        """The format of 16 bytes. Raises ValueError for one that no picture can be in."""
        if len(data) != FORMAT_LENGTH:
            raise ValueError(f"a pixel format has {FORMAT_LENGTH} bytes, not {len(data)}")
        bits, depth, big, true, red, green, blue, *shifts = _WIRE.unpack(data)
        found = cls(bits, depth, bool(big), bool(true), (red, green, blue), (shifts[0], shifts[1], shifts[2]))
        found.check()
        return found

    def check(self) -> None:
        """Raises ValueError for what cannot be drawn with: other sizes, colours outside of the pixel."""
        if self.bits not in (8, 16, 32):
            raise ValueError(f"{self.bits} bits a pixel: only 8, 16 and 32 exist")
        if not self.true_colour:
            return
        for most, shift in zip(self.maxima, self.shifts, strict=True):
            if most == 0 or most & (most + 1) or shift + most.bit_length() > self.bits:
                raise ValueError(f"a colour up to {most} does not fit at bit {shift} of {self.bits}")


BGRX: Final = PixelFormat(32, 24, False, True, (255, 255, 255), (16, 8, 0))
"""What QEMU says in ServerInit: blue, green, red, nothing."""
RGB565: Final = PixelFormat(16, 16, False, True, (31, 63, 31), (11, 5, 0))
RGB332: Final = PixelFormat(8, 8, False, True, (7, 7, 3), (5, 2, 0))
"""One byte a pixel: enough for a look, a quarter of the bytes, and nothing to decode (see :data:`RGB332_COLOURS`)."""
RGB332_COLOURS: Final = tuple(
    ((pixel >> 5) * 255 // 7, (pixel >> 2 & 7) * 255 // 7, (pixel & 3) * 255 // 3) for pixel in range(256)
)
"""Red, green and blue, 0..255, of each pixel of that format."""


def to_rgb(form: PixelFormat, data: bytes) -> bytes:
    """Pixels of a true colour format as three bytes each. Raises ValueError for half a pixel or for a colour map."""
    if not form.true_colour:
        raise ValueError("pixels of a colour map have no colours of their own")
    if len(data) % form.size:
        raise ValueError(f"{len(data)} bytes are no whole pixels of {form.size}")
    found = bytearray(len(data) // form.size * 3)
    bytewise = form.bits == 32 and form.maxima == (255, 255, 255) and not any(shift % 8 for shift in form.shifts)
    if bytewise:
        for colour, shift in enumerate(form.shifts):
            found[colour::3] = data[3 - shift // 8 if form.big_endian else shift // 8 :: 4]
    elif form.bits == 8:
        for colour, table in enumerate(_tables(form)):
            found[colour::3] = data.translate(table)
    else:
        _to_rgb_slowly(form, data, found)
    return bytes(found)


def _to_rgb_slowly(form: PixelFormat, data: bytes, found: bytearray) -> None:
    values = _numbers(form, data)
    if form.bits == 16:
        for colour, table in enumerate(_tables(form)):
            found[colour::3] = bytes(map(table.__getitem__, values))
        return
    for colour, (most, shift) in enumerate(zip(form.maxima, form.shifts, strict=True)):
        found[colour::3] = bytes([(value >> shift & most) * 255 // most for value in values])


def _numbers(form: PixelFormat, data: bytes) -> array[int]:
    values: array[int] = array("H" if form.bits == 16 else "I", data)
    if form.big_endian != (struct.pack("=H", 1) == b"\0\1"):
        values.byteswap()
    return values


@lru_cache(maxsize=4)
def _tables(form: PixelFormat) -> tuple[bytes, ...]:
    """Red, green and blue of each pixel that 8 or 16 bits can be."""
    return tuple(
        bytes([(pixel >> shift & most) * 255 // most for pixel in range(1 << form.bits)])
        for most, shift in zip(form.maxima, form.shifts, strict=True)
    )


Palette = tuple[tuple[int, int, int], ...]
"""Up to 256 colours of red, green and blue, 0..255."""


@lru_cache(maxsize=32)
def pixel_of(form: PixelFormat, colour: tuple[int, int, int]) -> bytes:
    """One colour as a pixel of a true colour format."""
    value = 0
    for part, most, shift in zip(colour, form.maxima, form.shifts, strict=True):
        value |= (part * most + 127) // 255 << shift
    return value.to_bytes(form.size, "big" if form.big_endian else "little")


def from_palette(form: PixelFormat, palette: Palette, indexes: bytes) -> bytes:
    """A picture of one byte a pixel, written in a true colour format."""
    found = bytearray(len(indexes) * form.size)
    for place, table in enumerate(_written(form, palette)):
        found[place :: form.size] = indexes.translate(table)
    return bytes(found)


@lru_cache(maxsize=32)
def _written(form: PixelFormat, palette: Palette) -> tuple[bytes, ...]:
    """For each byte of a pixel, its value for each index."""
    pixels = [pixel_of(form, colour) for colour in palette]
    pixels += [bytes(form.size)] * (256 - len(pixels))
    return tuple(bytes(pixel[place] for pixel in pixels) for place in range(form.size))
