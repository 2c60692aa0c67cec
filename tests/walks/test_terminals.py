"""``proxtui console`` in a real terminal: everything that can come or end, and the terminal as it was afterwards."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Simulator, simulator
from .consoled import CONTAINER, environ_of, hang_up, peak_memory, sat
from .terminal import Terminal


@pytest.fixture(scope="module")
def lab() -> Iterator[Simulator]:
    with simulator("--scenario", "small", "--still", "--seed", "1") as running:
        yield running


def test_a_container_is_attached_to_and_left(lab: Simulator, tmp_path: Path) -> None:
    with sat(environ_of(lab, tmp_path), "console", "shop-proxy01") as here:
        assert "console of ct 105 shop-proxy01; ctrl-] leaves" in here.terminal.wait_for("login:")
        here.log_in()
        here.type("echo größer 漢字")
        here.terminal.wait_for(lambda text: text.count("größer") == 2)
        here.type("stty size")
        here.terminal.wait_for("24 80")
        here.terminal.press("\x1d")
        assert here.end() == 0
        assert "console of ct 105 shop-proxy01 ended after " in here.terminal.text()


def test_every_change_of_size_ends_with_the_last_one(lab: Simulator, tmp_path: Path) -> None:
    with sat(environ_of(lab, tmp_path), "console", CONTAINER) as here:
        here.log_in()
        for step in range(300):
            here.terminal.resize(60 + step % 50, 20 + step % 13)
        here.terminal.resize(97, 31)
        here.size_is("31 97")
        here.terminal.press("\x1d")
        assert here.end() == 0


def test_ten_megabytes_pass_and_nothing_grows(lab: Simulator, tmp_path: Path) -> None:
    with sat(environ_of(lab, tmp_path), "console", CONTAINER) as here:
        here.log_in()
        before = peak_memory(here.terminal.process.pid)
        length = 10_000_000
        here.terminal.stream = _Counting()  # type: ignore[assignment]
        here.type(f"flood {length}")
        while here.terminal.stream.count < length:  # type: ignore[attr-defined]
            assert here.terminal.read(10), "it ended before all of it came"
            assert here.terminal.fresh
            here.terminal.raw = here.terminal.raw[-4096:]
        assert peak_memory(here.terminal.process.pid) - before < 16 * 1024
        here.terminal.press("\x1d")
        assert here.end() == 0


class _Counting:
    def __init__(self) -> None:
        self.count = 0

    def feed(self, data: bytes) -> None:
        self.count += len(data)


def test_a_flood_that_nobody_reads_can_be_left(lab: Simulator, tmp_path: Path) -> None:
    with sat(environ_of(lab, tmp_path), "console", CONTAINER) as here:
        here.log_in()
        here.type("flood 500000000")
        # The terminal stalls: not a byte is read here, and the keys work all the same.
        here.terminal.press("\x1d")
        here.terminal.stream = _Counting()  # type: ignore[assignment]
        assert here.end() == 0


def test_noise_leaves_a_terminal_that_can_be_used(lab: Simulator, tmp_path: Path) -> None:
    with sat(environ_of(lab, tmp_path), "console", CONTAINER) as here:
        here.log_in()
        here.type("noise")
        here.type("echo still here")
        here.terminal.wait_for(lambda _text: b"still here\r\n" in here.terminal.raw)
        here.terminal.press("\x1d")
        assert here.end() == 0


def test_the_other_side_ends_it(lab: Simulator, tmp_path: Path) -> None:
    with sat(environ_of(lab, tmp_path), "console", CONTAINER) as here:
        here.log_in()
        here.type("hangup")
        assert here.end() == 0
        assert "ended after" in here.terminal.text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_in_order(lab: Simulator, tmp_path: Path, number: signal.Signals) -> None:
    with sat(environ_of(lab, tmp_path), "console", CONTAINER) as here:
        here.log_in()
        here.terminal.process.send_signal(number)
        assert here.end() == 128 + number


def test_a_closed_terminal_ends_it(lab: Simulator, tmp_path: Path) -> None:
    with sat(environ_of(lab, tmp_path), "console", CONTAINER) as here:
        here.log_in()
        hang_up(here)
        assert here.terminal.process.wait(10) == 128 + signal.SIGHUP


def test_a_server_that_dies_is_told_of(tmp_path: Path) -> None:
    with (
        simulator("--scenario", "small", "--still") as dying,
        sat(environ_of(dying, tmp_path), "console", "105") as here,
    ):
        here.log_in()
        dying.process.kill()
        assert here.end() in (0, 10)


def test_what_cannot_be_is_said_before_anything_is_opened(lab: Simulator, tmp_path: Path) -> None:
    for place, line in (
        ("103", "vm 103 shop-db01 has no serial port"),
        ("pve1", "an API token cannot open the console of a node before PVE 9.0.4"),
        ("nobody", "there is no guest or node 'nobody'"),
    ):
        with sat(environ_of(lab, tmp_path), "console", place, columns=200) as here:
            code = here.terminal.wait_exit()
            assert line in here.terminal.text()
            assert code
            assert here.termios == here.before
    with sat(environ_of(lab, tmp_path), "--read-only", "console", CONTAINER, columns=200) as here:
        assert here.terminal.wait_exit() == 13


def test_the_dashboard_steps_aside_and_comes_back(lab: Simulator, tmp_path: Path) -> None:
    with sat(environ_of(lab, tmp_path), columns=120, lines=40) as here:
        _to_the_container(here.terminal)
        here.terminal.press("c")
        here.log_in()
        here.type("flood 300000")
        here.terminal.wait_for(lambda _text: here.terminal.raw.count(b"proxtui-consol") > 4000)
        here.terminal.resize(100, 30)
        here.size_is("30 100")
        here.terminal.press("\x1d")
        text = here.terminal.wait_for("console of ct 105 shop-proxy01 ended after")
        assert "m Actions" in text
        assert "Console" in text
        here.terminal.press("q")
        assert here.terminal.wait_exit() == 0
        assert here.termios == here.before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_dashboard_while_it_is_away(lab: Simulator, tmp_path: Path, number: signal.Signals) -> None:
    with sat(environ_of(lab, tmp_path), columns=120, lines=40) as here:
        _to_the_container(here.terminal)
        here.terminal.press("c")
        here.log_in()
        here.terminal.process.send_signal(number)
        assert here.end() == 128 + number


def _to_the_container(terminal: Terminal) -> None:
    terminal.wait_for("shop-proxy01")
    terminal.press("/")
    terminal.press("shop-proxy01\r")
    terminal.wait_for(lambda text: "shop-web01" not in text)
    terminal.press("g")
