"""Pastes as a terminal sends them: text and nothing but text, wherever the line cuts them in pieces."""

from __future__ import annotations

import os

import pytest

from proxtui.kit.pasting import Pastes
from tests.kit.test_hostile import terminal

HOSTILE = "\x1b[200~abc\x1b[Bq\x03\x1b[201~"


@pytest.mark.parametrize(
    ("sent", "heard"),
    [
        ("jjm\x1b[B\x03\x1b", "jjm\x1b[B\x03\x1b"),
        (HOSTILE, "\x1b[200~abc[Bq\x1b[201~"),
        (f"j{HOSTILE}\x1b[B{HOSTILE}q", "j\x1b[200~abc[Bq\x1b[201~\x1b[B\x1b[200~abc[Bq\x1b[201~q"),
        ("\x1b[200~two\r\nlines\tof \x00\x7f\x9b\x85text\x1b[201~", "\x1b[200~two\r\nlines\tof text\x1b[201~"),
        # A paste that tries to end itself, and to begin another one.
        ("\x1b[200~a\x1b\x1b[201~q", "\x1b[200~a\x1b[201~q"),
        ("\x1b[200~a\x1b[20\x1b[200~b\x1b[201~q", "\x1b[200~a[20[200~b\x1b[201~q"),
        ("\x1b[200~ß€😀\x1b[201~", "\x1b[200~ß€😀\x1b[201~"),
    ],
)
def test_only_between_the_brackets_controls_are_dropped_however_it_is_cut(sent: str, heard: str) -> None:
    assert Pastes().harmless(sent) == heard
    for cut in range(len(sent) + 1):
        pastes = Pastes()
        assert pastes.harmless(sent[:cut]) + pastes.harmless(sent[cut:]) == heard
    pastes = Pastes()
    assert "".join(map(pastes.harmless, sent)) == heard


def test_a_key_is_never_held_back() -> None:
    pastes = Pastes()
    assert [pastes.harmless(sign) for sign in "\x1b[20x\x1b[200"] == list("\x1b[20x\x1b[200")


def test_what_a_paste_holds_presses_no_key_and_is_in_the_field_as_text() -> None:
    with terminal("screen") as screen:
        screen.wait_for("6 of 6 guests")
        screen.press(f"/{HOSTILE}")
        screen.wait_for(lambda text: " / abc[Bq" in text and "0 of 6 guests" in text)
        screen.press("\x1b")
        # The cursor is where it was, and the app goes on.
        text = screen.wait_for("6 of 6 guests")
        assert [line for line in text.splitlines() if "▕▸" in line] == [
            line for line in text.splitlines() if "'berl…" in line
        ][:1]
        screen.press("q")
        assert screen.wait_exit() == 0


def test_a_paste_where_nothing_takes_text_does_nothing() -> None:
    with terminal("screen") as screen:
        screen.wait_for("6 of 6 guests")
        screen.press("\x1b[200~q\x1b[Bq\x03P2\x1b[201~2")
        text = screen.wait_for("▸ Nodes")
        assert "PAUSED" not in text
        assert screen.process.poll() is None


def test_bytes_that_are_no_text_do_not_end_it() -> None:
    with terminal("screen") as screen:
        screen.wait_for("6 of 6 guests")
        os.write(screen.master, b"\xff\x9b\xc3/web\r")
        screen.wait_for(lambda text: " / " in text and "web" in text and " of 6 guests" in text)
        screen.press("q")
        assert screen.wait_exit() == 0
