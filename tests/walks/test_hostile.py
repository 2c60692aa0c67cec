"""Names, tags, notes and errors that attack the terminal: the raw bytes of a pty hold nothing but our own drawing."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from .conftest import Simulator, simulator
from .terminal import Terminal

OURS = re.compile(
    rb"""
    \x1b\[ [<=>?]? [0-9;:]* [\ $]* [A-Za-z]   # CSI: cursor, colour, modes
    | \x1b]22;[a-z-]+\x07                    # OSC 22: Textual sets the shape of the mouse pointer
    | [\n\r\t]
    | [^\x00-\x1f\x7f]+                      # text
    """,
    re.VERBOSE,
)
ALLOWED_FINALS = set(b"Hmhlupcnqt") | set(b"JK")
FOREIGN_CHARACTERS = re.compile(
    "[\u0080-\u009f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f]"
)


def environment(sim: Simulator, home: Path) -> dict[str, str]:
    server = sim.first
    return {
        "PROXMOX_HOST": server["host"],
        "PROXMOX_PORT": str(server["port"]),
        "PROXMOX_TOKEN_ID": server["token_id"],
        "PROXMOX_TOKEN_SECRET": server["token_secret"],
        "PROXMOX_FINGERPRINT": server["fingerprint"],
        "HOME": str(home),
        "XDG_STATE_HOME": str(home),
    }


def strangers(raw: bytes) -> list[bytes]:
    """Every byte sequence in the stream that is not our own drawing."""
    found, at = [], 0
    while at < len(raw):
        match = OURS.match(raw, at)
        if match is None:
            found.append(raw[at : at + 24])
            at += 1
            continue
        if match[0].startswith(b"\x1b[") and match[0][-1] not in ALLOWED_FINALS:
            found.append(match[0])
        at = match.end()
    return found


def walk(terminal: Terminal) -> str:
    """Open everything that shows foreign text; gives all that was on the screen."""
    seen = [terminal.text()]

    def press(keys: str, until: str = "") -> None:
        terminal.press(keys)
        if until:
            terminal.wait_for(until)
        while terminal.read(0.3) and terminal.fresh:
            pass
        seen.append(terminal.text())

    press("\r", "cores")
    press("z")
    press("z")
    for _ in range(8):
        press("j")
    press("\x1b")
    press("/web\r")
    press("?", "WHAT IT DOES")
    press("\x1b")
    press("\x1b")
    press("\t ll jl jl\t")
    press("2", "Nodes")
    press("\r")
    return "\n".join(seen)


@pytest.mark.parametrize(("columns", "lines"), [(160, 50), (80, 24)])
def test_nothing_foreign_reaches_the_terminal(tmp_path: Path, columns: int, lines: int) -> None:
    with simulator("--scenario", "small", "--fault", "hostile", "--auth-delay", "0.1") as sim:
        command = [sys.executable, "-m", "proxtui", "--read-only"]
        with Terminal(command, columns=columns, lines=lines, environment=environment(sim, tmp_path)) as terminal:
            terminal.wait_for("guests")
            terminal.wait_for(lambda text: "running" in text)
            seen = walk(terminal)
            # An error whose text attacks: reason phrase and message of a 500.
            sim.control("POST", "faults", {"kind": "status", "status": 500, "reason": "\x1b]0;owned\x07\x1b[2Jbroken"})
            terminal.wait_for(lambda text: "stale" in text or "broken" in text)
            terminal.press("q")
            code = terminal.wait_exit()
            raw = bytes(terminal.raw)
    # The attacks did arrive, as harmless pictures of their characters and as literal brackets.
    assert "␛" in seen
    assert "[" in seen
    assert code == 0
    assert strangers(raw) == []
    assert FOREIGN_CHARACTERS.findall(raw.decode("utf-8", "replace")) == []
