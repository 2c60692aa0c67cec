"""Configurations for servers that are really running, and waiting for what the store says of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from proxtui.config.models import Config, Credentials, Endpoint, Server, Settings, Tenant, TlsTrust
from proxtui.config.secret import Secret
from proxtui.core.model import Fleet
from proxtui.core.store import Store


def token_server(announced: dict[str, Any], *, port: int | None = None, timeout_ms: int = 30_000) -> Server:
    """A server as the simulator announced it, trusted by its fingerprint."""
    return Server(
        name=announced["server"],
        endpoints=(Endpoint(host=announced["host"], port=port or announced["port"]),),
        trust=TlsTrust(mode="fingerprint", fingerprints=(announced["fingerprint"],)),
        credentials=Credentials(
            token_id=announced["token_id"], token_secret=Secret(announced["token_secret"])
        ),
        timeout_ms=timeout_ms,
    )  # fmt: skip


def fleet_of(*servers: Server, interval: float = 4.0) -> Config:
    """One tenant with these servers."""
    return Config(
        tenants=(Tenant(slug="acme", name="Acme", servers=servers),),
        settings=Settings(interval=interval, background_interval=interval),
    )


async def until(store: Store, holds: Callable[[Fleet], bool], *, seconds: float = 30.0) -> Fleet:
    """Wait, by the store's own events, until ``holds`` is true of the fleet."""
    changed = asyncio.Event()
    forget = store.subscribe(lambda _delta: changed.set())
    try:
        async with asyncio.timeout(seconds):
            while not holds(fleet := store.fleet()):
                await changed.wait()
                changed.clear()
            return fleet
    finally:
        forget()
