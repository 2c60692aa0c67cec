"""The connection after its 101: frames on one side, a stream of bytes on the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from proxtui.sim.consoles.frames import BINARY, CLOSE, LONGEST, PING, PONG, TEXT, BadFrame, frame, frames_in

QUEUE: Final = 640 * 1024
"""Bytes of the client that may wait to be read."""
GOODBYE: Final = 1.0
"""Seconds for the other side to take its leave."""


class Channel(asyncio.Protocol):
    """One console's WebSocket. Ends without a close frame, as pveproxy does: a client sees code 1006."""

    def __init__(self, before: asyncio.Protocol, transport: Any, now: Callable[[], float]) -> None:
        self.touched = now()
        """When the last byte went either way, by the simulator's clock."""
        self.reader = asyncio.StreamReader(limit=QUEUE // 2)
        self.reader.set_transport(transport)
        self.sent = 0
        self.received = 0
        self._before = before
        self._now = now
        self._transport = transport
        self._buffer = bytearray()
        self._over = False
        self._writable = asyncio.Event()
        self._writable.set()
        self._lost = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        """Bytes of the socket: whole frames become bytes of the stream."""
        self._buffer += data
        try:
            for one in frames_in(self._buffer):
                self._take(one.opcode, one.data)
        except BadFrame:
            self._end()
            self._transport.close()

    def _take(self, opcode: int, data: bytes) -> None:
        if opcode in (BINARY, TEXT):
            self.received += len(data)
            self.touched = self._now()
            if not self._over:
                self.reader.feed_data(data)
        elif opcode == PING:
            self._transport.write(frame(PONG, data))
        elif opcode == CLOSE:
            self._end()
        elif opcode != PONG:
            raise BadFrame(f"opcode {opcode}")

    def _end(self) -> None:
        self._over = True
        self.reader.feed_eof()

    def eof_received(self) -> None:
        """The client went without a word."""
        self._end()

    def connection_lost(self, error: Exception | None) -> None:
        """Nothing comes and nothing goes any more."""
        self._end()
        self._writable.set()
        self._lost.set()
        self._before.connection_lost(error)

    def pause_writing(self) -> None:
        """The client reads slower than we write."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It caught up."""
        self._writable.set()

    @property
    def open(self) -> bool:
        """False as soon as one side ended it."""
        return not self._lost.is_set() and not self._transport.is_closing()

    async def write(self, data: bytes) -> None:
        """Send bytes, and wait while too many are on their way. Raises ConnectionResetError after the end."""
        for place in range(0, len(data), LONGEST):
            await self._writable.wait()
            if not self.open:
                raise ConnectionResetError("the client is gone")
            piece = data[place : place + LONGEST]
            self.sent += len(piece)
            self.touched = self._now()
            self._transport.write(frame(BINARY, piece))

    async def close(self) -> None:
        """End the connection and wait until it is gone."""
        self._transport.close()
        try:
            async with asyncio.timeout(GOODBYE):
                await self._lost.wait()
        except TimeoutError:
            # A client that does not read would keep the TLS farewell waiting for half a minute.
            self._transport.abort()
            await self._lost.wait()
