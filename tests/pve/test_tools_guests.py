from __future__ import annotations

from typing import Any

import pytest

from proxtui.errors import InvalidInput, NodeUnreachable, UnexpectedAnswer
from proxtui.pve.containers import ContainerTools
from proxtui.pve.vms import VMTools

from .fakes import FakeClient, data

RESOURCES = data(
    [
        {"type": "qemu", "vmid": 100, "node": "pve1", "status": "running", "name": "web1"},
        {"type": "qemu", "vmid": 101, "node": "pve2", "status": "running", "name": "db1"},
        {"type": "lxc", "vmid": 200, "node": "pve2", "status": "stopped"},
        {"type": "lxc", "vmid": 201, "node": "gone", "status": "unknown"},
        {"type": "qemu", "vmid": 1, "node": "pve1"},
        {"type": "node", "node": "pve2", "status": "offline"},
        {"type": "node", "node": "pve1", "status": "online"},
    ]
)
LIVE = {
    "status": "running",
    "qmpstatus": "running",
    "cpus": 2,
    "pid": 3331,
    "disk": 0,
    "mem": "5",
    "ha": {"managed": 0},
}


async def test_all_vms_come_from_one_request() -> None:
    client = FakeClient({"/cluster/resources": RESOURCES})
    vms = await VMTools(client).list_vms()
    assert [(vm.vmid, vm.node) for vm in vms] == [(100, "pve1"), (101, "pve2")]
    assert client.asked == ["/cluster/resources"]


async def test_an_offline_node_says_so_and_keeps_its_rows() -> None:
    vms = await VMTools(FakeClient({"/cluster/resources": RESOURCES})).list_vms()
    assert [(source.source, source.state) for source in vms.sources] == [("pve1", "online"), ("pve2", "offline")]
    assert vms.sources[0].error is None
    assert vms.sources[1].error == "node pve2 is offline: its rows are as last reported"
    assert vms.invalid == 1
    assert not vms.is_complete


async def test_a_node_that_only_its_guests_know_is_a_source_too() -> None:
    containers = await ContainerTools(FakeClient({"/cluster/resources": RESOURCES})).list_containers()
    assert [container.vmid for container in containers] == [200, 201]
    assert [source.source for source in containers.sources] == ["gone", "pve1", "pve2"]
    assert containers.sources[0].state == "unknown"


async def test_a_listing_is_read_like_a_tuple() -> None:
    vms = await VMTools(FakeClient({"/cluster/resources": RESOURCES})).list_vms()
    assert len(vms) == 2
    assert vms[0].vmid == 100
    assert [vm.vmid for vm in vms[1:]] == [101]
    assert vms[-1] in vms


async def test_the_status_of_a_vm() -> None:
    client = FakeClient({"/nodes/pve1/qemu/100/status/current": data(LIVE)})
    vm = await VMTools(client).get_vm_status("pve1", 100)
    assert (vm.vmid, vm.node, vm.status, vm.cpus, vm.pid, vm.mem) == (100, "pve1", "running", 2.0, 3331, 5)
    assert (vm.disk, vm.template, vm.hastate, vm.name) == (None, False, None, None)
    assert client.asked == ["/nodes/pve1/qemu/100/status/current"]


@pytest.mark.parametrize(
    ("status", "qmpstatus", "shown"),
    [
        ("running", "paused", "paused"),
        ("stopped", "stopped", "stopped"),
        ("running", "prelaunch", "running"),
        ("stopped", "paused", "stopped"),
        (None, None, "unknown"),
        ("half-alive", None, "half-alive"),
    ],
)
async def test_paused_is_what_qemu_says(status: str | None, qmpstatus: str | None, shown: str) -> None:
    answer = data({"status": status, "qmpstatus": qmpstatus})
    vm = await VMTools(FakeClient({"/nodes/a/qemu/100/status/current": answer})).get_vm_status("a", 100)
    assert vm.status == shown


async def test_the_status_of_a_container_with_ha() -> None:
    answer = data({"status": "running", "disk": 2093056, "template": 1, "ha": {"managed": 1, "state": "started"}})
    client = FakeClient({"/nodes/pve1/lxc/200/status/current": answer})
    container = await ContainerTools(client).get_container_status("pve1", 200)
    assert (container.disk, container.hastate, container.template) == (2093056, "started", True)


async def test_the_answer_cannot_rename_what_was_asked_for() -> None:
    client = FakeClient({"/nodes/pve1/qemu/100/status/current": data({**LIVE, "vmid": "9;rm", "node": "other"})})
    vm = await VMTools(client).get_vm_status("pve1", 100)
    assert (vm.vmid, vm.node) == (100, "pve1")


async def test_the_config_is_given_as_pve_spells_it() -> None:
    config = {"name": "web1", "memory": "64", "description": "two\nlines \x1b[31m", "net0": "virtio=BC:24:11:FF:AA:9F"}
    client = FakeClient({"/nodes/pve1/qemu/100/config": data(config), "/nodes/pve1/lxc/200/config": data({"swap": 0})})
    read = await VMTools(client).get_vm_config("pve1", 100)
    assert (read["memory"], read["net0"]) == ("64", "virtio=BC:24:11:FF:AA:9F")
    assert read["description"] == "two\nlines ␛[31m"
    assert await ContainerTools(client).get_container_config("pve1", 200) == {"swap": 0}


async def test_the_history() -> None:
    points = data([{"time": 60, "cpu": 0.1}])
    client = FakeClient({"/nodes/pve1/qemu/100/rrddata": points, "/nodes/pve1/lxc/200/rrddata": points})
    assert (await VMTools(client).get_vm_rrd("pve1", 100)).values == {"cpu": (0.1,)}
    assert (await ContainerTools(client).get_container_rrd("pve1", 200, "week", "MAX")).times == (60.0,)
    assert client.asked[-1] == "/nodes/pve1/lxc/200/rrddata?timeframe=week&cf=MAX"


@pytest.mark.parametrize(("node", "vmid"), [("..", 100), ("pve1/qemu", 100), ("", 100), ("pve1", 99), ("pve1", True)])
async def test_bad_arguments_never_reach_the_wire(node: str, vmid: int) -> None:
    client = FakeClient({})
    vms, containers = VMTools(client), ContainerTools(client)
    calls: list[Any] = [vms.get_vm_status, vms.get_vm_config, vms.get_vm_rrd]
    calls += [containers.get_container_status, containers.get_container_config, containers.get_container_rrd]
    for call in calls:
        with pytest.raises(InvalidInput):
            await call(node, vmid)
    assert client.asked == []


async def test_errors_of_the_server_come_through() -> None:
    where = "/nodes/pve2/qemu/101/status/current"
    client = FakeClient({where: NodeUnreachable("No route to host", status=595, method="GET", path=where)})
    with pytest.raises(NodeUnreachable):
        await VMTools(client).get_vm_status("pve2", 101)


@pytest.mark.parametrize("answer", [None, [], "running", 1])
async def test_a_wrong_shape_is_an_unexpected_answer(answer: Any) -> None:
    client = FakeClient({"/nodes/a/qemu/100/status/current": data(answer), "/nodes/a/qemu/100/config": data(answer)})
    with pytest.raises(UnexpectedAnswer):
        await VMTools(client).get_vm_status("a", 100)
    with pytest.raises(UnexpectedAnswer):
        await VMTools(client).get_vm_config("a", 100)
