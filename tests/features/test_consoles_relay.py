"""The relay: who gets in, what PVE is asked and when, how it ends, and what the audit keeps."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from proxtui.errors import ApiError, ConsoleError
from proxtui.features.consoles.door import ALPHABET, opened_door, runtime_folder
from proxtui.features.consoles.peers import is_mine, owner_of
from proxtui.pve.rfb.relay import IDLE_LINE

from .consoling import TCP, UNIX, Lab, Peer, Refused, lab, where


def there(path: str | Path) -> bool:
    return os.path.lexists(path)


@pytest.fixture
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    # A short name: a socket's path has little room.
    folder = tmp_path_factory.mktemp("c")
    async with lab(folder) as one:
        yield one


@pytest.mark.parametrize("manner", [UNIX, TCP])
async def test_a_viewer_sees_the_screen(here: Lab, manner: Any) -> None:
    target = here.target()
    one = here.relay(target, manner, reason="boot")
    invitation = await one.invitation
    assert len(invitation.password) == 8
    assert set(invitation.password) <= set(ALPHABET)
    assert len(ALPHABET) == len(set(ALPHABET)) == 54
    peer = await one.peer()
    assert here.calls("vncproxy") == [], "nobody proved itself yet"
    assert await peer.open(invitation.password) == f"QEMU ({target.name})"
    assert one.joined.is_set()
    assert len(here.calls("vncproxy")) == 1
    # A key, and an update that is asked for.
    peer.writer.write(b"\4\1\0\0\0\0\0a" + b"\3\0" + bytes(4) + b"\0\x08\0\x08")
    assert await peer.reader.readexactly(4)
    assert len(one.touches) == 1
    await peer.close()
    ended: Any = await here.ended(one)
    assert ended.by == "viewer"
    intent, outcome = here.journal.entries
    assert (intent.event, intent.reason) == ("console.open", "boot")
    assert (outcome.event, outcome.result, outcome.message) == ("console.close", "ok", "the viewer left")
    assert int(outcome.params["sent"]) == 18
    assert int(outcome.params["received"]) > 24


async def test_containers_and_nodes_have_screens_too(here: Lab) -> None:
    one = here.relay(here.target("lxc"))
    peer = await one.peer()
    assert await peer.open((await one.invitation).password)
    assert here.calls("/lxc/")[-1].endswith(("vncproxy", "vncwebsocket"))
    await peer.close()
    await here.ended(one)


async def test_the_socket_is_one_of_this_user_and_goes_with_the_viewer(here: Lab) -> None:
    one = here.relay()
    _, place = where(await one.invitation)
    path = Path(place)
    assert path.parent == here.folder / "proxtui"
    assert os.lstat(path).st_mode & 0o777 == 0o600
    assert os.lstat(path.parent).st_mode & 0o777 == 0o700
    peer = await one.peer()
    await peer.open((await one.invitation).password)
    assert not there(path), "it is good for one viewer"
    with pytest.raises(OSError, match="No such file"):
        await one.peer()
    await peer.close()
    await here.ended(one)


async def test_a_folder_of_others_is_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "proxtui"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert runtime_folder(environ) is None
    async with opened_door("vm1", tcp=False, password=True, environ=environ) as door:
        assert door.socket is not None
        made = door.socket.parent
        assert made != folder
        assert made.lstat().st_mode & 0o777 == 0o700
    assert not made.exists()
    link = tmp_path / "other"
    link.mkdir()
    (link / "proxtui").symlink_to(tmp_path)
    assert runtime_folder({"XDG_RUNTIME_DIR": str(link)}) is None
    assert runtime_folder({}) is None


async def test_two_doors_of_one_name(tmp_path: Path) -> None:
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    async with (
        opened_door("vm1", tcp=False, password=True, environ=environ) as one,
        opened_door("vm1", tcp=False, password=True, environ=environ) as two,
    ):
        assert one.socket != two.socket
        assert one.password != two.password
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    deep.mkdir(parents=True)
    async with opened_door("vm1", tcp=False, password=True, environ={"XDG_RUNTIME_DIR": str(deep)}) as far:
        assert len(str(far.socket)) < 108


async def test_another_user_gets_not_a_byte_and_takes_nothing(tmp_path: Path) -> None:
    judged = iter([False] * 51)
    checked = []

    def check(peer: socket.socket) -> bool:
        checked.append(peer.family)
        return next(judged, True)

    async with opened_door("vm1", tcp=True, password=True, check=check) as door:
        for _ in range(51):
            reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)
        assert door.strangers == 51
        rightful = Peer(*await asyncio.open_connection("127.0.0.1", door.port))
        await rightful.prove(door.password or "")
        waiting, _viewer = await door.viewer(5)
        await waiting.refuse("only looking")
        await rightful.close()
    assert set(checked) == {socket.AF_INET}


def test_who_is_at_the_other_end(tmp_path: Path) -> None:
    head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    line = "   0: {near} 0100007F:1F40 {state} 00000000:00000000 00:00000000 00000000 {uid} 0 {inode} 1\n"
    mapped = "0000000000000000FFFF00000100007F"

    def table(name: str, **what: Any) -> None:
        what = {"near": "0100007F:C001", "state": "01", "uid": 1000, "inode": 77, **what}
        (tmp_path / name).write_text(head + line.format(**what))

    for what, owner in (
        ({}, 1000),
        ({"uid": 1001}, 1001),
        ({"inode": 0}, None),
        ({"state": "06"}, None),
        ({"near": "0200007F:C001"}, None),
        ({"near": "0100007F:C002"}, None),
    ):
        table("tcp", **what)
        assert owner_of(0xC001, 8000, tmp_path) == owner, what
    (tmp_path / "tcp").unlink()
    (tmp_path / "tcp6").write_text(
        head + f"   0: {mapped}:C001 {mapped}:1F40 01 00000000:00000000 00:00000000 00000000 1000 0 78 1\n"
    )
    assert owner_of(0xC001, 8000, tmp_path) == 1000


async def test_the_kernel_tells_who_it_is() -> None:
    near, far = socket.socketpair(socket.AF_UNIX)
    with near, far:
        assert is_mine(near)
        assert not is_mine(near, uid=os.geteuid() + 1)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        with accepted:
            assert is_mine(accepted)
            assert not is_mine(accepted, uid=os.geteuid() + 1)
            client.close()
            assert not is_mine(accepted), "nobody holds the other end any more"


async def test_wrong_passwords_ask_pve_for_nothing(here: Lab) -> None:
    one = here.relay()
    for _ in range(2):
        peer = await one.peer()
        with pytest.raises(Refused, match="wrong password"):
            await peer.open("12345678")
        await peer.close()
    # No viewer at all: it costs no try.
    stray = await one.peer()
    stray.writer.write(b"GET / HTTP/1.1\r\n\r\n")
    assert await stray.ended()
    await stray.close()
    peer = await one.peer()
    with pytest.raises(Refused):
        await peer.open("12345678")
    await peer.close()
    assert "3 wrong passwords" in str(await here.ended(one))
    assert here.calls("vncproxy") == []
    assert here.journal.entries[-1].result == "failed"
    with pytest.raises(OSError, match="No such file"):
        await one.peer()


async def test_two_wrong_ones_and_the_right_one(here: Lab) -> None:
    one = here.relay()
    for word in ("12345678", ""):
        peer = await one.peer()
        with pytest.raises(Refused):
            await peer.open(word)
        await peer.close()
    peer = await one.peer()
    assert await peer.open((await one.invitation).password)
    await peer.close()
    await here.ended(one)


async def test_nobody_comes(here: Lab) -> None:
    one = here.relay(seconds=0.05)
    _, place = where(await one.invitation)
    found = await here.ended(one)
    assert isinstance(found, ConsoleError)
    assert "no viewer came within" in str(found)
    assert not there(place)
    assert here.calls("vncproxy") == []
    assert (here.journal.entries[-1].event, here.journal.entries[-1].result) == ("console.close", "failed")


@pytest.mark.parametrize("status", [401, 403, 500, 595])
async def test_pve_refuses_and_the_viewer_reads_why(here: Lab, status: int) -> None:
    from proxtui.sim.faults import parse_fault

    here.world.faults.add(parse_fault(f"status:status={status},path=*/vncproxy"))
    one = here.relay()
    peer = await one.peer()
    with pytest.raises(Refused) as refused:
        await peer.open((await one.invitation).password)
    assert str(refused.value)
    found = await here.ended(one)
    assert isinstance(found, ApiError | ConsoleError)
    assert here.journal.entries[-1].result in ("failed", "denied")
    await peer.close()


async def test_two_consoles_of_one_vm_at_the_same_moment(here: Lab) -> None:
    target = here.target()
    both = [here.relay(target), here.relay(target)]
    peers = [await one.peer() for one in both]
    words = [(await one.invitation).password for one in both]
    names = await asyncio.gather(*(peer.open(word) for peer, word in zip(peers, words, strict=True)))
    assert names == [f"QEMU ({target.name})"] * 2
    for peer, one in zip(peers, both, strict=True):
        await peer.close()
        await here.ended(one)


async def test_the_lock_ends_a_console_before_and_after_a_viewer_came(here: Lab) -> None:
    waiting, watching = here.relay(), here.relay(here.target("lxc"))
    _, place = where(await waiting.invitation)
    peer = await watching.peer()
    await peer.open((await watching.invitation).password)
    here.runtime.consoles.end_all("the screen was locked")
    for one in (waiting, watching):
        assert "the screen was locked" in str(await here.ended(one))
    assert await peer.ended()
    assert not there(place)
    assert here.runtime.consoles.sessions == ()
    await peer.close()


async def test_an_idle_console_is_told_of(here: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    from proxtui.features.consoles import service
    from proxtui.pve.rfb.relay import Ended

    async def idle(*_all: Any, **_more: Any) -> Ended:
        return Ended("console", IDLE_LINE)

    monkeypatch.setattr(service, "splice", idle)
    one = here.relay()
    peer = await one.peer()
    await peer.prove((await one.invitation).password)
    assert await peer.reader.readexactly(4) == bytes(4)
    peer.writer.write(b"\0")
    assert (await one.task).message == IDLE_LINE
    assert here.journal.entries[-1].message == IDLE_LINE
    await peer.close()
