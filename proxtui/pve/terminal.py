"""The terminal of a guest or node: termproxy's messages over the WebSocket of a console."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final, Protocol

from proxtui.errors import ConsoleError, NetworkError

if TYPE_CHECKING:
    from proxtui.pve.client import ProxmoxClient
    from proxtui.pve.console import TermTicket
    from proxtui.pve.rfb.streams import ConsoleSocket

OPEN_SECONDS: Final = 10.0
"""termproxy waits so long for the first line."""
PING_SECONDS: Final = 30.0
MOST: Final = 16 * 1024
"""Bytes of one message to the terminal; pveproxy takes frames of 128 KiB."""
LARGEST: Final = 9_999
_WELCOME: Final = b"OK"


class Terminal(Protocol):
    """What a terminal of somebody can be attached to: a termproxy, or a shell by SSH."""

    async def recv(self) -> bytes:
        """What it shows next, in pieces that may end within a letter; empty at the end. ``NetworkError``."""

    async def send(self, data: bytes) -> None:
        """Type this; waits while too much is on its way. ``NetworkError`` when it is gone."""

    async def resize(self, columns: int, rows: int) -> None:
        """Tell it how large it is shown."""

    async def aclose(self) -> None:
        """End it. Takes a second or two at most."""


class TermSocket:
    """One termproxy after its login. ``recv`` is for one task at a time."""

    def __init__(self, socket: ConsoleSocket, first: bytes = b"", *, ping_seconds: float = PING_SECONDS) -> None:
        self._socket = socket
        self._first = first
        self._sending = asyncio.Lock()
        self._pinging = asyncio.create_task(self._ping(ping_seconds), name="terminal ping")

    async def recv(self) -> bytes:
        """See ``Terminal``. PVE never says goodbye: an end is an end."""
        if self._first:
            first, self._first = self._first, b""
            return first
        return await self._socket.recv()

    async def send(self, data: bytes) -> None:
        """See ``Terminal``: ``0:LEN:DATA``, as many as are needed."""
        for at in range(0, len(data), MOST):
            piece = data[at : at + MOST]
            await self._say(b"0:%d:%b" % (len(piece), piece))

    async def resize(self, columns: int, rows: int) -> None:
        """See ``Terminal``: ``1:COLS:ROWS:``."""
        await self._say(b"1:%d:%d:" % (_within(columns), _within(rows)))

    async def aclose(self) -> None:
        self._pinging.cancel()
        try:
            await asyncio.gather(self._pinging, return_exceptions=True)
        finally:
            # Also where whoever closes it is cancelled once more: by the lock, and by the end of the program.
            await self._socket.aclose()

    async def _say(self, message: bytes) -> None:
        async with self._sending:
            await self._socket.send(message)

    async def _ping(self, seconds: float) -> None:
        """Without it pveproxy would take a terminal in which nobody types for a dead one."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await self._say(b"2")
            except NetworkError:
                # Whoever reads learns of the end.
                return


async def enter(socket: ConsoleSocket, ticket: TermTicket, *, seconds: float = OPEN_SECONDS) -> TermSocket:
    """Log in on an open socket, which is closed when that fails. ``ConsoleError`` when the ticket is not taken."""
    said = b""
    async with AsyncExitStack() as failing:
        failing.push_async_callback(socket.aclose)
        try:
            async with asyncio.timeout(seconds):
                await socket.send(ticket.greeting)
                while len(said) < len(_WELCOME) and (piece := await socket.recv()):
                    said += piece
        except TimeoutError as error:
            raise ConsoleError(f"the terminal said nothing within {seconds:g} s", endpoint=ticket.endpoint) from error
        if not said.startswith(_WELCOME):
            raise ConsoleError("the terminal did not take its ticket", endpoint=ticket.endpoint)
        failing.pop_all()
    return TermSocket(socket, said[len(_WELCOME) :])


async def open_terminal(client: ProxmoxClient, ticket: TermTicket) -> TermSocket:
    """The terminal that a ticket is for. Raises what ``open_socket`` and ``enter`` do."""
    from proxtui.pve.console import open_socket

    return await enter(await open_socket(client, ticket.path, ticket), ticket)


def _within(length: int) -> int:
    return max(1, min(length, LARGEST))
