"""Consoles of a simulator that runs as a process of its own: its flags, and other VNC servers behind it."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proxtui.pve.rfb.pixels import RGB332
from proxtui.sim.consoles.options import Target, parse_bridge
from proxtui.sim.running import running
from proxtui.sim.world import World

from .consoles import Operator, Stream
from .viewer import Viewer

SCREEN = b"\0\2\0\1" + RGB332.pack() + b"\0\0\0\4real"
OTHERS = {"none": b"\x01\x01", "password": b"\x01\x02"}


async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, offer: bytes) -> None:
    """A VNC server of two pixels that answers every key with a bell."""
    try:
        writer.write(b"RFB 003.008\n")
        await reader.readexactly(12)
        writer.write(offer)
        assert await reader.readexactly(1) == b"\x01"
        writer.write(b"\0\0\0\0")
        assert await reader.readexactly(1) == b"\x01", "shared, as the viewer said"
        writer.write(SCREEN)
        while await reader.readexactly(8):
            writer.write(b"\x02")
    except asyncio.IncompleteReadError:
        return
    finally:
        writer.close()


@pytest.fixture
async def operator(world: World) -> AsyncIterator[Operator]:
    async with running(world, alive=False) as told:
        somebody = Operator(world, told["servers"][0])
        yield somebody
        await somebody.close()


@pytest.mark.parametrize("way", ["tcp", "unix"])
async def test_another_vnc_server_plays_the_screen(operator: Operator, way: str, tmp_path: Path) -> None:
    guest = next(guest for guest in operator.site.guests.values() if guest.kind == "qemu" and guest.running)
    path = f"/nodes/{guest.node}/qemu/{guest.vmid}"

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await play(reader, writer, OTHERS["none"])

    if way == "tcp":
        server = await asyncio.start_server(served, "127.0.0.1", 0)
        target = Target("127.0.0.1", server.sockets[0].getsockname()[1])
    else:
        server = await asyncio.start_unix_server(served, tmp_path / "vnc")
        target = Target(path=str(tmp_path / "vnc"))
    operator.world.consoles.bridges[guest.vmid] = target
    async with server:
        given = await operator.post(f"{path}/vncproxy", websocket=1)
        async with operator.dial(path, given) as socket:
            viewer = Viewer(Stream(socket))
            await viewer.open(given["password"])
            assert (viewer.name, viewer.width, viewer.form) == ("real", 2, RGB332)
            await socket.send(b"\x04\x01\0\0\0\0\0\x61")
            assert await viewer.stream.read(1) == b"\x02"


@pytest.mark.parametrize(("offer", "said"), [("password", "it wants a password"), ("", "Connect")])
async def test_a_vnc_server_that_cannot_be_had(operator: Operator, offer: str, said: str) -> None:
    guest = next(guest for guest in operator.site.guests.values() if guest.kind == "qemu" and guest.running)
    path = f"/nodes/{guest.node}/qemu/{guest.vmid}"

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await play(reader, writer, OTHERS["password"])

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    operator.world.consoles.bridges[guest.vmid] = Target("127.0.0.1", server.sockets[0].getsockname()[1])
    if not offer:
        server.close()
    given = await operator.post(f"{path}/vncproxy", websocket=1)
    async with operator.dial(path, given) as socket:
        stream = Stream(socket)
        viewer = Viewer(stream)
        await viewer.prove(await viewer.challenge(), given["password"])
        assert await stream.rest() == b""
    assert said in str((await operator.task(given["upid"]))[1])
    server.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("100", "is not VMID=HOST:PORT"),
        ("x=127.0.0.1:5900", "is not VMID=HOST:PORT"),
        ("100=127.0.0.1", "has no port"),
        ("100=127.0.0.1:70000", "has no port from 1 to 65535"),
        ("100=192.0.2.1:5900", "'192.0.2.1' is not this machine"),
    ],
)
def test_a_bridge_that_cannot_be(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_bridge(text)


def test_bridges_that_can_be() -> None:
    assert parse_bridge("100=127.0.0.1:5901") == (100, Target("127.0.0.1", 5901))
    assert parse_bridge("100=[::1]:5901") == (100, Target("::1", 5901))
    assert parse_bridge("100=/run/vnc.sock") == (100, Target(path="/run/vnc.sock"))


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--vnc", "100=192.0.2.1:5900"), "--vnc: '192.0.2.1' is not this machine"),
        (("--shell", "--host", "0.0.0.0"), "--shell gives a shell of this machine away"),
    ],
)
def test_flags_that_are_refused(flags: tuple[str, ...], said: str) -> None:
    command = [sys.executable, "-m", "proxtui.sim", "serve", "--port", "0", *flags]
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


async def test_frames_that_end_the_connection(operator: Operator) -> None:
    """Unmasked, in parts, compressed or too long: pveproxy takes none of them."""
    guest = next(guest for guest in operator.site.guests.values() if guest.kind == "qemu" and guest.running)
    path = f"/nodes/{guest.node}/qemu/{guest.vmid}"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for bad in (b"\x82\x01x", b"\x02\x81\0\0\0\0x", b"\xc2\x81\0\0\0\0x", b"\x82\xff" + (1 << 20).to_bytes(8)):
        given = await operator.post(f"{path}/vncproxy", websocket=1)
        query = str(
            operator.http.build_request("GET", f"{path}/vncwebsocket", params=_params(given)).url.raw_path, "ascii"
        )
        host, _, port = operator.authority.partition(":")
        reader, writer = await asyncio.open_connection(host, int(port), ssl=context)
        lines = [f"GET {query} HTTP/1.1", "Host: sim", f"Authorization: {operator.headers['Authorization']}"]
        lines += ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: eA=="]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket"
        )
        assert await reader.readexactly(14) == b"\x82\x0cRFB 003.008\n"
        writer.write(b"\x89\x82\0\0\0\0hi")
        assert await reader.readexactly(4) == b"\x8a\x02hi", "a ping is answered"
        writer.write(bad)
        assert await reader.read() == b""
        writer.close()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)


def _params(given: dict[str, str]) -> dict[str, str]:
    return {"port": given["port"], "vncticket": given["ticket"]}
