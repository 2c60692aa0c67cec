"""The wire: uvicorn's HTTP protocol, made to write what Proxmox's own HTTP server writes.

h11 knows neither reason phrases of ours, nor status 595, nor a ``close`` that is not meant; so the head of every answer
is finished here, in the bytes on their way to the socket.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http import h11_impl
from uvicorn.server import ServerState

from proxtui.sim.app import Receive, Scope, Send, SimApp
from proxtui.sim.reply import Reply

KEEP_ALIVE = 5
"""Seconds after which an idle connection is closed."""
REQUESTS = 100
"""Requests that one connection may carry; the last answer says close."""

h11_impl.STATUS_PHRASES.update(dict.fromkeys((595, 596), b""))


class Connection:
    """One connection as the application sees it: how far it is, and how to break it."""

    def __init__(self, protocol: PveProtocol) -> None:
        self.transport: asyncio.Transport | None = None
        self.requests = 0
        self._head: tuple[bytes, bytes] | None = None
        self._protocol = protocol

    @property
    def last(self) -> bool:
        return self.requests >= REQUESTS

    def dress(self, reason: str, connection: list[str]) -> None:
        """Say how the head of the next answer is to read."""
        lines = b"" if connection == ["close"] else b"".join(b"Connection: %s\r\n" % v.encode() for v in connection)
        self._head = (reason.encode("utf-8", "replace"), lines)

    def finish(self, data: bytes) -> bytes:
        """Put reason phrase and Connection headers into the head that h11 wrote."""
        if self._head is None or not data.startswith(b"HTTP/1.1 "):
            return data
        reason, lines = self._head
        self._head = None
        first, _, rest = data.partition(b"\r\n")
        if not lines:
            # An empty answer that closes has no length at all: it ends with the connection.
            rest = rest.replace(b"Content-Length: 0\r\n", b"", 1)
        return first[:12] + b" " + reason + b"\r\n" + lines + rest

    async def hand_over(self, reply: Reply, now: Callable[[], float]) -> None:
        """Give the connection to a console, and wait for the end of both."""
        from proxtui.sim.consoles.serving import serve
        from proxtui.sim.consoles.wire import Channel

        transport = self.transport
        if transport is None or transport.is_closing():
            return
        channel = Channel(self._protocol, transport, now)
        lines = [f"HTTP/1.1 {reply.status} {reply.reason}", *(f"{name}: {value}" for name, value in reply.headers)]
        transport.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        transport.set_protocol(channel)
        if self._protocol.conn.trailing_data[0]:
            channel.data_received(self._protocol.conn.trailing_data[0])
        # h11 stopped reading when it saw that the protocol may change.
        transport.resume_reading()
        await serve(reply.door, channel)

    def abort(self) -> None:
        """End the connection; what was written still goes out."""
        if self.transport is not None:
            self.transport.close()


class FinishingTransport:
    """A transport that lets a :class:`Connection` finish the heads written to it."""

    def __init__(self, transport: asyncio.Transport, connection: Connection) -> None:
        self._transport = transport
        self._connection = connection

    def write(self, data: bytes) -> None:
        self._transport.write(self._connection.finish(data))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class PveProtocol(h11_impl.H11Protocol):
    """Counts the requests of its connection and finishes the heads of the answers."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.connection = Connection(self)
        inner = self.app
        connection = self.connection

        async def numbered(scope: Scope, receive: Receive, send: Send) -> None:
            connection.requests += 1
            scope["pve.connection"] = connection
            await inner(scope, receive, send)

        self.app = cast(Any, numbered)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.connection.transport = transport
        app = self.config.app
        if isinstance(app, SimApp):
            app.world.requests.connections[app.site.name] += 1
        super().connection_made(cast(asyncio.Transport, FinishingTransport(transport, self.connection)))
