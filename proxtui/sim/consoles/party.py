"""A terminal and those who sit at it: everybody sees what each one types."""

from __future__ import annotations

import asyncio
from typing import Protocol

from proxtui.sim.consoles.wire import Channel


class Line(Protocol):
    """What is behind a terminal."""

    async def read(self) -> bytes:
        """The next output; empty at the end."""

    def feed(self, data: bytes) -> None:
        """What was typed."""

    def resize(self, columns: int, rows: int) -> None:
        """The window has another size."""

    async def end(self) -> None:
        """Leave nothing behind."""


class Party:
    """Carries the output of one line to its channels. Whoever leaves last ends it."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.over = asyncio.Event()
        self._channels: list[Channel] = []
        self._pump: asyncio.Task[None] | None = None

    def join(self, channel: Channel) -> None:
        """Take a seat."""
        self._channels.append(channel)
        if self._pump is None:
            self._pump = asyncio.create_task(self._carry())

    def leave(self, channel: Channel) -> bool:
        """Stand up; True when nobody is left, and :meth:`end` is due."""
        self._channels.remove(channel)
        return not self._channels

    async def end(self) -> None:
        """End the line."""
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.gather(self._pump, return_exceptions=True)
        await self.line.end()

    async def _carry(self) -> None:
        while piece := await self.line.read():
            for channel in list(self._channels):
                if channel.open:
                    try:
                        await channel.write(piece)
                    except ConnectionResetError:
                        continue
        self.over.set()
