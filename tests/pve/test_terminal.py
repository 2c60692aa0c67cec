"""termproxy's messages: the login, what is typed, sizes, pings, and how it ends."""

from __future__ import annotations

import asyncio
from collections import deque

import pytest

from proxtui.errors import ConsoleError
from proxtui.pve.console import TermTicket
from proxtui.pve.terminal import MOST, TermSocket, enter

TICKET = TermTicket(
    path="/nodes/pve1/lxc/200", endpoint="pve1:8006", port=5900, user="a@pve!t", upid="UPID:x", ticket="PVEVNC:1::s"
)


class Socket:
    """A console that says what it was given, and keeps what it heard."""

    def __init__(self, *says: bytes, ends: bool = True) -> None:
        self.says = deque(says)
        self.ends = ends
        self.heard: list[bytes] = []
        self.closed = 0
        self.news = asyncio.Event()

    async def recv(self) -> bytes:
        if self.says:
            return self.says.popleft()
        if not self.ends:
            await asyncio.Event().wait()
        return b""

    async def send(self, data: bytes) -> None:
        if self.closed:
            raise ConsoleError("the console is closed")
        self.heard.append(data)
        self.news.set()

    async def aclose(self) -> None:
        self.closed += 1


@pytest.mark.parametrize("says", [(b"OKlogin: ",), (b"O", b"Klogin: "), (b"OK", b"login: ")])
async def test_the_login_and_what_follows_it(says: tuple[bytes, ...]) -> None:
    socket = Socket(*says)
    terminal = await enter(socket, TICKET)
    assert socket.heard == [b"a@pve!t:PVEVNC:1::s\n"]
    assert await terminal.recv() == b"login: "
    assert await terminal.recv() == b""
    await terminal.aclose()
    assert socket.closed == 1


@pytest.mark.parametrize("says", [(), (b"O",), (b"permission denied",)])
async def test_a_ticket_that_is_not_taken(says: tuple[bytes, ...]) -> None:
    socket = Socket(*says)
    with pytest.raises(ConsoleError, match="did not take its ticket"):
        await enter(socket, TICKET)
    assert socket.closed == 1


async def test_a_terminal_that_says_nothing_is_given_up() -> None:
    socket = Socket(ends=False)
    with pytest.raises(ConsoleError, match="said nothing within"):
        await enter(socket, TICKET, seconds=0.01)
    assert socket.closed == 1


async def test_what_is_typed_and_how_large_it_is() -> None:
    socket = Socket()
    terminal = TermSocket(socket)
    await terminal.send("ß\r".encode())
    await terminal.send(b"x" * (MOST + 1))
    await terminal.send(b"")
    await terminal.resize(80, 24)
    await terminal.resize(0, 100_000)
    assert socket.heard == [
        b"0:3:\xc3\x9f\r",
        b"0:%d:" % MOST + b"x" * MOST,
        b"0:1:x",
        b"1:80:24:",
        b"1:1:9999:",
    ]
    await terminal.aclose()


async def test_it_is_kept_alive_until_it_ends() -> None:
    socket = Socket(ends=False)
    terminal = TermSocket(socket, ping_seconds=0.0)
    async with asyncio.timeout(5):
        await socket.news.wait()
    assert set(socket.heard) == {b"2"}
    socket.closed = 1
    async with asyncio.timeout(5):
        await asyncio.wait([terminal._pinging])
    await terminal.aclose()
