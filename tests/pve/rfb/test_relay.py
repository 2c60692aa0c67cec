"""The relay between a viewer on a real socket and a console in memory."""

from __future__ import annotations

import asyncio

import pytest

from proxtui.errors import ConsoleError
from proxtui.pve.rfb.relay import IDLE_LINE, Ended, splice
from proxtui.pve.rfb.streams import PIECE, ConsoleStream

from .pipes import Console, viewer_pair


class Count:
    def __init__(self) -> None:
        self.sent = self.received = 0

    def __call__(self, sent: int, received: int) -> None:
        self.sent += sent
        self.received += received


async def test_bytes_go_both_ways_and_are_counted() -> None:
    console, count = Console(), Count()
    async with viewer_pair() as (viewer, reader, writer):
        running = asyncio.create_task(splice(viewer, console, on_bytes=count))
        console.said.put_nowait(b"picture")
        assert await reader.readexactly(7) == b"picture"
        big = bytes(range(256)) * 4096
        writer.write(big)
        await writer.drain()
        writer.write_eof()
        async with asyncio.timeout(5):
            assert await running == Ended("viewer")
    assert bytes(console.heard) == big
    assert console.largest <= PIECE, "larger frames would end the console"
    assert (count.sent, count.received) == (len(big), 7)
    assert not console.closed, "whoever opened it closes it"


async def test_the_last_words_of_a_console_arrive() -> None:
    console = Console()
    async with viewer_pair() as (viewer, reader, _writer):
        running = asyncio.create_task(splice(viewer, console, on_bytes=Count()))
        for piece in (b"x" * 500_000, b"the end", b""):
            console.said.put_nowait(piece)
        assert (await reader.read(-1)).endswith(b"xthe end")
        assert await running == Ended("console")


async def test_an_idle_console_that_pve_closed() -> None:
    for silence, line in ((895.0, IDLE_LINE), (600.0, "")):
        now = [100.0]
        console = Console()
        async with viewer_pair() as (viewer, reader, _writer):
            running = asyncio.create_task(splice(viewer, console, on_bytes=Count(), now=lambda now=now: now[0]))  # type: ignore[misc]
            console.said.put_nowait(b"x")
            await reader.readexactly(1)
            now[0] += silence
            console.said.put_nowait(b"")
            assert (await running).message == line


async def test_a_console_that_breaks_is_told() -> None:
    console = Console()
    console.said.put_nowait(ConsoleError("pve1:8006 sent what is no console"))
    async with viewer_pair() as (viewer, _reader, _writer):
        ended = await splice(viewer, console, on_bytes=Count())
    assert (ended.by, ended.failed, ended.message) == ("console", True, "pve1:8006 sent what is no console")


async def test_a_viewer_that_reads_nothing_holds_the_console_back() -> None:
    console, count = Console(), Count()
    for _ in range(400):
        console.said.put_nowait(bytes(128 * 1024))
    async with viewer_pair() as (viewer, _reader, _writer):
        running = asyncio.create_task(splice(viewer, console, on_bytes=count))
        before = -1
        while count.received != before:
            before = count.received
            for _ in range(20):
                await asyncio.sleep(0)
        # What waits on the way: two buffers of asyncio and the socket's own.
        assert 0 < count.received < 2 * 1024 * 1024
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_filters_see_every_byte() -> None:
    console, count = Console(), Count()
    async with viewer_pair() as (viewer, reader, writer):
        running = asyncio.create_task(
            splice(viewer, console, on_bytes=count, to_viewer=bytes.upper, to_console=lambda _data: b"")
        )
        console.said.put_nowait(b"abc")
        assert await reader.readexactly(3) == b"ABC"
        writer.write(b"secret")
        writer.write_eof()
        assert await running == Ended("viewer")
    assert (bytes(console.heard), count.sent) == (b"", 0)


async def test_what_a_handshake_left_comes_first() -> None:
    console = Console()
    console.said.put_nowait(b"headtail")
    console.said.put_nowait(b"more")
    stream = ConsoleStream(console)
    assert await stream.read_exactly(4) == b"head"
    assert [await stream.recv(), await stream.recv()] == [b"tail", b"more"]
    console.said.put_nowait(b"")
    with pytest.raises(EOFError):
        await stream.read_exactly(1)
