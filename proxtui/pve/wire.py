"""One request to one endpoint and its whole answer: the only place where httpx is called and its errors end."""

from __future__ import annotations

import logging
import time
import zlib
from dataclasses import dataclass, field

import httpx

from proxtui.errors import NetworkError, UnexpectedAnswer
from proxtui.pve import tls
from proxtui.pve.answers import Reply, reason_text
from proxtui.pve.connections import (
    FRESH_SECONDS,
    KEPT_SECONDS,
    EndpointTransport,
    KeepAliveBackend,
    Way,
    shown_through,
)
from proxtui.pve.failures import Progress, certificate_error, distrusted, network_error
from proxtui.pve.lock import Lock, LockedTransport
from proxtui.pve.paths import API_ROOT
from proxtui.pve.sanitize import LONGEST_VALUE
from proxtui.pve.settings import ProxmoxConfig
from proxtui.pve.uploads import Upload, UploadTransport
from proxtui.pve.validity import expiry_of

LARGEST_BODY = 16 * 1024 * 1024
CONNECT_SECONDS = 3.0

log = logging.getLogger("proxtui.pve")
# They log whole URLs and headers, tickets and tokens among them.
for _chatty in ("httpx", "httpcore"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)


@dataclass(slots=True)
class Call:
    """One request. ``query`` and ``form`` are encoded; secrets in them are in no repr and no log."""

    method: str
    path: str
    """As in ``/nodes/pve1/qemu``."""
    query: str = field(default="", repr=False)
    form: str | None = field(default=None, repr=False)
    upload: Upload | None = field(default=None, repr=False)
    """A file, instead of a form."""
    progress: Progress | None = field(default=None, repr=False)
    """Of the attempt that is under way or broke; None before one and after its answer."""

    sent: int = 0
    """How often it was handed to the network."""
    began: float = 0.0
    """``time.perf_counter()`` when that was done last."""

    def begin(self) -> None:
        """It is handed to the network now."""
        self.sent += 1
        self.began = time.perf_counter()

    @property
    def is_write(self) -> bool:
        """Whether it could change something; the login does not count."""
        return self.method != "GET" and not self.is_login

    @property
    def is_login(self) -> bool:
        return self.method == "POST" and self.path == "/access/ticket"

    @property
    def can_be_sent_again(self) -> bool:
        """Whether all of it is still there after it was sent once."""
        return self.upload is None or self.upload.can_be_sent_again

    def may_have_been_sent(self, error: BaseException | None = None) -> bool:
        """Whether the server may have seen this call and nobody knows its answer; ``error`` is what httpx raised."""
        return self.progress is not None and self.progress.may_have_been_sent(error)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Wire:
    """The connections to one endpoint. ``requests_sent`` counts every request that was handed to them.

    ``way`` is another one than this machine's own network; ``transport`` replaces all of it, in tests.
    """

    def __init__(
        self,
        config: ProxmoxConfig,
        *,
        lock: Lock | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        way: Way | None = None,
    ) -> None:
        self._config = config
        self._way = way
        self._base = httpx.URL(config.base_url)
        self.requests_sent = 0
        self.certificate_expires: float | None = None
        """Seconds since the epoch; of the certificate that was shown last."""
        self._pools: tuple[EndpointTransport, ...] = ()
        kept: httpx.AsyncBaseTransport
        fresh: httpx.AsyncBaseTransport
        uploading: httpx.AsyncBaseTransport
        if transport is not None:
            kept = fresh = uploading = transport
        else:
            context = tls.context_for(config)
            self._pools = (
                EndpointTransport(context, keepalive=KEPT_SECONDS, backend=KeepAliveBackend(way)),
                EndpointTransport(context, keepalive=FRESH_SECONDS, backend=KeepAliveBackend(way)),
            )
            kept, fresh = self._pools
            uploading = UploadTransport(context, way)
        self._kept = LockedTransport(kept, lock) if lock is not None else kept
        self._fresh = LockedTransport(fresh, lock) if lock is not None else fresh
        self._uploading = LockedTransport(uploading, lock) if lock is not None else uploading

    async def exchange(self, call: Call, headers: dict[str, str], *, seconds: float, fresh: bool) -> Reply:
        """Send ``call`` once and read its answer whole.

        Writes, and whatever must not meet a dying connection, ask for a ``fresh`` one. ``NetworkError`` when there
        is no whole answer; ``call.progress`` then says how far it came. ``UnexpectedAnswer`` when it cannot be read.
        """
        call.progress = progress = Progress()
        request = self._request(call, headers, seconds)
        transport = self._uploading if call.upload is not None else self._fresh if fresh else self._kept
        self.requests_sent += 1
        started = time.perf_counter()
        outcome = "cancelled"
        try:
            response = await transport.handle_async_request(request)
            if progress.opened:
                self.certificate_expires = expiry_of(response.extensions.get("network_stream"))
            reply = await _read_whole(response, call)
            outcome, call.progress = str(reply.status), None
        except (httpx.TransportError, OSError) as error:
            outcome = type(error).__name__
            raise await self._translated(error, progress) from error
        except NetworkError as error:
            # A way of ours says in its own words why there is no connection.
            outcome = type(error).__name__
            raise
        finally:
            if call.upload is not None:
                await call.upload.aclose()
            log.debug(
                "%s %s: %s, %.0f ms", self._config.endpoint, call, outcome, (time.perf_counter() - started) * 1000
            )
        return reply

    async def drop_idle(self) -> None:
        """Close the connections that nothing travels on."""
        for pool in self._pools:
            await pool.drop_idle()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._kept.aclose()
        await self._fresh.aclose()
        await self._uploading.aclose()

    def _request(self, call: Call, headers: dict[str, str], seconds: float) -> httpx.Request:
        target = API_ROOT + call.path + ("?" + call.query if call.query else "")
        content: bytes | Upload | None = None if call.form is None else call.form.encode("ascii")
        if content:
            headers = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
        if call.upload is not None:
            headers, content = {**headers, **call.upload.headers}, call.upload
        waits = {"connect": min(CONNECT_SECONDS, seconds), "read": seconds, "write": seconds, "pool": seconds}
        return httpx.Request(
            call.method,
            self._base.copy_with(raw_path=target.encode("ascii")),
            headers={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "proxtui", **headers},
            content=content,
            extensions={"timeout": waits, "trace": call.progress},
        )

    async def _translated(self, error: httpx.TransportError | OSError, progress: Progress) -> NetworkError:
        distrust = distrusted(error)
        if distrust is None:
            loss = self._way.loss() if self._way is not None else None
            return loss or network_error(error, progress, self._config)
        # OpenSSL refused before anybody saw the fingerprint: look again, with nothing to lose.
        return certificate_error(self._config, distrust, await self._shown_fingerprint())

    async def _shown_fingerprint(self) -> str | None:
        host, port = self._config.host, self._config.port
        if self._way is None:
            return await tls.probe_fingerprint(host, port)
        der = await shown_through(self._way, host, port, tls.blind_context(), CONNECT_SECONDS)
        return tls.fingerprint_of(der) if der else None


class _Unreadable(Exception):
    """Why a body cannot be read, as a line."""


async def _read_whole(response: httpx.Response, call: Call) -> Reply:
    stream = response.stream
    status = response.status_code
    assert isinstance(stream, httpx.AsyncByteStream)  # noqa: S101  as httpx's own client asserts of its transports
    try:
        body = await _body(stream, response.headers.get("content-encoding", "").strip().lower())
    except _Unreadable as error:
        raise UnexpectedAnswer(str(error), status=status, method=call.method, path=call.path) from None
    finally:
        await stream.aclose()
    return Reply(
        status=status,
        reason=reason_text(response.extensions.get("reason_phrase"), status, limit=LONGEST_VALUE),
        body=body,
        retry_after=response.headers.get("retry-after"),
        location=response.headers.get("location"),
    )


async def _body(stream: httpx.AsyncByteStream, encoding: str) -> bytes:
    """The decompressed body; never more than the limit in memory, whatever the compressed bytes promise."""
    if encoding not in ("", "identity", "gzip"):
        raise _Unreadable("the answer is compressed in a way that nobody asked for")
    unzip = zlib.decompressobj(16 + zlib.MAX_WBITS) if encoding == "gzip" else None
    pieces: list[bytes] = []
    size = 0
    try:
        async for chunk in stream:
            if unzip is not None and unzip.eof and chunk:
                raise _Unreadable("the answer's compression is followed by something else")
            piece = chunk if unzip is None else unzip.decompress(chunk, LARGEST_BODY + 1 - size)
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST_BODY:
                raise _Unreadable("the answer is larger than 16 MiB")
    except zlib.error:
        raise _Unreadable("the answer's compression is broken") from None
    if unzip is not None and size and not unzip.eof:
        raise _Unreadable("the answer's compression is cut off")
    return b"".join(pieces)
