"""The only clock of the kernel, so that tests can hold time still."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """Time as the kernel sees it. Seconds everywhere."""

    def monotonic(self) -> float:
        """Seconds that only ever grow; for ages, intervals and deadlines."""

    def time(self) -> float:
        """Seconds since the epoch; only for what people read."""

    def boottime(self) -> float:
        """Seconds that also grow while the machine sleeps; for permissions that end."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        return time.monotonic()

    def time(self) -> float:
        return time.time()

    def boottime(self) -> float:
        # Only Linux tells; elsewhere the time asleep is not counted.
        return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def sleep_or_wake(clock: Clock, seconds: float | None, wake: asyncio.Event) -> None:
    """Wait for the time or for the event, whichever comes first. Both tasks end before this returns."""
    waits = {asyncio.ensure_future(_until(wake))}
    if seconds is not None:
        waits.add(asyncio.ensure_future(clock.sleep(seconds)))
    try:
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waits:
            task.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
    for task in done:
        task.result()


async def _until(event: asyncio.Event) -> None:
    await event.wait()
