"""Small servers that speak HTTP/1.1 over real sockets, byte for byte as a test wants, and record what reached them."""

from __future__ import annotations

import asyncio
import datetime
import json
import ssl
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Seen:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int

    @property
    def path(self) -> str:
        return self.target.partition("?")[0].removeprefix("/api2/json")

    @property
    def form(self) -> dict[str, str]:
        return {key: values[0] for key, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}


class Hang:
    """Says nothing and keeps the connection open."""


@dataclass(frozen=True)
class Bytes:
    """Sends ``parts`` one by one, ``pause`` seconds apart; then closes when told so."""

    parts: tuple[bytes, ...]
    pause: float = 0.0
    close: bool = False


Answer = bytes | Bytes | Hang | None
"""``bytes`` keep the connection, None closes it without a word."""
App = Callable[[Seen], Answer | Awaitable[Answer]]


def ok(data: Any = None, *, connection: Iterable[str] = ("Keep-Alive",)) -> bytes:
    """A good answer of PVE."""
    return answer(200, "OK", json.dumps({"data": data}).encode(), connection=connection)


def answer(
    status: int,
    reason: str | bytes,
    body: bytes = b"",
    *,
    connection: Iterable[str] = ("Keep-Alive",),
    headers: Iterable[tuple[str, str]] = (),
) -> bytes:
    """An answer as bytes; several ``connection`` values become several headers."""
    phrase = reason.encode("latin-1") if isinstance(reason, str) else reason
    lines = [b"HTTP/1.1 %d %s" % (status, phrase), b"Content-Length: %d" % len(body)]
    lines += [f"Connection: {value}".encode() for value in connection]
    lines += [f"{name}: {value}".encode() for name, value in headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@dataclass
class Server:
    """``async with Server(app, context) as server``: listens on a port of its own."""

    app: App
    context: ssl.SSLContext | None
    port: int = 0
    host: str = "127.0.0.1"
    requests: list[Seen] = field(default_factory=list)
    connections: int = 0
    """TCP connections that were accepted (and shook hands, where there is TLS)."""
    received: bytearray = field(default_factory=bytearray)
    """Every application byte."""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Server:
        self._server = await asyncio.start_server(self._connected, self.host, self.port, ssl=self.context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer, self.connections)
        except (ConnectionError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # The client went away, or the test is over: both are ends a test may want.
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        while True:
            seen = await self._request(reader, connection)
            self.requests.append(seen)
            reply = self.app(seen)
            if isinstance(reply, Awaitable):
                reply = await reply
            if reply is None:
                return
            if isinstance(reply, Hang):
                await asyncio.Event().wait()
                return
            script = Bytes((reply,)) if isinstance(reply, bytes) else reply
            for part in script.parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(script.pause)
            if script.close:
                writer.close()
                return

    async def _request(self, reader: asyncio.StreamReader, connection: int) -> Seen:
        head = await self._until_blank_line(reader)
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.received += body
        return Seen(method, target, headers, body, connection)

    async def _until_blank_line(self, reader: asyncio.StreamReader) -> bytes:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = await reader.readline()
            if not line:
                raise ConnectionResetError
            head += line
            self.received += line
        return head


class Certificates:
    """An authority as PVE makes it (without keyUsage), and certificates signed by it; files in ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Proxmox Virtual Environment")])
        root = self._builder(self._name, self._key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.ca_file = folder / "pve-root-ca.pem"
        self.ca_file.write_bytes(root.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def server(self, name: str, *names: str, expired: bool = False) -> tuple[ssl.SSLContext, str]:
        """A server's context for ``names`` and the fingerprint of its certificate."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = (
            self._builder(subject, key.public_key(), expired=expired)
            .add_extension(
                x509.SubjectAlternativeName([_general_name(each) for each in names or (name,)]), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        pem = self._folder / f"{name}-{certificate.serial_number}.pem"
        pem.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return context, certificate.fingerprint(hashes.SHA256()).hex(":").upper()

    def _builder(
        self, subject: x509.Name, public_key: ec.EllipticCurvePublicKey, *, expired: bool = False
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        days = datetime.timedelta(days=1)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 30 * days)
            .not_valid_after(now - days if expired else now + 30 * days)
        )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
