"""At a real terminal: asking for a secret without showing it, and opening the dashboard."""

from __future__ import annotations

import socket
import sys

import pytest

from tests.cli.conftest import Simulator
from tests.walks.terminal import Terminal

PROXTUI = [sys.executable, "-m", "proxtui"]


def login(simulator: Simulator) -> dict[str, str]:
    environ = {**simulator.environ, "PROXMOX_USERNAME": simulator.server["username"]}
    return {name: value for name, value in environ.items() if "TOKEN" not in name}


def test_a_missing_password_is_asked_for_without_echo(simulator_process: Simulator) -> None:
    environ = login(simulator_process)
    with Terminal([*PROXTUI, "nodes", "list"], environment=environ) as terminal:
        terminal.wait_for("Password of admin@pve on 127.0.0.1")
        terminal.press(simulator_process.server["password"] + "\r")
        terminal.wait_for("pve2")
        assert terminal.wait_exit() == 0
    assert simulator_process.server["password"].encode() not in terminal.raw


def test_a_wrong_password_is_one_line(simulator_process: Simulator) -> None:
    with Terminal([*PROXTUI, "nodes", "list"], environment=login(simulator_process), columns=200) as terminal:
        terminal.wait_for("Password of")
        terminal.press("wrong-password\r")
        assert "proxtui: " in terminal.wait_for("check user and password")
        assert terminal.wait_exit() == 11
    assert b"wrong-password" not in terminal.raw


def test_a_second_factor_is_asked_for(simulator_process: Simulator) -> None:
    environ = {**login(simulator_process), "PROXMOX_USERNAME": "totp@pve", "PROXMOX_PASSWORD": "sim-totp"}
    with Terminal([*PROXTUI, "nodes", "list"], environment=environ) as terminal:
        terminal.wait_for("TOTP code")
        terminal.press("123456\r")
        terminal.wait_for("pve2")
        assert terminal.wait_exit() == 0
    assert b"123456" not in terminal.raw


def test_ctrl_c_at_the_second_factor_is_130(simulator_process: Simulator) -> None:
    environ = {**login(simulator_process), "PROXMOX_USERNAME": "totp@pve", "PROXMOX_PASSWORD": "sim-totp"}
    with Terminal([*PROXTUI, "nodes", "list"], environment=environ) as terminal:
        terminal.wait_for("TOTP code")
        terminal.press("\x03")
        assert terminal.wait_exit() == 130
    assert b"Traceback" not in terminal.raw


def test_ctrl_c_at_the_question_is_130(simulator_process: Simulator) -> None:
    with Terminal([*PROXTUI, "nodes", "list"], environment=login(simulator_process)) as terminal:
        terminal.wait_for("Password of")
        terminal.press("\x03")
        assert terminal.wait_exit() == 130
    assert b"Traceback" not in terminal.raw


def test_tables_have_colour_at_a_terminal(simulator_process: Simulator) -> None:
    for environ, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        with Terminal([*PROXTUI, "nodes", "list"], environment={**simulator_process.environ, **environ}) as terminal:
            terminal.wait_for("pve2")
            assert terminal.wait_exit() == 0
        assert (b"\x1b[32m" in terminal.raw) is coloured


def test_a_dumb_terminal_gets_a_line(simulator_process: Simulator) -> None:
    environ = {**simulator_process.environ, "TERM": "dumb"}
    with Terminal(PROXTUI, environment=environ, columns=200) as terminal:
        terminal.wait_for("TERM=dumb")
        assert terminal.wait_exit() == 2


@pytest.mark.parametrize("arguments", [["demo", "--scenario", "small"], ["--ascii", "demo", "--scenario", "small"]])
def test_the_demo_opens_and_leaves_nothing_running(arguments: list[str]) -> None:
    with Terminal([*PROXTUI, *arguments], columns=160, lines=50, environment={}) as terminal:
        terminal.wait_for("shop-web01")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert terminal.process.poll() == 0
    assert b"Traceback" not in terminal.raw


def test_a_huge_demo_says_at_once_what_takes_a_moment() -> None:
    command = [*PROXTUI, "demo", "--scenario", "huge", "--guests", "700"]
    with Terminal(command, columns=160, lines=50, environment={}) as terminal:
        terminal.wait_for("making 700 guests ...")
        terminal.wait_for("7 fresh")
        assert "700 guests" in terminal.text()
        terminal.press("q")
        assert terminal.wait_exit() == 0


def test_the_dashboard_opens_over_the_environment(simulator_process: Simulator) -> None:
    with Terminal(PROXTUI, columns=160, lines=50, environment=simulator_process.environ) as terminal:
        terminal.wait_for("shop-web01")
        terminal.press("q")
        assert terminal.wait_exit() == 0


def test_the_dashboard_shows_a_server_that_refuses(simulator_process: Simulator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    environ = {**simulator_process.environ, "PROXMOX_HOST": f"127.0.0.1:{port}"}
    with Terminal(PROXTUI, columns=160, lines=50, environment=environ) as terminal:
        terminal.wait_for("refused")
        terminal.press("q")
        assert terminal.wait_exit() == 0
