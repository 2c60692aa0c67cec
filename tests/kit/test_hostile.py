"""Foreign text in a real terminal: the raw bytes hold none of its commands; ends are orderly, whatever ends us."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import pytest

from tests.walks.terminal import Terminal

TOP = Path(__file__).resolve().parents[2]
FORBIDDEN = {
    "a title": rb"\x1b\]",
    "a device command": rb"\x1bP",
    "a C1 control": rb"\xc2[\x80-\x9f]",
    "NUL or DEL": rb"[\x00\x7f]",
    "an override": rb"\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]",
    "a zero-width character": rb"\xe2\x80[\x8b-\x8f]|\xef\xbb\xbf|\xf3\xa0",
    "a line separator": rb"\xe2\x80[\xa8\xa9]",
    "a bell": rb"\x07",
}


def terminal(*arguments: str, columns: int = 100, lines: int = 32) -> Terminal:
    command = [sys.executable, "-m", "tests.kit.hostile_app", *arguments]
    return Terminal(
        command,
        columns=columns,
        lines=lines,
        environment={"PYTHONPATH": str(TOP), "COLORTERM": "truecolor", "HOME": "/nonexistent"},
    )


def test_hostile_text_is_inert_and_shown_letter_by_letter() -> None:
    with terminal("hostile") as screen:
        screen.wait_for("PWNEDb")
        screen.press("jjG")
        text = screen.wait_for(lambda text: "▸    10" in text)
        for name in ("PWNED8[@click=app.quit]x", "PWNED9[/foo]", "PWNEDa[bold]b[/bold]", "PWNED1[2J"):
            assert name in text
        screen.press("q")
        assert screen.wait_exit() == 0
        # Textual itself sets the shape of the mouse pointer.
        raw = bytes(screen.raw).replace(b"\x1b]22;default\x07", b"")
    found = [what for what, pattern in FORBIDDEN.items() if re.search(pattern, raw)]
    assert found == []
    # The only clearing of the screen is Textual's own, before the first text.
    assert b"PWNED1\x1b" not in raw


def test_ascii_is_all_that_is_written() -> None:
    with terminal("screen", "ascii", columns=120) as screen:
        screen.wait_for("6 of 6 guests")
        screen.press("2?")
        screen.wait_for("Sort by the next column")
        screen.press("\x1b")
        screen.wait_for(lambda text: "> Nodes" in text and "next column" not in text)
        screen.press("q")
        screen.wait_exit()
        assert re.findall(rb"[\x80-\xff]", bytes(screen.raw)) == []


def test_an_idle_fresh_screen_writes_nothing() -> None:
    with terminal("screen") as screen:
        screen.wait_for("6 of 6 guests")
        before = -1
        while len(screen.raw) != before:
            before = len(screen.raw)
            screen.read(0.7)
        before = len(screen.raw)
        for _ in range(3):
            screen.read(1.0)
        assert len(screen.raw) == before


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_restores_the_terminal(number: signal.Signals, code: int) -> None:
    with terminal("screen") as screen:
        screen.wait_for("6 of 6 guests")
        screen.process.send_signal(number)
        assert screen.wait_exit() == code
        assert b"\x1b[?1049l" in screen.raw
        assert b"\x1b[?1000l" in screen.raw


def test_a_closed_terminal_ends_it() -> None:
    with terminal("screen") as screen:
        screen.wait_for("6 of 6 guests")
        os.close(screen.master)
        code = screen.process.wait(20)
        screen.master = os.open(os.devnull, os.O_RDONLY)
        assert code == 129


def test_a_bug_shows_no_values_of_variables() -> None:
    with terminal("hostile") as screen:
        screen.wait_for("PWNEDb")
        screen.press("x")
        screen.wait_exit()
        assert b"CRASHED RuntimeError" in screen.raw
        assert b"LOCALSECRET" not in screen.raw
        assert b"Traceback" not in screen.raw
        assert b"\x1b[?1049l" in screen.raw


def test_a_terminal_of_20x5_is_told_so_and_works_after_it_has_grown() -> None:
    with terminal("screen", columns=20, lines=5) as screen:
        screen.wait_for("needs 40x10")
        assert "too small: 20x5" in screen.text()
        screen.resize(80, 24)
        screen.wait_for("6 of 6 guests")
        screen.press("q")
        assert screen.wait_exit() == 0
