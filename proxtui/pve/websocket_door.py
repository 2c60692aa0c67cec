"""A WebSocket listener for one viewer of one console: noVNC, or a script. Loaded with the first of them."""

from __future__ import annotations

import asyncio
import hmac
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from proxtui.errors import ConsoleError
from proxtui.pve.rfb.server import NoViewer, WaitingViewer, greet
from proxtui.pve.rfb.streams import PIECE
from proxtui.pve.websocket import CLOSE_SECONDS, FRAMES_AHEAD, LARGEST_FRAME, log

HOST: Final = "127.0.0.1"
PATH: Final = "/vnc-relay"
BINARY: Final = Subprotocol("binary")
BACKLOG: Final = 128
OPEN_SECONDS: Final = 10.0

Check = Callable[[socket.socket], bool]


class WebSocketViewer:
    """The viewer behind a WebSocket: see ``ViewerEnd``. RFB is a stream, whatever frames it comes in."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection
        self._left = b""

    async def read_exactly(self, length: int) -> bytes:
        """So many bytes. EOFError when the viewer ends before."""
        while len(self._left) < length:
            piece = await self._next()
            if not piece:
                raise EOFError("the viewer ended")
            self._left += piece
        found, self._left = self._left[:length], self._left[length:]
        return found

    async def recv(self) -> bytes:
        """What came next, a piece at most; empty at the end."""
        found = self._left or await self._next()
        found, self._left = found[:PIECE], found[PIECE:]
        return found

    async def write(self, data: bytes) -> None:
        """Send all of it. OSError when the viewer is gone."""
        try:
            await self._connection.send(data)
        except ConnectionClosed as closed:
            raise BrokenPipeError("the viewer is gone") from closed

    async def finish(self, seconds: float) -> None:
        """Say that nothing more comes, and wait no longer than this until that was read."""
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(seconds):
                await self._connection.close()

    async def aclose(self) -> None:
        """Close it at once."""
        self._connection.transport.abort()

    async def _next(self) -> bytes:
        try:
            while not (data := await self._connection.recv(decode=False)):
                continue
        except ConnectionClosed:
            return b""
        return data


class WebSocketDoor:
    """One console waits behind it for one viewer that knows the token. A second one gets 403, as all others do."""

    def __init__(self, token: str, query: Mapping[str, str], origins: Sequence[str], check: Check) -> None:
        self._token = token
        self._query = dict(query)
        self._origins = frozenset(origins)
        self._check = check
        self._used = False
        self.port = 0
        self.refused: list[str] = []
        """Why others were sent away."""
        self._came: asyncio.Future[tuple[WaitingViewer, WebSocketViewer]] = asyncio.get_running_loop().create_future()

    @property
    def url(self) -> str:
        """Where a viewer connects, with the subprotocols ``binary`` and the token."""
        from urllib.parse import urlencode

        return f"ws://{HOST}:{self.port}{PATH}?{urlencode(self._query)}"

    async def viewer(self, seconds: float) -> tuple[WaitingViewer, WebSocketViewer]:
        """The one that knew the token; it is closed with the door. ``ConsoleError`` when none comes in time."""
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.shield(self._came)
        except TimeoutError as error:
            raise ConsoleError(f"no viewer came within {seconds:g} s: its token is void") from error

    async def judge(self, connection: ServerConnection, request: Request) -> Response | None:
        """None for the one viewer; 403 for everybody else, whatever is wrong."""
        why = await self._objection(connection, request)
        if not why and self._used:
            why = "the token was used"
        if not why:
            self._used = True
            return None
        self.refused.append(why)
        log.warning("a WebSocket to a console was refused: %s", why)
        return connection.respond(HTTPStatus.FORBIDDEN, f"{why}\n")

    async def meet(self, connection: ServerConnection) -> None:
        """Shake hands, and hold the connection as long as somebody may use it."""
        viewer = WebSocketViewer(connection)
        try:
            waiting = await greet(viewer, None)
        except NoViewer as error:
            if not self._came.done():
                self._came.set_exception(ConsoleError(f"its viewer came and went: {error}"))
            return
        if not self._came.done():
            self._came.set_result((waiting, viewer))
            await connection.wait_closed()

    async def aclose(self) -> None:
        """End the viewer that was let in."""
        if not self._came.done():
            self._came.cancel()
        elif self._came.exception() is None:
            await self._came.result()[1].aclose()

    async def _objection(self, connection: ServerConnection, request: Request) -> str:
        headers = request.headers
        peer = connection.transport.get_extra_info("socket")
        with socket.socket(fileno=os.dup(peer.fileno())) as copy:
            if not await asyncio.to_thread(self._check, copy):
                return "another user of this machine"
        if headers.get_all("Host") != [f"{HOST}:{self.port}"]:
            return "wrong host"
        if len(headers.get_all("Origin")) != 1 or headers["Origin"] not in self._allowed:
            return "wrong origin"
        parts = urlsplit(request.path)
        asked = parse_qsl(parts.query, keep_blank_values=True)
        if parts.path != PATH or sorted(asked) != sorted(self._query.items()):
            return "another console"
        said = [word.strip() for line in headers.get_all("Sec-WebSocket-Protocol") for word in line.split(",")]
        tokens = [word for word in said if word != BINARY]
        if BINARY not in said or len(tokens) != 1 or not hmac.compare_digest(tokens[0], self._token):
            return "wrong token"
        return ""

    @property
    def _allowed(self) -> frozenset[str]:
        return self._origins or frozenset({f"http://{HOST}:{self.port}"})


@asynccontextmanager
async def opened_websocket_door(
    token: str, query: Mapping[str, str], *, origins: Sequence[str] = (), check: Check
) -> AsyncIterator[WebSocketDoor]:
    """Listen on a free port of 127.0.0.1 for one viewer that offers the subprotocols ``binary`` and ``token``.

    Its query has to be exactly ``query``, its Origin one of ``origins``; without any that of the listener itself.
    ``check`` tells whether the other end is this user's; it may read files.
    """
    door = WebSocketDoor(token, query, origins, check)

    def binary(_connection: ServerConnection, _offered: Sequence[Subprotocol]) -> Subprotocol:
        # Never the token, which nobody has to hear again.
        return BINARY

    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.bind((HOST, 0))
        door.port = listener.getsockname()[1]
        server: Server = await serve(
            door.meet,
            sock=listener,
            process_request=door.judge,
            select_subprotocol=binary,
            compression=None,
            server_header=None,
            open_timeout=OPEN_SECONDS,
            close_timeout=CLOSE_SECONDS,
            ping_interval=None,
            max_size=LARGEST_FRAME,
            max_queue=FRAMES_AHEAD,
            write_limit=PIECE,
            logger=logging.getLogger(log.name),
            backlog=BACKLOG,
        )
    except OSError as error:
        listener.close()
        raise ConsoleError(f"there is no place to listen for a viewer: {error.strerror or error}") from error
    try:
        yield door
    finally:
        await door.aclose()
        server.close()
        await server.wait_closed()
