"""Files on their way to a storage: over real TLS, to a server that takes them as pveproxy does."""

from __future__ import annotations

import asyncio
import hashlib
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from proxtui.errors import (
    InvalidInput,
    NetworkError,
    OutcomeUnknown,
    PermissionDenied,
    ProxtuiError,
    ReadOnlyError,
    ValidationError,
)
from proxtui.pve.upid import Upid
from proxtui.pve.uploads import PIECE, Upload, size_of

from .conftest import Bench
from .servers import Server, answer, ok

MIB = 1024 * 1024
UPID = "UPID:pve1:000015E3:000255C9:6B0225DB:imgcopy::admin@pve!full:"
WHERE = "/nodes/pve1/storage/local/upload"
FIELDS = {"content": "iso", "checksum-algorithm": "md5", "checksum": "0" * 32}
REFUSED = answer(403, "Permission check failed (/storage/local, Datastore.AllocateTemplate)", connection=("close",))
WRONG_NAME = answer(
    400,
    "Parameter verification failed.",
    b'{"errors":{"filename":"wrong file extension"},"data":null,"message":"Parameter verification failed.\\n"}',
    connection=("close",),
)


@dataclass
class Taker(Server):
    """Takes a body in pieces and keeps none of it; can answer or leave in the middle of one."""

    reply: bytes | None = None
    stop_at: int | None = None
    """Bytes of the body after which it reads no more: it sends ``reply`` (if any) and closes."""
    hang: bool = False
    """At ``stop_at`` it does nothing any more, and does not close."""
    heads: list[str] = field(default_factory=list)
    first: bytes = b""
    last: bytes = b""
    taken: int = 0
    digest: str = ""
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """The client closed the connection."""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.heads.append(head)
        length = next(int(line[15:]) for line in head.splitlines() if line.lower().startswith("content-length:"))
        found = hashlib.md5(usedforsecurity=False)
        taken = 0
        while taken < length and (self.stop_at is None or taken < self.stop_at):
            piece = await reader.read(min(65536, length - taken))
            if not piece:
                self.gone.set()
                return
            taken += len(piece)
            self.first, self.last = (self.first + piece)[:1024], (self.last + piece)[-1024:]
            found.update(piece)
            self.taken = taken
        self.digest = found.hexdigest()
        if self.hang:
            await asyncio.Event().wait()
        if self.reply is not None:
            writer.write(self.reply)
            await writer.drain()


async def taker(bench: Bench, **options: object) -> Taker:
    server = Taker(app=lambda _seen: None, context=bench.shown.context, **{"reply": ok(UPID), **options})  # type: ignore[arg-type]
    return await bench.stack.enter_async_context(server)


async def zeros(size: int) -> AsyncIterator[bytes]:
    block = bytes(PIECE)
    for _ in range(size // PIECE):
        yield block


def upload(size: int, **options: object) -> Upload:
    return Upload(FIELDS, "big.iso", zeros(size), size, **options)  # type: ignore[arg-type]


async def test_the_form_is_as_pve_wants_it(bench, tmp_path):
    server = await taker(bench)
    client = await bench.client(server)
    path = tmp_path / "whatever"
    path.write_bytes(b"CONTENT\r\n--")
    assert await client.upload(WHERE, Upload(FIELDS, "tiny.iso", path, size_of(path))) == UPID
    (head,) = server.heads
    assert head.startswith(f"POST /api2/json{WHERE} HTTP/1.1\r\n")
    boundary = head.partition("boundary=")[2].partition("\r\n")[0]
    assert "transfer-encoding" not in head.lower()
    assert server.first.decode() == (
        f'--{boundary}\r\nContent-Disposition: form-data; name="content"\r\n\r\niso\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="checksum-algorithm"\r\n\r\nmd5\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="checksum"\r\n\r\n{"0" * 32}\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="filename"; filename="tiny.iso"\r\n'
        f"Content-Type: application/octet-stream\r\n\r\nCONTENT\r\n--\r\n--{boundary}--\r\n"
    )


async def test_a_large_file_takes_no_memory_and_tells_how_far_it_is(bench, tmp_path):
    size = 64 * MIB
    path = tmp_path / "big.iso"
    with path.open("wb") as file:
        file.truncate(size)
    server = await taker(bench)
    client = await bench.client(server)
    told: list[tuple[int, int]] = []
    tracemalloc.start()
    try:
        await client.upload(WHERE, Upload(FIELDS, "big.iso", path, size, lambda *now: told.append(now)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * MIB
    assert server.taken > size
    done = [sent for sent, _total in told]
    assert done == sorted(set(done))
    assert (done[0], told[-1]) == (0, (size, size))
    assert len(done) == size // PIECE + 1


@pytest.mark.parametrize(
    ("reply", "kind"), [(REFUSED, PermissionDenied), (WRONG_NAME, ValidationError)], ids=["403", "400"]
)
async def test_a_refusal_before_all_is_sent_is_what_is_told(bench, reply, kind):
    for stop_at in (1, 3 * MIB):
        server = await taker(bench, reply=reply, stop_at=stop_at)
        client = await bench.client(server)
        with pytest.raises(kind) as caught:
            await client.upload(WHERE, upload(64 * MIB))
        assert server.taken < 16 * MIB
        assert getattr(caught.value, "privilege", None) in (None, "Datastore.AllocateTemplate")


async def test_a_refusal_by_a_server_that_stops_reading_but_does_not_close(bench):
    class Silent(Taker):
        async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int) -> None:
            await super()._serve(reader, writer, connection)
            await asyncio.Event().wait()

    server = Silent(app=lambda _seen: None, context=bench.shown.context, reply=REFUSED, stop_at=1)
    await bench.stack.enter_async_context(server)
    with pytest.raises(PermissionDenied):
        await (await bench.client(server)).upload(WHERE, upload(64 * MIB))


async def test_a_connection_that_dies_in_the_middle(bench):
    server = await taker(bench, reply=None, stop_at=3 * MIB)
    with pytest.raises(OutcomeUnknown):
        await (await bench.client(server)).upload(WHERE, upload(64 * MIB))
    assert len(server.heads) == 1


async def test_the_deadline_is_about_silence(bench):
    server = await taker(bench)
    client = await bench.client(server)

    async def slow() -> AsyncIterator[bytes]:
        for _ in range(5):
            await asyncio.sleep(0.15)
            yield bytes(PIECE)

    assert await client.upload(WHERE, Upload(FIELDS, "big.iso", slow(), 5 * PIECE), timeout=600) == UPID

    silent = await taker(bench, stop_at=MIB, hang=True)
    with pytest.raises(OutcomeUnknown, match=r"within 0\.3 s|in time"):
        await (await bench.client(silent)).upload(WHERE, upload(64 * MIB), timeout=300)


async def test_cancelled_it_closes_the_connection_and_the_file(bench, tmp_path):
    size = 64 * MIB
    path = tmp_path / "big.iso"
    with path.open("wb") as file:
        file.truncate(size)
    server = await taker(bench)
    client = await bench.client(server)
    begun = asyncio.Event()
    body = Upload(FIELDS, "big.iso", path, size, lambda sent, _total: begun.set() if sent > MIB else None)
    sending = asyncio.create_task(client.upload(WHERE, body))
    await begun.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert body._open is None
    async with asyncio.timeout(5):
        await server.gone.wait()


@pytest.mark.parametrize("told", [PIECE, 3 * PIECE])
async def test_a_file_that_changes_meanwhile_is_told(bench, told):
    server = await taker(bench)
    with pytest.raises(InvalidInput, match="changed while it was sent"):
        await (await bench.client(server)).upload(WHERE, Upload(FIELDS, "big.iso", zeros(2 * PIECE), told))
    async with asyncio.timeout(5):
        await server.gone.wait()


async def test_a_file_that_is_none(tmp_path):
    with pytest.raises(InvalidInput, match="exists"):
        size_of(tmp_path / "none.iso")
    with pytest.raises(InvalidInput, match="exists"):
        size_of(tmp_path)


async def test_the_lock_keeps_it_back(bench):
    server = await taker(bench)
    client = await bench.client(server, read_only=True)
    with pytest.raises(ReadOnlyError):
        await client.upload(WHERE, upload(PIECE))
    assert server.heads == []


async def test_nobody_is_there(bench):
    server = await taker(bench)
    client = await bench.client(server, fields={"port": 1})
    with pytest.raises(NetworkError):
        await client.upload(WHERE, upload(PIECE))


@pytest.mark.parametrize("can", [True, False])
async def test_after_a_new_login_only_a_file_is_sent_again(bench, gate, tmp_path, can):
    path = tmp_path / "tiny.iso"
    path.write_bytes(b"x" * 10)
    posts: list[bytes] = []

    def app(seen):
        if seen.path == WHERE:
            posts.append(seen.body)
            if len(posts) == 1:
                gate.valid.clear()
        reply = gate(seen)
        return ok(UPID) if seen.path == WHERE and b"200" in reply[:12] else reply

    _server, client = await bench.pair(app, with_password=True)
    await client.get("/version")

    async def once() -> AsyncIterator[bytes]:
        yield b"x" * 10

    told: list[int] = []
    body = Upload(FIELDS, "tiny.iso", path if can else once(), 10, lambda sent, _total: told.append(sent))
    if can:
        assert Upid(await client.upload(WHERE, body)).type == "imgcopy"
        assert (len(posts), posts[0] == posts[1]) == (2, True)
    else:
        with pytest.raises(ProxtuiError, match="refused"):
            await client.upload(WHERE, body)
        assert len(posts) == 1
    assert told == [0, 10]
