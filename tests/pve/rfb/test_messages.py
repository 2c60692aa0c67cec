"""Messages on their way: recognised in pieces of any size, cut out where wished, passed on when not understood."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxtui.pve.rfb.messages import Talk
from proxtui.pve.rfb.pixels import BGRX, RGB332
from proxtui.pve.rfb.words import Encoding

INIT = struct.pack(">HH", 720, 400) + BGRX.pack() + b"\0\0\0\x04QEMU"
BELL = b"\x02"
CUT = b"\x03\0\0\0\0\0\0\x05hello"
EXTENDED = b"\x03\0\0\0\xff\xff\xff\xf8" + bytes(8)


def rect(encoding: int, data: bytes = b"", width: int = 4, height: int = 2) -> bytes:
    return struct.pack(">HHHHi", 1, 1, width, height, encoding) + data


RECTS = [
    rect(Encoding.RAW, bytes(32)),
    rect(Encoding.COPY_RECT, bytes(4)),
    rect(Encoding.RRE, b"\0\0\0\x02" + bytes(4 + 2 * 12)),
    rect(Encoding.HEXTILE, b"\x01" + bytes(32)),
    rect(Encoding.HEXTILE, b"\x1e" + bytes(8) + b"\x02" + bytes(12) + b"\x00", 20, 3),
    rect(Encoding.HEXTILE, b"\x08\x01ab"),
    rect(Encoding.ZLIB, b"\0\0\0\x03abc"),
    rect(Encoding.ZRLE, b"\0\0\0\x00"),
    rect(Encoding.TIGHT, b"\x80abc"),
    rect(Encoding.TIGHT, b"\x90\x81\x01" + bytes(129)),
    rect(Encoding.TIGHT, b"\x00\x03abc"),
    rect(Encoding.TIGHT, b"\x40\x01\x01" + bytes(6) + b"ab"),
    rect(Encoding.TIGHT, b"\x40\x01\x02" + bytes(9) + b"12345678"),
    rect(Encoding.TIGHT, b"\x40\x00abc", 1, 1),
    rect(Encoding.TIGHT_PNG, b"\xa0\x03png"),
    rect(Encoding.CURSOR, bytes(32 + 2)),
    rect(Encoding.DESKTOP_SIZE),
    rect(Encoding.POINTER_TYPE),
    rect(Encoding.QEMU_LED, b"\x02"),
    rect(Encoding.DESKTOP_NAME, b"\0\0\0\x02ab"),
    rect(Encoding.EXTENDED_DESKTOP_SIZE, b"\x01\0\0\0" + bytes(16)),
]
FROM_CONSOLE = [
    *(b"\x00\0\0\x01" + one for one in RECTS),
    b"\x00\0\xff\xff" + RECTS[0] + rect(Encoding.LAST_RECT),
    b"\x01\0\0\0\0\x02" + bytes(12),
    BELL,
    CUT,
    EXTENDED,
    b"\x96",
    b"\xf8\0\0\0\0\0\0\x01\x03abc",
    b"\xff\x01\0\x01",
    b"\xff\x01\0\x02\0\0\0\x03abc",
]
CLIENT_CUT = b"\x06\0\0\0\xff\xff\xff\xfcabcd"
FROM_VIEWER = [
    b"\x02\0\0\x02" + bytes(8),
    b"\x03\x01" + bytes(8),
    b"\x04\x01" + bytes(6),
    b"\x05\x01" + bytes(4),
    b"\x06\0\0\0\0\0\0\x02hi",
    CLIENT_CUT,
    b"\x96\x01" + bytes(8),
    b"\xf8\0\0\0\0\0\0\x01\x02ab",
    b"\xfb\0\0\x10\0\x10\x01\0" + bytes(16),
    b"\xff\x00" + bytes(10),
    b"\xff\x01\0\x00",
    b"\xff\x01\0\x02" + bytes(6),
    b"\xfa\0\x01\x02",
]


def fed(feed: object, data: bytes, sizes: list[int]) -> bytes:
    found, at = b"", 0
    for size in [*sizes, len(data)]:
        found += feed(data[at : at + size])  # type: ignore[operator]
        at += size
    return found


@given(st.lists(st.sampled_from(FROM_CONSOLE)), st.lists(st.integers(1, 40), max_size=60))
def test_what_a_console_says(messages: list[bytes], sizes: list[int]) -> None:
    open_, closed = Talk(), Talk(clipboard=False)
    whole = INIT + b"".join(messages)
    assert fed(open_.from_console, whole, sizes) == whole
    kept = INIT + b"".join(one for one in messages if one not in (CUT, EXTENDED))
    # The bell at the end shows that it still knows where a message begins.
    assert fed(closed.from_console, whole + CUT + BELL, sizes) == kept + BELL
    assert open_.lost == closed.lost == ""


@given(st.lists(st.sampled_from(FROM_VIEWER)), st.lists(st.integers(1, 40), max_size=60))
def test_what_a_viewer_says(messages: list[bytes], sizes: list[int]) -> None:
    typed: list[int] = []
    open_, closed = Talk(on_input=lambda: typed.append(1)), Talk(clipboard=False)
    whole = b"".join(messages)
    assert fed(open_.from_viewer, whole, sizes) == whole
    assert fed(closed.from_viewer, whole, sizes) == b"".join(one for one in messages if one[0] != 6)
    assert open_.lost == closed.lost == ""
    assert len(typed) == sum(one[0] in (4, 5) or one[:2] == b"\xff\x00" for one in messages)


@given(st.binary(max_size=400), st.lists(st.integers(1, 40), max_size=20))
def test_nothing_is_lost_of_what_is_not_understood(noise: bytes, sizes: list[int]) -> None:
    talk = Talk()
    assert fed(talk.from_console, INIT + noise, sizes) == INIT + noise
    assert fed(talk.from_viewer, noise, sizes) == noise


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (b"\x63abc", "message 99"),
        (b"\x00\0\0\x01" + rect(-999), "encoding -999"),
        (b"\xff\x07\0\x00", "kind 7"),
        (b"\x00\0\0\x01" + rect(Encoding.TIGHT, b"\xf0"), "kind 15"),
        (b"\x00\0\0\x01" + rect(Encoding.TIGHT, b"\x40\x09"), "filter 9"),
    ],
)
def test_what_is_not_known_is_told_and_passed(said: bytes, line: str) -> None:
    talk = Talk(clipboard=False)
    whole = INIT + BELL + said + CUT
    assert fed(talk.from_console, whole, [3, 40]) == whole
    assert line in talk.lost


def test_a_screen_of_the_largest_size_is_counted_not_kept() -> None:
    talk = Talk()
    talk.from_console(INIT + b"\x00\0\0\x01" + rect(Encoding.RAW, b"", 65_535, 65_535))
    piece = bytes(1 << 20)
    for _ in range(8):
        assert talk.from_console(piece) is piece, "no copy"
    talk._console._skip = 5
    talk.from_console(bytes(5) + b"\x63")
    assert "message 99" in talk.lost, "and the next message was found"


def test_the_size_of_a_pixel_is_the_viewers() -> None:
    small = b"\x00\0\0\0" + RGB332.pack()
    talk = Talk(clipboard=False)
    talk.from_console(INIT)
    talk.from_viewer(small + b"\x03" + bytes(9))
    assert talk.from_console(b"\x00\0\0\x01" + rect(Encoding.RAW, bytes(8)) + CUT + BELL)[-1:] == BELL
    assert talk.lost == ""
    talk.from_viewer(b"\x00\0\0\0" + BGRX.pack())
    assert talk.from_console(b"\x00\0\0\x01" + rect(Encoding.RAW, bytes(32))).endswith(bytes(32))
    assert "size of a pixel" in talk.lost, "some of the old size may have been under way"
