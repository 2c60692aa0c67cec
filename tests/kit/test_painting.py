"""Strips are exact to the cell, whatever the text; cuts carry their sign; text is never parsed."""

from __future__ import annotations

import unicodedata
from typing import Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.style import Style

from proxtui.core.rows import Column, Tone
from proxtui.kit.layout import lay_out
from proxtui.kit.painting import GUTTER, Ink, fit, fit_name, paint_centred, paint_header, paint_row, paint_runs, wrapped
from tests.kit.fakes import COLUMNS, Row

INK = Ink(Style(), {tone: Style(bold=number % 2 == 0, color=f"color({number})") for number, tone in enumerate(Tone)})
foreign = st.text(max_size=60) | st.text(alphabet="ab漢字é\u0301\u200d\ufe0f👩💻🇩🇪\x1b[]\u202e", max_size=60)


@given(text=foreign, width=st.integers(0, 40), align=st.sampled_from(["left", "right"]))
@example(text="👩\u200d💻 dev", width=6, align="left")
@example(text="e\u0301" * 20, width=7, align="right")
def test_a_text_fits_exactly(text: str, width: int, align: Literal["left", "right"]) -> None:
    fitted = fit(text, width, align)
    assert cell_len(fitted) == width
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in fitted)


@given(name=foreign, tag=foreign, width=st.integers(0, 120), lit=st.booleans())
def test_a_row_is_exactly_as_wide_as_the_table(name: str, tag: str, width: int, lit: bool) -> None:
    row = Row(100, name, 0.93, (tag,))
    strip = paint_row(row, lay_out(COLUMNS, width), INK, lit=lit)
    assert strip.cell_length == width + GUTTER
    assert sum(cell_len(segment.text) for segment in strip) == width + GUTTER


@given(
    width=st.integers(0, 120), sort=st.sampled_from(["vmid", "name", "cpu", "tags", "none"]), descending=st.booleans()
)
def test_a_header_is_exactly_as_wide_as_the_table(width: int, sort: str, descending: bool) -> None:
    strip = paint_header(lay_out(COLUMNS, width), sort, descending=descending, ink=INK)
    assert sum(cell_len(segment.text) for segment in strip) == width + GUTTER


@given(text=foreign, width=st.integers(0, 60))
def test_a_centred_line_is_exactly_as_wide_as_asked(text: str, width: int) -> None:
    strip = paint_centred(text, width, Style())
    assert sum(cell_len(segment.text) for segment in strip) == width


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("kafka", 5, "kafka"),
        ("kafka", 4, "kaf…"),
        ("kafka", 1, "…"),
        ("kafka", 0, ""),
        ("漢字漢字", 8, "漢字漢字"),
        ("漢字漢字", 7, "漢字漢…"),
        ("漢字漢字", 6, "漢字… "),
        ("web[prod]", 9, "web[prod]"),
        ("\x1b[2Jx\u202ey", 8, "[2Jxy   "),
    ],
)
def test_a_cut_has_a_sign(text: str, width: int, expected: str) -> None:
    assert fit(text, width) == expected


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("aurora-east-n03", 15, "aurora-east-n03"),
        ("aurora-east-n03", 9, "auro…-n03"),
        ("aurora-east-n03", 13, "aurora…st-n03"),
        ("aurora-east-n03", 4, "aur…"),
        ("漢字漢字漢字", 7, "漢字…字"),
        ("aaaaaae\u0301bb", 5, "aa…bb"),
        ("pve1", 8, "pve1    "),
    ],
)
def test_a_name_that_is_cut_keeps_its_end(text: str, width: int, expected: str) -> None:
    assert fit_name(text, width) == expected


@given(text=st.text(), width=st.integers(0, 40))
def test_a_name_has_exactly_its_room(text: str, width: int) -> None:
    assert cell_len(fit_name(text, width)) == width


def test_columns_of_names_keep_their_ends_apart() -> None:
    names = Column("node", "NODE", lambda r: None, lambda r: f"aurora-east-n{r.key:02}", 9, 1, is_name=True)
    layout = lay_out([names], 9)
    painted = [paint_row(Row(number), layout, INK, lit=False).text for number in (1, 2)]
    assert painted == [" auro…-n01", " auro…-n02"]


def test_a_blank_at_the_end_of_a_full_line_is_no_word() -> None:
    assert wrapped("abc ", 3) == ["abc", ""]


def test_numbers_stand_at_the_right() -> None:
    assert fit("42 %", 7, "right") == "   42 %"


def test_the_header_shows_the_order_and_what_is_missing() -> None:
    header = paint_header(lay_out(COLUMNS, 32), "vmid", descending=True, ink=INK).text
    assert header.split() == ["ID▼", "NAME", "CPU", "+1"]
    assert header.endswith("CPU +1")
    assert "ID▲" in paint_header(lay_out(COLUMNS, 60), "vmid", descending=False, ink=INK).text


def test_a_line_has_few_segments() -> None:
    layout = lay_out(COLUMNS, 120)
    plain = Ink(Style(), dict.fromkeys(Tone, Style()))
    assert len(list(paint_row(Row(1, tags=("a", "b")), layout, plain, lit=False))) == 1
    assert len(list(paint_row(Row(1, cpu=0.95, tags=("a",)), layout, INK, lit=False))) <= 5


def test_blanks_keep_the_ground_of_their_own() -> None:
    badge = Style(reverse=True)
    strip = paint_runs([(" RO ", badge), ("  ", Style()), ("fresh", Style())], 11, Style())
    assert [(segment.text, bool(segment.style and segment.style.reverse)) for segment in strip] == [
        (" RO ", True),
        ("  fresh", False),
    ]


def test_the_cursor_is_a_sign_not_only_a_colour() -> None:
    layout = lay_out(COLUMNS, 40)
    assert paint_row(Row(1), layout, INK, lit=True).text[0] == "▸"
    assert paint_row(Row(1), layout, INK, lit=False).text[0] == " "


def test_long_reasons_are_wrapped_and_nothing_is_lost() -> None:
    pin = ":".join(["AB"] * 32)
    lines = wrapped(f"the certificate is not the trusted one: seen {pin}\nnext", 40)
    assert all(cell_len(line) <= 40 for line in lines)
    assert "".join(lines).replace(" ", "") == f"thecertificateisnotthetrustedone:seen{pin}next"
    assert lines[-1] == "next"
    assert wrapped("", 40) == [""]


@given(text=st.text(), width=st.integers(1, 60))
def test_wrapping_never_exceeds_the_width(text: str, width: int) -> None:
    widest = max((cell_len(character) for character in text), default=1)
    assert all(cell_len(line) <= max(width, widest) for line in wrapped(text, width))
