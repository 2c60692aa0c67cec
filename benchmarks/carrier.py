"""``python -m benchmarks.carrier source|carrier``: a screen that says what it is asked for, and two ways to it.

The source serves raw updates over plain TCP and over HTTPS WebSockets as pveproxy does. The carrier is the process that
is measured: a plain byte pump on one port, the relay on another.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from proxtui.pve.rfb.pixels import BGRX
from proxtui.pve.rfb.streams import PIECE

NAME = b"QEMU"
REQUEST = 10
"""Bytes of a FramebufferUpdateRequest."""

Send = Callable[[bytes], Awaitable[None]]


def start(width: int = 1920, height: int = 1080) -> bytes:
    """ServerInit."""
    return width.to_bytes(2) + height.to_bytes(2) + BGRX.pack() + len(NAME).to_bytes(4) + NAME


def update(request: bytes) -> tuple[bytes, int]:
    """The head of the update that was asked for, and how many bytes of pixels follow."""
    width, height = int.from_bytes(request[6:8]), int.from_bytes(request[8:10])
    return b"\0\0\0\1" + request[2:10] + bytes(4), width * height * 4


async def _answer(request: bytes, send: Send) -> None:
    head, length = update(request)
    data = head + bytes(min(length, PIECE - len(head)))
    length -= len(data) - len(head)
    await send(data)
    while length > 0:
        await send(bytes(min(length, PIECE)))
        length -= PIECE


async def source() -> None:
    """Serve until stdin closes."""
    from websockets.asyncio.server import ServerConnection, serve

    from proxtui.sim.certificates import self_signed

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def send(data: bytes) -> None:
            writer.write(data)
            await writer.drain()

        await send(start())
        try:
            while True:
                await _answer(await reader.readexactly(REQUEST), send)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def framed(connection: ServerConnection) -> None:
        await connection.send(start())
        async for request in connection:
            assert isinstance(request, bytes)
            for at in range(0, len(request), REQUEST):
                await _answer(request[at : at + REQUEST], connection.send)

    certificate = self_signed(["localhost"], "bench")
    async with (
        await asyncio.start_server(plain, "127.0.0.1", 0) as tcp,
        serve(framed, "127.0.0.1", 0, ssl=certificate.context(), subprotocols=["binary"], compression=None) as tls,  # type: ignore[list-item]
    ):
        ports = [next(iter(server.sockets)).getsockname()[1] for server in (tcp, tls)]
        _announce({"plain": ports[0], "tls": ports[1], "fingerprint": certificate.fingerprint})
        await asyncio.to_thread(sys.stdin.read)


async def carrier(told: dict[str, Any]) -> None:
    """Carry until stdin closes."""
    from proxtui.pve.client import ProxmoxClient
    from proxtui.pve.console import VncTicket, open_socket
    from proxtui.pve.rfb.messages import Talk
    from proxtui.pve.rfb.relay import splice
    from proxtui.pve.rfb.streams import ConsoleStream, ViewerStream
    from proxtui.pve.settings import ProxmoxConfig

    # Nobody checks who it is.
    who = {"token_id": "a@pve!b", "token_secret": "c"}
    config = ProxmoxConfig(host="127.0.0.1", port=told["tls"], fingerprints=(told["fingerprint"],), **who)
    where = "/nodes/n/qemu/1"
    ticket = VncTicket(path=where, endpoint=config.endpoint, port=5900, user="", upid="", ticket="T", password="P")  # noqa: S106

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        viewer, talk = ViewerStream(reader, writer), Talk()
        async with ProxmoxClient(config) as client:
            console = ConsoleStream(await open_socket(client, where, ticket))
            await splice(
                viewer,
                console,
                on_bytes=lambda _sent, _received: None,
                to_console=talk.from_viewer,
                to_viewer=talk.from_console,
            )
            await console.aclose()
        await viewer.aclose()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", told["plain"], limit=PIECE)
        await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))

    async with (
        await asyncio.start_server(pump, "127.0.0.1", 0, limit=PIECE) as one,
        await asyncio.start_server(relay, "127.0.0.1", 0, limit=PIECE) as other,
    ):
        _announce({"pump": one.sockets[0].getsockname()[1], "relay": other.sockets[0].getsockname()[1]})
        await asyncio.to_thread(sys.stdin.read)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(PIECE):
        writer.write(data)
        await writer.drain()
    writer.close()


def _announce(what: dict[str, Any]) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    asyncio.run(source() if sys.argv[1] == "source" else carrier(json.loads(sys.argv[2])))
