"""Calls to the servers of a tenant, counted by the metrics."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from proxtui.core.model import ServerRef
from proxtui.core.recent_calls import recent_connections
from proxtui.errors import StoreUnavailable
from tests.core.test_tenant_stats import config, server

COUNTS = {ServerRef("acme", "berlin"): 3, ServerRef("acme", "lab"): 4, ServerRef("zeta", "paris"): 100}


class Recorded:
    async def ask(self, work: Any) -> Any:
        return work(SimpleNamespace(summary=lambda ref, _hours: SimpleNamespace(attempts=COUNTS[ref])))


class Broken:
    async def ask(self, work: Any) -> Any:
        raise StoreUnavailable("the file is damaged", why="damaged")


def runtime(recording: Any) -> Any:
    return SimpleNamespace(recording=recording, config=config(server("berlin"), server("lab", is_active=False)))


async def test_all_servers_of_the_tenant_and_no_others() -> None:
    # What was switched off today may have been called this morning.
    assert await recent_connections(runtime(Recorded()), "acme") == 7
    assert await recent_connections(runtime(Recorded()), "nobody") == 0


async def test_unknown_is_not_zero() -> None:
    assert await recent_connections(runtime(None), "acme") is None
    assert await recent_connections(runtime(Broken()), "acme") is None
