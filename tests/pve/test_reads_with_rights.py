"""Every read of the views by somebody who may do all, some or nothing: an answer, or the missing privilege by name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from proxtui.errors import PermissionDenied
from proxtui.pve import (
    AccessTools,
    BackupTools,
    ClusterTools,
    ContainerTools,
    Listing,
    NodeTools,
    ProxmoxClient,
    ProxmoxConfig,
    StorageTools,
    VMTools,
    lacks_for_cluster_log,
    lacks_for_pools,
    lacks_for_users,
)
from proxtui.sim.app import create_app
from proxtui.sim.scenarios import SCENARIOS
from proxtui.sim.transport import SimTransport
from proxtui.sim.world import World

TOKENS = ("admin@pve!proxtui", "auditor@pve!monitor", "operator@pve!ops", "admin@pve!bare")
OLD, NEW = "aurora", "medilab"
Reads = dict[str, Callable[[], Awaitable[Any]]]


@pytest.fixture(scope="module")
def world() -> World:
    world = World(now=lambda: 1_795_305_600.0, seed=1, auth_delay=0.0)
    SCENARIOS["fleet"](world)
    return world


@pytest.fixture
async def connect(world: World) -> AsyncIterator[Callable[[str, str], ProxmoxClient]]:
    clients: list[ProxmoxClient] = []

    def connected(server: str, token: str) -> ProxmoxClient:
        config = ProxmoxConfig(host="sim", token_id=token, token_secret=world.sites[server].tokens[token].secret)
        client = ProxmoxClient(config, transport=SimTransport(create_app(world, server)))
        clients.append(client)
        return client

    yield connected
    for client in clients:
        await client.aclose()


def reads_of_the_cluster(client: ProxmoxClient, node: str) -> Reads:
    cluster, backups, access, nodes = ClusterTools(client), BackupTools(client), AccessTools(client), NodeTools(client)
    calls: list[Callable[[], Awaitable[Any]]] = [
        cluster.status, cluster.tasks, cluster.ha_status, cluster.ha_resources, cluster.ha_rules, cluster.replication,
        cluster.log, cluster.pools, cluster.is_firewall_on, backups.jobs, backups.not_covered, access.users,
        access.roles, access.groups, access.acl, access.realms,
    ]  # fmt: skip
    reads: Reads = {call.__name__: call for call in calls}
    of_node: list[Callable[[str], Awaitable[Any]]] = [
        nodes.get_node_disks, nodes.get_node_updates, nodes.get_node_certificates, nodes.get_node_subscription,
        nodes.get_node_dns, nodes.get_node_time, nodes.get_node_replication, nodes.get_node_tasks, nodes.get_node_rrd,
        nodes.get_node_network, nodes.get_node_services, nodes.get_node_status,
    ]  # fmt: skip
    return reads | {one.__name__: lambda one=one: one(node) for one in of_node}  # type: ignore[misc]


async def reads_of_guests(client: ProxmoxClient) -> Reads:
    inventory = await ClusterTools(client).inventory()
    vms, containers, reads = VMTools(client), ContainerTools(client), {}
    for kind, tools in (("qemu", vms), ("lxc", containers)):
        guest = next((guest for guest in inventory.guests if guest.type == kind and guest.status == "running"), None)
        if guest is None:
            continue
        calls: list[Any] = [tools.list_snapshots, tools.get_pending, tools.get_firewall_state]
        calls += [vms.get_agent_info] if kind == "qemu" else [containers.get_interfaces]
        for call in calls:
            reads[f"{kind} {call.__name__}"] = lambda call=call, guest=guest: call(guest.node, guest.vmid)
    for storage in inventory.storages[:8]:
        if "backup" in storage.content:
            backups, content = BackupTools(client).list_backups, StorageTools(client).list_storage_content
            for call in (backups, content):
                reads[f"{storage.storage} {call.__name__}"] = lambda call=call, it=storage: call(it.node, it.storage)
    return reads


@pytest.mark.parametrize("server", [OLD, NEW])
@pytest.mark.parametrize("token", TOKENS)
async def test_every_read_is_answered_or_names_the_privilege(
    world: World, connect: Callable[[str, str], ProxmoxClient], server: str, token: str
) -> None:
    client = connect(server, token)
    reads = reads_of_the_cluster(client, next(iter(world.sites[server].nodes))) | await reads_of_guests(client)
    denied: dict[str, str | None] = {}
    for name, read in reads.items():
        try:
            found = await read()
        except PermissionDenied as error:
            denied[name] = error.privilege
            continue
        assert not isinstance(found, Listing) or found.invalid == 0, name
    assert all(denied.values())
    if token == TOKENS[0]:
        assert denied == {}
    elif token == TOKENS[1]:
        agent = {} if server == NEW else {"qemu get_agent_info": "VM.Monitor"}
        assert denied == {"get_node_updates": "Sys.Modify"} | agent
    else:
        assert denied["jobs"] == denied["ha_status"] == denied["get_node_disks"] == "Sys.Audit"


async def test_what_is_hidden_can_be_told_from_what_is_not_there(
    connect: Callable[[str, str], ProxmoxClient],
) -> None:
    everything, nothing = connect(OLD, TOKENS[0]), connect(OLD, TOKENS[3])
    for client, hidden in ((everything, False), (nothing, True)):
        permissions = await AccessTools(client).permissions()
        pools, users = await ClusterTools(client).pools(), await AccessTools(client).users()
        assert (len(pools) == 0, len(users) == 1) == (hidden, hidden)
        for lacks in (lacks_for_pools, lacks_for_users, lacks_for_cluster_log):
            assert (lacks(permissions) is not None) == hidden
