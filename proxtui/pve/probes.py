"""The stages below the API, one by one on bare sockets: name, route, handshake, first answer. No secret comes here."""

from __future__ import annotations

import asyncio
import errno
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal

from proxtui.errors import TunnelError
from proxtui.pve.answers import reason_text
from proxtui.pve.paths import API_ROOT
from proxtui.pve.sanitize import clean
from proxtui.pve.settings import ProxmoxConfig
from proxtui.pve.stages import AddressTry

if TYPE_CHECKING:
    from proxtui.pve.ssh.tunnel import Tunnel

MOST_ADDRESSES = 8
OPEN_PATH = f"{API_ROOT}/access/ticket"
"""pveproxy answers a GET of it by itself, to anybody and without its three seconds for strangers."""
_LONGEST_HEAD = 64 * 1024
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})(?: ([^\r\n]*))?\r?\n")
_HEADER = re.compile(rb"(?m)^([A-Za-z-]+)[ \t]*:[ \t]*([^\r\n]*?)[ \t]*\r?$")


@dataclass(frozen=True, slots=True)
class Address:
    """Where to connect to, as ``getaddrinfo`` gives it."""

    family: int
    place: tuple[Any, ...]

    @property
    def text(self) -> str:
        """``10.0.0.1``, ``fd00::1``."""
        return str(self.place[0])

    @property
    def version(self) -> Literal[4, 6]:
        """Of the Internet Protocol."""
        return 6 if self.family == socket.AF_INET6 else 4


class Network:
    """Names and connections of this machine; another way to a server is a subclass."""

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        """The addresses of a name, best first. ``OSError`` when it has none, ``UnicodeError`` when it is no name."""
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(Address(family, tuple(place)) for family, _, _, _, place in found))

    async def connect(self, address: Address) -> socket.socket:
        """A connection. ``OSError`` when there is none."""
        made = socket.socket(address.family, socket.SOCK_STREAM)
        with ExitStack() as stack:
            stack.callback(made.close)
            made.setblocking(False)
            await asyncio.get_running_loop().sock_connect(made, address.place)
            stack.pop_all()
        return made


class TunnelNetwork(Network):
    """What the last jump host sees: it resolves the names."""

    def __init__(self, tunnel: Tunnel) -> None:
        self.tunnel = tunnel

    async def resolve(self, host: str, port: int) -> Sequence[Address]:
        return [Address(socket.AF_INET6 if ":" in host else socket.AF_INET, (host, port))]

    async def connect(self, address: Address) -> socket.socket:
        host, port = address.place
        try:
            return await self.tunnel.open_connection(host, port)
        except TunnelError as error:
            raise OSError(errno.ECONNABORTED, str(error)) from error


async def knock(network: Network, addresses: Sequence[Address], seconds: float) -> dict[Address, AddressTry]:
    """Try all of the addresses at once, each for so long; every connection is closed again."""

    async def one(address: Address) -> AddressTry:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(seconds):
                (await network.connect(address)).close()
        except OSError as error:
            return AddressTry(address.text, address.version, None, _refusal(error, seconds))
        return AddressTry(address.text, address.version, since(started))

    async with asyncio.TaskGroup() as group:
        tries = {address: group.create_task(one(address)) for address in addresses[:MOST_ADDRESSES]}
    return {address: task.result() for address, task in tries.items()}


def _refusal(error: OSError, seconds: float) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return "no route"
    if isinstance(error, TimeoutError):
        return f"no answer within {seconds:g} s"
    return clean(error.strerror or "no connection")


@dataclass(frozen=True, slots=True)
class Secured:
    """A connection after its handshake."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    der: bytes
    """The certificate that was shown."""
    protocol: str
    """``TLSv1.3``."""
    ms: float
    """What the handshake took, without the connection."""


@asynccontextmanager
async def secured(network: Network, address: Address, context: ssl.SSLContext, name: str) -> AsyncIterator[Secured]:
    """Connect, shake hands, and close at the end. ``OSError`` (also ``ssl.SSLError``) when there is no handshake."""
    made = await network.connect(address)
    started = time.perf_counter()
    with ExitStack() as stack:
        stack.callback(made.close)
        reader, writer = await asyncio.open_connection(
            sock=made, ssl=context, server_hostname=name, limit=_LONGEST_HEAD
        )
        # From here on the writer closes it.
        stack.pop_all()
    try:
        shown = writer.get_extra_info("ssl_object")
        yield Secured(reader, writer, shown.getpeercert(binary_form=True) or b"", shown.version(), since(started))
    finally:
        # Nothing is in flight, so nobody need wait for the other side's goodbye.
        writer.transport.abort()


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """What came back on a request without a login. All text is cleaned."""

    status: int
    reason: str
    server: str
    """Who says to have answered: ``pve-api-daemon/3.0``."""
    location: str
    date: float | None
    """Its clock, seconds since 1970."""
    is_json: bool
    is_page: bool
    ms: float
    """From the request to the first byte."""


class NoHttp(Exception):
    """What came back is not HTTP; says how."""


async def first_answer(line: Secured, config: ProxmoxConfig) -> FirstAnswer:
    """Ask for what needs no login. ``OSError`` when the connection ends, ``NoHttp`` when the answer is none."""
    request = f"GET {OPEN_PATH} HTTP/1.1\r\nHost: {config.endpoint}\r\nUser-Agent: proxtui\r\n"
    line.writer.write(f"{request}Accept: application/json\r\nConnection: close\r\n\r\n".encode("ascii"))
    started = time.perf_counter()
    first = await line.reader.read(1)
    ms = since(started)
    if not first:
        raise NoHttp("closed the connection without an answer")
    try:
        head = first + await line.reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        whole = first + error.partial
        raise NoHttp("broke off its answer" if whole.startswith(b"HTTP/") else "does not speak HTTP") from None
    except asyncio.LimitOverrunError:
        raise NoHttp("does not speak HTTP") from None
    return _read_head(head, await _begin_of_body(line.reader, head), ms)


async def _begin_of_body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    headers = _headers(head)
    if headers.get("content-length") == "0":
        return b""
    body = await reader.read(512)
    if headers.get("transfer-encoding", "").lower() == "chunked":
        # The length of the first piece stands in a line of its own.
        body = body.partition(b"\r\n")[2]
    return body.lstrip()


def _read_head(head: bytes, body: bytes, ms: float) -> FirstAnswer:
    status = _STATUS_LINE.match(head)
    if status is None:
        raise NoHttp("does not speak HTTP")
    headers = _headers(head)
    code = int(status[1])
    return FirstAnswer(
        status=code,
        reason=reason_text(status[2], code),
        server=clean(headers.get("server", ""), limit=60),
        location=clean(headers.get("location", ""), limit=100),
        date=_moment(headers.get("date", "")),
        is_json=body.startswith(b"{"),
        is_page=body.startswith(b"<"),
        ms=ms,
    )


def _headers(head: bytes) -> dict[str, str]:
    return {name.decode("ascii").lower(): value.decode("latin-1") for name, value in _HEADER.findall(head)}


def _moment(text: str) -> float | None:
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp()


def since(started: float) -> float:
    """Milliseconds since a reading of ``time.perf_counter``."""
    return round((time.perf_counter() - started) * 1000, 1)
