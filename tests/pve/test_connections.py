"""Connections stay open where pveproxy keeps them; a dying one costs a GET nothing, a write no repeat."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from itertools import pairwise
from typing import Any

import httpcore
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxtui.errors import DeadlineExceeded, NetworkError, OutcomeUnknown
from proxtui.pve.client import ProxmoxClient
from proxtui.pve.connections import KeepAliveStream, kept_alive
from proxtui.pve.settings import ProxmoxConfig

from .conftest import Bench, Shown
from .servers import Answer, Bytes, Seen, Server, ok

TWO = b"HTTP/1.1 200 OK\r\nConnection: close\r\nServer: pve\r\nConnection: Keep-Alive\r\n"


class Script(httpcore.AsyncNetworkStream):
    """Gives out chunks that were written down before."""

    def __init__(self, chunks: list[bytes]) -> None:
        self.chunks = chunks
        self.asked: list[str] = []

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  httpcore's
        return self.chunks.pop(0) if self.chunks else b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  httpcore's
        pass

    def get_extra_info(self, info: str) -> Any:
        self.asked.append(info)


async def test_a_long_answer_is_not_asked_for_its_encryption_at_each_chunk() -> None:
    script = Script([b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 65_536] * 50])
    stream = KeepAliveStream(script)
    while await stream.read(65_536):
        pass
    assert script.asked == ["ssl_object"]


async def everything(chunks: list[bytes]) -> bytes:
    stream = KeepAliveStream(Script(chunks))
    await stream.write(b"GET / HTTP/1.1\r\n\r\n")
    seen = b""
    while chunk := await stream.read(65_536):
        seen += chunk
    return seen


@pytest.mark.parametrize(
    ("head", "kept"),
    [
        (TWO, b"HTTP/1.1 200 OK\r\nServer: pve\r\nConnection: keep-alive\r\n"),
        (b"HTTP/1.1 200 OK\r\nconnection:close,Keep-Alive\r\n", b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n", None),
        (b"HTTP/1.1 200 OK\r\nConnection: Keep-Alive\r\n", None),
        (b"HTTP/1.1 200 OK\r\nX-Connection: close, keep-alive\r\n", None),
        (b"HTTP/1.1 500 no\r\nConnection: close\r\nConnection: Keep-Alive\r\n", None),
        (b"HTTP/1.0 200 OK\r\n", None),
    ],
)
def test_heads(head: bytes, kept: bytes | None) -> None:
    assert kept_alive(head) == (head if kept is None else kept)


@given(st.lists(st.integers(1, len(TWO) + 40), max_size=12))
async def test_heads_that_come_in_pieces(cuts: list[int]) -> None:
    # The body looks like a head, and must come through as it is.
    whole = TWO + b"\r\n" + b"Connection: close\r\nConnection: Keep-Alive\r\n\r\nrest"
    edges = [0, *sorted({cut for cut in cuts if cut < len(whole)}), len(whole)]
    pieces = [whole[start:end] for start, end in pairwise(edges)]
    body = whole[len(TWO) + 2 :]
    assert await everything(pieces) == kept_alive(TWO) + b"\r\n" + body


async def test_a_head_that_never_ends_is_handed_on() -> None:
    chunks = [b"HTTP/1.1 200 OK\r\n"] + [b"X: " + b"y" * 60_000] * 4
    assert await everything(list(chunks)) == b"".join(chunks)
    assert await everything([b"HTTP/1.1 200 O"]) == b"HTTP/1.1 200 O"


async def test_interim_answers_come_before_the_head() -> None:
    assert await everything([b"HTTP/1.1 100 Continue\r\n\r\n", TWO + b"\r\n"]) == (
        b"HTTP/1.1 100 Continue\r\n\r\n" + kept_alive(TWO) + b"\r\n"
    )


@pytest.mark.parametrize(
    ("connection", "connections"),
    [(("close", "Keep-Alive"), 1), (("close,Keep-Alive",), 1), (("Keep-Alive",), 1), (("close",), 5)],
)
async def test_what_a_connection_header_means(bench: Bench, connection: tuple[str, ...], connections: int) -> None:
    def app(seen: Seen) -> Answer:
        reply = ok(1, connection=connection)
        return Bytes((reply[:30], reply[30:]), close=connections > 1)

    server, client = await bench.pair(app)
    for _ in range(5):
        assert await client.get("/version") == 1
    assert (server.connections, len(server.requests)) == (connections, 5)


def dies_on_request(number: int) -> Any:
    count = 0

    def app(seen: Seen) -> Answer:
        nonlocal count
        count += 1
        return None if count == number else ok(count)

    return app


async def test_a_get_on_a_dead_reused_connection_is_sent_once_more(bench: Bench) -> None:
    server, client = await bench.pair(dies_on_request(2))
    assert await client.get("/version") == 1
    assert await client.get("/version") == 3
    assert [seen.connection for seen in server.requests] == [1, 1, 2]
    assert client.requests_sent == 3


async def test_a_get_on_a_new_connection_is_not(bench: Bench) -> None:
    server, client = await bench.pair(dies_on_request(1))
    with pytest.raises(NetworkError, match="closed the connection before it answered") as caught:
        await client.get("/version")
    assert caught.value.stage == "answer"
    assert len(server.requests) == 1


async def test_a_get_is_sent_at_most_twice(bench: Bench) -> None:
    def app(seen: Seen) -> Answer:
        return ok(1) if seen.path == "/first" else None

    server, client = await bench.pair(app)
    await client.get("/first")
    with pytest.raises(NetworkError):
        await client.get("/second")
    assert [seen.path for seen in server.requests] == ["/first", "/second", "/second"]


async def test_a_get_that_breaks_in_its_body_is_not_repeated(bench: Bench) -> None:
    def app(seen: Seen) -> Answer:
        return ok(1) if seen.path == "/first" else Bytes((ok("x" * 1000)[:500],), close=True)

    server, client = await bench.pair(app)
    await client.get("/first")
    with pytest.raises(NetworkError, match="in the middle") as caught:
        await client.get("/second")
    assert caught.value.stage == "answer"
    assert len(server.requests) == 2


@pytest.mark.parametrize("method", ["post", "put", "delete"])
@pytest.mark.parametrize("dies", ["without a word", "in the head", "in the body", "hanging"])
async def test_a_write_whose_answer_is_lost_is_sent_once_and_unknown(bench: Bench, method: str, dies: str) -> None:
    whole = ok("UPID:pve1:1")
    endings: dict[str, Answer] = {
        "without a word": None,
        "in the head": Bytes((whole[:20],), close=True),
        "in the body": Bytes((whole[:-4],), close=True),
        "hanging": Bytes((b"",), pause=60),
    }
    server, client = await bench.pair(
        lambda seen: endings[dies], fields={"timeout": 1500 if dies == "hanging" else 5000}
    )
    with pytest.raises(OutcomeUnknown, match="outcome is unknown") as caught:
        await getattr(client, method)("/nodes/pve1/qemu/100/status/start")
    assert caught.value.exit_code == 15
    assert len(server.requests) == 1


async def test_a_write_on_a_connection_that_just_died_is_not_repeated_either(bench: Bench) -> None:
    server, client = await bench.pair(dies_on_request(2))
    assert await client.post("/a") == 1
    with pytest.raises(OutcomeUnknown):
        await client.post("/b")
    assert [seen.path for seen in server.requests] == ["/a", "/b"]


async def test_a_write_does_not_go_on_a_connection_that_reads_kept(bench: Bench) -> None:
    server, client = await bench.pair(lambda seen: ok(1))
    await client.get("/version")
    await client.post("/a")
    await client.post("/b")
    await client.get("/version")
    assert [seen.connection for seen in server.requests] == [1, 2, 2, 1]


async def test_at_most_four_at_once(bench: Bench) -> None:
    running = most = 0
    arrived = asyncio.Semaphore(0)
    go = asyncio.Event()

    async def app(seen: Seen) -> bytes:
        nonlocal running, most
        running += 1
        most = max(most, running)
        arrived.release()
        await go.wait()
        running -= 1
        return ok(1)

    server, client = await bench.pair(app)
    async with asyncio.TaskGroup() as group:
        for _ in range(12):
            group.create_task(client.get("/version"))
        for _ in range(4):
            await arrived.acquire()
        go.set()
    assert most == 4
    assert len(server.requests) == 12
    assert server.connections <= 4


async def test_an_untraced_transport_that_loses_an_answer_is_unknown_too(token_config: ProxmoxConfig) -> None:
    def app(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("lost"):
            raise httpx.ReadError("gone", request=request)
        raise httpx.ConnectError("refused", request=request)

    async with ProxmoxClient(token_config, transport=httpx.MockTransport(app)) as client:
        with pytest.raises(OutcomeUnknown):
            await client.post("/lost")
        with pytest.raises(NetworkError):
            await client.post("/refused")
        with pytest.raises(NetworkError):
            await client.get("/lost")
    assert client.requests_sent == 3


@pytest.mark.parametrize("says", [b"", b"\x16\x03\x03"])
async def test_a_deadline_in_the_handshake_leaves_no_socket_open(token_config: ProxmoxConfig, says: bytes) -> None:
    gone = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says)
        await reader.read()
        gone.set()
        writer.close()

    listener = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with listener, ProxmoxClient(replace(token_config, host="127.0.0.1", port=port, timeout=200)) as client:
        for ask in (client.get, client.post):
            gone.clear()
            with pytest.raises(DeadlineExceeded, match="still in the TLS handshake"):
                await ask("/version")
            async with asyncio.timeout(5):
                await gone.wait()


async def test_an_address_of_version_6(token_config: ProxmoxConfig, shown: Shown) -> None:
    async with AsyncExitStack() as stack:
        try:
            server = await stack.enter_async_context(Server(lambda seen: ok(1), shown.context, host="::1"))
        except OSError:
            pytest.skip("this machine has no ::1")
        config = replace(token_config, host="[::1]", port=server.port, fingerprints=(shown.fingerprint,))
        client = await stack.enter_async_context(ProxmoxClient(config))
        assert await client.get("/version") == 1
        assert server.requests[0].headers["host"] == f"[::1]:{server.port}"
