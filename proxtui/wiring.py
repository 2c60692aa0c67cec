"""Builds every part and closes it again, in the reverse order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from proxtui.config.models import Config
from proxtui.core.clock import Clock, SystemClock
from proxtui.core.connecting import AskTotp, connect
from proxtui.core.connection import Connection
from proxtui.core.model import ServerRef
from proxtui.core.poller import Poller
from proxtui.core.runtime import Runtime
from proxtui.core.store import Store
from proxtui.errors import NotConfigured


@asynccontextmanager
async def open_runtime(
    config: Config,
    *,
    read_only: bool = False,
    clock: Clock | None = None,
    ask_totp: AskTotp | None = None,
    transports: Mapping[ServerRef, Any] | None = None,
) -> AsyncIterator[Runtime]:
    """The kernel over every configured server. It sends nothing by itself: run or ask its poller.

    ``transports`` replaces the network of single servers in tests. Raises NotConfigured when there is no server.
    """
    servers = [(ServerRef(*place), server) for place, server in config.servers()]
    if not servers:
        raise NotConfigured("no server is configured")
    settings = config.settings
    locked = read_only or settings.read_only
    clock = clock or SystemClock()
    store = Store(clock)
    connections: dict[ServerRef, Connection] = {}
    async with AsyncExitStack() as closing:
        for ref, server in servers:
            transport = (transports or {}).get(ref)
            connection = connect(ref, server, clock, read_only=locked, ask_totp=ask_totp, transport=transport)
            closing.push_async_callback(connection.aclose)
            connections[ref] = connection
            store.register(ref, interval=settings.interval, unverified_tls=server.trust.mode == "off")
        poller = Poller(
            list(connections.values()),
            store,
            clock,
            interval=settings.interval,
            background_interval=settings.background_interval,
        )
        yield Runtime(config, store, poller, clock, locked, connections)
