"""Keys as a slow line delivers them: many in one piece, before anything was painted."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Simulator, simulator
from .terminal import Terminal
from .test_hostile import environment


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with simulator("--scenario", "small", "--still") as running:
        yield running


@pytest.fixture
def terminal(sim: Simulator, tmp_path: Path) -> Iterator[Terminal]:
    command = [sys.executable, "-m", "proxtui", "--read-only"]
    with Terminal(command, columns=120, lines=30, environment=environment(sim, tmp_path)) as running:
        running.wait_for("20 guests")
        yield running


def test_a_filter_in_one_piece_loses_no_letter_and_runs_none(terminal: Terminal) -> None:
    terminal.press("/qTdPq")
    terminal.wait_for(" / qTdPq")
    text = terminal.wait_for("0 of 20 guests")
    assert "PAUSED" not in text
    assert terminal.process.poll() is None


def test_what_follows_enter_goes_to_the_table(terminal: Terminal) -> None:
    terminal.press("/type:qemu\rP")
    terminal.wait_for(lambda text: "PAUSED" in text and " / type:qemu" in text and "12 of 20 guests" in text)


def test_digits_switch_views_but_are_text_in_the_filter(terminal: Terminal) -> None:
    terminal.press("2")
    terminal.wait_for("2 nodes")
    terminal.press("1/11\r")
    terminal.wait_for(lambda text: " / 11" in text and " of 20 guests" in text)


@pytest.fixture
def writing(sim: Simulator, tmp_path: Path) -> Iterator[Terminal]:
    command = [sys.executable, "-m", "proxtui"]
    with Terminal(command, columns=160, lines=50, environment=environment(sim, tmp_path)) as running:
        running.wait_for("20 guests")
        yield running


def test_the_menu_in_one_piece_with_what_comes_before_it(writing: Terminal) -> None:
    """``jjm`` is about the third row, ``*m`` about all, and so on; escape alone, for it begins sequences too."""
    names = re.findall(r"\d{3} ([a-z0-9-]+) +pve", writing.text())
    for keys, title in (
        ("jjm", f" {names[2]} on "),
        ("gjj\x1b[Bm", f" {names[3]} on "),
        ("g*m", "20 marked"),
        ("*g j m", "2 marked"),
        ("2gjm", "node pve2"),
        ("Gkkjjm", "node pve2"),
        ("1**/db\rgm", f" {next(name for name in names if 'db' in name)} on "),
    ):
        writing.press(keys)
        writing.wait_for(lambda text, title=title: "╭─ " in text and title in text)
        writing.press("\x1b")
        writing.wait_for(lambda text: "╭─ " not in text)


def test_a_storm_of_sizes_ends_in_a_whole_screen(terminal: Terminal) -> None:
    for columns, lines in ((20, 5), (200, 60), (39, 9), (80, 24), (20, 5)):
        terminal.resize(columns, lines)
        terminal.read(0.05)
    # A signal that arrives while another is being handled may be one with it; the last size comes alone.
    while terminal.read(0.5) and terminal.fresh:
        pass
    terminal.resize(21, 5)
    terminal.wait_for("21x5")
    terminal.resize(20, 5)
    terminal.wait_for("20x5")
    terminal.resize(100, 30)
    text = terminal.wait_for("20 guests")
    assert " enter Open" in terminal.wait_for("? more"), text
