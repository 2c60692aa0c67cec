"""Two ends of a stream in memory and on sockets, for handshakes and relays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from proxtui.pve.rfb.streams import PIECE, ViewerStream


class Script:
    """The other side as bytes that were written before; it ends with them."""

    def __init__(self, said: bytes, *, silent: bool = False) -> None:
        self.said = said
        self.heard = b""
        self._silent = silent

    async def read_exactly(self, length: int) -> bytes:
        if len(self.said) < length:
            if self._silent:
                await asyncio.Event().wait()
            raise EOFError
        found, self.said = self.said[:length], self.said[length:]
        return found

    async def write(self, data: bytes) -> None:
        self.heard += data


class Console:
    """A console in memory: what it says is put in, what it is told is kept."""

    def __init__(self) -> None:
        self.said: asyncio.Queue[bytes | Exception] = asyncio.Queue()
        self.heard = bytearray()
        self.largest = 0
        self.taken = 0
        self.closed = False

    async def recv(self) -> bytes:
        piece = await self.said.get()
        if isinstance(piece, Exception):
            raise piece
        self.taken += 1
        return piece

    async def send(self, data: bytes) -> None:
        self.heard += data
        self.largest = max(self.largest, len(data))

    async def aclose(self) -> None:
        self.closed = True


@asynccontextmanager
async def viewer_pair() -> AsyncIterator[tuple[ViewerStream, asyncio.StreamReader, asyncio.StreamWriter]]:
    """Our end of a viewer's connection, and the two halves of the viewer's own."""
    import socket

    near, far = socket.socketpair()
    ours = await asyncio.open_unix_connection(sock=near, limit=PIECE)
    reader, writer = await asyncio.open_unix_connection(sock=far, limit=PIECE)
    stream = ViewerStream(*ours)
    try:
        yield stream, reader, writer
    finally:
        await stream.aclose()
        writer.transport.abort()
        await asyncio.gather(writer.wait_closed(), return_exceptions=True)
