"""A server with a second path: gone, another way; back again, back to it. Over real sockets."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from proxtui.config.models import Endpoint
from proxtui.core.model import Fleet, ServerRef, SourceState
from proxtui.wiring import open_runtime

from .chaos import Mode, chaos_proxy
from .conftest import Simulator
from .fleets import fleet_of, token_server, until
from .test_failover import within_limit

TAILSCALE = "127.0.0.2"
"""An address of its own, as the port is that of the first endpoint."""


def goes_by(path: str) -> Any:
    def holds(fleet: Fleet) -> bool:
        (shown,) = fleet.snapshots
        return shown.state is SourceState.FRESH and shown.path == path

    return holds


@pytest.mark.parametrize("mode", ["drop", "hang"])
async def test_tailscale_goes_and_comes_back(
    fleet_simulator: Simulator, monkeypatch: pytest.MonkeyPatch, mode: Mode
) -> None:
    monkeypatch.setattr("proxtui.core.connection.FIRST_LOOK_BACK", 0.2)
    there = fleet_simulator.first
    target = there["host"], there["port"]
    async with chaos_proxy(*target) as direct, chaos_proxy(*target, at=TAILSCALE, listen=direct.port) as tailscale:
        server = replace(
            token_server(there),
            endpoints=(Endpoint(host="127.0.0.1", port=direct.port),),
            use_tailscale=True,
            tailscale_hostname=TAILSCALE,
        )
        async with open_runtime(fleet_of(server, interval=1.0), read_only=True) as runtime:
            asking = asyncio.create_task(runtime.poller.run())
            connection = runtime.connection(ServerRef("acme", there["server"]))
            await until(runtime.store, goes_by("tailscale"))
            assert direct.accepted == 0
            async with within_limit(token_server(there)):
                tailscale.mode = mode
                runtime.poller.nudge()
                await until(runtime.store, goes_by("direct"))
            tailscale.mode = "pass"
            await until(runtime.store, goes_by("tailscale"))
            assert connection.path == "tailscale"
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)


async def test_without_tailscale_there_is_one_path(fleet_simulator: Simulator) -> None:
    server = replace(token_server(fleet_simulator.first), tailscale_hostname=TAILSCALE)
    async with open_runtime(fleet_of(server), read_only=True) as runtime:
        connection = runtime.connection(ServerRef("acme", fleet_simulator.first["server"]))
        assert [route.path for route in connection.routes] == ["direct"]
