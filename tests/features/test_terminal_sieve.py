"""What of a guest's output reaches the terminal of the operator, however it is cut."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxtui.features.terminals.sieve import LONGEST, Sieve


def passed(data: bytes, *cuts: int) -> bytes:
    sieve, places = Sieve(), sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return b"".join(sieve.pass_(data[at:end]) for at, end in pairwise(places))


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        ("größer 漢字\r\n\x07".encode(), "größer 漢字\r\n\x07".encode()),
        (
            b"\x1b[31mred\x1b[0m\x1b[2J\x1b[?1049h\x1b(0q\x1b7\x1b[6n",
            b"\x1b[31mred\x1b[0m\x1b[2J\x1b[?1049h\x1b(0q\x1b7\x1b[6n",
        ),
        (b"a\x1b]0;title\x07b", b"ab"),
        (b"a\x1b]52;c;c2VjcmV0\x1b\\b", b"a\x1b\\b"),
        (b"a\x1b]8;;http://evil/\x1b\\link\x1b]8;;\x1b\\", b"a\x1b\\link\x1b\\"),
        (b'a\x1bP$q"p\x1b\\b', b"a\x1b\\b"),
        (b"\x1b_Gf=100;AAAA\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\z", b"\x1b\\\x1b\\\x1b\\z"),
        ("a\x9d52;c;eA==\x07b".encode(), b"ab"),
        ("a\x90q\x9cb".encode(), b"ab"),
        (b"a\x1b\x00]52;c;eA==\x07b", b"ab"),
        (b"a\x1b\x07\x7f]52;c;eA==\x07b", b"ab"),
        (b"\x1b\x1b]0;t\x07b", b"b"),
        (b"\x1b\x1b]0;t\x07]52;c;eA==\x07b", b"]52;c;eA==\x07b"),
        (b"\xc2\x1b]0;t\x07\x9d52;c;eA==\x07b", b"\x9d52;c;eA==\x07b"),
        (b"a\x1b%@\x9d52;c;eA==\x07", b"a\x9d52;c;eA==\x07"),
        (b"\x1b]0;x\x1b]52;c;eA==\x07b", b"b"),
        (b"\x1b]0;never\x18b", b"b"),
        (b"a\xc2\x07\x9d52;c;eA==\x07b", b"ab"),
        ("\x1b]0;✜ sign\x07b".encode(), b"b"),
    ],
)
def test_what_draws_passes_and_what_speaks_to_the_terminal_does_not(data: bytes, shown: bytes) -> None:
    assert passed(data) == shown
    assert passed(data, *range(len(data))) == shown, "byte by byte"


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=8))
def test_where_it_is_cut_makes_no_difference(data: bytes, cuts: list[int]) -> None:
    whole, cut = passed(data + b"end\x07 of it"), passed(data + b"end\x07 of it", *cuts)
    assert whole == cut


_PARTS = st.sampled_from(
    [b"\x1b", b"]", b"52;c;eA==", b"\x07", b"\x9d", b"\xc2", b"\x00", b"%", b"@", b"P", b"\\", b"x"]
)


@given(st.lists(_PARTS, max_size=40).map(b"".join), st.lists(st.integers(0, 400), max_size=8))
def test_no_string_is_ever_begun(data: bytes, cuts: list[int]) -> None:
    shown = passed(data, *cuts)
    heard = bytes(one for one in shown if one not in b"\x00\x07\x7f")
    assert not any(begin in heard for begin in (b"\x1b]", b"\x1bP", b"\x1b%@", b"\xc2\x9d"))


def test_a_string_that_never_ends_is_noise_and_nothing_is_kept_of_it() -> None:
    sieve = Sieve()
    assert sieve.pass_(b"\x1b]" + b"x" * LONGEST) == b""
    assert sieve.pass_(b"52;c;eA==\x07shown") == b"52;c;eA==\x07shown"
    assert sieve.pass_(b"\x1b" + b"\x00" * 1000) == b""
    assert len(sieve._left) < 100


def test_ten_megabytes_take_no_time_worth_a_word() -> None:
    line = "größer \x1b[1mand\x1b[0m more\r\n".encode()
    sieve, piece = Sieve(), line * (65_536 // len(line))
    began = time.process_time()
    for _ in range(160):
        sieve.pass_(piece)
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    "data", [b"\x1b" * 65_536, b"\x1b\x00" * 32_768, b"\xc2" * 65_536, b"\x1b%" * 30_000, b"\x1b]" * 30_000]
)
def test_nothing_that_is_meant_badly_takes_long(data: bytes) -> None:
    sieve = Sieve()
    began = time.process_time()
    for _ in range(10):
        sieve.pass_(data + b"x")
        sieve.pass_(data)
    assert time.process_time() - began < 2
