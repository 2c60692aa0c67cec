"""The slow sweep: few questions, only to those who can answer, and never for long to those who do not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from proxtui.core.learned import OLD_AFTER
from proxtui.core.model import Fleet, GuestKey, Scope, ServerRef, Snapshot
from proxtui.core.store import Store
from proxtui.errors import ApiError, DeadlineExceeded, NodeUnreachable
from proxtui.features.guests.server_sweep import FIRST_PAUSE, NODE_PAUSE
from proxtui.features.guests.sweep import PACE, REST, GuestSweep, Wish
from proxtui.pve.access import Permissions, permissions_of
from tests.core.fakes import FakeClock

from .fakes import FakeClient, FakePoller, FakeRuntime, denied
from .fleets import ACME, ZETA, container, node, snapshot, storage, vm

VM = "/nodes/pve1/qemu/100"
CT = "/nodes/pve1/lxc/200"
KEY, DNS = GuestKey(*ACME, "qemu", 100), GuestKey(*ACME, "lxc", 200)
AGENT = f"{VM}/agent/network-get-interfaces"
ALL = {"/": {"VM.Audit": 1, "VM.Monitor": 1, "VM.Backup": 1, "Datastore.AllocateSpace": 1, "Datastore.Audit": 1}}
SILENT = ApiError("QEMU guest agent is not running", status=500)
GUESTS = Wish(backups=False)
BACKUPS = Wish(guests=False)


@dataclass
class Link:
    """The connection of one server."""

    client: FakeClient
    permissions: Permissions | None

    async def learn_permissions(self) -> Permissions:
        self.permissions = permissions_of(await self.client.get("/access/permissions"))
        return self.permissions


@dataclass
class SweepRuntime(FakeRuntime):
    """With rights that stay."""

    links: dict[ServerRef, Link] = field(default_factory=dict)

    def connection(self, ref: ServerRef) -> Any:
        rights = permissions_of(ALL)
        return self.links.setdefault(ref, Link(self.clients.setdefault(ref, FakeClient()), rights))


def interfaces(*addresses: str) -> dict[str, Any]:
    listed = [{"ip-address": address, "prefix": 24, "ip-address-type": "ipv4"} for address in addresses]
    return {"result": [{"name": "eth0", "ip-addresses": listed}]}


def answers(**other: Any) -> FakeClient:
    known = {
        f"{VM}/config": {"agent": "enabled=1", "ostype": "l26"},
        AGENT: interfaces("10.3.0.5", "127.0.0.1"),
        f"{VM}/agent/get-osinfo": {"result": {"pretty-name": "Debian GNU/Linux 12 (bookworm)"}},
        f"{CT}/config": {"ostype": "alpine"},
        f"{CT}/interfaces": [{"name": "eth0", "inet": "10.3.0.9/24"}],
    }
    return FakeClient(**{**known, **other})


def runtime_with(client: FakeClient, *snapshots: Snapshot) -> tuple[SweepRuntime, FakeClock]:
    clock = FakeClock()
    runtime = SweepRuntime(Store(clock), clock, clients={ACME: client})  # type: ignore[arg-type]
    known = snapshots or (snapshot(ACME, (vm(100), container(200)), (node("pve1"),)),)
    for one in known:
        runtime.store.register(one.ref, interval=4.0)
    runtime.put(Fleet(known, clock.now))
    return runtime, clock


@asynccontextmanager
async def sweeping(runtime: SweepRuntime, wish: Wish = GUESTS) -> AsyncIterator[GuestSweep]:
    """The sweep at work; its owner ends it."""
    sweep = GuestSweep(runtime)  # type: ignore[arg-type]
    task = asyncio.create_task(sweep.run(wish))
    try:
        yield sweep
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def pass_time(runtime: SweepRuntime, clock: FakeClock, seconds: float) -> None:
    """With a poll every four seconds, as the dashboard has."""
    end = clock.now + seconds
    while clock.now < end:
        await clock.advance(min(4.0, end - clock.now))
        if not runtime.poller.paused:
            runtime.put(Fleet(runtime.store.fleet().snapshots, clock.now))


def told(runtime: SweepRuntime, key: GuestKey) -> Any:
    learned = runtime.store.snapshot(ServerRef(key.tenant, key.server)).learned.get(key)
    return learned.inside if learned else None


async def test_vms_tell_by_their_agent_and_containers_by_their_node_one_question_a_second() -> None:
    client = answers()
    runtime, clock = runtime_with(client)
    async with sweeping(runtime):
        await clock.advance(0)
        assert len(client.asked) == 1
        await clock.advance(PACE)
        assert len(client.asked) == 2
        await pass_time(runtime, clock, 8)
    assert sorted(client.asked) == sorted(
        [f"{VM}/config", AGENT, f"{VM}/agent/get-osinfo", f"{CT}/config", f"{CT}/interfaces"]
    )
    inside = told(runtime, KEY)
    assert inside.addresses == ("10.3.0.5",)
    assert inside.system == "Debian GNU/Linux 12 (bookworm)"
    assert told(runtime, DNS).addresses == ("10.3.0.9",)
    assert told(runtime, DNS).system == "Alpine Linux"


async def test_a_vm_without_agent_is_asked_for_nothing_but_its_configuration() -> None:
    client = answers(**{f"{VM}/config": {"ostype": "win11"}})
    runtime, clock = runtime_with(client, snapshot(ACME, (vm(100),), (node("pve1"),)))
    async with sweeping(runtime):
        await pass_time(runtime, clock, 20)
    assert client.asked == [f"{VM}/config"]
    assert told(runtime, KEY).addresses is None
    assert told(runtime, KEY).silence == "no agent"
    assert told(runtime, KEY).system == "Windows 11/2022/2025"


async def test_only_running_guests_of_nodes_that_are_there_are_asked() -> None:
    client = answers()
    guests = (
        vm(100, status="stopped"),
        vm(101, template=True),
        vm(102, node="pve2"),
        vm(103, status="paused"),
        vm(104, status="unknown"),
    )
    nodes = (node("pve1"), node("pve2", status="offline"))
    runtime, clock = runtime_with(client, snapshot(ACME, guests, nodes))
    async with sweeping(runtime):
        await pass_time(runtime, clock, 60)
    assert client.asked == []


async def test_a_silent_agent_is_left_alone_twice_as_long_each_time() -> None:
    client = answers(**{AGENT: SILENT})
    runtime, clock = runtime_with(client, snapshot(ACME, (vm(100),), (node("pve1"),)))
    async with sweeping(runtime):
        await pass_time(runtime, clock, FIRST_PAUSE - 20)
        assert client.asked.count(AGENT) == 1
        assert told(runtime, KEY).silence == "agent silent"
        await pass_time(runtime, clock, 80)
        assert client.asked.count(AGENT) == 2
        await pass_time(runtime, clock, 2 * FIRST_PAUSE - 80)
        assert client.asked.count(AGENT) == 2
        await pass_time(runtime, clock, 160)
        assert client.asked.count(AGENT) == 3


async def test_what_an_agent_told_before_it_fell_silent_stays_with_its_age() -> None:
    client = answers()
    runtime, clock = runtime_with(client, snapshot(ACME, (vm(100),), (node("pve1"),)))
    async with sweeping(runtime):
        await pass_time(runtime, clock, 10)
        first = told(runtime, KEY)
        client.answers[AGENT] = SILENT
        await pass_time(runtime, clock, OLD_AFTER + 60)
        assert client.asked.count(AGENT) == 2
    assert told(runtime, KEY) is first


async def test_a_guest_that_hangs_gives_its_node_a_rest() -> None:
    late = DeadlineExceeded("no full answer within 30 s", stage="deadline")
    client = answers(**{AGENT: late, "/nodes/pve1/qemu/101/config": {"ostype": "l26"}})
    runtime, clock = runtime_with(client, snapshot(ACME, (vm(100),), (node("pve1"),)))
    async with sweeping(runtime):
        await pass_time(runtime, clock, 6)
        runtime.put(Fleet((snapshot(ACME, (vm(100), vm(101)), (node("pve1"),)),), clock.now))
        await pass_time(runtime, clock, NODE_PAUSE - 20)
        assert "/nodes/pve1/qemu/101/config" not in client.asked
        await pass_time(runtime, clock, 80)
        assert "/nodes/pve1/qemu/101/config" in client.asked
    assert client.asked.count(AGENT) == 1


async def test_nothing_is_asked_while_paused_or_while_the_server_is_silent() -> None:
    client = answers()
    runtime, clock = runtime_with(client)
    runtime.poller.pause()
    async with sweeping(runtime):
        await clock.advance(60)
        assert client.asked == []
        # The rows are late by now; the next poll makes the server fresh again.
        runtime.poller.resume()
        runtime.store.age()
        await clock.advance(2 * REST)
        assert client.asked == []
        await pass_time(runtime, clock, 2 * REST)
        assert client.asked != []
        client.asked.clear()
    assert isinstance(runtime.poller, FakePoller)


async def test_a_missing_privilege_is_named_once_and_the_agent_not_asked() -> None:
    client = answers()
    runtime, clock = runtime_with(client)
    runtime.links[ACME] = Link(client, permissions_of({"/": {"VM.Audit": 1}}))
    async with sweeping(runtime) as sweep:
        await pass_time(runtime, clock, 30)
        assert sweep.lines() == ["acme / berlin: missing privilege VM.Monitor or VM.GuestAgent.Audit on /vms/100"]
    assert AGENT not in client.asked
    assert told(runtime, KEY).silence == "forbidden"
    assert told(runtime, KEY).system == "Linux"
    assert told(runtime, DNS).addresses == ("10.3.0.9",)


async def test_a_403_that_nobody_foresaw_is_named_too() -> None:
    client = answers(**{AGENT: denied("/vms/100", "VM.Monitor")})
    runtime, clock = runtime_with(client)
    async with sweeping(runtime) as sweep:
        await pass_time(runtime, clock, 30)
        assert sweep.lines(Scope("acme")) == ["acme / berlin: missing privilege VM.Monitor on /vms/100"]
        assert sweep.lines(Scope("zeta")) == []
    assert client.asked.count(AGENT) == 1


async def test_only_the_wished_part_of_the_fleet_is_asked() -> None:
    client = answers()
    other = snapshot(ZETA, (vm(100),), (node("pve1"),))
    runtime, clock = runtime_with(client, snapshot(ACME, (vm(100),), (node("pve1"),)), other)
    async with sweeping(runtime, GUESTS._replace(scope=Scope("zeta"))):
        await pass_time(runtime, clock, 20)
    assert client.asked == []
    assert runtime.clients[ZETA].asked != []


async def test_one_round_ends_by_itself_and_says_what_it_could_not_ask() -> None:
    client = answers(**{f"{CT}/config": NodeUnreachable("no route", status=595), "/access/permissions": ALL})
    runtime, _ = runtime_with(client)
    runtime.links[ACME] = Link(client, None)
    sweep = GuestSweep(runtime, every=0.0)  # type: ignore[arg-type]
    assert await sweep.once(GUESTS, 5.0) == []
    assert told(runtime, KEY).addresses == ("10.3.0.5",)
    assert told(runtime, DNS) is None
    client.gate = asyncio.Event()
    slow = GuestSweep(runtime, every=0.0)  # type: ignore[arg-type]
    assert await slow.once(GUESTS, 0.01) == ["2 guests were not asked within 0.01 s"]


# --- backups --------------------------------------------------------------------------------------------------------

LOCAL, NAS = "/nodes/pve1/storage/local/content", "/nodes/pve1/storage/nas/content"


def made(vmid: int, seconds_ago: float, clock: FakeClock, on: str = "nas") -> dict[str, Any]:
    volid = f"{on}:backup/vzdump-qemu-{vmid}-{int(seconds_ago)}.vma.zst"
    return {"volid": volid, "content": "backup", "vmid": vmid, "ctime": int(clock.time() - seconds_ago), "size": 1}


def with_storages(client: FakeClient) -> tuple[SweepRuntime, FakeClock]:
    stores = tuple(storage("nas", on, shared=True, content=("backup",)) for on in ("pve1", "pve2"))
    local = storage("local", content=("backup", "iso"))
    images = storage("fast", content=("images",))
    known = snapshot(ACME, (vm(100), vm(101)), (node("pve1"), node("pve2")), (*stores, local, images))
    return runtime_with(client, known)


def ages(runtime: SweepRuntime, clock: FakeClock) -> dict[int, tuple[int | None, bool]]:
    found = runtime.store.snapshot(ACME).learned
    return {key.vmid: (one.backup_age(clock.now), bool(one.backup and one.backup.sure)) for key, one in found.items()}


async def test_each_storage_is_read_once_and_the_newest_backup_counts() -> None:
    client = FakeClient()
    runtime, clock = with_storages(client)
    client.answers |= {NAS: [made(100, 90_000, clock), made(100, 7_200, clock)], LOCAL: [made(100, 20_000, clock)]}
    async with sweeping(runtime, BACKUPS):
        await pass_time(runtime, clock, 20)
    assert sorted(client.asked) == sorted([LOCAL, NAS])
    assert ages(runtime, clock) == {100: (7_200, True), 101: (None, True)}


async def test_a_storage_that_fails_leaves_doubt_and_is_tried_again() -> None:
    client = FakeClient()
    runtime, clock = with_storages(client)
    client.answers |= {NAS: [made(100, 7_200, clock)], LOCAL: NodeUnreachable("no route", status=595)}
    async with sweeping(runtime, BACKUPS):
        await pass_time(runtime, clock, 20)
        assert ages(runtime, clock) == {100: (7_200, False), 101: (None, False)}
        client.answers[LOCAL] = []
        await pass_time(runtime, clock, 320)
        assert ages(runtime, clock)[101] == (None, True)
        assert client.asked.count(NAS) == 1


async def test_none_is_not_sure_where_backups_may_be_hidden() -> None:
    client = FakeClient(**{NAS: [], LOCAL: []})
    runtime, clock = with_storages(client)
    runtime.links[ACME] = Link(client, permissions_of({"/": {"VM.Audit": 1, "Datastore.Audit": 1}}))
    async with sweeping(runtime, BACKUPS):
        await pass_time(runtime, clock, 20)
    assert ages(runtime, clock) == {100: (None, False), 101: (None, False)}


async def test_a_right_on_one_guest_makes_its_none_sure() -> None:
    client = FakeClient(**{NAS: [], LOCAL: []})
    runtime, clock = with_storages(client)
    rights = {"/storage": {"Datastore.Audit": 1, "Datastore.AllocateSpace": 1}, "/vms/101": {"VM.Backup": 1}}
    runtime.links[ACME] = Link(client, permissions_of(rights))
    async with sweeping(runtime, BACKUPS):
        await pass_time(runtime, clock, 20)
    assert ages(runtime, clock) == {100: (None, False), 101: (None, True)}
