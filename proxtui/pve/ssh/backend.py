"""httpcore's network, through jump hosts: TLS and HTTP run over the sockets of a ``Tunnel``."""

from __future__ import annotations

import select
import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import httpcore
from anyio.abc import ByteStream, SocketAttribute, UNIXSocketStream
from anyio.streams.tls import TLSAttribute, TLSStream

from proxtui.errors import NetworkError
from proxtui.pve.connections import Way
from proxtui.pve.ssh.tunnel import CHANNEL_SECONDS, Tunnel


class TunnelBackend(Way):
    """Opens connections as the last hop sees their addresses."""

    def __init__(self, tunnel: Tunnel) -> None:
        self.tunnel = tunnel

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        near = await self.tunnel.open_connection(host, port, seconds=timeout or CHANNEL_SECONDS)
        return SocketStream(await UNIXSocketStream.from_socket(near))

    async def open_socket(self, host: str, port: int, seconds: float) -> socket.socket:
        return await self.tunnel.open_connection(host, port, seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)

    def waits_for(self) -> str:
        hop = self.tunnel.logging_in
        return "" if hop is None else hop.title

    def loss(self) -> NetworkError | None:
        return self.tunnel.loss()


class SocketStream(httpcore.AsyncNetworkStream):
    """One connection, as httpcore's own is: the same bytes, the same errors."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        with _as_httpcore(httpcore.ReadError, httpcore.ReadTimeout), anyio.fail_after(timeout):
            try:
                return await self._stream.receive(max_bytes)
            except anyio.EndOfStream:
                return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        if not buffer:
            return
        with _as_httpcore(httpcore.WriteError, httpcore.WriteTimeout), anyio.fail_after(timeout):
            await self._stream.send(buffer)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        with _as_httpcore(httpcore.ConnectError, httpcore.ConnectTimeout), anyio.fail_after(timeout):
            return SocketStream(
                await TLSStream.wrap(
                    self._stream,
                    ssl_context=ssl_context,
                    hostname=server_hostname,
                    standard_compatible=False,
                    server_side=False,
                )
            )

    async def aclose(self) -> None:
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object":
            return self._stream.extra(TLSAttribute.ssl_object, None)  # noqa: S610  anyio's
        if info == "is_readable":
            # httpcore asks before it uses a kept connection again: readable means that the other side has closed it.
            watch = select.poll()
            raw = self._stream.extra(SocketAttribute.raw_socket)  # noqa: S610  anyio's
            watch.register(raw.fileno(), select.POLLIN)
            return bool(watch.poll(0))
        return None


@contextmanager
def _as_httpcore(broken: type[Exception], late: type[Exception]) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise late(str(error)) from error
    except (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, ssl.SSLError) as error:
        raise broken(str(error)) from error
