"""An endpoint goes away, over real sockets: the next one answers within three seconds, and never another cluster."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import pytest

from proxtui.config.models import Credentials, Endpoint, Server, TlsTrust
from proxtui.config.secret import Secret
from proxtui.core.connecting import proxmox_config
from proxtui.core.model import Fleet, ServerRef, SourceState
from proxtui.core.runtime import Runtime
from proxtui.errors import NetworkError
from proxtui.pve.client import ProxmoxClient
from proxtui.pve.cluster import ClusterTools
from proxtui.pve.fingerprints import fetch_fingerprints
from proxtui.wiring import open_runtime

from .chaos import Mode, chaos_proxy
from .conftest import Simulator, simulator
from .fleets import fleet_of, token_server, until

LIMIT = 3.0
BEAT = 0.05
"""Seconds between two looks at how late the event loop is."""


@asynccontextmanager
async def within_limit(server: Server) -> AsyncIterator[None]:
    """The claim, on a machine that others load as well: our own waiting is what counts.

    What a task that only sleeps was late meanwhile is not counted, nor what the same first look at the endpoint that
    answers takes all by itself.
    """
    late = 0.0

    async def beats() -> None:
        nonlocal late
        while True:
            asleep = time.monotonic()
            await asyncio.sleep(BEAT)
            late += max(0.0, time.monotonic() - asleep - BEAT)

    beating = asyncio.create_task(beats())
    started = time.monotonic()
    try:
        yield
    finally:
        took = time.monotonic() - started
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)
    started = time.monotonic()
    async with ProxmoxClient(proxmox_config(server, server.endpoints[-1]), read_only=True) as client:
        await ClusterTools(client).status()
        await ClusterTools(client).inventory()
    alone = time.monotonic() - started
    assert took - late - alone < LIMIT, f"{took:.2f} s, of which {late:.2f} s late; alone it takes {alone:.2f} s"


def reached_at(announced: dict[str, Any], *ports: int) -> Server:
    """A server with these endpoints, the later ones after the earlier ones."""
    return replace(token_server(announced), endpoints=tuple(Endpoint(host="127.0.0.1", port=port) for port in ports))


@asynccontextmanager
async def polled(server: Server, *, read_only: bool = True) -> AsyncIterator[Runtime]:
    async with open_runtime(fleet_of(server), read_only=read_only) as runtime:
        asking = asyncio.create_task(runtime.poller.run())
        try:
            yield runtime
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)


def is_fresh(fleet: Fleet) -> bool:
    return fleet.snapshots[0].state is SourceState.FRESH


def shown_by(endpoint: str) -> Any:
    return lambda fleet: is_fresh(fleet) and fleet.snapshots[0].endpoint == endpoint


@contextmanager
def black_hole() -> Iterator[int]:
    """A port of loopback at which connecting never ends: its queue is full and nobody takes from it."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        queued = [socket.socket() for _ in range(4)]
        try:
            for one in queued:
                one.setblocking(False)
                one.connect_ex(deaf.getsockname())
            yield deaf.getsockname()[1]
        finally:
            for one in queued:
                one.close()


@pytest.mark.parametrize("mode", ["drop", "hang"])
async def test_the_next_endpoint_answers_within_three_seconds(fleet_simulator: Simulator, mode: Mode) -> None:
    there = fleet_simulator.first
    async with (
        chaos_proxy(there["host"], there["port"]) as proxy,
        polled(reached_at(there, proxy.port, there["port"])) as runtime,
    ):
        await until(runtime.store, shown_by(f"127.0.0.1:{proxy.port}"))
        async with within_limit(token_server(there)):
            proxy.mode = mode
            runtime.poller.nudge()
            await until(runtime.store, shown_by(f"127.0.0.1:{there['port']}"))


async def test_an_address_that_swallows_everything_is_passed_by_from_the_start(fleet_simulator: Simulator) -> None:
    there = fleet_simulator.first
    with black_hole() as port:
        async with within_limit(token_server(there)), polled(reached_at(there, port, there["port"])) as runtime:
            await until(runtime.store, is_fresh)
            assert runtime.store.fleet().snapshots[0].endpoint == f"127.0.0.1:{there['port']}"


async def test_another_cluster_is_asked_who_it_is_and_nothing_else() -> None:
    with simulator("--scenario", "fleet", "--auth-delay", "0") as sim:
        ours, other = sim.servers[0], sim.servers[1]
        async with chaos_proxy(ours["host"], ours["port"]) as proxy:
            # Trusted, and with a login that is good at both: nothing but the name of the cluster tells them apart.
            server = replace(
                reached_at(ours, proxy.port, other["port"]),
                trust=TlsTrust(mode="fingerprint", fingerprints=(ours["fingerprint"], other["fingerprint"])),
                credentials=Credentials(username=ours["username"], password=Secret(ours["password"])),
            )
            async with polled(server, read_only=False) as runtime:
                connection = runtime.connection(ServerRef("acme", ours["server"]))
                fleet = await until(runtime.store, is_fresh)
                guests = fleet.snapshots[0].guests.keys()
                await connection.belonging.learn(connection.client)
                assert connection.belonging.identity is not None
                proxy.mode = "drop"
                runtime.poller.nudge()
                fleet = await until(runtime.store, lambda fleet: bool(fleet.snapshots[0].troubles))
                (trouble,) = fleet.snapshots[0].troubles
                assert trouble.is_bad
                assert trouble.line.startswith(f"127.0.0.1:{other['port']} belongs to cluster ")
                assert f", not cluster {connection.belonging.identity.name}: not used. " in trouble.line
                assert trouble.line.endswith(f"`proxtui servers trust acme/{ours['server']} --new-cluster`")
                with pytest.raises(NetworkError):
                    await connection.client.post("/nodes/n1/qemu/100/status/start")
                proxy.mode = "pass"
                runtime.poller.nudge()
                fleet = await until(runtime.store, is_fresh)
                assert fleet.snapshots[0].guests.keys() == guests
        asked = {line.partition(" ")[2] for line in sim.requests() if line.startswith(other["server"] + " ")}
        assert asked == {"POST /access/ticket", "GET /cluster/status"}


async def test_a_certificate_that_changes_stays_refused_and_is_told(fleet_simulator: Simulator) -> None:
    ours, other = fleet_simulator.servers[0], fleet_simulator.servers[1]
    async with (
        chaos_proxy(ours["host"], ours["port"]) as proxy,
        polled(reached_at(ours, proxy.port, ours["port"])) as runtime,
    ):
        await until(runtime.store, shown_by(f"127.0.0.1:{proxy.port}"))
        # The same address leads to somebody else from now on.
        proxy.target = (other["host"], other["port"])
        proxy.mode = "drop"
        proxy.mode = "pass"
        runtime.poller.nudge()
        fleet = await until(runtime.store, shown_by(f"127.0.0.1:{ours['port']}"))
        (trouble,) = fleet.snapshots[0].troubles
        assert trouble.is_bad
        assert f"seen {other['fingerprint']}, expected {ours['fingerprint']}" in trouble.line
        refused = runtime.connection(fleet.snapshots[0].ref).routes[0].breaker
        assert refused.state == "open"
        assert refused.retry_at is None


async def test_a_trusted_node_tells_the_fingerprints(fleet_simulator: Simulator) -> None:
    ours = fleet_simulator.first
    async with open_runtime(fleet_of(token_server(ours)), read_only=True) as runtime:
        client = runtime.connection(ServerRef("acme", ours["server"])).client
        found = await fetch_fingerprints(client)
    assert len(found) > 1
    assert all(len(seen) == 95 for seen in found.values())
