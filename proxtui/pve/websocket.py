"""The WebSocket of a console. Loaded with the first console; nothing else knows the library behind it."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from contextlib import ExitStack, suppress
from typing import Any, Final
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI, WebSocketException
from websockets.typing import Subprotocol

from proxtui.errors import ConsoleError, DeadlineExceeded, NetworkError, ProxtuiError
from proxtui.pve import answers, tls
from proxtui.pve.answers import Reply, reason_text
from proxtui.pve.connections import shown_through
from proxtui.pve.dialing import Dialer
from proxtui.pve.failures import Progress, certificate_error, distrusted, network_error
from proxtui.pve.paths import API_ROOT
from proxtui.pve.rfb.streams import PIECE
from proxtui.pve.sanitize import LONGEST_VALUE

LARGEST_FRAME: Final = 1024 * 1024
"""pveproxy's are 128 KiB at most; a larger one ends the console."""
FRAMES_AHEAD: Final = 4
OPEN_SECONDS: Final = 10.0
"""PVE waits so long for the connection."""
CLOSE_SECONDS: Final = 1.0
PING_SECONDS: Final = 20.0
_ENDINGS: Final = frozenset({None, 1000, 1001, 1005, 1006})
"""Codes of an end that nobody is to blame for: PVE never says goodbye, which reads as 1006."""

# It logs frames and headers, tickets and tokens among them.
log = logging.getLogger("proxtui.pve.websocket")
log.setLevel(logging.WARNING)


class _Straight(connect):
    """Goes where it was sent, and nowhere else: a redirect would carry the login along."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def dial(dialer: Dialer, path: str, port: int, ticket: str) -> WebSocketConsole:
    """Open the WebSocket of a console; see ``proxtui.pve.console.open_socket``."""
    config = dialer.config
    query = f"port={port}&vncticket={quote(ticket, safe='')}"
    dialer.hiding.learn(ticket)
    url = f"wss://{config.endpoint}{API_ROOT}{path}/vncwebsocket?{query}"
    try:
        async with asyncio.timeout(OPEN_SECONDS):
            headers = await dialer.headers()
            near = await dialer.open_socket(OPEN_SECONDS)
            found = await _connected(dialer, url, headers, near)
    except TimeoutError as error:
        line = f"{config.endpoint} gave no console within {OPEN_SECONDS:g} s"
        raise DeadlineExceeded(line, stage="deadline", endpoint=config.endpoint) from error
    except (OSError, WebSocketException, EOFError) as error:
        raise await _explained(error, dialer, path) from error
    return WebSocketConsole(found, config.endpoint)


async def _connected(dialer: Dialer, url: str, headers: dict[str, str], near: socket.socket | None) -> ClientConnection:
    more: dict[str, Any] = {} if near is None else {"sock": near}
    with ExitStack() as undo:
        if near is not None:
            undo.callback(near.close)
        connection = await _Straight(
            url,
            ssl=dialer.context,
            server_hostname=dialer.config.host,
            additional_headers=headers,
            subprotocols=[Subprotocol("binary")],
            compression=None,
            user_agent_header=None,
            proxy=None,
            open_timeout=None,
            close_timeout=CLOSE_SECONDS,
            ping_interval=PING_SECONDS,
            # A viewer that reads nothing for a while holds the answer to a ping back, too: that is no end.
            ping_timeout=None,
            max_size=LARGEST_FRAME,
            max_queue=FRAMES_AHEAD,
            write_limit=PIECE,
            logger=log,
            **more,
        )
        undo.pop_all()
    return connection


class WebSocketConsole:
    """One console, open. ``recv`` is for one task at a time, ``send`` too."""

    def __init__(self, connection: ClientConnection, endpoint: str) -> None:
        self._connection = connection
        self._endpoint = endpoint

    async def recv(self) -> bytes:
        """See ``ConsoleSocket``. ``ConsoleError`` for frames that are none, or too large."""
        try:
            # An empty frame is no end.
            while not (data := await self._connection.recv(decode=False)):
                continue
        except ConnectionClosed as closed:
            self._judge(closed)
            return b""
        return data

    async def send(self, data: bytes) -> None:
        """See ``ConsoleSocket``."""
        try:
            if len(data) <= PIECE:
                await self._connection.send(data)
                return
            whole = memoryview(data)
            for at in range(0, len(whole), PIECE):
                await self._connection.send(whole[at : at + PIECE])
        except ConnectionClosed as closed:
            raise ConsoleError("the console is closed", endpoint=self._endpoint) from closed

    async def aclose(self) -> None:
        try:
            with suppress(OSError):
                await self._connection.close()
        except asyncio.CancelledError:
            # Nobody has the time for a goodbye any more, and open it must not stay.
            self._connection.transport.abort()
            raise

    def _judge(self, closed: ConnectionClosed) -> None:
        """Raise what only a broken or hostile server does: then it was us who closed."""
        ours = closed.sent is not None and not closed.rcvd_then_sent
        if ours and closed.sent is not None and closed.sent.code not in _ENDINGS:
            line = f"{self._endpoint} sent what is no console: {closed.sent.reason or closed.sent.code}"
            raise ConsoleError(line, endpoint=self._endpoint) from closed


async def _explained(error: Exception, dialer: Dialer, path: str) -> ProxtuiError:
    """Why there is no WebSocket, as one of ours."""
    config = dialer.config
    if isinstance(error, InvalidStatus):
        response = error.response
        phrase = response.reason_phrase.encode("utf-8", "surrogateescape")
        reply = Reply(
            response.status_code,
            reason_text(phrase, response.status_code, limit=LONGEST_VALUE),
            bytes(response.body or b""),
            location=response.headers.get("Location"),
        )
        return answers.refusal(reply, "GET", f"{path}/vncwebsocket", dialer.hiding)
    loss = dialer.way.loss() if dialer.way is not None else None
    if loss is not None:
        return loss
    if isinstance(error, InvalidHandshake | InvalidURI | EOFError):
        line = f"{config.endpoint} closed the console before it opened: nobody listens there (any more)"
        return ConsoleError(line, endpoint=config.endpoint)
    if (distrust := distrusted(error)) is not None:
        return certificate_error(config, distrust, await _shown(dialer))
    return _network(error, dialer)


def _network(error: Exception, dialer: Dialer) -> NetworkError:
    progress = Progress()
    if isinstance(error, ssl.SSLError):
        progress.stage = "tls"
    if isinstance(error, OSError):
        return network_error(error, progress, dialer.config)
    return ConsoleError(f"{dialer.config.endpoint} does not speak WebSocket", endpoint=dialer.config.endpoint)


async def _shown(dialer: Dialer) -> str | None:
    """The fingerprint of a certificate that OpenSSL refused, looked at again with nothing to lose."""
    config = dialer.config
    if dialer.way is None:
        return await tls.probe_fingerprint(config.host, config.port)
    der = await shown_through(dialer.way, config.host, config.port, tls.blind_context(), OPEN_SECONDS)
    return tls.fingerprint_of(der) if der else None
