"""One session of a terminal from its announcement to its last line, the same for the dashboard and the verbs."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from proxtui.features.terminals.attach import LEAVES, Attachment, Ending
from proxtui.features.terminals.seat import Seat
from proxtui.features.terminals.service import SshWish, shell_of, terminal_of, told

if TYPE_CHECKING:
    from proxtui.core.operation import Target
    from proxtui.core.runtime import Runtime
    from proxtui.features.terminals.service import Opened, Trying

WHAT = {"term": "console", "ssh": "shell"}


@contextmanager
def seated() -> Iterator[Seat]:
    """The terminal of whoever sits here. UsageError where there is none."""
    seat = Seat()
    try:
        yield seat
    finally:
        seat.close()


async def joined(seat: Seat, opened: Opened, *, touched: Callable[[], None] = lambda: None) -> tuple[Ending, str]:
    """Be at it until it ends; gives why, and the line to tell. Raises what it failed with, the terminal restored."""
    session = opened.session

    def heard() -> None:
        session.touched()
        touched()

    began = time.monotonic()
    what = WHAT.get(session.use, "console")
    announced = "".join(f"{line}\n" for line in (*opened.notes, f"{what} of {opened.title}; {LEAVES}"))
    await seat.write(announced.encode())
    ending = await Attachment(seat, opened.terminal, on_bytes=session.on_bytes, touched=heard).run()
    session.message = {Ending.LEFT: "left", Ending.CLOSED: "the other side ended it"}.get(
        ending, "the terminal is gone"
    )
    return ending, told(what, opened.title, time.monotonic() - began, session.received)


@asynccontextmanager
async def opened_for(
    runtime: Runtime,
    target: Target,
    use: str,
    *,
    seat: Seat,
    wish: SshWish,
    reason: str = "",
    serial: str | None = None,
    trying: Trying,
) -> AsyncIterator[Opened]:
    """A terminal (``term``) or a shell (``ssh``), as large as the terminal here; ``trying`` hears what takes time."""
    if use == "term":
        async with terminal_of(runtime, target, reason=reason, serial=serial, trying=trying) as opened:
            yield opened
        return
    term = os.environ.get("TERM", "")
    more: dict[str, Any] = {"reason": reason, "term": term, "size": seat.size, "trying": trying}
    async with shell_of(runtime, target, wish, **more) as (opened, shell):
        yield opened
        # Only where it ended by itself it has something to answer; asked for by whoever told it so.
        if opened.session.message == "the other side ended it":
            opened.status = await shell.status()
