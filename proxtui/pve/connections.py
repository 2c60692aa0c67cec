"""The connections below httpx: kept open where pveproxy means to keep them, and no proxies, redirects or HTTP/2."""

from __future__ import annotations

import asyncio
import re
import socket
import ssl
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from proxtui.errors import NetworkError

KEPT_SECONDS = 4.6
"""pveproxy closes an idle connection after 5.0 s; an older one than this is not used again."""
FRESH_SECONDS = 1.0
"""A write goes only on a connection used this lately: it must not die on one that is being closed."""
MOST_CONNECTIONS = 8

_LONGEST_HEAD = 128 * 1024
_RECORD = 16 * 1024
"""The most that TLS puts into one record."""
_MOST_RECORDS = 16
_CONNECTION = re.compile(rb"(?im)^connection[ \t]*:[ \t]*([^\r\n]*)\r?\n")


class Way(httpcore.AsyncNetworkBackend):
    """Another way to an endpoint than this machine's own network."""

    def loss(self) -> NetworkError | None:
        """Why connections of this way just ended, when the way itself was the cause; None while it stands."""
        return None

    def waits_for(self) -> str:
        """Which part of the way has not answered yet, as ``jump host ops:22``; empty while the way stands."""
        return ""

    async def open_socket(self, host: str, port: int, seconds: float) -> socket.socket:
        """A connected, non-blocking stream socket, for what is no HTTP; whoever asked closes it. ``NetworkError``."""
        raise NetworkError("this way carries HTTP only", stage="connect", endpoint=f"{host}:{port}")


class EndpointTransport(httpx.AsyncHTTPTransport):
    """httpx's transport on a pool of ours."""

    def __init__(
        self, context: ssl.SSLContext, *, keepalive: float, backend: httpcore.AsyncNetworkBackend | None = None
    ) -> None:
        super().__init__(verify=context, trust_env=False)
        # httpx offers no way to choose the network backend, so its still unused pool gives way to one of ours.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=MOST_CONNECTIONS,
            keepalive_expiry=keepalive,
            http1=True,
            http2=False,
            network_backend=backend or KeepAliveBackend(),
        )

    async def drop_idle(self) -> None:
        """Close the connections that nothing travels on: what the other side has forgotten must not be used again."""
        idle = [connection for connection in self._pool.connections if connection.is_idle()]
        for connection in idle:
            if connection.is_idle():
                # The pool lets go of what is closed when the next request comes.
                await connection.aclose()


class KeepAliveBackend(httpcore.AsyncNetworkBackend):
    """Opens connections whose answers do not say ``Connection: close`` when they say ``Keep-Alive`` too.

    Answers that pveproxy fetched from pvedaemon carry both; the server keeps the socket open, h11 would not.
    """

    def __init__(self, inner: httpcore.AsyncNetworkBackend | None = None) -> None:
        self._inner = inner or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        stream = await self._inner.connect_tcp(host, port, timeout, local_address, socket_options)
        return KeepAliveStream(stream)

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


class KeepAliveStream(httpcore.AsyncNetworkStream):
    """One connection. Only the head of an answer is looked at; bodies pass untouched."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner
        self._head_expected = True
        secured = inner.get_extra_info("ssl_object")
        # Asked once: the answer never changes, and each chunk of a long answer would go through all layers for it.
        self._secured = secured if isinstance(secured, ssl.SSLObject) else None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        if not self._head_expected:
            return self._with_what_came_along(await self._inner.read(max_bytes, timeout))
        seen = b""
        while True:
            chunk = await self._inner.read(max_bytes, timeout)
            seen += chunk
            end = seen.find(b"\r\n\r\n")
            if not chunk or len(seen) > _LONGEST_HEAD:
                self._head_expected = False
                return seen
            if end >= 0:
                # An interim 1xx answer is followed by another head.
                self._head_expected = bool(re.match(rb"HTTP/1\.[01] 1\d\d", seen))
                return kept_alive(seen[: end + 2]) + seen[end + 2 :]

    def _with_what_came_along(self, chunk: bytes) -> bytes:
        """The chunk, and what can be read without waiting: each TLS record would cost a walk through all layers."""
        secured = self._secured
        if not chunk or secured is None:
            return chunk
        pieces = [chunk]
        try:
            while len(pieces) < _MOST_RECORDS and (more := secured.read(_RECORD)):
                pieces.append(more)
        except ssl.SSLError:
            # Nothing more is here yet; or it is broken, and then the next read meets the same and says so.
            return b"".join(pieces)
        return b"".join(pieces)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        # Without pipelining, what is read after a write begins with the head of its answer.
        self._head_expected = True
        await self._inner.write(buffer, timeout)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        secured: httpcore.AsyncNetworkStream | None = None
        try:
            secured = await self._inner.start_tls(ssl_context, server_hostname, timeout)
            return KeepAliveStream(secured)
        finally:
            # A deadline that passes during the handshake cancels it, and httpcore then forgets the open socket.
            if secured is None:
                await self._inner.aclose()

    async def aclose(self) -> None:
        await self._inner.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def kept_alive(head: bytes) -> bytes:
    """``head`` (status line and header lines) without ``close`` where ``Keep-Alive`` stands beside it.

    Answers from 400 up stay as they are: after these the server does close.
    """
    if not re.match(rb"HTTP/1\.[01] [23]", head):
        return head
    values = b",".join(_CONNECTION.findall(head)).lower().split(b",")
    tokens = {value.strip() for value in values}
    if not {b"close", b"keep-alive"} <= tokens:
        return head
    return _CONNECTION.sub(b"", head) + b"Connection: keep-alive\r\n"


async def shown_through(
    way: httpcore.AsyncNetworkBackend, host: str, port: int, context: ssl.SSLContext, seconds: float
) -> bytes | None:
    """The certificate (DER) that an endpoint shows on another way; None when it shows none. Nothing is sent."""
    try:
        async with asyncio.timeout(seconds):
            stream = await way.connect_tcp(host, port, timeout=seconds)
            try:
                stream = await stream.start_tls(context, server_hostname=host, timeout=seconds)
                return stream.get_extra_info("ssl_object").getpeercert(binary_form=True) or None
            finally:
                await stream.aclose()
    except (OSError, NetworkError, httpcore.NetworkError, httpcore.TimeoutException):
        return None
