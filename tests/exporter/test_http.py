"""The exporter's server: one page, one method, bounded in time and room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from proxtui.errors import UsageError
from proxtui.exporter import http
from proxtui.exporter.http import Address, address_of, serving


async def page() -> bytes:
    return b"# EOF\n"


@pytest.fixture
async def here() -> AsyncIterator[Address]:
    async with serving(Address("127.0.0.1", 0), page) as where:
        yield where


async def ask(here: Address, request: bytes) -> tuple[int, str, bytes]:
    """Status, head and body of what comes back, up to the end of the connection."""
    reader, writer = await asyncio.open_connection(here.host, here.port)
    writer.write(request)
    if not request.endswith(b"\r\n\r\n"):
        writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), head.decode(), body


def get(path: str, host: str = "localhost:9221") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


async def test_the_page_and_where_it_is(here: Address) -> None:
    status, head, body = await ask(here, get("/metrics"))
    assert (status, body) == (200, b"# EOF\n")
    assert "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8" in head
    assert "Content-Length: 6" in head
    assert (await ask(here, get("/metrics?collect=all")))[0] == 200
    status, _, body = await ask(here, get("/"))
    assert status == 200
    assert b"/metrics" in body


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (get("/other"), 404),
        (get("/metrics/../etc"), 404),
        (b"POST /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        (b"HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        (b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
        (b"GET /metrics\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
        (b"GET /metrics HTTP/1.1\r\n", 400),
        (b"GET /metrics HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431),
        (get("/metrics", "evil.example:9221"), 403),
        (get("/metrics", "10.0.0.1"), 403),
        (get("/metrics", "[::1]:9221"), 200),
        (b"GET /metrics HTTP/1.0\r\n\r\n", 200),
    ],
)
async def test_nothing_else_is_answered(here: Address, request_: bytes, status: int) -> None:
    assert (await ask(here, request_))[0] == status


async def test_who_says_nothing_is_sent_away(here: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "REQUEST_WITHIN", 0.01)
    reader, writer = await asyncio.open_connection(here.host, here.port)
    assert b" 408 " in await reader.read()
    writer.close()
    await writer.wait_closed()


async def test_too_many_are_told_to_come_again_and_all_are_sent_away_at_the_end() -> None:
    asked, everybody, late = 0, asyncio.Event(), asyncio.Event()

    async def slow() -> bytes:
        nonlocal asked
        asked += 1
        if asked == http.MOST_VISITORS:
            everybody.set()
        await late.wait()
        return b""

    async with serving(Address("127.0.0.1", 0), slow) as here:
        visitors = [asyncio.create_task(ask(here, get("/metrics"))) for _ in range(http.MOST_VISITORS)]
        await everybody.wait()
        assert (await ask(here, get("/metrics")))[0] == 503
    # Their answers are empty: the server went away.
    ends = await asyncio.gather(*visitors, return_exceptions=True)
    assert all(isinstance(end, IndexError | OSError) for end in ends)


async def test_a_visitor_that_goes_away_hurts_nobody(here: Address) -> None:
    _, writer = await asyncio.open_connection(here.host, here.port)
    writer.transport.abort()
    assert (await ask(here, get("/metrics")))[0] == 200


async def test_beyond_the_loopback_any_name_will_do() -> None:
    async with serving(Address("0.0.0.0", 0), page) as here:
        assert (await ask(Address("127.0.0.1", here.port), get("/metrics", "jump.example")))[0] == 200


async def test_a_port_that_is_taken(here: Address) -> None:
    with pytest.raises(UsageError, match="in use"):
        async with serving(here, page):
            pass


@pytest.mark.parametrize(
    ("text", "address", "loopback"),
    [
        ("127.0.0.1:9221", ("127.0.0.1", 9221), True),
        ("[::1]:0", ("::1", 0), True),
        ("localhost:1", ("localhost", 1), True),
        ("0.0.0.0:9221", ("0.0.0.0", 9221), False),
        ("jump.example:80", ("jump.example", 80), False),
    ],
)
def test_addresses(text: str, address: tuple[str, int], loopback: bool) -> None:
    found = address_of(text)
    assert (found, found.is_loopback, str(found)) == (address, loopback, text)


@pytest.mark.parametrize("text", ["9221", ":9221", "127.0.0.1", "127.0.0.1:x", "::1:9221", "a:70000", "a:-1", "a:²"])
def test_no_addresses(text: str) -> None:
    with pytest.raises(UsageError, match="--listen"):
        address_of(text)
