"""The whole dashboard in this process, on a terminal that only counts: what a change costs until it is painted."""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from textual import events
from textual.drivers.headless_driver import HeadlessDriver

from proxtui.config.models import Config, Endpoint, Server, Settings, Tenant
from proxtui.core.model import ServerRef
from proxtui.core.runtime import Runtime
from proxtui.kit.live_table import LiveTable
from proxtui.kit.screen import LiveScreen
from proxtui.pve.resources import Inventory, decode_resources
from proxtui.tui.app import ProxtuiApp
from proxtui.wiring import open_runtime

REF = ServerRef("bench", "one")
SIZE = (160, 48)
QUIET = 0.45
"""Seconds after which everything that one change causes is painted; the screen bundles changes for 0.2 s."""


class CountingDriver(HeadlessDriver):
    """Textual renders for it as for a real terminal."""

    bytes_written = 0

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.bytes_written += len(data.encode())


class _Unpolled(ProxtuiApp):
    """The dashboard as it is, but nobody asks anything by itself."""

    def _start_polling(self) -> None:
        pass


class Stage:
    """One dashboard. Several may live side by side: each has a context of its own, where Textual keeps its app."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.app = _Unpolled(runtime)
        self.app.driver_class = CountingDriver
        self._context = contextvars.copy_context()
        self._polls = 0

    @property
    def driver(self) -> CountingDriver:
        driver = self.app._driver
        assert isinstance(driver, CountingDriver)
        return driver

    @property
    def table(self) -> LiveTable:
        screen = self.app.screen
        assert isinstance(screen, LiveScreen)
        return screen.query_one("#views").query(LiveTable).first()

    async def put(self, inventory: Inventory) -> None:
        self._polls += 1
        now = self.runtime.clock.monotonic()
        self.runtime.store.put(REF, inventory, taken_at=now, endpoint="bench:8006", interval=300.0)

    async def cpu_of(self, change: Callable[[], Awaitable[None]], *, quiet: float = QUIET) -> float:
        """Seconds of processor time until what ``change`` does has been painted."""
        await asyncio.sleep(0.02)
        started = time.process_time()
        await self._inside(change)
        await asyncio.sleep(quiet)
        return time.process_time() - started

    async def take(self, body: bytes) -> float:
        """The same for an answer that has just come in."""

        async def change() -> None:
            await self.put(decode_resources(body))

        return await self.cpu_of(change)

    async def press(self, key: str, *, quiet: float = 0.1) -> float:
        """The same for a key."""

        async def change() -> None:
            self.driver.send_message(events.Key(key, key if len(key) == 1 else None))

        return await self.cpu_of(change, quiet=quiet)

    async def run(self) -> asyncio.Task[None]:
        """Start the app; it is painted when this returns."""
        task = asyncio.create_task(self.app.run_async(size=SIZE), context=self._context)
        while not (self.app._driver is not None and self.driver.bytes_written):  # noqa: ASYNC110  not ours to signal
            await asyncio.sleep(0.02)
        await asyncio.sleep(QUIET)
        return task

    async def leave(self, task: asyncio.Task[None]) -> None:
        """End the app; a bug that ended it before is raised."""

        async def change() -> None:
            self.app.exit()

        await self._inside(change)
        await task
        if self.app.crash is not None:
            raise self.app.crash

    async def _inside(self, change: Callable[[], Awaitable[None]]) -> None:
        async def call() -> None:
            await change()

        await asyncio.create_task(call(), context=self._context)


@asynccontextmanager
async def stage(body: bytes) -> AsyncIterator[Stage]:
    """A dashboard that shows this answer."""
    server = Server(name=REF.server, endpoints=(Endpoint(host="127.0.0.1"),))
    tenant = Tenant(slug=REF.tenant, name=REF.tenant, servers=(server,))
    config = Config(tenants=(tenant,), settings=Settings(interval=300.0, background_interval=300.0))
    async with open_runtime(config) as runtime:
        made = Stage(runtime)
        task = await made.run()
        await made.take(body)
        assert made.table.total > 0
        yield made
        await made.leave(task)
