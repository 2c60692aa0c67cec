"""Files on their way to a storage: the form that carries one, piece by piece, and the stream that listens meanwhile."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import IO, Any

import httpcore

from proxtui.errors import InvalidInput
from proxtui.pve.connections import EndpointTransport, KeepAliveBackend

PIECE = 256 * 1024
"""Bytes that are in memory at once."""
_HEARD = 64 * 1024

OnProgress = Callable[[int, int], object]
"""Called with the bytes of the file that went out so far and its size; it only grows."""


class Upload:
    """A ``multipart/form-data`` body: ``fields`` in their order, then the file, as PVE wants it.

    ``source`` is a path, or pieces of bytes of which there must be ``size`` in all. A path can be sent again.
    """

    def __init__(
        self,
        fields: Mapping[str, str],
        filename: str,
        source: Path | AsyncIterable[bytes],
        size: int,
        on_progress: OnProgress | None = None,
    ) -> None:
        self.fields = dict(fields)
        self.filename = filename
        self.size = size
        self.moved: Callable[[], None] | None = None
        """Called for every piece that went out: the deadline is about silence."""
        self._source = source
        self._on_progress = on_progress
        self._told = -1
        self._open: IO[bytes] | None = None
        self._running: AsyncGenerator[bytes, None] | None = None
        self._boundary = os.urandom(16).hex()
        self._head, self._tail = self._frame()

    @property
    def can_be_sent_again(self) -> bool:
        return isinstance(self._source, Path)

    @property
    def headers(self) -> dict[str, str]:
        """PVE wants the length before the first byte."""
        return {
            "Content-Type": f"multipart/form-data; boundary={self._boundary}",
            "Content-Length": str(len(self._head) + self.size + len(self._tail)),
        }

    def __aiter__(self) -> AsyncIterator[bytes]:
        self._running = self._body()
        return self._running

    async def aclose(self) -> None:
        """End the sending, however far it came, and close the file."""
        running, self._running = self._running, None
        if running is not None:
            await running.aclose()
        file, self._open = self._open, None
        if file is not None:
            # A read that was given up may still hold it for a moment.
            await asyncio.to_thread(file.close)

    async def _body(self) -> AsyncGenerator[bytes, None]:
        yield self._head
        done = 0
        self._tell(done)
        async with aclosing(self._pieces()) as pieces:
            async for piece in pieces:
                if done + len(piece) > self.size:
                    raise self._another_length()
                yield piece
                done += len(piece)
                self._tell(done)
        if done != self.size:
            raise self._another_length()
        yield self._tail
        self._tell(done)

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        if not isinstance(self._source, Path):
            async for given in self._source:
                for start in range(0, len(given), PIECE):
                    yield given[start : start + PIECE]
            return
        self._open = await asyncio.to_thread(_opened, self._source)
        while piece := await asyncio.to_thread(self._open.read, PIECE):
            yield piece

    def _frame(self) -> tuple[bytes, bytes]:
        parts = [
            f'--{self._boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in self.fields.items()
        ]
        parts.append(
            f'--{self._boundary}\r\nContent-Disposition: form-data; name="filename"; filename="{self.filename}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        return "".join(parts).encode("ascii"), f"\r\n--{self._boundary}--\r\n".encode("ascii")

    def _tell(self, done: int) -> None:
        if self.moved is not None:
            self.moved()
        # A second try after a new login begins anew; who looks on need not see that.
        if self._on_progress is not None and done > self._told:
            self._told = done
            self._on_progress(done, self.size)

    def _another_length(self) -> InvalidInput:
        return InvalidInput("file", self.filename, f"not {self.size} bytes any more: it changed while it was sent")


def _opened(source: Path) -> IO[bytes]:
    try:
        return source.open("rb")
    except OSError as error:
        raise InvalidInput("file", source, f"a file that can be read ({error.strerror})") from None


def size_of(source: Path) -> int:
    """Bytes of a file; ``InvalidInput`` when there is none to be read."""
    try:
        if source.is_file():
            return source.stat().st_size
    except OSError as error:
        raise InvalidInput("file", source, f"a file that can be read ({error.strerror})") from None
    raise InvalidInput("file", source, "a file that exists")


class UploadTransport(EndpointTransport):
    """Connections for one upload each, which hear an answer that comes before all is sent."""

    def __init__(self, context: ssl.SSLContext, way: httpcore.AsyncNetworkBackend | None = None) -> None:
        super().__init__(context, keepalive=0.0, backend=_ListeningBackend(way))


class _ListeningBackend(KeepAliveBackend):
    async def connect_tcp(self, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        return ListeningStream(await super().connect_tcp(*args, **options))


class ListeningStream(httpcore.AsyncNetworkStream):
    """Reads while it writes. PVE refuses before the file is through, and closes: the refusal must not be lost in that.

    A write ends with ``WriteError`` once there is something to read; httpcore then reads the answer.
    """

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner
        self._hearing: asyncio.Task[bytes] | None = None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - httpcore's signature
        if self._hearing is None:
            return await self._inner.read(max_bytes, timeout)
        await asyncio.wait({self._hearing}, timeout=timeout)
        if not self._hearing.done():
            raise httpcore.ReadTimeout("no answer in time")
        heard, self._hearing = self._hearing, None
        return heard.result()

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        if not buffer:
            return
        if self._hearing is None:
            self._hearing = asyncio.create_task(self._inner.read(_HEARD, None))
        writing = asyncio.create_task(self._inner.write(buffer, timeout))
        try:
            await asyncio.wait({writing, self._hearing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Also when we are cancelled: the connection is closed then, and nobody else would end the write.
            finished = writing.done()
            if not finished:
                writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        if not finished:
            raise httpcore.WriteError("the server answered before all was sent")
        error = writing.exception()
        if error is not None and not isinstance(error, httpcore.TimeoutException | httpcore.NetworkError):
            # anyio says "end of stream" where a TLS connection died that was being read.
            raise httpcore.WriteError(str(error)) from error
        writing.result()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        return ListeningStream(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    async def aclose(self) -> None:
        if self._hearing is not None:
            self._hearing.cancel()
            await asyncio.gather(self._hearing, return_exceptions=True)
            self._hearing = None
        await self._inner.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
