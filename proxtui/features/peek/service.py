"""Looking at the screen of a VM through a console: view only, no key and no pointer is ever sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from proxtui.errors import ConsoleError
from proxtui.pve.rfb.decode import Decoder, greeting
from proxtui.pve.rfb.surface import BadStream, Picture

if TYPE_CHECKING:
    from proxtui.core.consoles import ConsoleDesk, ConsoleSession
    from proxtui.core.operation import Target

FIRST_SECONDS: Final = 20.0
"""In which the whole screen must have come."""
ROUNDS: Final = 64
"""Requests at most before it has: who answers more of them with nothing does not mean to send a picture."""
LONGEST_NAME: Final = 4096
INTERVALS: Final = (1.0, 2.0, 3.0, 5.0, 10.0, 30.0)
"""Seconds between two looks that somebody may choose."""


class ScreenStream(Protocol):
    """A console that is logged in; next comes what it says first, its size."""

    async def read_exactly(self, length: int) -> bytes:
        """So many bytes. EOFError at the end."""

    async def recv(self) -> bytes:
        """What came next; empty at the end."""

    async def send(self, data: bytes) -> None:
        """Send all of it."""


Opening = Callable[[], AbstractAsyncContextManager[ScreenStream]]
"""Opens the console of one VM; made anew for each look."""


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture, and when it was true."""

    picture: Picture
    taken_at: float
    """Seconds of the clock that counts on."""


class Watch:
    """One open screen. Asks for what changed, and only when somebody wants to see it."""

    def __init__(self, stream: ScreenStream, now: Callable[[], float]) -> None:
        self._stream = stream
        self._now = now
        self._decoder: Decoder | None = None

    async def look(self) -> Shot:
        """The screen as it is now; later as soon as something on it has changed.

        :class:`BadStream` for what is no screen, ConsoleError when it ends or does not come.
        """
        if self._decoder is None:
            try:
                async with asyncio.timeout(FIRST_SECONDS):
                    return await self._first()
            except TimeoutError:
                raise ConsoleError(f"no picture came within {FIRST_SECONDS:g} s") from None
        decoder, before = self._decoder, self._decoder.updates
        while decoder.updates == before or not decoder.is_whole:
            await self._step(decoder)
        return Shot(decoder.picture(), self._now())

    async def _first(self) -> Shot:
        decoder = self._decoder = await self._begin()
        asked = 0
        while not decoder.is_whole:
            asked += await self._step(decoder)
            if asked > ROUNDS:
                raise BadStream("it answers without a picture")
        return Shot(decoder.picture(), self._now())

    async def _begin(self) -> Decoder:
        try:
            start = await self._stream.read_exactly(24)
            length = int.from_bytes(start[20:])
            if length > LONGEST_NAME:
                raise BadStream(f"a name of {length} bytes")
            await self._stream.read_exactly(length)
        except EOFError:
            raise ConsoleError("the console ended before it showed anything") from None
        decoder = Decoder(int.from_bytes(start[:2]), int.from_bytes(start[2:4]))
        await self._stream.send(greeting())
        return decoder

    async def _step(self, decoder: Decoder) -> bool:
        """Ask if nothing is asked for, and take what comes next; whether it asked."""
        wanted = decoder.wanted()
        if wanted:
            await self._stream.send(wanted)
        data = await self._stream.recv()
        if not data:
            raise ConsoleError("the console ended")
        decoder.feed(data)
        return bool(wanted)


@asynccontextmanager
async def watching(opening: Opening, now: Callable[[], float]) -> AsyncIterator[Watch]:
    """Open the screen for as long as this lasts."""
    async with opening() as stream:
        yield Watch(stream, now)


class Counted:
    """A console whose bytes its session counts."""

    def __init__(self, stream: ScreenStream, session: ConsoleSession) -> None:
        self._stream = stream
        self._session = session

    async def read_exactly(self, length: int) -> bytes:
        """See ``ScreenStream``."""
        data = await self._stream.read_exactly(length)
        self._session.on_bytes(0, len(data))
        return data

    async def recv(self) -> bytes:
        """See ``ScreenStream``."""
        data = await self._stream.recv()
        self._session.on_bytes(0, len(data))
        return data

    async def send(self, data: bytes) -> None:
        """See ``ScreenStream``."""
        await self._stream.send(data)
        self._session.on_bytes(len(data), 0)


@asynccontextmanager
async def console_of(desk: ConsoleDesk, target: Target, reason: str = "") -> AsyncIterator[ScreenStream]:
    """The screen of a VM, as a console that is allowed, recorded and counted. Needs VM.Console.

    ``POST /nodes/{node}/qemu/{vmid}/vncproxy``, then its WebSocket. Raises what the desk and ``open_screen`` raise.
    """
    from proxtui.pve.vnc import open_screen

    async with desk.open("peek", target, reason) as session:
        try:
            async with open_screen(session.client, target.node, target.vmid, "qemu", session.guest_lock) as stream:
                yield Counted(stream, session)
        except EOFError as error:
            raise ConsoleError("the console ended before it began") from error
