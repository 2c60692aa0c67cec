"""A TCP proxy that delays, drops or swallows what passes, between a client and a real server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal

Mode = Literal["pass", "drop", "hang"]


class ChaosProxy:
    """``mode`` and ``delay`` may be changed at any time; ``drop`` also cuts the connections that are open."""

    def __init__(self, host: str, port: int) -> None:
        self.target = (host, port)
        self.port = 0
        self.delay = 0.0
        self.accepted = 0
        self._mode: Mode = "pass"
        self._open: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._flows = asyncio.Event()
        self._flows.set()

    @property
    def mode(self) -> Mode:
        return self._mode

    @mode.setter
    def mode(self, mode: Mode) -> None:
        self._mode = mode
        if mode == "hang":
            self._flows.clear()
        else:
            self._flows.set()
        if mode == "drop":
            for writer in self._open:
                writer.transport.abort()

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.create_task(self.serve(reader, writer))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def end(self) -> None:
        """Cut everything that is open and wait until nothing is served any more."""
        self.mode = "drop"
        await asyncio.gather(*self._serving)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._mode == "drop":
            writer.transport.abort()
            return
        there_reader, there_writer = await asyncio.open_connection(*self.target)
        self._open |= {writer, there_writer}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._copy(reader, there_writer))
                group.create_task(self._copy(there_reader, writer))
        finally:
            self._open -= {writer, there_writer}
            for end in (writer, there_writer):
                end.transport.abort()
                with suppress(ConnectionError):
                    await end.wait_closed()

    async def _copy(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                await self._flows.wait()
                if self.delay:
                    await asyncio.sleep(self.delay)
                target.write(data)
                await target.drain()
        except ConnectionError:
            return
        finally:
            target.close()


@asynccontextmanager
async def chaos_proxy(host: str, port: int, *, at: str = "127.0.0.1", listen: int = 0) -> AsyncIterator[ChaosProxy]:
    """A proxy to ``host:port`` on a free port of 127.0.0.1, or where it is told."""
    proxy = ChaosProxy(host, port)
    server = await asyncio.start_server(proxy.accept, at, listen)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.end()
