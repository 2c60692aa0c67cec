"""Real answers of PVE 8.4 and 9.2, kept outside of this repository, against what we make of them."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from proxtui.pve.access import AccessTools
from proxtui.pve.cluster import ClusterTools
from proxtui.pve.containers import ContainerTools
from proxtui.pve.listing import Listing
from proxtui.pve.models import Guest, ProxmoxStorage
from proxtui.pve.nodes import NodeTools
from proxtui.pve.resources import decode_leniently, decode_resources
from proxtui.pve.rrd import RrdSeries
from proxtui.pve.storage import StorageTools
from proxtui.pve.tasks import TaskTools
from proxtui.pve.vms import VMTools

from .fakes import FakeClient

HERE = Path(__file__).resolve()
REFERENCE = Path(os.environ.get("PVE_REFERENCE") or HERE.parents[3] / "shared" / "pve")
RELEASES = ("8.4", "9.2")
TYPES = {"cpu": float, "maxcpu": float, "wait": float, "mhz": float}
pytestmark = pytest.mark.skipif(
    not (REFERENCE / "recorded").is_dir(), reason="no recorded answers: set PVE_REFERENCE to the directory with them"
)


@cache
def recorded(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((REFERENCE / "recorded" / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def entry(release: str, title: str) -> tuple[str, Any]:
    """The path that was asked, and the body that came."""
    found = recorded(release)[title]
    assert found["status"] == 200
    return urlsplit(found["asked"]).path, found["body"]


async def ask(release: str, title: str) -> tuple[Any, Any]:
    """What our tools make of a recorded answer, and the ``data`` of that answer."""
    path, body = entry(release, title)
    client = FakeClient({path: body})
    parts = path.strip("/").split("/")
    result = await CALLS[title](client, parts)
    assert len(client.asked) == 1
    return result, body["data"]


CALLS: dict[str, Any] = {
    "GET /cluster/resources": lambda client, parts: ClusterTools(client).inventory(),
    "resources as auditor": lambda client, parts: ClusterTools(client).inventory(),
    "resources as token without rights": lambda client, parts: ClusterTools(client).inventory(),
    "resources vm": lambda client, parts: ClusterTools(client).inventory(),
    "GET /cluster/status": lambda client, parts: ClusterTools(client).status(),
    "GET /cluster/tasks": lambda client, parts: ClusterTools(client).tasks(),
    "GET /version": lambda client, parts: ClusterTools(client).version(),
    "GET /access/permissions": lambda client, parts: AccessTools(client).permissions(),
    "permissions of auditor": lambda client, parts: AccessTools(client).permissions(),
    "permissions without rights": lambda client, parts: AccessTools(client).permissions(),
    "GET /nodes": lambda client, parts: NodeTools(client).list_nodes(),
    "nodes as token without rights": lambda client, parts: NodeTools(client).list_nodes(),
    "GET /nodes/{node}/status": lambda client, parts: NodeTools(client).get_node_status(parts[1]),
    "GET /nodes/{node}/version": lambda client, parts: NodeTools(client).get_node_version(parts[1]),
    "GET /nodes/{node}/network": lambda client, parts: NodeTools(client).get_node_network(parts[1]),
    "GET /nodes/{node}/services": lambda client, parts: NodeTools(client).get_node_services(parts[1]),
    "GET /nodes/{node}/tasks": lambda client, parts: NodeTools(client).get_node_tasks(parts[1]),
    "tasks all": lambda client, parts: NodeTools(client).get_node_tasks(parts[1]),
    "GET /nodes/{node}/rrddata": lambda client, parts: NodeTools(client).get_node_rrd(parts[1]),
    "node rrddata day": lambda client, parts: NodeTools(client).get_node_rrd(parts[1], "day"),
    "GET /nodes/{node}/storage": lambda client, parts: StorageTools(client).list_node_storage(parts[1]),
    "GET /nodes/{node}/storage/{storage}/status": lambda client, parts: StorageTools(client).get_storage_status(
        parts[1], parts[3]
    ),
    "GET /nodes/{node}/storage/{storage}/content": lambda client, parts: StorageTools(client).list_storage_content(
        parts[1], parts[3]
    ),
    "GET /nodes/{node}/tasks/{upid}/status": lambda client, parts: TaskTools(client).get_task_status(parts[3]),
    "GET /nodes/{node}/tasks/{upid}/log": lambda client, parts: TaskTools(client).get_task_log(parts[3]),
    "GET /nodes/{node}/qemu/{vmid}/status/current": lambda client, parts: VMTools(client).get_vm_status(
        parts[1], int(parts[3])
    ),
    "GET /nodes/{node}/qemu/{vmid}/config": lambda client, parts: VMTools(client).get_vm_config(
        parts[1], int(parts[3])
    ),
    "GET /nodes/{node}/qemu/{vmid}/rrddata": lambda client, parts: VMTools(client).get_vm_rrd(parts[1], int(parts[3])),
    "storage rrddata hour": lambda client, parts: StorageTools(client).get_storage_rrd(parts[1], parts[3]),
    "guest rrddata hour": lambda client, parts: VMTools(client).get_vm_rrd(parts[1], int(parts[3])),
    "GET /nodes/{node}/lxc/{vmid}/status/current": lambda client, parts: ContainerTools(client).get_container_status(
        parts[1], int(parts[3])
    ),
    "GET /nodes/{node}/lxc/{vmid}/config": lambda client, parts: ContainerTools(client).get_container_config(
        parts[1], int(parts[3])
    ),
    "GET /nodes/{node}/lxc/{vmid}/rrddata": lambda client, parts: ContainerTools(client).get_container_rrd(
        parts[1], int(parts[3])
    ),
}
RRD = [title for title in CALLS if "rrddata" in title]
ONE = [
    "GET /version",
    "GET /nodes/{node}/version",
    "GET /nodes/{node}/storage/{storage}/status",
    "GET /nodes/{node}/qemu/{vmid}/status/current",
    "GET /nodes/{node}/lxc/{vmid}/status/current",
]
MANY = {
    "GET /nodes": "node",
    "nodes as token without rights": "node",
    "GET /nodes/{node}/network": "iface",
    "GET /nodes/{node}/services": "service",
    "GET /nodes/{node}/storage": "storage",
    "GET /nodes/{node}/storage/{storage}/content": "volid",
}
INVENTORIES = [title for title in CALLS if "resources" in title]


def renamed(model: object, key: str) -> str:
    """Where a key of PVE is kept when we spell it otherwise."""
    if isinstance(model, Guest):
        return {"cpus": "maxcpu"}.get(key, key)
    return key.replace("-", "_")


def same(model: object, row: Mapping[str, Any]) -> Iterator[str]:
    """Compare every field of ``row`` that the model has; yields the names that were compared."""
    for key, raw in row.items():
        field = renamed(model, key)
        if raw is None or not hasattr(model, field) or isinstance(raw, dict | list) or key in ("type", "level"):
            continue
        value = getattr(model, field)
        if isinstance(value, bool):
            assert value == bool(raw), key
        elif isinstance(value, tuple):
            assert sorted(value) == sorted(raw.replace(";", ",").split(",")), key
        elif isinstance(model, Guest) and model.type == "qemu" and key == "disk":
            assert (raw, value) == (0, None)
        else:
            assert value == raw, key
            wanted = TYPES.get(field, type(value))
            assert type(value) is wanted, key
        yield key


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("title", ONE)
async def test_single_answers(release: str, title: str) -> None:
    model, row = await ask(release, title)
    assert len(list(same(model, row))) >= 3
    if isinstance(model, Guest):
        assert (model.status, model.maxmem, model.node) == ("running", 67108864, "pve1")
        assert model.tags == tuple(row.get("tags", "").split(";")) if row.get("tags") else model.tags == ()


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("title", list(MANY))
async def test_lists(release: str, title: str) -> None:
    listing, rows = await ask(release, title)
    assert isinstance(listing, Listing)
    assert (len(listing), listing.invalid) == (len(rows), 0)
    by_name = {row[MANY[title]]: row for row in rows}
    for model in listing:
        assert len(list(same(model, by_name[getattr(model, MANY[title])]))) >= 2
    if title == "GET /nodes":
        assert all(0 < node.cpu <= 1 and node.maxmem == 25276502016 for node in listing)
    if title.startswith("nodes as token"):
        assert all(node.cpu is None and node.mem is None for node in listing)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("title", INVENTORIES)
async def test_resources(release: str, title: str) -> None:
    inventory, rows = await ask(release, title)
    kinds = [row["type"] for row in rows]
    assert (inventory.invalid, inventory.wrong_fields) == (0, 0)
    assert len(inventory.guests) == kinds.count("qemu") + kinds.count("lxc")
    assert len(inventory.nodes) == kinds.count("node")
    assert len(inventory.storages) == kinds.count("storage")
    assert inventory.pools == tuple(row["pool"] for row in rows if row["type"] == "pool")
    things: dict[str, object] = {f"{guest.type}/{guest.vmid}": guest for guest in inventory.guests}
    things |= {f"node/{node.node}": node for node in inventory.nodes}
    for row in rows:
        if row["id"] in things:
            compared = set(same(things[row["id"]], row))
            assert compared >= {key for key in row if key not in ("id", "type", "level", "cgroup-mode")}
    for storage, row in zip(inventory.storages, [row for row in rows if row["type"] == "storage"], strict=True):
        assert (storage.used, storage.total, storage.type) == (row["disk"], row["maxdisk"], row["plugintype"])
        assert (storage.active, storage.shared) == (True, False)
    body = json.dumps({"data": rows}).encode()
    assert decode_resources(body) == decode_leniently(body)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("title", RRD)
async def test_histories(release: str, title: str) -> None:
    series, points = await ask(release, title)
    assert isinstance(series, RrdSeries)
    assert list(series.times) == sorted(point["time"] for point in points)
    assert set(series.values) == {name for point in points for name in point} - {"time"}
    by_time = {point["time"]: point for point in points}
    for name, values in series.values.items():
        assert len(values) == len(series.times)
        for moment, value in zip(series.times, values, strict=True):
            raw = by_time[moment].get(name)
            assert value is None if raw is None else value == pytest.approx(float(raw))
            assert value is None or math.isfinite(value)
    if "day" not in title:
        # The first minutes of these machines lie within the hour.
        assert any(isinstance(value, float) for value in series.values["used" if "storage" in title else "cpu"])
        assert any(None in values for values in series.values.values())


@pytest.mark.parametrize("release", RELEASES)
async def test_the_status_of_a_node(release: str) -> None:
    status, row = await ask(release, "GET /nodes/{node}/status")
    assert (status.mem, status.maxmem) == (row["memory"]["used"], row["memory"]["total"])
    assert (status.disk, status.maxdisk) == (row["rootfs"]["used"], row["rootfs"]["total"])
    assert (status.swap.total, status.ksm, status.uptime) == (0, 0, row["uptime"])
    assert status.loadavg == tuple(float(load) for load in row["loadavg"])
    assert status.cpuinfo.mhz == pytest.approx(2596.14)
    assert (status.cpuinfo.model, status.maxcpu) == ("AMD EPYC", 2.0)
    assert status.pveversion.startswith(f"pve-manager/{release}")
    assert status.kversion.startswith("Linux")
    assert (type(status.cpu), type(status.wait)) == (float, float)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("title", ["GET /cluster/tasks", "GET /nodes/{node}/tasks", "tasks all"])
async def test_lists_of_tasks(release: str, title: str) -> None:
    tasks, rows = await ask(release, title)
    assert (len(tasks), tasks.invalid) == (len(rows), 0)
    assert [task.starttime for task in tasks] == sorted((row["starttime"] for row in rows), reverse=True)
    by_upid = {row["upid"]: row for row in rows}
    for task in tasks:
        row = by_upid[task.upid]
        assert (task.id, task.user, task.tokenid) == (row["id"], row["user"], row["tokenid"])
        assert (task.node, task.type, task.endtime) == (row["node"], row["type"], row["endtime"])
        assert task.exitstatus == row["status"]
        assert task.outcome == ("OK" if row["status"] == "OK" else "error")


@pytest.mark.parametrize("release", RELEASES)
async def test_one_task_and_its_log(release: str) -> None:
    task, row = await ask(release, "GET /nodes/{node}/tasks/{upid}/status")
    assert (task.outcome, task.id, task.tokenid, task.running) == ("OK", row["id"], "full", False)
    log, lines = await ask(release, "GET /nodes/{node}/tasks/{upid}/log")
    assert log.lines == tuple((line["n"], line["t"]) for line in lines)
    assert log.lines[-1][1] == "TASK OK"
    assert log.total == len(lines)


@pytest.mark.parametrize("release", RELEASES)
async def test_the_cluster(release: str) -> None:
    status, rows = await ask(release, "GET /cluster/status")
    names = sorted(row["name"] for row in rows if row["type"] == "node")
    assert [node.name for node in status.nodes] == names
    assert all(node.online and node.ip for node in status.nodes)
    assert (status.name, status.quorate) == (("testcluster", True) if release == "8.4" else (None, None))


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("kind", ["qemu", "lxc"])
async def test_configs(release: str, kind: str) -> None:
    config, row = await ask(release, f"GET /nodes/{{node}}/{kind}/{{vmid}}/config")
    assert config == row
    assert config["memory"] == ("64" if kind == "qemu" else 64)


@pytest.mark.parametrize("release", RELEASES)
async def test_permissions(release: str) -> None:
    admin, row = await ask(release, "GET /access/permissions")
    assert set(admin.paths) == set(row)
    assert admin.allows("/vms/4711", "VM.PowerMgmt")
    auditor, _ = await ask(release, "permissions of auditor")
    assert auditor.allows("/nodes/pve1", "Sys.Audit")
    assert not auditor.allows("/vms/100", "VM.PowerMgmt")
    nobody, _ = await ask(release, "permissions without rights")
    assert not nobody


@pytest.mark.parametrize("release", RELEASES)
async def test_the_auditor_sees_what_the_administrator_sees(release: str) -> None:
    admin, _ = await ask(release, "GET /cluster/resources")
    auditor, _ = await ask(release, "resources as auditor")
    assert {guest.vmid for guest in auditor.guests} == {guest.vmid for guest in admin.guests}


def faults() -> list[str]:
    if not (REFERENCE / "recorded" / "8.4-faults.json").is_file():
        return []
    return [title for title, found in recorded("8.4-faults").items() if found.get("asked") == "/cluster/resources"]


@pytest.mark.parametrize("title", faults())
async def test_resources_of_a_cluster_in_trouble(title: str) -> None:
    body = recorded("8.4-faults")[title]["body"]
    client = FakeClient({"/cluster/resources": body})
    inventory = decode_resources(await client.read("/cluster/resources"))
    assert (len(inventory.guests), len(inventory.nodes), inventory.invalid, inventory.wrong_fields) == (4, 2, 0, 0)
    offline = {node.node for node in inventory.nodes if node.status == "offline"}
    assert offline == ({"pve2"} if "30 s after" in title else set())
    for node in inventory.nodes:
        assert (node.cpu is None and node.mem is None and node.uptime is None) == (node.node in offline)
        assert node.maxmem == 25276502016
    vms = await VMTools(client).list_vms()
    assert {source.source for source in vms.sources if source.error} == offline
    # PVE goes on to show what the lost node said last.
    assert [vm.status for vm in vms if vm.node in offline] == ["running"] * len(offline)


def test_enough_paths_are_looked_at() -> None:
    for release in RELEASES:
        paths = {recorded(release)[title]["asked"] for title in CALLS}
        assert len(paths) >= 20


def test_models_can_be_written_as_json() -> None:
    _, body = entry("9.2", "GET /cluster/resources")
    inventory = decode_resources(json.dumps(body).encode())
    written = json.loads(msgspec.json.encode(inventory.guests))
    assert {row["type"] for row in written} == {"qemu", "lxc"}
    assert all(isinstance(storage, ProxmoxStorage) for storage in inventory.storages)
