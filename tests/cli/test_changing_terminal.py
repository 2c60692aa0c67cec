"""Changes asked about at a real terminal: the name is typed, what was typed ahead does not count, ctrl+c tells."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Simulator
from tests.walks.conftest import simulator
from tests.walks.terminal import Terminal

PROXTUI = [sys.executable, "-m", "proxtui"]


@pytest.fixture(scope="module")
def lab() -> Iterator[Any]:
    with simulator("--scenario", "small", "--auth-delay", "0", "--still", "--speed", "5") as running:
        yield Simulator(running.servers[0], running.control_token)


@pytest.fixture(autouse=True)
def _forgets(lab: Simulator) -> None:
    lab.control("DELETE", "requests")


def terminal(lab: Simulator, tmp_path: Path, *arguments: str) -> Terminal:
    environ = {**lab.environ, "XDG_STATE_HOME": str(tmp_path), "NO_COLOR": "1"}
    return Terminal([*PROXTUI, *arguments], environment=environ, columns=140)


def sent(lab: Simulator) -> list[str]:
    return [f"{one['method']} {one['path']}" for one in lab.control("GET", "changes")["changes"]]


@pytest.mark.parametrize("typed", ["y", "", "shop-app", "102"])
def test_another_name_deletes_nothing(lab: Simulator, tmp_path: Path, typed: str) -> None:
    with terminal(lab, tmp_path, "guests", "delete", "102") as shown:
        shown.wait_for("Type shop-app01 to go on")
        shown.press(typed + "\r")
        shown.wait_for("not confirmed, nothing was sent")
        assert shown.wait_exit() == 2
    assert sent(lab) == []


def test_the_name_deletes(lab: Simulator, tmp_path: Path) -> None:
    with terminal(lab, tmp_path, "guests", "delete", "109") as shown:
        shown.wait_for("Type infra-logs01 to go on")
        shown.press("infra-logs01\r")
        shown.wait_for("TASK OK")
        assert shown.wait_exit() == 0
    assert sent(lab) == ["DELETE /nodes/pve2/lxc/109"]


def test_what_was_typed_ahead_does_not_answer(lab: Simulator, tmp_path: Path) -> None:
    with terminal(lab, tmp_path, "guests", "delete", "102") as shown:
        shown.press("shop-app01\r")
        shown.wait_for("Type shop-app01 to go on")
        shown.press("\r")
        shown.wait_for("not confirmed")
        assert shown.wait_exit() == 2
    assert sent(lab) == []


def test_a_yes_is_enough_for_what_only_disturbs(lab: Simulator, tmp_path: Path) -> None:
    with terminal(lab, tmp_path, "guests", "stop", "110") as shown:
        shown.wait_for("Go on? [y/N]")
        shown.press("y\r")
        assert shown.wait_exit() == 0
    assert sent(lab) == ["POST /nodes/pve2/lxc/110/status/stop"]


def test_ctrl_c_says_what_goes_on(lab: Simulator, tmp_path: Path) -> None:
    with lab.fault("task-hang", task="qmstart"):
        with terminal(lab, tmp_path, "guests", "start", "101") as shown:
            shown.wait_for("running UPID:pve1:")
            shown.press("\x03")
            shown.wait_for("its task goes on: UPID:pve1:")
            assert shown.wait_exit() == 130
        assert b"Traceback" not in shown.raw
    assert sent(lab) == ["POST /nodes/pve1/qemu/101/status/start"]
