"""The screen out of what a VNC server says: whole and right, or one line of what is wrong with it."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from contextlib import suppress
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxtui.pve.rfb.decode import MOST_RECTANGLES, UNASKED, Decoder, greeting
from proxtui.pve.rfb.surface import LONGEST_SIDE, BadStream
from proxtui.pve.rfb.words import Encoding

FULL, CHANGES = 0, 1


def update(*rectangles: bytes) -> bytes:
    return struct.pack(">BxH", 0, len(rectangles)) + b"".join(rectangles)


def rectangle(x: int, y: int, width: int, height: int, kind: int, data: bytes = b"") -> bytes:
    return struct.pack(">HHHHi", x, y, width, height, kind) + data


class Packer:
    """A server's zlib stream, which goes on from rectangle to rectangle."""

    def __init__(self) -> None:
        self._packer = zlib.compressobj()

    def __call__(self, x: int, y: int, width: int, height: int, pixels: bytes) -> bytes:
        data = self._packer.compress(pixels) + self._packer.flush(zlib.Z_SYNC_FLUSH)
        return rectangle(x, y, width, height, Encoding.ZLIB, len(data).to_bytes(4) + data)


def extended(width: int, height: int, reason: int = 0, status: int = 0) -> bytes:
    screen = struct.pack(">Bxxx IHHHHI", 1, 0, 0, 0, width, height, 0)
    return rectangle(reason, status, width, height, Encoding.EXTENDED_DESKTOP_SIZE, screen)


def asked(decoder: Decoder) -> int | None:
    """Whether it asks for all or for what changed; None: it waits for an answer."""
    wanted = decoder.wanted()
    return wanted[1] if wanted else None


def test_the_greeting_asks_for_one_byte_a_pixel_and_no_input() -> None:
    said = greeting()
    assert said[:4] == b"\0\0\0\0"
    assert said[4:8] == b"\x08\x08\0\x01"
    assert said[20:22] == b"\x02\0"
    kinds = struct.unpack(f">{said[23]}i", said[24:])
    assert kinds[0] == Encoding.ZLIB
    assert Encoding.CURSOR not in kinds


def test_raw_zlib_and_copied_rectangles() -> None:
    decoder, pack = Decoder(4, 3), Packer()
    decoder.feed(
        update(rectangle(0, 0, 4, 1, Encoding.RAW, b"abcd"), pack(0, 1, 2, 2, b"efgh"), pack(2, 1, 2, 2, b"ijkl"))
    )
    assert decoder.is_whole
    assert decoder.picture().rows() == [b"abcd", b"efij", b"ghkl"]
    decoder.feed(update(rectangle(0, 1, 4, 2, Encoding.COPY_RECT, b"\0\0\0\0")))
    assert decoder.picture().rows() == [b"abcd", b"abcd", b"efij"], "it overlaps downwards"
    decoder.feed(update(rectangle(1, 0, 3, 3, Encoding.COPY_RECT, b"\0\0\0\0")))
    assert decoder.picture().rows() == [b"aabc", b"aabc", b"eefi"], "and to the right"


@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_it_does_not_matter_in_which_pieces_it_comes(piece: int) -> None:
    pixels = bytes(range(200)) * 3
    data = update(extended(30, 20), Packer()(0, 0, 30, 20, pixels), rectangle(0, 0, 0, 5, Encoding.RAW))
    decoder = Decoder(16, 16)
    for at in range(0, len(data), piece):
        decoder.feed(data[at : at + piece])
    assert decoder.size == (30, 20)
    assert decoder.picture().pixels == pixels


def test_everything_is_asked_for_once_and_again_only_when_the_size_changed() -> None:
    decoder = Decoder(2, 1)
    assert (asked(decoder), asked(decoder)) == (FULL, None)
    decoder.feed(update(extended(2, 1)))
    assert not decoder.is_whole
    assert asked(decoder) == CHANGES, "QEMU would answer another full one with the size again, for ever"
    decoder.feed(update(rectangle(0, 0, 2, 1, Encoding.RAW, b"ab")))
    assert (decoder.is_whole, asked(decoder)) == (True, CHANGES)
    decoder.feed(update(extended(3, 1)))
    assert (decoder.is_whole, decoder.size, asked(decoder)) == (False, (3, 1), FULL)
    decoder.feed(update(extended(3, 1)))
    assert asked(decoder) == CHANGES
    decoder.feed(update(extended(9, 9, reason=1, status=2), rectangle(0, 0, 5, 5, Encoding.DESKTOP_SIZE)))
    assert decoder.size == (5, 5), "a refused wish is no size"


def test_what_it_did_not_ask_for_is_passed_over() -> None:
    decoder = Decoder(1, 1)
    decoder.feed(b"\x02" + b"\x01\0\0\0\0\x02" + bytes(12) + b"\x03\0\0\0\xff\xff\xff\xf8" + bytes(8))
    decoder.feed(b"\x03\0\0\0\0\0\0\x02hi")
    pseudo = [rectangle(0, 0, 1, 1, kind) for kind in (Encoding.POINTER_TYPE, Encoding.QEMU_KEY)]
    cursor = rectangle(0, 0, 9, 2, Encoding.CURSOR, bytes(9 * 2 + 2 * 2))
    name = rectangle(0, 0, 0, 0, Encoding.DESKTOP_NAME, b"\0\0\0\x02ab")
    decoder.feed(update(*pseudo, cursor, name, rectangle(0, 0, 1, 1, Encoding.QEMU_LED, b"\1")))
    assert decoder.updates == 0
    decoder.feed(update(rectangle(0, 0, 1, 1, Encoding.RAW, b"x")))
    assert (decoder.updates, decoder.picture().pixels) == (1, b"x")


ENDED = zlib.compressobj()
ENDED_DATA = ENDED.compress(b"ab") + ENDED.flush()
HOSTILE = {
    "a size of nothing": (update(rectangle(0, 0, 0, 0, Encoding.DESKTOP_SIZE)), "0x0 pixels"),
    "a huge side": (update(extended(LONGEST_SIDE + 1, 1)), "8193x1 pixels"),
    "a huge area": (update(extended(8192, 8192)), "8192x8192 pixels"),
    "beside the screen": (update(rectangle(1, 0, 2, 2, Encoding.RAW)), "a rectangle 2x2 at 1,0"),
    "copied from beside it": (update(rectangle(0, 0, 2, 2, Encoding.COPY_RECT, b"\0\1\0\0")), "a rectangle 2x2 at 1,0"),
    "too long for zlib": (update(rectangle(0, 0, 2, 2, Encoding.ZLIB, b"\xff\xff\xff\xff")), "4294967295 bytes"),
    "no zlib": (update(rectangle(0, 0, 2, 2, Encoding.ZLIB, b"\0\0\0\4hiho")), "damaged zlib data"),
    "too few pixels": (update(Packer()(0, 0, 2, 2, b"abc")), "fewer pixels"),
    "too many pixels": (update(Packer()(0, 0, 2, 2, b"abcde")), "more pixels"),
    "an ended zlib stream": (
        update(*[rectangle(0, 0, 2, 1, Encoding.ZLIB, len(ENDED_DATA).to_bytes(4) + ENDED_DATA)] * 2),
        "fewer pixels",
    ),
    "an encoding of its own": (update(rectangle(0, 0, 2, 2, Encoding.TIGHT)), "encoding 7"),
    "an unknown pseudo encoding": (update(rectangle(0, 0, 2, 2, -5)), "encoding -5"),
    "a huge cursor": (update(rectangle(0, 0, 5000, 5000, Encoding.CURSOR)), "a cursor of 5000x5000"),
    "a long name": (update(rectangle(0, 0, 0, 0, Encoding.DESKTOP_NAME, b"\x7f\0\0\0")), "a name of"),
    "a long clipboard": (b"\x03\0\0\0\x7f\xff\xff\xff", "a clipboard of 2147483647"),
    "a long clipboard below nothing": (b"\x03\0\0\0\x80\0\0\0", "a clipboard of 2147483648"),
    "a message of its own": (b"\x63", "message 99"),
    "too many rectangles": (b"\0\0\xff\xff", "65535 rectangles"),
    "a size that changes in between": (
        update(extended(1, 1), rectangle(0, 0, 2, 2, Encoding.RAW, b"abcd")),
        "a rectangle 2x2 at 0,0 on a screen of 1x1",
    ),
    "messages without an end": (b"\x02" * (UNASKED + 1), "nobody asked for"),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_stream_ends_in_one_line(what: str) -> None:
    data, said = HOSTILE[what]
    with pytest.raises(BadStream, match="the screen cannot be read: ") as caught:
        Decoder(2, 2).feed(data)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_size_that_no_screen_has_at_the_start() -> None:
    with pytest.raises(BadStream, match="0x5 pixels"):
        Decoder(0, 5)


def test_an_update_that_paints_again_and_again_is_given_up() -> None:
    decoder, full = Decoder(1000, 1000), rectangle(0, 0, 1000, 1000, Encoding.COPY_RECT, bytes(4))
    with pytest.raises(BadStream, match="again and again"):
        decoder.feed(update(*[full] * MOST_RECTANGLES))
    Decoder(1000, 1000).feed(update(*[full] * 3))


def test_a_zlib_bomb_is_stopped_where_its_rectangle_ends() -> None:
    bomb = zlib.compress(bytes(200 << 20), 9)
    rectangles = rectangle(0, 0, 4096, 4096, Encoding.ZLIB, len(bomb).to_bytes(4) + bomb)
    decoder = Decoder(4096, 4096)
    tracemalloc.start()
    with pytest.raises(BadStream, match="more pixels"):
        decoder.feed(update(rectangles))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20, "beside the picture itself only pieces are held"


def test_the_largest_picture_stays_within_its_memory() -> None:
    tracemalloc.start()
    decoder, pack = Decoder(1, 1), Packer()
    decoder.feed(update(extended(4096, 4096), rectangle(0, 0, 4096, 4096, Encoding.RAW, bytes(4096 * 4096))))
    decoder.feed(update(pack(0, 0, 4096, 4096, bytes(4096 * 4096))))
    tracemalloc.reset_peak()
    decoder.feed(update(pack(1, 1, 4095, 4095, bytes(4095 * 4095))))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20


RECTANGLES = st.builds(
    rectangle,
    *(st.one_of(st.integers(0, 40), st.integers(0, 0xFFFF)) for _ in range(4)),
    st.one_of(st.sampled_from(list(Encoding)), st.integers(-(1 << 31), (1 << 31) - 1)),
    st.one_of(st.binary(max_size=64), st.binary(max_size=200).map(lambda b: len(b).to_bytes(4) + zlib.compress(b))),
)
MESSAGES = st.one_of(
    st.binary(max_size=100),
    st.lists(RECTANGLES, max_size=6).map(lambda found: update(*found)),
    st.builds(lambda count, rest: b"\0\0" + count.to_bytes(2) + rest, st.integers(0, 0xFFFF), st.binary(max_size=80)),
    st.sampled_from([b"\x02", b"\x03\0\0\0\0\0\0\0"]),
)


@settings(max_examples=300, deadline=None)
@given(messages=st.lists(MESSAGES, max_size=12), width=st.integers(1, 64), height=st.integers(1, 64))
def test_any_bytes_end_in_a_picture_or_in_our_error(messages: list[bytes], width: int, height: int) -> None:
    decoder, began = Decoder(width, height), process_time()
    with suppress(BadStream):
        for message in messages:
            decoder.feed(message)
            decoder.wanted()
    picture = decoder.picture()
    assert len(picture.pixels) == picture.width * picture.height <= 16 << 20
    assert process_time() - began < 5
