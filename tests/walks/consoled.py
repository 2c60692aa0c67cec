"""A console of the simulator in a terminal of our own, and what that terminal was like before and after."""

from __future__ import annotations

import os
import sys
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from proxtui.features.terminals.seat import RESET

from .conftest import Simulator
from .terminal import Terminal

CONTAINER = "105"
MODES = {1000, 1002, 1003, 1006, 2004}


@dataclass
class Sat:
    """Somebody at a terminal in which proxtui runs."""

    terminal: Terminal
    before: list[Any] = field(default_factory=list)

    def log_in(self) -> None:
        self.terminal.wait_for("login:")
        self.type("root")
        self.terminal.wait_for("Password:")
        self.type("secret")
        self.terminal.wait_for("~$")

    def type(self, line: str) -> None:
        self.terminal.press(f"{line}\r")

    def size_is(self, said: str) -> None:
        """Ask until it is so: what is typed and how large it is shown go their ways side by side."""
        for _ in range(50):
            self.type("stty size")
            self.terminal.read(0.2)
            self.terminal.read(0.2)
            if said in self.terminal.text():
                return
        raise AssertionError(f"never {said}:\n{self.terminal.text()}")

    @property
    def termios(self) -> list[Any]:
        return termios.tcgetattr(self.terminal.master)

    def end(self) -> int:
        """The exit code, once it ended; the terminal must be as it was."""
        code = self.terminal.wait_exit()
        self.must_be_restored()
        return code

    def must_be_restored(self) -> None:
        assert self.termios == self.before
        assert RESET in bytes(self.terminal.raw), "the modes that a guest may have set are not reset"


def environ_of(simulator: Simulator, home: Path, **more: str) -> Mapping[str, str]:
    server = simulator.first
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "PROXMOX_HOST": f"{server['host']}:{server['port']}",
        "PROXMOX_FINGERPRINT": server["fingerprint"],
        "PROXMOX_TOKEN_ID": server["token_id"],
        "PROXMOX_TOKEN_SECRET": server["token_secret"],
        **more,
    }


@contextmanager
def sat(environ: Mapping[str, str], *arguments: str, columns: int = 80, lines: int = 24) -> Iterator[Sat]:
    command = [sys.executable, "-m", "proxtui", *arguments]
    with Terminal(command, environment=environ, columns=columns, lines=lines) as terminal:
        yield Sat(terminal, termios.tcgetattr(terminal.master))


def peak_memory(pid: int) -> int:
    """The most that a process ever held, in KiB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))


def hang_up(sitting: Sat) -> None:
    """As a terminal window that is closed."""
    os.close(sitting.terminal.master)
    sitting.terminal.master = os.open(os.devnull, os.O_RDWR)
