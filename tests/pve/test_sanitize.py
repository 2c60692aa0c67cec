"""No text gets past ``clean`` that a terminal would obey."""

import time
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxtui.pve.sanitize import LONGEST_VALUE, clean, clean_json

BAD = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
ANYTHING = st.text(st.characters(codec=None, exclude_categories=()), max_size=60) | st.text(max_size=60)
HOSTILE = st.lists(
    st.sampled_from(
        [
            "\x1b[2J",
            "\x1b]52;c;QQ==\x07",
            "\x9b31m",
            "\u202e",
            "\u0301",
            "\r\n",
            "\n",
            "\t",
            "\ud800",
            "a",
            "ü",
            "\U000e0041",
        ]
    ),
    max_size=40,
).map("".join)


def longest_run_of_marks(text: str) -> int:
    longest = run = 0
    for char in text:
        run = run + 1 if unicodedata.category(char).startswith("M") else 0
        longest = max(longest, run)
    return longest


@given(ANYTHING | HOSTILE, st.booleans(), st.integers(0, 80))
def test_nothing_bad_is_left_and_twice_is_once(text: str, multiline: bool, limit: int) -> None:
    cleaned = clean(text, multiline=multiline, limit=limit)
    allowed = "\n\t" if multiline else ""
    assert not [char for char in cleaned if char not in allowed and unicodedata.category(char) in BAD]
    assert len(cleaned) <= limit
    assert longest_run_of_marks(cleaned) <= 4
    assert clean(cleaned, multiline=multiline, limit=limit) == cleaned
    cleaned.encode("utf-8")


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_printable_ascii_stays(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize("multiline", [False, True])
def test_every_character_there_is(multiline: bool) -> None:
    for code in range(0x110000):
        char = chr(code)
        cleaned = clean(char, multiline=multiline)
        if multiline and char in "\n\t":
            assert cleaned == char
        elif unicodedata.category(char) in BAD:
            assert cleaned != char, hex(code)
        else:
            assert cleaned == char, hex(code)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("\x1b[2J", "␛[2J"),
        ("a\x00b\x7f", "a␀b␡"),
        ("a\nb\tc", "a␊b␉c"),
        ("\x9b31m", "\ufffd31m"),
        ("\u202eevil", "\ufffdevil"),
        ("soft\xadhyphen", "soft\ufffdhyphen"),
        ("\ud800", "\ufffd"),
        ("e\u0301", "e\u0301"),
        ("e" + "\u0301" * 9, "e" + "\u0301" * 4),
        ("日本語 ü €", "日本語 ü €"),
        ("x" * 5000, "x" * 4095 + "…"),
    ],
)
def test_what_it_makes_of_them(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_several_lines() -> None:
    assert clean("a\r\nb\tc\rd\x1b", multiline=True) == "a\nb\tc␍d␛"


def test_a_hostile_megabyte_costs_little() -> None:
    started = time.perf_counter()
    assert len(clean("e" + "\u0301" * 5_000_000)) <= 4096
    assert time.perf_counter() - started < 1.0


def test_a_whole_body_keys_too() -> None:
    dirty: dict[str, Any] = {
        "na\x1bme": "a\x07",
        "n": [1, 2.5, None, True, {"deep": ["\u202e"]}],
        "description": "one\ntwo\x1b",
        "tags": "a\nb",
    }
    assert clean_json(dirty) == {
        "na␛me": "a␇",
        "n": [1, 2.5, None, True, {"deep": ["\ufffd"]}],
        "description": "one\ntwo␛",
        "tags": "a␊b",
    }
    assert clean_json("a report\nof lines") == "a report\nof lines"
    assert len(clean_json({"notes": "x" * 200_000})["notes"]) == LONGEST_VALUE
