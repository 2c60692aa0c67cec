"""At a real terminal: from nothing to a live dashboard that follows its configuration."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from proxtui.kit.dialog import DEAF
from tests.cli.conftest import Simulator
from tests.walks.terminal import Terminal

PROXTUI = [sys.executable, "-m", "proxtui"]
WORDS = "correct horse battery"


def home(folder: Path) -> dict[str, str]:
    """An empty place for the configuration and what is remembered."""
    return {"XDG_CONFIG_HOME": str(folder / "config"), "XDG_STATE_HOME": str(folder / "state")}


def decide(terminal: Terminal, key: str) -> None:
    """Press a key that decides, once the question that is shown hears it."""
    heard_at = time.monotonic() + DEAF + 0.1
    while (left := heard_at - time.monotonic()) > 0:
        terminal.read(left)
    terminal.press(key)


def first_run(terminal: Terminal, simulator: Simulator) -> None:
    """All six pages; everything that belongs to a page is typed in one piece, as out of a password store."""
    environ = simulator.environ
    terminal.wait_for("1 of 6: host")
    terminal.press(environ["PROXMOX_HOST"] + "\r")
    terminal.wait_for("2 of 6: certificate")
    decide(terminal, "y")
    terminal.wait_for("3 of 6: login")
    terminal.press(f"\t{environ['PROXMOX_TOKEN_ID']}\r{environ['PROXMOX_TOKEN_SECRET']}\r")
    terminal.wait_for("All is well.")
    decide(terminal, "\r")
    terminal.wait_for("5 of 6: names")
    terminal.press("Acme\x13")
    terminal.wait_for("6 of 6: passphrase")
    terminal.press(f"{WORDS}\r{WORDS}\x13")


def test_the_first_run_ends_in_the_live_dashboard_which_follows_the_file(
    simulator_process: Simulator, tmp_path: Path
) -> None:
    environ = home(tmp_path)
    with Terminal(PROXTUI, columns=120, lines=40, environment=environ) as terminal:
        first_run(terminal, simulator_process)
        terminal.wait_for("shop-web01")
        terminal.press("8")
        terminal.wait_for("Description")
        added = subprocess.run(
            [*PROXTUI, "--passphrase-fd", "0", "tenants", "create", "Beta"],
            input=WORDS + "\n", text=True, capture_output=True, env={**os.environ, **environ}, check=False, timeout=60,
        )  # fmt: skip
        assert added.returncode == 0, added.stderr
        terminal.wait_for("beta")
        assert "Description" in terminal.text()
        terminal.press("q")
        assert terminal.wait_exit() == 0
    assert WORDS.encode() not in terminal.raw
    assert simulator_process.environ["PROXMOX_TOKEN_SECRET"].encode() not in terminal.raw
