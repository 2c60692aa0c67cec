"""A simulated world whose clock the test holds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from proxtui.sim.app import create_app
from proxtui.sim.scenarios import SCENARIOS
from proxtui.sim.transport import SimTransport
from proxtui.sim.world import World

NOON = 1_795_305_600.0
"""A Sunday in November."""


class HeldClock:
    """Time that only moves when it is told to."""

    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock()


@pytest.fixture
def make_world(clock: HeldClock) -> Callable[..., World]:
    def make(scenario: str = "small", **options: float) -> World:
        world = World(now=clock, **{"seed": 1, "auth_delay": 0.0, **options})  # type: ignore[arg-type]
        SCENARIOS[scenario](world)
        return world

    return make


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    return make_world()


@pytest.fixture
async def doer(world: World, clock: HeldClock) -> AsyncIterator[Any]:
    """Somebody with all rights on the small cluster."""
    from .changes import Doer

    async with client(world) as http:
        yield Doer(http, world.sites["lab"], clock)


def arrival(world: World) -> asyncio.Event:
    """Set as soon as a request arrives."""
    event = asyncio.Event()
    world.requests.listeners.append(lambda record: event.set())
    return event


def client(world: World, server: str | None = None, who: str | None = "admin@pve!proxtui") -> httpx.AsyncClient:
    """A client of one server, with one of its tokens."""
    name = server or next(iter(world.sites))
    headers = {}
    if who is not None:
        headers["Authorization"] = f"PVEAPIToken={who}={world.sites[name].tokens[who].secret}"
    transport = SimTransport(create_app(world, name))
    return httpx.AsyncClient(transport=transport, base_url="https://sim/api2/json", headers=headers)
