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

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        return time.monotonic()

    def time(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
