"""The terminal of whoever sits here: raw while something is attached to it, and as it was before whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import termios
import tty
from collections.abc import Callable, Iterator
from typing import Any, Final

from proxtui.errors import UsageError

PIECE: Final = 4096
_STALLED_SECONDS: Final = 1.0
"""How long a terminal that reads nothing is waited for before it is left as it is."""

RESET: Final = b"".join(
    (
        b"\x18\x1b\\",  # whatever sequence was not finished ends here
        b"\x1b7\x1b[?1049l",  # back from the other screen; the cursor stays where it is when that was not shown
        b"\x1b7\x1b[r\x1b8\x1b[!p",  # the whole screen scrolls; then the soft reset
        b"\x1b[?1l\x1b>\x1b[?5l\x1b[?7h\x1b[?25h\x1b[4l",
        b"\x1b[?9l\x1b[?1000l\x1b[?1001l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l",
        b"\x1b[?2004l\x1b[?2026l\x1b[?2048l",  # mouse, focus and paste are reported no more
        b"\x1b[=0u\x1b[>4m",  # keys as terminals have always sent them
        b"\x1b(B\x1b)B\x0f\x1b[0m\x1b[0 q",
    )
)
"""A soft reset: what is on the screen stays, and every mode that a guest can have set is off again."""


class Seat:
    """A terminal opened once more: reading it without waiting changes nothing for others that have it open."""

    def __init__(self, descriptor: int = 0) -> None:
        """UsageError when there is no terminal there."""
        try:
            name = os.ttyname(descriptor)
        except OSError as error:
            raise UsageError("a terminal is needed on stdin and stdout") from error
        self._fd = _opened(name)

    def close(self) -> None:
        """Let go of it."""
        os.close(self._fd)

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows; the usual ones where it does not know."""
        try:
            columns, rows = os.get_terminal_size(self._fd)
        except OSError:
            return 80, 24
        return columns or 80, rows or 24

    async def read(self) -> bytes:
        """What was typed; empty when nobody can type any more."""
        while True:
            try:
                return os.read(self._fd, PIECE)
            except BlockingIOError:
                await _ready(self._fd, reading=True)
            except OSError:
                return b""

    async def write(self, data: bytes) -> None:
        """Show all of it: waits as long as the terminal takes nothing. OSError when it is gone."""
        left = memoryview(data)
        while left:
            try:
                left = left[os.write(self._fd, left) :]
            except BlockingIOError:
                await _ready(self._fd, reading=False)

    @contextlib.contextmanager
    def raw(self) -> Iterator[None]:
        """Every key goes to the console; afterwards everything is as it was, and no answer to it is left over."""
        before = termios.tcgetattr(self._fd)
        try:
            tty.setraw(self._fd, termios.TCSANOW)
            yield
        finally:
            self._give_back(before)

    def _give_back(self, before: list[Any]) -> None:
        # Each by itself: a terminal that is gone refuses all of it, one that stalls takes the rest.
        with contextlib.suppress(termios.error):
            termios.tcsetattr(self._fd, termios.TCSANOW, before)
        with contextlib.suppress(OSError):
            self._push(RESET)
        with contextlib.suppress(termios.error):
            # Answers to questions of the guest would be typed into whatever comes next.
            termios.tcflush(self._fd, termios.TCIFLUSH)

    def _push(self, data: bytes) -> None:
        left = memoryview(data)
        while left and select.select((), (self._fd,), (), _STALLED_SECONDS)[1]:
            left = left[os.write(self._fd, left) :]


def _opened(name: str) -> int:
    flags = os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        return os.open(name, flags)
    except OSError:
        # After a change of user its name may be somebody else's, and it still is ours.
        try:
            return os.open("/dev/tty", flags)
        except OSError as error:
            raise UsageError(f"the terminal cannot be opened: {error.strerror}") from error


async def _ready(descriptor: int, *, reading: bool) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    watch: Callable[..., Any] = loop.add_reader if reading else loop.add_writer
    forget: Callable[[int], bool] = loop.remove_reader if reading else loop.remove_writer
    watch(descriptor, _settle, ready)
    try:
        await ready
    finally:
        forget(descriptor)


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)
