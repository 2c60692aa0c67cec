"""Joins the terminal of whoever sits here with one far away, until either ends or ctrl-] is pressed."""

from __future__ import annotations

import asyncio
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final

from proxtui.errors import NetworkError
from proxtui.features.terminals.seat import Seat
from proxtui.features.terminals.sieve import Sieve
from proxtui.pve.terminal import Terminal

LEAVES: Final = "ctrl-] leaves"
MOST_TYPED: Final = 256 * 1024
"""Bytes that may wait for a console that takes nothing; what is typed or pasted beyond waits in the terminal."""
LAST_WORDS: Final = 2.0
"""Seconds for what is on its way when nothing can be sent any more."""
# As a terminal sends it: plainly, and as those do that tell every key by number when a program asked for it.
_LEAVE: Final = re.compile(rb"\x1d|\x1b\[93(?::\d*)*;5(?::1)?u|\x1b\[27;5;93~")
_UNFINISHED: Final = re.compile(rb"\x1b(?:\[[\d;:]{0,12})?\Z")


class Ending(StrEnum):
    """Why it is over."""

    LEFT = "left"
    """By ctrl-]."""
    CLOSED = "closed"
    """The other side ended it."""
    GONE = "gone"
    """The terminal here was closed."""
    ENDED = "ended"
    """A signal ended the program."""


class Attachment:
    """One terminal here and one far away. ``run`` once."""

    def __init__(
        self,
        seat: Seat,
        terminal: Terminal,
        *,
        on_bytes: Callable[[int, int], None] = lambda sent, received: None,
        touched: Callable[[], None] = lambda: None,
    ) -> None:
        """``on_bytes`` gets how many more were sent and received; ``touched`` is told of every key."""
        self._seat = seat
        self._terminal = terminal
        self._on_bytes = on_bytes
        self._touched = touched
        self._typed = bytearray()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._resized = asyncio.Event()

    async def run(self) -> Ending:
        """Be attached. Raises what the console fails with; the terminal here is as before in every case."""
        with self._seat.raw(), self._following_size():
            ways = (self._show(), self._listen(), self._send(), self._resize())
            jobs = [asyncio.create_task(way, name="terminal") for way in ways]
            try:
                done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for job in jobs:
                    job.cancel()
                await asyncio.gather(*jobs, return_exceptions=True)
        ends = [job.result() for job in jobs if job in done]
        return min(ends, key=list(Ending).index)

    async def _show(self) -> Ending:
        """What comes is shown before the next piece is read: a flood waits far away, not here."""
        sieve = Sieve()
        while piece := await self._terminal.recv():
            self._on_bytes(0, len(piece))
            try:
                await self._seat.write(sieve.pass_(piece))
            except OSError:
                return Ending.GONE
        return Ending.CLOSED

    async def _listen(self) -> Ending:
        left = b""
        while typed := await self._seat.read():
            self._touched()
            data = left + typed
            if _LEAVE.search(data):
                return Ending.LEFT
            # A key by number may come in two pieces; a lone escape must not wait for what never comes.
            unfinished = _UNFINISHED.search(data)
            cut = unfinished.start() if unfinished is not None and len(unfinished[0]) > 2 else len(data)
            left = data[cut:]
            self._keep(data[:cut])
            await self._room.wait()
        return Ending.GONE

    def _keep(self, data: bytes) -> None:
        self._typed += data
        self._news.set()
        if len(self._typed) >= MOST_TYPED:
            self._room.clear()

    async def _send(self) -> Ending:
        while True:
            await self._news.wait()
            self._news.clear()
            data = bytes(self._typed)
            self._typed.clear()
            self._room.set()
            if data:
                self._on_bytes(len(data), 0)
                try:
                    await self._terminal.send(data)
                except NetworkError:
                    return await self._ended()

    async def _resize(self) -> Ending:
        """However many sizes come in a moment, only the last one is told."""
        while True:
            columns, rows = self._seat.size
            try:
                await self._terminal.resize(columns, rows)
            except NetworkError:
                return await self._ended()
            await self._resized.wait()
            self._resized.clear()

    async def _ended(self) -> Ending:
        """Whoever reads knows better how it ended, and has something to show yet."""
        await asyncio.sleep(LAST_WORDS)
        return Ending.CLOSED

    @contextmanager
    def _following_size(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGWINCH, self._resized.set)
        try:
            yield
        finally:
            loop.remove_signal_handler(signal.SIGWINCH)
