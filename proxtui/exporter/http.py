"""A server for one page: GET ``/metrics`` and ``/``, nothing else, in bounded time and room."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NamedTuple

from proxtui.errors import UsageError
from proxtui.exporter.openmetrics import CONTENT_TYPE

log = logging.getLogger(__name__)

MOST_VISITORS = 16
"""At the same time; further ones are told to come again."""
LONGEST_REQUEST = 8 * 1024
REQUEST_WITHIN, ANSWER_WITHIN = 5.0, 30.0
"""Seconds that a visitor has to ask, and to take the answer."""
PLAIN = "text/plain; charset=utf-8"
WELCOME = b"proxtui exporter: /metrics has the metrics.\n"
_REASONS = {
    200: "OK",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}


class Address(NamedTuple):
    """Where to listen."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """True when only programs of this machine can reach it."""
        return is_here(self.host)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def is_here(host: str) -> bool:
    """True for ``localhost`` and the addresses of the loopback."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def address_of(text: str) -> Address:
    """``127.0.0.1:9221``, ``[::1]:9221``; port 0 takes any. UsageError for anything else."""
    host, colon, port = text.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not bare or (":" in bare and bare == host) or not port.isascii() or not port.isdecimal():
        raise UsageError(f"--listen {text[:80]}: needs HOST:PORT, as in 127.0.0.1:9221 or [::1]:9221")
    if int(port) > 65_535:
        raise UsageError(f"--listen {text[:80]}: a port is at most 65535")
    return Address(bare, int(port))


class Refused(Exception):
    """What a visitor is told instead of a page."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@asynccontextmanager
async def serving(address: Address, page: Callable[[], Awaitable[bytes]]) -> AsyncIterator[Address]:
    """Answer visitors with what ``page`` gives while the ``with`` lasts; gives where. UsageError when it is taken."""
    visits = _Visits(address, page)
    try:
        server = await asyncio.start_server(visits.welcome, address.host, address.port, limit=LONGEST_REQUEST)
    except OSError as error:
        raise UsageError(f"--listen {address}: {error.strerror or error}") from None
    try:
        yield Address(address.host, server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await visits.end()
        await server.wait_closed()


class _Visits:
    """Those who are being answered."""

    def __init__(self, address: Address, page: Callable[[], Awaitable[bytes]]) -> None:
        self._guarded = address.is_loopback
        self._page = page
        self._tasks: set[asyncio.Task[None]] = set()

    def welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._tasks) >= MOST_VISITORS:
            writer.write(_answer(503, PLAIN, b"too many visitors\n"))
            writer.close()
            return
        task = asyncio.create_task(self._visit(reader, writer), name="scrape")
        self._tasks.add(task)
        task.add_done_callback(self._left)

    async def end(self) -> None:
        """Send everybody away."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("a visitor of the exporter was not answered", exc_info=error)

    async def _visit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                writer.write(await self._answered(reader))
                await writer.drain()
        except (ConnectionError, TimeoutError) as error:
            log.debug("a visitor of the exporter went away: %s", type(error).__name__)
            writer.transport.abort()
        finally:
            writer.close()

    async def _answered(self, reader: asyncio.StreamReader) -> bytes:
        try:
            target = self._target(await _head_of(reader))
        except Refused as refused:
            return _answer(refused.status, PLAIN, f"{refused}\n".encode())
        if target == "/":
            return _answer(200, PLAIN, WELCOME)
        return _answer(200, CONTENT_TYPE, await self._page())

    def _target(self, lines: list[str]) -> str:
        words = lines[0].split(" ")
        if len(words) != 3 or words[2] not in ("HTTP/1.0", "HTTP/1.1"):
            raise Refused(400, "this is no HTTP/1.1 request")
        if words[0] != "GET":
            raise Refused(405, "only GET")
        # A page in a browser on this machine must not read us under a name of its own.
        if self._guarded and not all(is_here(host) for host in _hosts(lines[1:])):
            raise Refused(403, "this address is for localhost")
        target = words[1].partition("?")[0]
        if target not in ("/", "/metrics"):
            raise Refused(404, "there are / and /metrics")
        return target


async def _head_of(reader: asyncio.StreamReader) -> list[str]:
    try:
        async with asyncio.timeout(REQUEST_WITHIN):
            head = await reader.readuntil(b"\r\n\r\n")
    except TimeoutError:
        raise Refused(408, "no request came") from None
    except asyncio.IncompleteReadError:
        raise Refused(400, "the request ends too early") from None
    except asyncio.LimitOverrunError:
        raise Refused(431, "the request is too long") from None
    return head.decode("latin-1").split("\r\n")


def _hosts(lines: list[str]) -> list[str]:
    """The names of ``Host``, without the port."""
    named = [value.strip() for name, _, value in (line.partition(":") for line in lines) if name.lower() == "host"]
    return [one[1:].partition("]")[0] if one.startswith("[") else one.partition(":")[0] for one in named]


def _answer(status: int, kind: str, body: bytes) -> bytes:
    lines = [
        f"HTTP/1.1 {status} {_REASONS[status]}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    ]
    if status == 405:
        lines.append("Allow: GET")
    return "\r\n".join([*lines, "", ""]).encode() + body
