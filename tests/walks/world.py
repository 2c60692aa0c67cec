"""The simulator in this process: its answers without sockets, and a configuration that reaches them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from proxtui.config.models import Config, Credentials, Endpoint, Server, Settings, Tenant
from proxtui.config.secret import Secret
from proxtui.core.clock import Clock
from proxtui.core.model import ServerRef, SourceState
from proxtui.core.runtime import Runtime
from proxtui.sim.app import create_app
from proxtui.sim.scenarios import SCENARIOS
from proxtui.sim.transport import SimTransport
from proxtui.sim.world import Site, World
from proxtui.tui.app import ProxtuiApp
from proxtui.wiring import open_runtime


def make_world(scenario: str, *, now: Callable[[], float] = time.time) -> World:
    world = World(seed=1, now=now, auth_delay=0.0)
    SCENARIOS[scenario](world)
    return world


class Traffic:
    """How many requests are on their way to a world."""

    def __init__(self) -> None:
        self._count = 0
        self.is_quiet = asyncio.Event()
        """Set while there is none."""
        self.is_quiet.set()

    def through(self, transport: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        """The same transport, counted."""
        return _Counted(transport, self)

    @asynccontextmanager
    async def request(self) -> AsyncIterator[None]:
        self._count += 1
        self.is_quiet.clear()
        try:
            yield
        finally:
            self._count -= 1
            if not self._count:
                self.is_quiet.set()


class _Counted(httpx.AsyncBaseTransport):
    def __init__(self, transport: httpx.AsyncBaseTransport, traffic: Traffic) -> None:
        self._transport, self._traffic = transport, traffic

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        async with self._traffic.request():
            return await self._transport.handle_async_request(request)


@asynccontextmanager
async def runtime_over(
    world: World,
    *,
    interval: float = 1.0,
    timeout_ms: int = 2_000,
    clock: Clock | None = None,
    traffic: Traffic | None = None,
    read_only: bool = True,
    **more: Any,
) -> AsyncIterator[Runtime]:
    """The kernel over every site of the world, each a server of a tenant of its own name."""
    tenants = tuple(
        Tenant(slug=site.name, name=site.name.title(), servers=(_server(site, timeout_ms),))
        for site in world.sites.values()
    )
    config = Config(tenants=tenants, settings=Settings(interval=interval, background_interval=interval))
    counted = traffic or Traffic()
    transports = {
        ServerRef(site.name, site.name): counted.through(SimTransport(create_app(world, site.name)))
        for site in world.sites.values()
    }
    async with open_runtime(config, read_only=read_only, transports=transports, clock=clock, **more) as runtime:
        yield runtime


def _server(site: Site, timeout_ms: int) -> Server:
    token = site.announced
    assert token is not None
    return Server(
        name=site.name,
        endpoints=(Endpoint(host=f"{site.name}.example"),),
        credentials=Credentials(token_id=token.full, token_secret=Secret(token.secret)),
        timeout_ms=timeout_ms,
    )  # fmt: skip


def all_judged(runtime: Runtime) -> bool:
    """True when no server is still waited for."""
    return all(one.state is not SourceState.WAITING for one in runtime.store.fleet().snapshots)


__all__ = ["ProxtuiApp", "Traffic", "all_judged", "make_world", "runtime_over"]
