"""The lock: under read-only nothing but reads and the login reaches the wire, whoever asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator

import pytest

from proxtui.core.model import ServerRef
from proxtui.errors import ReadOnlyError
from proxtui.pve import ProxmoxClient, ProxmoxConfig, Upid
from proxtui.wiring import open_runtime

from .conftest import Simulator, simulator
from .fleets import fleet_of, token_server


@pytest.fixture(scope="module")
def sim() -> Iterator[Simulator]:
    with simulator("--scenario", "small", "--auth-delay", "0.1") as running:
        running.control("POST", "life", {"paused": True})
        yield running


def config(sim: Simulator, *, login: bool = False) -> ProxmoxConfig:
    server = sim.first
    credentials = (
        {"username": server["username"], "password": server["password"]}
        if login
        else {"token_id": server["token_id"], "token_secret": server["token_secret"]}
    )
    return ProxmoxConfig(
        host=server["host"], port=server["port"], fingerprints=(server["fingerprint"],), **credentials
    )  # fmt: skip


async def some_guest(client: ProxmoxClient) -> str:
    """The API path of a guest that runs and is not locked."""
    rows = await client.get("/cluster/resources", params={"type": "vm"})
    row = next(row for row in rows if row["status"] == "running" and not row.get("lock") and row["type"] == "qemu")
    return f"/nodes/{row['node']}/qemu/{row['vmid']}"


async def restart_with_a_note(client: ProxmoxClient, guest: str) -> object:
    """An operation as a caller would write one: it reads, changes a setting, then acts."""
    known = await client.get(f"{guest}/config")
    await client.put(f"{guest}/config", {"description": "restarted", "digest": known["digest"]})
    return await client.post(f"{guest}/status/reset")


CHANGES: dict[str, Callable[[ProxmoxClient, str], Awaitable[object]]] = {
    "post": lambda client, guest: client.post(f"{guest}/status/reset"),
    "put": lambda client, guest: client.put(f"{guest}/config", {"description": "changed"}),
    "delete": lambda client, guest: client.delete(f"{guest}/snapshot/none"),
}
WRITES = ("POST", "PUT", "DELETE")


@pytest.mark.parametrize("name", CHANGES)
async def test_raw_changes_are_refused_with_nothing_on_the_wire(sim: Simulator, name: str) -> None:
    async with ProxmoxClient(config(sim)) as free:
        guest = await some_guest(free)
    async with ProxmoxClient(config(sim), read_only=True) as locked:
        before = sim.control("GET", "requests")
        with pytest.raises(ReadOnlyError) as refused:
            await CHANGES[name](locked, guest)
        after = sim.control("GET", "requests")
    assert after["total"] == before["total"]
    # The control call itself makes the only new connection.
    assert sum(after["connections"].values()) - sum(before["connections"].values()) <= 1
    assert refused.value.exit_code == 13
    assert "\n" not in str(refused.value)


async def test_an_operation_is_refused_at_its_first_change(sim: Simulator) -> None:
    async with ProxmoxClient(config(sim), read_only=True) as locked:
        guest = await some_guest(locked)
        before = {line: count for line, count in sim.requests().items() if line.split()[1] in WRITES}
        with pytest.raises(ReadOnlyError):
            await restart_with_a_note(locked, guest)
        assert {line: count for line, count in sim.requests().items() if line.split()[1] in WRITES} == before
    async with ProxmoxClient(config(sim)) as free:
        assert Upid(str(await restart_with_a_note(free, guest))).type == "qmreset"


async def test_the_same_changes_pass_without_the_lock(sim: Simulator) -> None:
    before = sim.requests()
    async with ProxmoxClient(config(sim)) as client:
        guest = await some_guest(client)
        assert await CHANGES["put"](client, guest) is None
        assert (await client.get(f"{guest}/config"))["description"].strip() == "changed"
        upid = await CHANGES["post"](client, guest)
    assert Upid(str(upid)).type == "qmreset"
    asked = sim.requests()
    for line in (f"{sim.first['server']} PUT {guest}/config", f"{sim.first['server']} POST {guest}/status/reset"):
        assert asked[line] - before.get(line, 0) == 1


async def test_the_login_passes_the_lock_and_reads_follow(sim: Simulator) -> None:
    async with ProxmoxClient(config(sim, login=True), read_only=True) as client:
        await client.authenticate()
        assert (await client.get("/version"))["version"]
        with pytest.raises(ReadOnlyError):
            await client.post("/access/users", {"userid": "new@pve"})


async def test_every_client_of_a_read_only_runtime_is_locked(sim: Simulator) -> None:
    async with open_runtime(fleet_of(token_server(sim.first)), read_only=True) as runtime:
        await runtime.poller.poll_once()
        client = runtime.connection(ServerRef("acme", sim.first["server"])).client
        assert client.read_only
        with pytest.raises(ReadOnlyError):
            await client.post(await some_guest(client) + "/status/stop")
