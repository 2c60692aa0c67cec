"""Pixel formats are read and written, and pictures keep their colours in each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from proxtui.pve.rfb.pixels import (
    BGRX,
    RGB332,
    RGB332_COLOURS,
    RGB565,
    PixelFormat,
    from_palette,
    to_rgb,
)

QEMU = bytes.fromhex("2018000100ff00ff00ff100800000000")
"""From the ServerInit of a real machine."""
COLOURS = ((0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255))
ODD = PixelFormat(32, 30, False, True, (1023, 1023, 1023), (20, 10, 0))


def test_qemus_own_format() -> None:
    assert PixelFormat.unpack(QEMU) == BGRX
    assert BGRX.pack() == QEMU
    assert from_palette(BGRX, COLOURS, b"\2\4") == b"\0\0\xff\0\xff\0\0\0"


FORMS = [BGRX, RGB565, RGB332, ODD, *(replace(form, big_endian=True) for form in (BGRX, RGB565, ODD))]


@pytest.mark.parametrize("form", FORMS, ids=[f"{form.bits}-{form.depth}-{form.big_endian:d}" for form in FORMS])
def test_pure_colours_survive_every_format(form: PixelFormat) -> None:
    picture = bytes((0, 1, 2, 3, 4, 0))
    written = from_palette(form, COLOURS, picture)
    assert len(written) == len(picture) * form.size
    assert to_rgb(form, written) == b"".join(bytes(COLOURS[index]) for index in picture)


def test_the_table_of_one_byte_a_pixel() -> None:
    everything = bytes(range(256))
    assert to_rgb(RGB332, everything) == b"".join(bytes(colour) for colour in RGB332_COLOURS)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (QEMU[:-1], "16 bytes, not 15"),
        (b"\x18" + QEMU[1:], "24 bits a pixel"),
        (b"\x10" + QEMU[1:], "does not fit at bit 16 of 16"),
        (QEMU[:4] + b"\0\0" + QEMU[6:], "a colour up to 0"),
        (QEMU[:4] + b"\0\xfe" + QEMU[6:], "a colour up to 254"),
    ],
)
def test_a_format_that_cannot_be_is_refused(data: bytes, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        PixelFormat.unpack(data)


def test_half_a_pixel_is_refused() -> None:
    with pytest.raises(ValueError, match="no whole pixels"):
        to_rgb(RGB565, b"\0\0\0")
    with pytest.raises(ValueError, match="colour map"):
        to_rgb(replace(RGB332, true_colour=False), b"\0")
