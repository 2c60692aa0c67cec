"""Bytes of a console, of a viewer and of tests behind the same few calls."""

from __future__ import annotations

import asyncio
import logging
from typing import Final, Protocol

log = logging.getLogger(__name__)

PIECE: Final = 64 * 1024
"""The most that is read or sent at once; pveproxy ends a connection whose frames are larger than twice that."""


class ConsoleSocket(Protocol):
    """The console's side: what comes in frames of any size. ``open_socket`` gives one."""

    async def recv(self) -> bytes:
        """What came next; empty at the end, for ever after. ``NetworkError`` when it did not end as consoles end."""

    async def send(self, data: bytes) -> None:
        """Send all of it, and wait while too much is on its way. ``NetworkError`` after the end."""

    async def aclose(self) -> None:
        """End it. Takes a second at most."""


class Exact(Protocol):
    """What a handshake needs."""

    async def read_exactly(self, length: int) -> bytes:
        """So many bytes. EOFError when the other side ends before."""

    async def write(self, data: bytes) -> None:
        """Send all of it. OSError or ``NetworkError`` when the other side is gone."""


class ViewerEnd(Exact, Protocol):
    """The viewer's side, on whichever kind of connection."""

    async def recv(self) -> bytes:
        """What came next, a piece at most; empty at the end. OSError when the viewer broke off."""

    async def finish(self, seconds: float) -> None:
        """Say that nothing more comes, and wait no longer than this until it has read what is left for it."""

    async def aclose(self) -> None:
        """Close it at once."""


class ConsoleStream:
    """A console read by the byte, as a handshake wants it, and by the piece afterwards: nothing gets lost between."""

    def __init__(self, socket: ConsoleSocket) -> None:
        self._socket = socket
        self._left = b""

    async def read_exactly(self, length: int) -> bytes:
        """So many bytes. EOFError when the console ends before."""
        while len(self._left) < length:
            piece = await self._socket.recv()
            if not piece:
                raise EOFError("the console ended")
            self._left += piece
        found, self._left = self._left[:length], self._left[length:]
        return found

    async def write(self, data: bytes) -> None:
        await self._socket.send(data)

    async def recv(self) -> bytes:
        """What a handshake left, then what comes."""
        if self._left:
            found, self._left = self._left, b""
            return found
        return await self._socket.recv()

    async def send(self, data: bytes) -> None:
        await self._socket.send(data)

    async def aclose(self) -> None:
        await self._socket.aclose()


class ViewerStream:
    """A viewer on a unix or TCP socket: ``reader`` made with ``limit=PIECE``, so that no more of it is kept."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        # Drained as soon as more than one piece waits: a viewer that does not read costs no memory.
        writer.transport.set_write_buffer_limits(high=PIECE)

    async def read_exactly(self, length: int) -> bytes:
        """So many bytes. EOFError (asyncio's IncompleteReadError is one) when the viewer ends before."""
        return await self._reader.readexactly(length)

    async def recv(self) -> bytes:
        """What came next, a piece at most; empty at the end. OSError when the viewer broke off."""
        return await self._reader.read(PIECE)

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def send(self, data: bytes) -> None:
        await self.write(data)

    async def finish(self, seconds: float) -> None:
        """Say that nothing more comes, and wait until it has read what is left for it; no longer than that."""
        transport = self._writer.transport
        try:
            if transport.can_write_eof() and not transport.is_closing():
                transport.write_eof()
            transport.set_write_buffer_limits(high=0)
            async with asyncio.timeout(seconds):
                await self._writer.drain()
        except (OSError, TimeoutError) as gone:
            log.debug("a viewer did not read to the end: %r", gone)

    async def aclose(self) -> None:
        """Close it at once: what a viewer did not read by now it will not read."""
        self._writer.transport.abort()
        try:
            await self._writer.wait_closed()
        except OSError as gone:
            log.debug("a viewer broke off: %s", gone)
