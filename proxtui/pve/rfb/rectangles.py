"""How long a rectangle of an update is, in each encoding that QEMU and vncterm write; nothing is decoded."""

from __future__ import annotations

from typing import Final

from proxtui.pve.rfb.pixels import PixelFormat
from proxtui.pve.rfb.walker import Lost, Steps
from proxtui.pve.rfb.words import Encoding

ENDED: Final = Encoding.LAST_RECT
_ZYWRLE: Final = 17
_X_CURSOR: Final = -240
_LENGTH_FIRST: Final = frozenset({Encoding.ZLIB, Encoding.ZRLE, _ZYWRLE, Encoding.DESKTOP_NAME})
"""u32, then so many bytes."""
_EMPTY: Final = frozenset({Encoding.DESKTOP_SIZE, Encoding.POINTER_TYPE, Encoding.QEMU_KEY, Encoding.QEMU_AUDIO})
_TILE: Final = 16
_TIGHT_RAW: Final = 12
"""Fewer bytes than these are not compressed, and have no length before them."""


def rectangle(encoding: int, width: int, height: int, form: PixelFormat | None) -> Steps:
    """What follows the head of a rectangle. ``Lost`` for an encoding that is not known."""
    if encoding in _EMPTY:
        return
    if encoding == Encoding.COPY_RECT:
        yield -4
    elif encoding in _LENGTH_FIRST:
        yield from _pass(int.from_bytes((yield 4)))
    elif encoding == Encoding.QEMU_LED:
        yield -1
    elif encoding == Encoding.EXTENDED_DESKTOP_SIZE:
        yield from _pass(16 * (yield 4)[0])
    elif encoding == _X_CURSOR:
        yield from _pass(6 + 2 * (width + 7 >> 3) * height if width * height else 0)
    elif form is None:
        raise Lost("a pixel format that nobody can draw in")
    else:
        yield from _pixels(encoding, width, height, form)


def _pixels(encoding: int, width: int, height: int, form: PixelFormat) -> Steps:
    if encoding == Encoding.RAW:
        yield from _pass(width * height * form.size)
    elif encoding == Encoding.CURSOR:
        yield from _pass(width * height * form.size + (width + 7 >> 3) * height)
    elif encoding == Encoding.RRE:
        yield from _pass(form.size + int.from_bytes((yield 4)) * (form.size + 8))
    elif encoding == Encoding.HEXTILE:
        yield from _hextile(width, height, form.size)
    elif encoding in (Encoding.TIGHT, Encoding.TIGHT_PNG):
        yield from _tight(width, height, form)
    else:
        raise Lost(f"encoding {encoding} is not known")


def _hextile(width: int, height: int, size: int) -> Steps:
    for top in range(0, height, _TILE):
        for left in range(0, width, _TILE):
            kind = (yield 1)[0]
            if kind & 1:
                yield -(min(_TILE, width - left) * min(_TILE, height - top) * size)
                continue
            yield from _pass(size * ((kind >> 1 & 1) + (kind >> 2 & 1)))
            if kind & 8:
                count = (yield 1)[0]
                yield from _pass(count * (2 + (size if kind & 16 else 0)))


def _tight(width: int, height: int, form: PixelFormat) -> Steps:
    # In the usual format of 32 bits the byte that holds no colour is left out.
    size = 3 if form.bits == 32 and form.depth == 24 and set(form.maxima) == {255} else form.size
    control = (yield 1)[0]
    kind = control >> 4
    if kind == 8:
        yield -size
        return
    if kind in (9, 10):
        yield from _compact()
        return
    if kind > 7:
        raise Lost(f"a Tight rectangle of kind {kind} is not known")
    row = width * size
    if kind & 4:
        chosen = (yield 1)[0]
        if chosen == 1:
            colours = (yield 1)[0] + 1
            yield -(colours * size)
            row = width + 7 >> 3 if colours == 2 else width
        elif chosen not in (0, 2):
            raise Lost(f"a Tight filter {chosen} is not known")
    if row * height < _TIGHT_RAW:
        yield from _pass(row * height)
    else:
        yield from _compact()


def _compact() -> Steps:
    """A length of one to three bytes, seven bits in each of the first two, then so many bytes."""
    length = 0
    for shift in (0, 7, 14):
        byte = (yield 1)[0]
        length |= (byte if shift == 14 else byte & 0x7F) << shift
        if byte < 0x80:
            break
    yield from _pass(length)


def _pass(length: int) -> Steps:
    if length:
        yield -length
