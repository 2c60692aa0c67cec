"""Viewers: which is chosen, what it is started with, and that a secret is where nobody else reads it."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from proxtui.errors import ConsoleError, UsageError
from proxtui.features.consoles.door import opened_door
from proxtui.features.consoles.viewers import NO_DISPLAY, NONE_FOUND, Child, Manner, choose, start_of
from proxtui.pve.rfb.des import obfuscated

from .consoling import Lab, Peer, lab

SHOWN = {"DISPLAY": ":1", "PATH": "/usr/bin"}


def found(*names: str) -> Any:
    return lambda name: f"/opt/{name}" if name in names else None


@pytest.mark.parametrize(
    ("wanted", "there", "tcp", "is_", "password"),
    [
        ("", ("vncviewer", "remote-viewer"), False, ("tigervnc", "/opt/vncviewer", False), False),
        ("", ("vncviewer",), True, ("tigervnc", "/opt/vncviewer", True), True),
        ("", ("remote-viewer",), False, ("remote-viewer", "/opt/remote-viewer", True), True),
        ("remote-viewer", ("vncviewer", "remote-viewer"), False, ("remote-viewer", "/opt/remote-viewer", True), True),
        ("", (), False, ("print", "", False), True),
        ("print", ("vncviewer",), False, ("print", "", False), True),
        ("mine {socket}", (), False, ("command", "mine {socket}", False), False),
        ("mine {host}:{port}", (), False, ("command", "mine {host}:{port}", True), True),
    ],
)
def test_which_one(wanted: str, there: tuple[str, ...], tcp: bool, is_: tuple[str, str, bool], password: bool) -> None:
    manner = choose(wanted, SHOWN, tcp=tcp, which=found(*there))
    assert (manner.kind, manner.program, manner.tcp) == is_
    assert manner.password is password


def test_without_a_display_or_a_viewer() -> None:
    assert choose("", {}, which=found("vncviewer")).why == NO_DISPLAY
    assert choose("", {"DISPLAY": ""}, which=found("vncviewer")).kind == "print"
    assert choose("", {"WAYLAND_DISPLAY": "wayland-0"}, which=found("vncviewer")).kind == "tigervnc"
    assert choose("", SHOWN, which=found()).why == NONE_FOUND
    with pytest.raises(ConsoleError, match="tigervnc is not installed"):
        choose("tigervnc", SHOWN, which=found("remote-viewer"))


@pytest.mark.parametrize("wanted", ["tight", "mine", "mine {password}", "mine '{socket}", "mine {socket}\n"])
def test_what_is_no_viewer(wanted: str) -> None:
    with pytest.raises(UsageError, match="viewer"):
        choose(wanted, SHOWN, which=found())


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Any]:
    async with opened_door("vm1", tcp=True, password=True) as one:
        yield one


async def test_no_argument_holds_the_password(door: Any) -> None:
    for manner in (
        Manner(kind="tigervnc", program="/opt/v", tcp=True),
        Manner(kind="remote-viewer", program="/opt/r", tcp=True),
        Manner(kind="command", program="mine --at {host}:{port}", tcp=True),
    ):
        start = start_of(manner, door, "vm 100 web\npassword=evil")
        assert not any(door.password in word for word in start.argv)
        assert door.password not in repr(start)
    assert start.argv == ["mine", "--at", f"127.0.0.1:{door.port}"]


async def test_what_remote_viewer_reads(door: Any) -> None:
    manner = Manner(kind="remote-viewer", program="/opt/r", tcp=True)
    lines = start_of(manner, door, "vm 100 web\nhost=evil").feed.decode().splitlines()
    assert lines == [
        "[virt-viewer]",
        "type=vnc",
        "host=127.0.0.1",
        f"port={door.port}",
        f"password={door.password}",
        "title=vm 100 webhost=evil",
    ]


def test_the_file_of_tigervnc() -> None:
    # Made by `vncpasswd -f`.
    assert obfuscated("password").hex() == "dbd83cfd727a1458"
    assert obfuscated("passwordandmore") == obfuscated("password")
    assert obfuscated("abc") != obfuscated("abd")


def script(folder: Path, code: str) -> str:
    """A viewer: a program of Python."""
    path = folder / "viewer"
    path.write_text(f"#!{sys.executable}\n{code}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.fixture
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    # A short name: a socket's path has little room.
    folder = tmp_path_factory.mktemp("c")
    async with lab(folder) as one:
        yield one


async def test_a_viewer_that_is_not_there(here: Lab) -> None:
    one = here.relay(manner=Manner(kind="tigervnc", program=str(here.folder / "none")))
    assert "none does not start: No such file" in str(await here.ended(one))
    assert list((here.folder / "proxtui").iterdir()) == []
    assert here.calls("vncproxy") == []


@pytest.mark.parametrize(("kind", "code"), [("tigervnc", 1), ("tigervnc", 0), ("command", 3)])
async def test_a_viewer_that_ends_at_once(here: Lab, kind: Any, code: int) -> None:
    program = script(here.folder, f"raise SystemExit({code})") + (" {socket}" if kind == "command" else "")
    one = here.relay(manner=Manner(kind=kind, program=program))
    assert f"viewer ended at once with exit code {code}" in str(await here.ended(one))
    assert list((here.folder / "proxtui").iterdir()) == []
    assert here.calls("vncproxy") == []
    assert here.journal.entries[-1].result == "failed"


async def test_a_command_may_leave_its_viewer_in_the_background(here: Lab) -> None:
    import shlex

    invited: list[str] = []
    line = shlex.join([script(here.folder, "import sys; print(sys.argv)"), "{socket}"])
    one = here.relay(manner=Manner(kind="command", program=line))
    await one.invitation
    invited = [str(path) for path in (here.folder / "proxtui").iterdir()]
    peer = Peer(*await asyncio.open_unix_connection(invited[0]))
    assert await peer.open(), "no password on a socket that only this user reaches"
    await peer.close()
    await here.ended(one)


SPY = """
import os, struct, sys, time
report = open(os.environ["HOME"] + "/report", "w")
path = sys.argv[sys.argv.index("-passwd") + 1] if "-passwd" in sys.argv else ""
word = open(path, "rb").read() if path else b""
feed = sys.stdin.read()
report.write(repr((sys.argv, dict(os.environ), word, feed, os.getsid(0) == os.getpid())))
report.close()
os.rename(os.environ["HOME"] + "/report", os.environ["HOME"] + "/done")
time.sleep(60)
"""


async def _report(folder: Path) -> Any:
    import ast

    done = folder / "done"
    while not done.exists():  # noqa: ASYNC110 - another process writes it
        await asyncio.sleep(0.02)
    return ast.literal_eval(done.read_text())


def _public(pid: int, folder: Path) -> list[str]:
    """What of a process and of the files around it can be read."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "done"]
    files += [Path(f"/proc/{pid}/{name}") for name in ("cmdline", "environ")]
    return [path.read_bytes().decode("utf-8", "replace") for path in files]


@pytest.mark.parametrize("kind", ["tigervnc", "remote-viewer"])
async def test_secrets_are_nowhere_to_be_read(here: Lab, kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXMOX_TOKEN_SECRET", "a-secret-of-the-shell")
    seen: list[Any] = []

    class Watched(Child):
        def __init__(self, start: Any, environ: Any) -> None:
            super().__init__(start, environ)
            seen.append((self, start))

    monkeypatch.setattr("proxtui.features.consoles.service.Child", Watched)
    environ = {**os.environ, "HOME": str(here.folder), "XDG_RUNTIME_DIR": str(here.folder), "TMPDIR": str(here.folder)}
    one = here.relay(manner=Manner(kind=kind, program=script(here.folder, SPY), tcp=True), environ=environ)
    await one.invitation
    argv, viewer_environ, word, feed, is_leader = await _report(here.folder)
    ((child, start),) = seen
    password = dict(line.partition("=")[::2] for line in start.feed.decode().splitlines()).get("password", "")
    try:
        assert is_leader, "ctrl+c in the terminal must not end it"
        secrets = [here.told["token_secret"], "a-secret-of-the-shell"]
        if kind == "tigervnc":
            assert word == start.hidden
            assert len(word) == 8
        else:
            assert feed == start.feed.decode()
            secrets.append(password)
        places = [str(argv), str(viewer_environ), *_public(child.pid, here.folder)]
        for secret in secrets:
            assert secret
            assert not any(secret in place for place in places)
    finally:
        child._process.kill()
    await here.ended(one)


async def test_the_end_of_a_viewer_is_heard(tmp_path: Path) -> None:
    from proxtui.features.consoles.viewers import Start

    child = Child(Start([script(tmp_path, "import sys; sys.stdin.read(); raise SystemExit(7)")], b"x" * 300_000), {})
    async with asyncio.timeout(20):
        assert await child.ended() == 7
