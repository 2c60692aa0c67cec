"""What viewers and other users do wrong on purpose, and what that must not cost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator

import pytest

from proxtui.features.consoles.door import opened_door

from .consoling import TCP, Lab, Peer, lab

STRANGER = 65534
CONNECTS = "try: socket.socket(socket.AF_UNIX).connect(sys.argv[1])\nexcept OSError as e: print(e.strerror)"
READS = (
    "s = socket.socket()\ns.connect(('127.0.0.1', int(sys.argv[1])))\n"
    "try: print(s.recv(99))\nexcept OSError: print(b'')"
)


@pytest.fixture
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    # A short name: a socket's path has little room.
    folder = tmp_path_factory.mktemp("c")
    async with lab(folder) as one:
        yield one


def as_stranger(code: str, *words: str) -> list[str]:
    return [sys.executable, "-c", f"import os, socket, sys\nos.setgroups([]); os.setuid({STRANGER})\n{code}", *words]


async def said(command: list[str]) -> str:
    process = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out, _ = await process.communicate()
    return out.decode()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_another_user_of_the_machine(here: Lab) -> None:
    # One that everybody may enter, unlike the folder of the test: what is in it is ours alone.
    open_to_all = tempfile.mkdtemp()
    os.chmod(open_to_all, 0o755)  # noqa: S103
    try:
        async with opened_door("vm1", tcp=False, password=False, environ={"XDG_RUNTIME_DIR": open_to_all}) as door:
            assert str(door.socket).startswith(open_to_all)
            assert await said(as_stranger(CONNECTS, str(door.socket))) == "Permission denied\n"
    finally:
        shutil.rmtree(open_to_all)
    one = here.relay(manner=TCP)
    port = (await one.invitation).lines[0].split()[2].rpartition(":")[2]
    assert await said(as_stranger(READS, port)) == "b''\n"
    peer = await one.peer()
    assert await peer.open((await one.invitation).password), "the rightful one works all the same"
    await peer.close()
    await here.ended(one)


async def test_a_large_clipboard_passes_in_pieces(here: Lab) -> None:
    one = here.relay()
    peer = await one.peer()
    await peer.open((await one.invitation).password)
    length = 200_000
    peer.writer.write(b"\6\0\0\0" + length.to_bytes(4) + bytes(length) + b"\3\0" + bytes(4) + b"\0\x08\0\x08")
    assert await peer.reader.readexactly(4)
    await peer.close()
    await here.ended(one)
    assert int(here.journal.entries[-1].params["sent"]) > length


async def test_a_clipboard_that_the_server_does_not_take_ends_the_console_with_a_reason(here: Lab) -> None:
    one = here.relay()
    peer = await one.peer()
    await peer.open((await one.invitation).password)
    length = 10_000_000
    peer.writer.write(b"\6\0\0\0" + length.to_bytes(4) + bytes(length))
    with contextlib.suppress(ConnectionError):
        await peer.writer.drain()
    assert await peer.ended()
    assert "console" in str(await here.ended(one))
    assert "console" in here.journal.entries[-1].message
    await peer.close()


async def test_a_clipboard_that_is_kept_apart(here: Lab) -> None:
    one = here.relay(clipboard=False)
    peer = await one.peer()
    await peer.open((await one.invitation).password)
    peer.writer.write(b"\6\0\0\0" + (100_000).to_bytes(4) + bytes(100_000) + b"\3\0" + bytes(4) + b"\0\x08\0\x08")
    assert await peer.reader.readexactly(4)
    await peer.close()
    await here.ended(one)
    assert int(here.journal.entries[-1].params["sent"]) < 1000


async def test_a_viewer_that_stalls_stops_nobody_else(here: Lab) -> None:
    stalled = here.relay()
    place = str(here.folder / "proxtui" / f"vm{here.target().id}.sock")
    await stalled.invitation
    raw = socket.socket(socket.AF_UNIX)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, place)
    lazy = Peer(*await asyncio.open_unix_connection(sock=raw, limit=4096))
    await lazy.open((await stalled.invitation).password)
    for _ in range(50):
        # Asks for whole screens, and reads none of them.
        lazy.writer.write(b"\3\0" + bytes(4) + b"\x02\xd0\x01\x90")
    other = here.relay()
    peer = await other.peer()
    await peer.open((await other.invitation).password)
    peer.writer.write(b"\3\0" + bytes(4) + b"\0\x08\0\x08")
    async with asyncio.timeout(10):
        assert await peer.reader.readexactly(4)
    (slow, _quick) = here.runtime.consoles.sessions
    assert slow.received < 8 * 1024 * 1024
    for one, end in ((stalled, lazy), (other, peer)):
        await end.close()
        await here.ended(one)
