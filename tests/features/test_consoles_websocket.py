"""The WebSocket of a console: one viewer that knows the token, comes from the right page and asks for this guest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from proxtui.errors import ConsoleError, InvalidInput, NotFoundError
from proxtui.features.consoles.vm_console import VmConsole, vm_console

from .consoling import Lab, lab

FIELDS = ["ticket", "port", "user", "upid", "websocketUrl", "proxmoxHost", "proxmoxPort", "node", "vmid", "vmType"]


@pytest.fixture
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    # A short name: a socket's path has little room.
    folder = tmp_path_factory.mktemp("c")
    async with lab(folder) as one:
        await one.runtime.poller.poll_once()
        yield one


def asked(here: Lab, kind: str = "qemu") -> dict[str, Any]:
    target = here.target(kind)
    return {"node": target.node, "vmid": target.vmid, "vm_type": kind, "server_id": target.ref.server}


def dial(console: VmConsole, **changes: Any) -> connect:
    fields = console.fields
    how: dict[str, Any] = {
        "uri": fields["websocketUrl"],
        "subprotocols": ["binary", fields["ticket"]],
        "origin": f"http://127.0.0.1:{fields['port']}",
        "compression": None,
        "proxy": None,
        **changes,
    }
    return connect(**how)


async def name_of(socket: ClientConnection) -> str:
    """The name of the screen, as a viewer reads it."""
    data = b""

    async def read(length: int) -> bytes:
        nonlocal data
        while len(data) < length:
            data += await socket.recv(decode=False)
        found, data = data[:length], data[length:]
        return found

    assert await read(12) == b"RFB 003.008\n"
    await socket.send(b"RFB 003.008\n")
    assert await read(2) == b"\1\1", "the token was the proof"
    await socket.send(b"\1")
    assert await read(4) == bytes(4)
    await socket.send(b"\0")
    head = await read(24)
    return (await read(int.from_bytes(head[20:]))).decode()


async def test_ten_fields_and_one_viewer(here: Lab) -> None:
    want = asked(here)
    async with vm_console(here.runtime, **want, reason="a script") as console:
        assert list(console.fields) == FIELDS
        fields = console.fields
        assert (fields["proxmoxHost"], fields["proxmoxPort"]) == ("127.0.0.1", str(here.told["port"]))
        assert fields["user"] == here.told["token_id"]
        query = f"node={want['node']}&vmid={want['vmid']}&vmType=qemu&serverId={want['server_id']}"
        assert fields["websocketUrl"] == f"ws://127.0.0.1:{fields['port']}/vnc-relay?{query}"
        assert fields["ticket"] not in fields["websocketUrl"]
        using = asyncio.create_task(console.used())
        assert here.calls("vncproxy") == []
        async with dial(console) as socket:
            assert socket.subprotocol == "binary"
            assert await name_of(socket) == f"QEMU ({here.target().name})"
            with pytest.raises(InvalidStatus) as second:
                async with dial(console):
                    raise AssertionError
            assert second.value.response.status_code == 403
        story = await using
        assert story.by == "viewer"
    assert here.journal.entries[0].reason == "a script"
    assert here.journal.entries[-1].result == "ok"
    with pytest.raises(OSError, match="Connect call failed"):
        async with dial(console):
            raise AssertionError


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": None},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:1"},
        {"additional_headers": {"Host": "evil.example"}},
        {"subprotocols": ["binary"]},
        {"subprotocols": ["binary", "AAAAAAAAAAAAAAAAAAAAAA"]},
        {"subprotocols": ["binary", "one", "two"]},
    ],
    ids=lambda changes: str(changes),
)
async def test_everybody_else_gets_403(here: Lab, changes: dict[str, Any]) -> None:
    async with vm_console(here.runtime, **asked(here)) as console:
        using = asyncio.create_task(console.used())
        with pytest.raises(InvalidStatus) as refused:
            async with dial(console, **changes):
                raise AssertionError
        assert refused.value.response.status_code == 403
        assert here.calls("vncproxy") == []
        async with dial(console) as socket:
            assert await name_of(socket), "the rightful one works all the same"
        await using


@pytest.mark.parametrize("change", [("vmid=", "vmid=1"), ("/vnc-relay", "/other"), ("&vmType=qemu", "")])
async def test_another_console_than_the_offered(here: Lab, change: tuple[str, str]) -> None:
    async with vm_console(here.runtime, **asked(here)) as console:
        with pytest.raises(InvalidStatus, match="403"):
            async with dial(console, uri=console.fields["websocketUrl"].replace(*change)):
                raise AssertionError


async def test_a_page_that_was_named(here: Lab) -> None:
    async with vm_console(here.runtime, **asked(here), origins=["http://localhost:8000"]) as console:
        using = asyncio.create_task(console.used())
        with pytest.raises(InvalidStatus, match="403"):
            async with dial(console):
                raise AssertionError
        async with dial(console, origin="http://localhost:8000") as socket:
            assert await name_of(socket)
        await using


async def test_another_user_and_nobody(here: Lab) -> None:
    async with vm_console(here.runtime, **asked(here), check=lambda _peer: False) as console:
        with pytest.raises(InvalidStatus, match="403"):
            async with dial(console):
                raise AssertionError
        with pytest.raises(ConsoleError, match="no viewer came"):
            await console.used(seconds=0.01)
    assert here.calls("vncproxy") == []


async def test_a_client_that_is_no_viewer(here: Lab) -> None:
    async with vm_console(here.runtime, **asked(here)) as console:
        using = asyncio.create_task(console.used())
        async with dial(console) as socket:
            await socket.send(b"GET / HTTP/1.1\r\n\r\n")
            with pytest.raises(ConsoleError, match="came and went"):
                await using
    assert here.calls("vncproxy") == []


async def test_which_guest_is_meant(here: Lab) -> None:
    want = asked(here)
    for changes, kind, line in (
        ({"vm_type": "pod"}, InvalidInput, "qemu, lxc"),
        ({"vmid": 99999}, NotFoundError, "there is no qemu 99999"),
        ({"node": "nowhere"}, NotFoundError, "on node nowhere"),
        ({"server_id": "other"}, NotFoundError, "of other"),
    ):
        with pytest.raises(kind, match=line):
            async with vm_console(here.runtime, **{**want, **changes}):
                raise AssertionError
    async with vm_console(here.runtime, **{**want, "server_id": ""}):
        assert len(here.runtime.consoles.sessions) == 1
