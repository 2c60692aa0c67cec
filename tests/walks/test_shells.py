"""``proxtui ssh`` against a real sshd: a shell in the terminal, one command, jump hosts, strangers, and the audit."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from proxtui.core.journal import AuditEntry
from proxtui.core.model import ServerRef
from proxtui.core.operation import Kind, Target
from proxtui.errors import HostKeyError, ReadOnlyError, TunnelError
from proxtui.features.terminals.service import SshWish, shell_of
from proxtui.wiring import open_runtime
from tests import needs
from tests.core.gating import MemoryJournal

from .conftest import Simulator, simulator
from .consoled import environ_of, sat
from .fleets import fleet_of
from .sshd import Sshd, jump_hosts
from .test_ssh_paths import through

pytestmark = needs.programs("sshd", "ssh-keygen")


@dataclass
class Yard:
    """A simulator, and two hosts with sshd: one to go through, one to arrive at."""

    lab: Simulator
    jump: Sshd
    end: Sshd
    home: Path

    @property
    def options(self) -> list[str]:
        return ["--host", "127.0.0.1", "--ssh-port", str(self.end.port), "--user", getpass.getuser()]

    @property
    def wish(self) -> SshWish:
        return SshWish(host="127.0.0.1", port=self.end.port, user=getpass.getuser())

    @property
    def target(self) -> Target:
        return Target(ServerRef("acme", self.lab.first["server"]), Kind.NODE, "pve1", "pve1", "pve1")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environ = {**os.environ, **environ_of(self.lab, self.home)}
        environ["XDG_STATE_HOME"] = str(self.home / "state")
        environ.pop("SSH_AUTH_SOCK", None)
        command = [sys.executable, "-m", "proxtui", "ssh", "pve1", *self.options, *arguments]
        return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="module")
def yard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yard]:
    folder = tmp_path_factory.mktemp("yard")
    home = folder / "home"
    with simulator("--scenario", "small", "--still") as lab, jump_hosts(folder, 2) as [jump, end]:
        (home / ".ssh").mkdir(parents=True, mode=0o700)
        (home / ".ssh" / "id_ed25519").write_bytes(end.user_key.read_bytes())
        (home / ".ssh" / "id_ed25519").chmod(0o600)
        (home / ".ssh" / "known_hosts").write_text(f"[127.0.0.1]:{end.port} {end.host_key}\n")
        yield Yard(lab, jump, end, home)


def test_a_shell_in_this_terminal(yard: Yard) -> None:
    with sat(environ_of(yard.lab, yard.home), "ssh", "pve1", *yard.options, columns=100, lines=30) as here:
        here.terminal.wait_for("; ctrl-] leaves")
        here.type("PS1='ready> '; stty size")
        here.terminal.wait_for("30 100")
        here.terminal.resize(90, 25)
        here.type("clear; until [ \"$(stty size)\" = '25 90' ]; do :; done; echo n''ow")
        here.terminal.wait_for("now")
        here.type("exit 3")
        assert here.end() == 3
        assert f"shell of {getpass.getuser()}@127.0.0.1:{yard.end.port} (node pve1)" in here.terminal.text()


def test_a_shell_is_left(yard: Yard) -> None:
    with sat(environ_of(yard.lab, yard.home), "ssh", "pve1", *yard.options) as here:
        here.terminal.wait_for("ctrl-] leaves")
        here.type("PS1='ready> '; clear")
        here.terminal.wait_for("ready>")
        here.terminal.press("\x1d")
        assert here.end() == 0


def test_one_command_needs_no_terminal(yard: Yard) -> None:
    done = yard.run("--", "echo out; echo err >&2; exit 7")
    assert (done.returncode, done.stdout, done.stderr) == (7, "out\n", "err\n")
    large = yard.run("--", "head -c 5000000 /dev/zero")
    assert (large.returncode, len(large.stdout)) == (0, 5_000_000)


def test_its_shell_knows_no_home_but_the_one_of_the_test(yard: Yard) -> None:
    files = [yard.end.home / name for name in (".bashrc", ".profile", ".zshenv")]
    for file in files:
        file.write_text("echo read\n")
    try:
        # The shell of whoever runs the tests may read none of them before a command.
        done = yard.run("--", "echo $HOME; . ~/.profile")
    finally:
        for file in files:
            file.unlink()
    *before, home, read = done.stdout.splitlines()
    assert (home, read, done.stderr) == (str(yard.end.home), "read", "")
    assert set(before) <= {"read"}


def test_without_a_terminal_there_is_no_shell(yard: Yard) -> None:
    done = yard.run()
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr


def test_an_unknown_host_key_is_shown_and_refused(yard: Yard) -> None:
    known = yard.home / ".ssh" / "known_hosts"
    kept = known.read_text()
    known.write_text("")
    try:
        done = yard.run("--", "echo in")
    finally:
        known.write_text(kept)
    assert done.returncode == HostKeyError.exit_code
    assert f"127.0.0.1:{yard.end.port} is not known: it shows {yard.end.fingerprint}" in done.stderr
    assert "jump host" not in done.stderr
    assert "known_hosts as one of [127.0.0.1]" in done.stderr
    assert done.stdout == ""


async def _said(yard: Yard, journal: Any, monkeypatch: pytest.MonkeyPatch, **more: Any) -> bytes:
    monkeypatch.setenv("HOME", str(yard.home))
    config = fleet_of(through(yard.lab.first, yard.jump.jump()))
    out = b""

    async def take(piece: bytes) -> None:
        nonlocal out
        out += piece

    async with (
        open_runtime(config, make_journal=lambda: journal, **more) as runtime,
        shell_of(runtime, yard.target, yard.wish, reason="to see", command="echo $SSH_CONNECTION") as (_, shell),
    ):
        await shell.pour(take, take)
        assert await shell.status() == 0
    return out


async def test_through_a_jump_host_and_into_the_audit(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = MemoryJournal()
    out = await _said(yard, journal, monkeypatch)
    assert out.split()[-1] == str(yard.end.port).encode()
    entries: list[AuditEntry] = list(journal.entries)
    assert [entry.event for entry in entries] == ["console.open", "console.close"]
    assert entries[0].params["use"] == "ssh"
    assert entries[0].reason == "to see"


async def test_a_dead_jump_host_is_named(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    yard.jump.stop()
    try:
        with pytest.raises(TunnelError, match=f"jump host 127.0.0.1:{yard.jump.port} refused the connection"):
            await _said(yard, MemoryJournal(), monkeypatch)
    finally:
        yard.jump.start()


async def test_the_lock_refuses_it_before_anybody_is_asked(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = MemoryJournal()
    with pytest.raises(ReadOnlyError):
        await _said(yard, journal, monkeypatch, read_only=True)
    assert [entry.result.value for entry in journal.entries] == ["denied"]
