"""End to end with real programs: QEMU, the simulator over HTTPS, ``proxtui relay``, a viewer on a display."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.needs import programs

from .conftest import Simulator, simulator
from .screens import ESCAPE, connected, display, focus, ink, looking, pressed, qemu, shows

SECONDS = 45.0
ENOUGH = 0.95
VM = "100"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[tuple[Simulator, str, Path, Path]]:
    guest = tmp_path / "qemu"
    with (
        qemu(guest),
        display(tmp_path) as (name, seen),
        simulator("--scenario", "small", "--still", "--seed", "1", "--vnc", f"{VM}={guest}") as lab,
    ):
        yield lab, name, seen, guest


def environ_of(lab: Simulator, home: Path, screen: str) -> dict[str, str]:
    server = lab.first
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "DISPLAY": screen,
        "XDG_RUNTIME_DIR": str(home),
        "PROXMOX_HOST": f"{server['host']}:{server['port']}",
        "PROXMOX_FINGERPRINT": server["fingerprint"],
        "PROXMOX_TOKEN_ID": server["token_id"],
        "PROXMOX_TOKEN_SECRET": server["token_secret"],
    }


@asynccontextmanager
async def relaying(environ: Mapping[str, str], *words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    command = (sys.executable, "-m", "proxtui", "relay", VM, *words)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, env=environ, stdout=pipe, stderr=asyncio.subprocess.STDOUT)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def until_shown(seen: Path, guest: Path) -> list[bytes]:
    """Wait until the display shows what the guest shows; gives the guest's screen."""
    async with looking(seen) as desk, looking(guest) as machine:
        while True:
            screen = await ink(machine)
            if any(map(any, screen)) and shows(await ink(desk), screen) >= ENOUGH:
                return screen
            await asyncio.sleep(0.2)


async def until_written(guest: Path, before: list[bytes]) -> None:
    """Wait until the guest shows more lines than before."""
    rows = sum(map(any, before))
    async with looking(guest) as machine:
        while sum(map(any, await ink(machine))) <= rows:  # noqa: ASYNC110 - it is a picture
            await asyncio.sleep(0.2)


def public(parent: int) -> bytes:
    """Arguments and environments of the programs that a process started."""
    found = b""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                found += (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
        except OSError:
            # It ended meanwhile.
            continue
    return found


VIEWERS = [
    pytest.param((), marks=programs("vncviewer"), id="tigervnc"),
    pytest.param(("--tcp",), marks=programs("vncviewer"), id="tigervnc-tcp"),
    pytest.param(("--viewer", "remote-viewer"), marks=programs("remote-viewer"), id="remote-viewer"),
]


@programs("Xtigervnc", "qemu-system-x86_64")
@pytest.mark.parametrize("words", VIEWERS)
async def test_a_viewer_shows_the_firmware_and_a_key_opens_the_boot_menu(
    desk: tuple[Simulator, str, Path, Path], tmp_path: Path, words: tuple[str, ...]
) -> None:
    lab, name, seen, guest = desk
    async with asyncio.timeout(SECONDS):
        await connected(guest)
        async with relaying(environ_of(lab, tmp_path, name), *words) as process:
            before = await until_shown(seen, guest)
            known = public(process.pid)
            assert b"viewer" in known
            assert lab.first["token_secret"].encode() not in known
            focus(name)
            async with looking(seen) as hands:
                await pressed(hands, ESCAPE)
            await until_written(guest, before)
            await until_shown(seen, guest)
            process.send_signal(signal.SIGTERM)
            said, _ = await process.communicate()
    assert process.returncode == 128 + signal.SIGTERM, said.decode()
    assert "a viewer came" in said.decode()
