"""Writes down how calls went: in batches, on a thread of its own, and never in the way of the calls."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar

from proxtui.core.calls import Called, CallLog
from proxtui.core.clock import Clock
from proxtui.core.connection import Connection
from proxtui.core.model import ServerRef
from proxtui.errors import ProxtuiError

T = TypeVar("T")

FIRST = 5.0
"""Seconds until the first writing, which loads the database code: long after the first paint."""
EVERY = 10.0
"""Seconds between two writings."""
AGAIN = 60.0
"""Seconds after which it is tried again when it went wrong."""
DAY = 86_400.0
PATIENCE = 5.0
"""Seconds that the last writing may take when the program ends."""

log = logging.getLogger(__name__)


class Keeper(Protocol):
    """Who writes. Every method blocks, and raises a ProxtuiError when it cannot."""

    metrics: Any
    """What is asked for numbers: ``ConnectionMetrics``."""

    def record(self, batch: Sequence[Called]) -> None:
        """Write these calls."""

    def learned(self, refs: Iterable[ServerRef]) -> dict[ServerRef, int]:
        """Milliseconds that a call to these servers should be given; without those of which too little is known."""

    def prune(self) -> int:
        """Forget what is too old."""

    def close(self) -> None:
        """Write no more."""


class Recording:
    """Owned by the runtime: ``start`` once there is an event loop, ``aclose`` after the connections.

    ``open_keeper`` is called on the thread, with the function that tells people of what went wrong.
    """

    def __init__(self, calls: CallLog, clock: Clock, open_keeper: Callable[[Callable[[str], None]], Keeper]) -> None:
        self.calls = calls
        self.learned: Mapping[ServerRef, int] = {}
        """Milliseconds; empty until they were read."""
        self.tell: Callable[[str], None] = log.warning
        """Who hears, on the event loop, of what people should know."""
        self._clock = clock
        self._open = open_keeper
        self._keeper: Keeper | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="metrics")
        self._task: asyncio.Task[None] | None = None
        self._connections: Mapping[ServerRef, Connection] = {}
        self._obedient: frozenset[ServerRef] = frozenset()
        self._trouble = ""
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, connections: Mapping[ServerRef, Connection], obedient: Iterable[ServerRef]) -> None:
        """Begin. The ``obedient`` servers are given the time that was learned instead of the configured one."""
        self._connections, self._obedient = connections, frozenset(obedient)
        self._task = asyncio.create_task(self._run(), name="metrics")
        self._task.add_done_callback(_complain)

    async def ask(self, work: Callable[[Any], T]) -> T:
        """What ``work`` makes of the metrics, on the thread. Raises StoreUnavailable."""
        return await self._do(lambda: work(self._kept().metrics))

    async def learn(self) -> None:
        """Read what was learned, and give it to the servers that want it."""
        refs = tuple(self._connections)
        found = await self._tried(lambda: self._kept().learned(refs))
        if found is None:
            return
        self.learned = found
        for ref in self._obedient & found.keys():
            for route in self._connections[ref].routes:
                route.take_deadline(found[ref])

    @property
    def obedient(self) -> frozenset[ServerRef]:
        """Servers that are given the time that was learned."""
        return self._obedient

    async def flush(self) -> bool:
        """Write what waits. False when that failed: then it still waits, as far as there is room."""
        batch = self.calls.drain()
        if not batch:
            return True

        def work() -> bool:
            self._kept().record(batch)
            return True

        if await self._tried(work):
            self._trouble = ""
            return True
        self.calls.put_back(batch)
        return False

    async def aclose(self) -> None:
        """Write what still waits, and end. It waits for a few seconds at most."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        try:
            async with asyncio.timeout(PATIENCE):
                await self.flush()
                if self._keeper is not None:
                    await self._do(self._keeper.close)
        except TimeoutError:
            self._say("the metrics of the last calls are not written: the database does not answer")
        self._thread.shutdown(wait=False)

    async def _run(self) -> None:
        if not self._obedient:
            await self._clock.sleep(FIRST)
        due = self._clock.monotonic()
        while True:
            if self._clock.monotonic() >= due:
                due = self._clock.monotonic() + DAY
                await self._tried(lambda: self._kept().prune())
                await self.learn()
            written = await self.flush()
            await self._clock.sleep(EVERY if written else AGAIN)

    def _kept(self) -> Keeper:
        """Only on the thread."""
        if self._keeper is None:
            self._keeper = self._open(self._say_later)
        return self._keeper

    async def _do(self, work: Callable[[], T]) -> T:
        self._loop = loop = asyncio.get_running_loop()
        # Unshielded, a caller that is cancelled would take back what still waits behind others.
        return await asyncio.shield(loop.run_in_executor(self._thread, work))

    async def _tried(self, work: Callable[[], T]) -> T | None:
        try:
            return await self._do(work)
        except (ProxtuiError, OSError) as error:
            if not self._trouble:
                self._say(f"calls are not recorded for now: {error}")
            self._trouble = str(error)
            return None

    def _say_later(self, text: str) -> None:
        """From the thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._say, text)

    def _say(self, text: str) -> None:
        self.tell(text)


def _complain(task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        log.error("calls are not recorded any more", exc_info=error)
