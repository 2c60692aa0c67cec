"""The total deadline of one call, which stands still while a person is being asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType


class Deadline:
    """``async with Deadline(seconds)``: ``TimeoutError`` when the block is not done by then."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._timeout = asyncio.timeout(seconds)

    async def __aenter__(self) -> Deadline:
        await self._timeout.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._timeout.__aexit__(kind, error, traceback)

    @property
    def remaining(self) -> float:
        """Seconds left; never below zero."""
        when = self._timeout.when()
        return self.seconds if when is None else max(0.0, when - asyncio.get_running_loop().time())

    def renew(self) -> None:
        """All of the time from now on: for what may take long as long as it gets on."""
        if not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time() + self.seconds)

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Within this block no time passes."""
        left = self.remaining
        self._timeout.reschedule(None)
        try:
            yield
        finally:
            if not self._timeout.expired():
                self._timeout.reschedule(asyncio.get_running_loop().time() + left)
