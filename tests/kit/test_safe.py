"""The nets under the terminal: nothing that it obeys gets through, and no cell moves."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color

from proxtui.kit.ascii import to_ascii
from proxtui.kit.plot import braille
from proxtui.kit.safe import AsciiFilter, SafeFilter, harmless, plain, visible
from proxtui.kit.signs import STATES, state_text

BLACK = Color(0, 0, 0)
OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
anything = st.text(alphabet=st.characters(), max_size=50)


@given(text=anything)
def test_the_net_deletes_what_a_terminal_obeys_and_keeps_the_width(text: str) -> None:
    [segment] = SafeFilter().apply([Segment(text)], BLACK)
    assert not any(unicodedata.category(character) in OBEYED for character in segment.text)
    assert cell_len(segment.text) == cell_len(text)
    segment.text.encode()


@given(text=anything)
def test_visible_text_is_only_what_can_be_seen(text: str) -> None:
    shown = visible(text)
    assert not any(unicodedata.category(character) in OBEYED for character in shown)
    assert visible(shown) == shown
    assert sum(map(cell_len, shown)) == cell_len(shown)


@given(text=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert visible(text) == harmless(text) == to_ascii(text) == text


def test_a_soft_hyphen_and_an_override_are_found_by_category() -> None:
    assert harmless("a\u00ad\u202e\u180e\x9bb").replace(" ", "") == "ab"


def test_the_nets_give_the_same_list_back_when_there_is_nothing_to_do() -> None:
    segments = [Segment("web[prod]")]
    assert SafeFilter().apply(segments, BLACK) is segments
    assert AsciiFilter().apply(segments, BLACK) is segments


def test_foreign_text_for_a_widget_is_not_markup() -> None:
    assert plain("[@click=app.quit]x[/] \x1b[2J").plain == "[@click=app.quit]x[/] [2J"
    assert plain("[bold]x[/]").spans == []


@given(text=anything)
def test_ascii_is_ascii_in_as_many_cells(text: str) -> None:
    [segment] = AsciiFilter().apply([Segment(text)], BLACK)
    assert segment.text.isascii()
    assert cell_len(segment.text) == cell_len(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("● running", "R running"),
        ("○ stopped", "- stopped"),
        ("◐ paused", "P paused"),
        ("? unknown", "? unknown"),
        ("kaf…", "kaf~"),
        ("–", "-"),
        ("╭─┐│", "+-+|"),
        ("café", "cafe"),
        ("漢字", "????"),
        ("⣿⣀⡄⡇", "#.:#"),
    ],
)
def test_signs_have_ascii_twins(text: str, expected: str) -> None:
    assert to_ascii(text) == expected


def test_areas_stay_areas_in_ascii() -> None:
    assert [to_ascii(line) for line in braille([1, 2, 3, 4, 5, 6, 7, 8], 4, 2, 8.0)] == ["  :#", ":###"]


def test_states_differ_without_colour_in_both_alphabets() -> None:
    guests = ["running", "stopped", "paused", "unknown"]
    assert len({STATES[state] for state in guests}) == len({to_ascii(STATES[state]) for state in guests}) == 4
    assert len({to_ascii(STATES[state]) for state in ("fresh", "stale", "down", "forbidden")}) == 4
    assert state_text("something new") == "? something new"
