"""Carries the bytes of one console between a viewer and PVE, with little in memory whichever side is slow."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Literal

from proxtui.errors import NetworkError
from proxtui.pve.rfb.streams import ConsoleSocket, ViewerEnd

IDLE: Final = 15 * 60.0
"""Seconds without a byte after which PVE ends a console."""
IDLE_LINE: Final = "PVE closed an idle console"
_NEARLY: Final = 0.98
"""Of that time: its clock began to count a little before or after ours."""
FAREWELL: Final = 1.0
"""Seconds for a viewer to read what is left for it."""

OnBytes = Callable[[int, int], None]
"""Told how many more bytes went to the console, and how many came from it."""
Filter = Callable[[bytes], bytes]
"""Sees a piece and gives what is to be passed on of it."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a relay came to its end."""

    by: Literal["viewer", "console"]
    message: str = ""
    """What is worth a word; empty when the one who ended it meant to."""
    failed: bool = False
    """True where it broke."""


async def splice(
    viewer: ViewerEnd,
    console: ConsoleSocket,
    *,
    on_bytes: OnBytes,
    idle: float = IDLE,
    to_console: Filter | None = None,
    to_viewer: Filter | None = None,
    now: Callable[[], float] = time.monotonic,
) -> Ended:
    """Pass bytes both ways until one side ends; closes neither. A viewer that ends one half has ended.

    ``to_console`` and ``to_viewer`` see every byte (``messages.Talk``). Whoever is slow makes the other side wait:
    nothing more is read than could be passed on.
    """
    way = _Way(viewer, console, on_bytes, now)
    jobs = [_job(way.down(to_viewer)), _job(way.up(to_console))]
    try:
        await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
        first = next(job for job in jobs if job.done())
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
    ended = first.result()
    if ended.by == "console":
        await viewer.finish(FAREWELL)
        if not ended.failed and way.silence >= idle * _NEARLY:
            return Ended("console", IDLE_LINE)
    return ended


def _job(way: Coroutine[Any, Any, Ended]) -> asyncio.Task[Ended]:
    return asyncio.create_task(way, name="console relay")


class _Way:
    """Both directions, and when something last moved."""

    def __init__(self, viewer: ViewerEnd, console: ConsoleSocket, on_bytes: OnBytes, now: Callable[[], float]) -> None:
        self._viewer = viewer
        self._console = console
        self._on_bytes = on_bytes
        self._now = now
        self._moved_at = now()

    @property
    def silence(self) -> float:
        return self._now() - self._moved_at

    async def down(self, pick: Filter | None) -> Ended:
        """From the console to the viewer."""
        recv, write, on_bytes = self._console.recv, self._viewer.write, self._on_bytes
        try:
            while data := await recv():
                self._moved_at = self._now()
                on_bytes(0, len(data))
                if pick is None or (data := pick(data)):
                    await write(data)
        except NetworkError as error:
            return Ended("console", str(error), failed=True)
        except OSError:
            return Ended("viewer")
        return Ended("console")

    async def up(self, pick: Filter | None) -> Ended:
        """From the viewer to the console."""
        recv, send, on_bytes = self._viewer.recv, self._console.send, self._on_bytes
        try:
            while data := await recv():
                self._moved_at = self._now()
                if pick is None or (data := pick(data)):
                    await send(data)
                    on_bytes(len(data), 0)
        except NetworkError as error:
            return await self._after(error)
        except OSError:
            return Ended("viewer")
        return Ended("viewer")

    async def _after(self, error: NetworkError) -> Ended:
        """Sending failed because the console is over: its last bytes are still to be read, by the other direction."""
        await asyncio.sleep(FAREWELL)
        return Ended("console", str(error), failed=True)
