"""What is left of a console when it is over: its row in the audit, the terminal, a viewer; and what never begins."""

from __future__ import annotations

import getpass
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from proxtui.errors import ConsoleError
from tests import needs

from .conftest import Simulator, simulator
from .consoled import CONTAINER, environ_of, sat
from .sshd import Sshd, jump_hosts
from .terminal import Terminal

VM = "103"
# The dashboard asks for no port and no user: this is the one that starts with others.
DASHBOARD = """
import functools, sys
from proxtui.__main__ import main
from proxtui.features.terminals import screen
screen.SshWish = functools.partial(screen.SshWish, port={port}, user={user!r})
sys.argv = ["proxtui"]
sys.exit(main())
"""


@pytest.fixture(scope="module")
def lab() -> Iterator[Simulator]:
    with simulator("--scenario", "small", "--still", "--seed", "1") as running:
        yield running


@pytest.fixture
def environ(lab: Simulator, tmp_path: Path) -> dict[str, str]:
    return {**environ_of(lab, tmp_path), "XDG_STATE_HOME": str(tmp_path / "state"), "PATH": os.environ["PATH"]}


def closed(environ: dict[str, str]) -> dict[str, Any]:
    """The newest end of a console, as the audit tells it."""
    command = [sys.executable, "-m", "proxtui", "audit", "list", "--json"]
    said = subprocess.run(command, env=environ, capture_output=True, text=True, check=True, timeout=60).stdout
    return next(row for row in json.loads(said)["rows"] if row["event"] == "console.close")


def params(row: dict[str, Any]) -> dict[str, str]:
    return dict(part.split("=", 1) for part in row["params"].split())


def to(terminal: Terminal, name: str, gone: str) -> None:
    terminal.wait_for(name)
    terminal.press("/")
    terminal.press(f"{name}\r")
    terminal.wait_for(lambda text: gone not in text)
    terminal.press("g")


def test_time_and_bytes_stand_in_the_audit(environ: dict[str, str]) -> None:
    with sat(environ, "console", CONTAINER) as here:
        here.log_in()
        here.type("flood 300000")
        here.terminal.wait_for(lambda _text: len(here.terminal.raw) > 300_000)
        here.terminal.press("\x1d")
        assert here.end() == 0
    row = closed(environ)
    assert (row["target"], params(row)["use"], row["result"], row["message"]) == (CONTAINER, "term", "ok", "left")
    assert int(params(row)["received"]) > 300_000
    assert int(params(row)["sent"]) >= len("root\rsecret\rflood 300000\r")
    assert row["duration_ms"] > 0


def test_the_lock_that_closes_ends_it(environ: dict[str, str]) -> None:
    more = {**environ, "PROXTUI_WRITE_MODE": "timed"}
    with sat(more, "console", CONTAINER, "--write", "4s", "--reason", "to see", columns=160) as here:
        here.log_in()
        code = here.end()
        assert "the console was ended: locked" in here.terminal.text()
        assert code == ConsoleError.exit_code
    row = closed(environ)
    assert row["message"].startswith("the console was ended: locked")
    assert row["reason"] == "to see"


def test_a_vm_without_a_serial_port_is_told_on_the_dashboard(environ: dict[str, str]) -> None:
    with sat(environ, columns=160, lines=40) as here:
        to(here.terminal, "shop-db01", "shop-web01")
        here.terminal.press("c")
        here.terminal.wait_for("has no serial port")
        # Leaving it would switch back from the screen of its own.
        assert b"\x1b[?1049l" not in here.terminal.raw
        here.terminal.press("q")
        assert here.terminal.wait_exit() == 0


@pytest.fixture
def end(tmp_path: Path) -> Iterator[Sshd]:
    with jump_hosts(tmp_path, 1) as [end]:
        (tmp_path / ".ssh").mkdir(mode=0o700)
        (tmp_path / ".ssh" / "id_ed25519").write_bytes(end.user_key.read_bytes())
        (tmp_path / ".ssh" / "id_ed25519").chmod(0o600)
        (tmp_path / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{end.port} {end.host_key}\n")
        yield end


@needs.programs("sshd", "ssh-keygen")
def test_a_shell_on_a_node_from_the_dashboard(environ: dict[str, str], end: Sshd) -> None:
    command = [sys.executable, "-c", DASHBOARD.format(port=end.port, user=getpass.getuser())]
    with Terminal(command, environment=environ, columns=160, lines=40) as terminal:
        terminal.wait_for("shop-proxy01")
        terminal.press(":nodes\r")
        terminal.wait_for("2 nodes")
        terminal.press("S")
        terminal.wait_for("; ctrl-] leaves")
        terminal.press("PS1='ready> '; clear; echo arr''ived\r")
        terminal.wait_for("arrived")
        terminal.press("\x1d")
        terminal.wait_for("(node pve1) ended after")
        terminal.press("q")
        assert terminal.wait_exit() == 0
    row = closed(environ)
    assert (row["kind"], row["target"], params(row)["use"], row["message"]) == (
        "node",
        "pve1",
        "ssh",
        "left",
    )
    assert int(params(row)["received"]) > 0
    assert int(params(row)["sent"]) > 0
    assert row["duration_ms"] > 0


def test_ctrl_c_ends_the_wait_for_a_shell_and_not_the_dashboard(environ: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        command = [sys.executable, "-c", DASHBOARD.format(port=port, user="root")]
        with Terminal(command, environment=environ, columns=160, lines=40) as terminal:
            terminal.wait_for("shop-proxy01")
            terminal.press(":nodes\r")
            terminal.wait_for("2 nodes")
            terminal.press("S")
            terminal.wait_for(f"connecting to 127.0.0.1:{port} as root, ")
            terminal.press("\x03")
            terminal.wait_for("node pve1: given up")
            terminal.press("q")
            assert terminal.wait_exit() == 0
    row = closed(environ)
    assert (params(row)["use"], row["message"]) == ("ssh", "given up before it was open")


def test_the_command_says_what_it_waits_for(environ: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = str(silent.getsockname()[1])
        with sat(environ, "ssh", "pve1", "--host", "127.0.0.1", "--ssh-port", port, columns=160) as here:
            here.terminal.wait_for(f"connecting to 127.0.0.1:{port} as root, for 20 s at most; ctrl+c ends it")
            here.terminal.press("\x03")
            assert here.terminal.wait_exit() == 130
            assert here.termios == here.before
    assert closed(environ)["message"] == "given up before it was open"


def until(seen: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not seen():
        assert time.monotonic() < end, "it never was so"
        time.sleep(0.02)


@pytest.fixture
def viewer(tmp_path: Path, environ: dict[str, str]) -> Path:
    """A ``remote-viewer`` that writes down what it was given."""
    told = tmp_path / "told"
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "remote-viewer"
    script.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        "found = json.dumps([sys.argv[1:], dict(os.environ), sys.stdin.read()])\n"
        f"open({str(told)!r} + '.new', 'w').write(found)\nos.rename({str(told)!r} + '.new', {str(told)!r})\n"
    )
    script.chmod(0o700)
    environ.update(PATH=f"{tmp_path / 'bin'}:{environ['PATH']}", DISPLAY=":99")
    return told


@pytest.fixture
def with_spice(lab: Simulator) -> None:
    """A VM whose display was set to SPICE before it was started."""
    server = lab.first
    with httpx.Client(
        base_url=f"https://127.0.0.1:{server['port']}/api2/json",
        headers={"Authorization": f"PVEAPIToken={server['token_id']}={server['token_secret']}"},
        verify=False,  # noqa: S501  a certificate made a moment ago, on loopback
        trust_env=False,
    ) as client:
        rows = client.get("/cluster/resources", params={"type": "vm"}).json()["data"]
        place = next(f"/nodes/{row['node']}/qemu/{VM}" for row in rows if row["vmid"] == int(VM))

        def status() -> str:
            return str(client.get(f"{place}/status/current").json()["data"]["status"])

        client.put(f"{place}/config", json={"vga": "qxl"}).raise_for_status()
        for call, wanted in (("stop", "stopped"), ("start", "running")):
            client.post(f"{place}/status/{call}").raise_for_status()
            until(lambda wanted=wanted: status() == wanted)  # type: ignore[misc]


def is_handed_over(told: Path, environ: dict[str, str], home: Path) -> None:
    """All on stdin: the password and the token are in no argument, no environment and no other file."""
    until(told.exists)
    arguments, given, stdin = json.loads(told.read_text())
    assert arguments == ["-"]
    assert stdin.startswith("[virt-viewer]\ntype=spice\ntitle=vm 103 shop-db01\nproxy=http://127.0.0.1:3128\n")
    password = next(line for line in stdin.splitlines() if line.startswith("password=")).removeprefix("password=")
    for secret in (password, environ["PROXMOX_TOKEN_SECRET"]):
        assert secret not in json.dumps(given)
        for file in home.rglob("*"):
            if file.is_file() and file != told:
                assert secret.encode() not in file.read_bytes(), file


@pytest.mark.usefixtures("with_spice")
def test_spice_is_handed_to_its_viewer(environ: dict[str, str], viewer: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "proxtui", "spice", VM]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "")
    assert "vm 103 shop-db01: handed to remote-viewer" in done.stderr
    is_handed_over(viewer, environ, tmp_path)
    row = closed(environ)
    assert (params(row)["use"], row["result"], row["message"]) == ("spice", "ok", "handed to remote-viewer")


def test_a_vm_without_spice(environ: dict[str, str], viewer: Path) -> None:
    command = [sys.executable, "-m", "proxtui", "spice", "100"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "it has no SPICE display: set its display to SPICE (vga qxl) and start it anew" in done.stderr
    assert not viewer.exists()
    assert closed(environ)["result"] == "failed"
