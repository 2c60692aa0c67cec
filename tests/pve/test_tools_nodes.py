from __future__ import annotations

from typing import Any

import pytest

from proxtui.errors import InvalidInput
from proxtui.pve.cluster import ClusterTools
from proxtui.pve.nodes import NodeTools, node_status_of

from .fakes import FakeClient, data

STATUS = {
    "cpu": 0.25,
    "wait": "0.01",
    "uptime": 4076,
    "loadavg": ["1.46", "1.28", "1.60"],
    "memory": {"total": 100, "used": 40, "free": 50, "available": 60},
    "swap": {"total": 0, "used": 0, "free": 0},
    "rootfs": {"total": 1000, "used": 100, "free": 900, "avail": 700},
    "cpuinfo": {"cpus": 8, "cores": 4, "sockets": 2, "mhz": "2596.140", "model": "AMD \x1bEPYC"},
    "kversion": "Linux 6.8",
    "pveversion": "pve-manager/8.4.21/2606ac850d46da29",
    "ksm": {"shared": 4096},
}


async def test_nodes_are_listed_with_how_far_to_believe_them() -> None:
    rows = [
        {"node": "pve1", "status": "online", "cpu": 0.5, "maxcpu": 2, "level": ""},
        {"node": "pve2", "status": "offline", "maxcpu": 2},
        {"node": "pve3"},
        {"node": "a b", "status": "online"},
        None,
    ]
    nodes = await NodeTools(FakeClient({"/nodes": data(rows)})).list_nodes()
    assert [(node.node, node.status, node.cpu) for node in nodes] == [
        ("pve1", "online", 0.5),
        ("pve2", "offline", None),
        ("pve3", "unknown", None),
    ]
    assert [source.error is None for source in nodes.sources] == [True, False, False]
    assert nodes.invalid == 2


async def test_the_nested_status_is_mapped() -> None:
    status = await NodeTools(FakeClient({"/nodes/pve1/status": data(STATUS)})).get_node_status("pve1")
    assert (status.node, status.status, status.uptime, status.level) == ("pve1", "online", 4076, None)
    assert (status.cpu, status.maxcpu, status.wait) == (0.25, 8.0, 0.01)
    assert (status.mem, status.maxmem, status.disk, status.maxdisk) == (40, 100, 100, 1000)
    assert status.loadavg == (1.46, 1.28, 1.6)
    assert (status.memory.avail, status.rootfs.avail, status.swap.total) == (60, 700, 0)
    assert (status.cpuinfo.model, status.cpuinfo.mhz, status.cpuinfo.sockets) == ("AMD ␛EPYC", 2596.14, 2)
    assert (status.kversion, status.ksm) == ("Linux 6.8", 4096)


@pytest.mark.parametrize("fields", [{}, {"memory": None, "loadavg": ["x"], "cpuinfo": 3, "ksm": [], "cpu": "?"}])
def test_a_status_that_says_nothing_is_unknown(fields: dict[str, Any]) -> None:
    status = node_status_of(fields, "pve1")
    assert (status.cpu, status.maxcpu, status.mem, status.maxmem, status.ksm, status.uptime) == (None,) * 6
    assert status.loadavg == ()
    assert status.memory.used is None


def test_two_loads_out_of_three_are_not_shown_in_the_wrong_places() -> None:
    assert node_status_of({"loadavg": ["1.0", "?", "3.0"]}, "pve1").loadavg == ()


async def test_version_network_and_services() -> None:
    client = FakeClient(
        {
            "/nodes/pve1/version": data({"version": "8.4.21", "release": "8.4", "repoid": "x"}),
            "/version": data({"version": "9.2.11", "release": "9.2"}),
            "/nodes/pve1/network": data(
                [
                    {"iface": "vmbr0", "type": "bridge", "active": 1, "cidr": "10.0.0.1/24", "bridge_ports": "eth0"},
                    {"iface": "eth0", "type": "eth"},
                    {"type": "eth"},
                ]
            ),
            "/nodes/pve1/services": data([{"service": "pveproxy", "state": "running", "active-state": "active"}, 5]),
        }
    )
    tools = NodeTools(client)
    assert (await tools.get_node_version("pve1")).version == "8.4.21"
    assert (await ClusterTools(client).version()).release == "9.2"
    network = await tools.get_node_network("pve1")
    assert [(one.iface, one.active) for one in network] == [("eth0", False), ("vmbr0", True)]
    assert (network[1].cidr, network[1].bridge_ports, network.invalid) == ("10.0.0.1/24", "eth0", 1)
    services = await tools.get_node_services("pve1")
    assert (services[0].service, services[0].state, services[0].active_state) == ("pveproxy", "running", "active")
    assert services.invalid == 1


async def test_tasks_of_a_node_are_limited() -> None:
    client = FakeClient({"/nodes/pve1/tasks": data([])})
    assert len(await NodeTools(client).get_node_tasks("pve1")) == 0
    await NodeTools(client).get_node_tasks("pve1", limit=5)
    assert client.asked == ["/nodes/pve1/tasks?limit=50", "/nodes/pve1/tasks?limit=5"]


async def test_bad_arguments_never_reach_the_wire() -> None:
    client = FakeClient({})
    tools = NodeTools(client)
    calls: list[Any] = [tools.get_node_status, tools.get_node_version, tools.get_node_network]
    calls += [tools.get_node_services, tools.get_node_tasks, tools.get_node_rrd]
    for call in calls:
        with pytest.raises(InvalidInput):
            await call("../cluster")
    with pytest.raises(InvalidInput):
        await tools.get_node_tasks("pve1", limit=0)
    assert client.asked == []


async def test_the_cluster_and_its_members() -> None:
    rows = [
        {"type": "node", "name": "pve2", "nodeid": "2", "online": 0, "local": 0, "ip": "10.0.0.2", "level": ""},
        {"type": "cluster", "name": "acme", "quorate": 0, "version": 2, "nodes": 2},
        {"type": "node", "name": "pve1", "nodeid": 1, "online": 1, "local": 1},
        {"type": "node", "name": "a/b"},
    ]
    status = await ClusterTools(FakeClient({"/cluster/status": data(rows)})).status()
    assert (status.name, status.quorate, status.version) == ("acme", False, 2)
    assert [(node.name, node.online, node.nodeid) for node in status.nodes] == [("pve1", True, 1), ("pve2", False, 2)]
    assert status.nodes[1].ip == "10.0.0.2"


async def test_a_standalone_node_has_no_quorum_to_lose() -> None:
    rows = [{"type": "node", "name": "pve1", "nodeid": 0, "online": 1}]
    status = await ClusterTools(FakeClient({"/cluster/status": data(rows)})).status()
    assert (status.name, status.quorate) == (None, None)


async def test_the_inventory_is_one_request() -> None:
    client = FakeClient({"/cluster/resources": data([{"type": "lxc", "vmid": 200, "node": "a"}])})
    assert (await ClusterTools(client).inventory()).guests[0].vmid == 200
    assert client.asked == ["/cluster/resources"]
