"""The whole kernel over a fake network, from a configuration to rows."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from proxtui.config.models import Config, Credentials, Endpoint, Role, Server, Settings, Tenant, TlsTrust
from proxtui.config.secret import Secret
from proxtui.core.connecting import proxmox_config
from proxtui.core.model import GuestKey, ServerRef, SourceState
from proxtui.errors import InvalidInput, NotConfigured, ReadOnlyError
from proxtui.registry import FEATURES
from proxtui.wiring import open_runtime

from .fakes import FakeClock, node_row, vm_row
from .gating import MemoryJournal

REF = ServerRef("acme", "prod")
PIN = ":".join(["AB"] * 32)


def server(**more: Any) -> Server:
    token = Credentials(token_id="mon@pve!tui", token_secret=Secret("s3cret"))
    return Server(**({"name": "prod", "endpoints": (Endpoint(host="pve1"),), "credentials": token} | more))


def config(*servers: Server, **settings: Any) -> Config:
    return Config(
        tenants=(Tenant(slug="acme", name="Acme", servers=servers or (server(),)),),
        settings=Settings(**settings),
    )


class Network:
    """Counts what reaches the wire."""

    def __init__(self) -> None:
        self.seen: list[httpx.Request] = []
        self.transport = httpx.MockTransport(self.answer)
        self.closed = 0
        self.transport.aclose = self.close  # type: ignore[method-assign]

    async def close(self) -> None:
        self.closed += 1

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        return httpx.Response(200, json={"data": [node_row("n1"), vm_row(100, name="web")]})


async def test_from_configuration_to_rows() -> None:
    network, clock = Network(), FakeClock()
    async with open_runtime(config(), clock=clock, transports={REF: network.transport}) as runtime:
        assert runtime.requests_sent == 0
        await runtime.poller.poll_once()
        (snapshot,) = runtime.store.fleet().snapshots
        assert snapshot.state is SourceState.FRESH
        assert snapshot.endpoint == "pve1:8006"
        assert snapshot.guests[GuestKey(*REF, "qemu", 100)].name == "web"
        assert not snapshot.unverified_tls
        assert runtime.requests_sent == len(network.seen) == 1
        assert runtime.connection(REF).client.config.full_token_id == "mon@pve!tui"
        assert runtime.server_config(REF) == server()
        assert network.closed == 0
    assert network.closed
    assert network.seen[0].headers["authorization"] == "PVEAPIToken=mon@pve!tui=s3cret"


@pytest.mark.parametrize(("asked", "configured"), [(True, False), (False, True)])
async def test_read_only_by_argument_or_configuration_locks_the_wire(asked: bool, configured: bool) -> None:
    network = Network()
    transports = {REF: network.transport}
    async with open_runtime(config(read_only=configured), read_only=asked, transports=transports) as runtime:
        assert runtime.read_only
        with pytest.raises(ReadOnlyError):
            await runtime.connection(REF).client.post("/nodes/n1/qemu/100/status/start")
    assert network.seen == []


async def test_without_the_lock_a_change_passes() -> None:
    network = Network()
    async with open_runtime(config(), transports={REF: network.transport}) as runtime:
        assert not runtime.read_only
        await runtime.connection(REF).client.post("/nodes/n1/qemu/100/status/start")
    assert [request.method for request in network.seen] == ["POST"]


async def test_no_server_is_not_configured() -> None:
    with pytest.raises(NotConfigured):
        async with open_runtime(Config()):
            pass


async def test_unverified_tls_is_known_before_anything_is_sent() -> None:
    async with open_runtime(config(server(trust=TlsTrust(mode="off")))) as runtime:
        assert runtime.store.snapshot(REF).unverified_tls


async def test_a_value_that_cannot_be_meant_is_said_at_once() -> None:
    odd = server(credentials=Credentials(username="a b", password=Secret("p")))
    with pytest.raises(InvalidInput, match="username"):
        async with open_runtime(config(odd)):
            pass


@pytest.mark.parametrize(
    ("trust", "kept"),
    [
        (TlsTrust(), "system"),
        (TlsTrust(mode="off"), "off"),
        (TlsTrust(mode="fingerprint", fingerprints=(PIN,)), "fingerprint"),
        (TlsTrust(mode="ca", ca_file=Path("ca.pem")), "ca"),
        # Only the mode that was chosen counts.
        (TlsTrust(mode="system", fingerprints=(PIN,), ca_file=Path("ca.pem")), "system"),
    ],
)
def test_trust_reaches_the_client(trust: TlsTrust, kept: str) -> None:
    assert proxmox_config(server(trust=trust), Endpoint(host="pve1")).trust == kept


def test_addresses_and_secrets_reach_the_client() -> None:
    user = Credentials(username="root", realm="pve", password=Secret("p w"))
    made = proxmox_config(server(credentials=user, timeout_ms=5000), Endpoint(host="::1", port=443))
    assert (made.endpoint, made.userid, made.password, made.timeout) == ("[::1]:443", "root@pve", "p w", 5000)
    assert made.token_id is None


def in_a_fresh_python(lines: str) -> str:
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_nothing_heavy_is_loaded_before_the_first_request() -> None:
    heavy = "{'httpx', 'textual', 'cryptography', 'click', 'uvicorn'}"
    lines = f"""
import asyncio, sys
from proxtui.wiring import open_runtime
from proxtui.config.environment import from_environment
config = from_environment({{"PROXMOX_HOST": "pve1", "PROXMOX_USERNAME": "root"}})
async def main():
    async with open_runtime(config):
        print(sorted({heavy} & set(sys.modules)))
asyncio.run(main())
"""
    assert in_a_fresh_python(lines) == "[]"


def test_naming_the_rooms_loads_none_of_them() -> None:
    lines = "import sys, proxtui.registry; print([name for name in sys.modules if 'proxtui.features' in name])"
    assert in_a_fresh_python(lines) == "[]"


def test_room_names_and_keys_differ() -> None:
    def unique(of: Callable[[Any], str]) -> bool:
        values = [of(feature) for feature in FEATURES if of(feature)]
        return len(values) == len(set(values))

    assert unique(lambda feature: feature.name)
    assert unique(lambda feature: feature.key)
    assert unique(lambda feature: feature.view)
    assert {feature.key for feature in FEATURES if feature.view} >= {"1", "2"}


async def test_a_lock_for_a_time_is_a_lock_on_the_wire() -> None:
    network, journal = Network(), MemoryJournal()
    timed = config(write_mode="timed")
    async with open_runtime(timed, transports={REF: network.transport}, make_journal=lambda: journal) as runtime:
        client = runtime.connection(REF).client
        with pytest.raises(ReadOnlyError, match=":write"):
            await client.post("/nodes/n1/qemu/100/status/start")
        assert network.seen == []
        await runtime.write_lock.open(REF, 60, "for a test")
        await client.post("/nodes/n1/qemu/100/status/start")
        assert len(network.seen) == 1
        await runtime.write_lock.close()
        with pytest.raises(ReadOnlyError):
            await client.post("/nodes/n1/qemu/100/status/start")
        await client.get("/version")
    assert [request.method for request in network.seen] == ["POST", "GET"]
    assert [entry.event for entry in journal.entries] == ["write.open", "write.close"]
    assert journal.closed


async def test_leaving_closes_an_open_lock_in_the_audit() -> None:
    journal = MemoryJournal()
    async with open_runtime(config(write_mode="timed"), make_journal=lambda: journal) as runtime:
        await runtime.write_lock.open("acme", 60, "for a test")
    assert journal.entries[-1].message == "the program ended"


async def test_who_only_reads_makes_no_audit() -> None:
    made: list[int] = []
    async with open_runtime(config(), make_journal=lambda: made.append(1) or MemoryJournal()) as runtime:  # type: ignore[func-returns-value]
        assert runtime.gate.running() == ()
        assert runtime.policy.role("acme") is Role.ADMIN
        assert runtime.catalogue is runtime.catalogue
        assert runtime.actor.pid
    assert made == []


async def test_servers_that_are_switched_off_are_named_and_not_asked() -> None:
    gone = Tenant(slug="gone", name="Gone", servers=(server(is_active=False),), is_active=False)
    known = config(server(), server(name="spare", is_active=False))
    async with open_runtime(replace(known, tenants=(*known.tenants, gone)), clock=FakeClock()) as runtime:
        fleet = runtime.store.fleet()
        assert [snapshot.ref for snapshot in fleet.snapshots] == [REF]
        assert fleet.off == (ServerRef("acme", "spare"),)
