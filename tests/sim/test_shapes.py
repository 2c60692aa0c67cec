"""The simulator answers with the keys and the types that the real thing answered with."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from proxtui.sim.world import Site, World

from .conftest import client

REFERENCE = Path(os.environ.get("PVE_REFERENCE", Path(__file__).resolve().parents[3] / "shared" / "pve"))
pytestmark = pytest.mark.skipif(
    not (REFERENCE / "recorded").is_dir(), reason=f"no recorded answers in PVE_REFERENCE ({REFERENCE})"
)

NODE = "/nodes/{node}"
QEMU, LXC, STORE = f"{NODE}/qemu/{{vmid}}", f"{NODE}/lxc/{{vmid}}", f"{NODE}/storage/{{storage}}"
PATHS = (
    "/version",
    "/cluster/resources",
    "/cluster/status",
    "/cluster/tasks",
    "/cluster/log",
    "/cluster/nextid",
    "/cluster/options",
    "/cluster/ha",
    "/cluster/ha/status/current",
    "/cluster/ha/status/manager_status",
    "/cluster/ha/resources",
    "/cluster/ha/groups",
    "/cluster/ha/rules",
    "/cluster/jobs",
    "/cluster/jobs/realm-sync",
    "/cluster/firewall/options",
    "/cluster/firewall/rules",
    "/cluster/config/nodes",
    "/cluster/backup",
    "/cluster/backup-info/not-backed-up",
    "/cluster/replication",
    "/nodes",
    f"{NODE}/status",
    f"{NODE}/version",
    f"{NODE}/network",
    f"{NODE}/services",
    f"{NODE}/tasks",
    f"{NODE}/tasks/{{upid}}/status",
    f"{NODE}/tasks/{{upid}}/log",
    f"{NODE}/rrddata",
    f"{NODE}/qemu",
    f"{NODE}/lxc",
    f"{NODE}/storage",
    f"{NODE}/subscription",
    f"{NODE}/dns",
    f"{NODE}/time",
    f"{NODE}/hosts",
    f"{NODE}/config",
    f"{NODE}/replication",
    f"{NODE}/disks/list",
    f"{NODE}/apt/update",
    f"{NODE}/apt/versions",
    f"{NODE}/certificates/info",
    f"{NODE}/services/{{service}}/state",
    f"{NODE}/firewall/options",
    f"{NODE}/firewall/rules",
    f"{QEMU}/status/current",
    f"{QEMU}/config",
    f"{QEMU}/pending",
    f"{QEMU}/snapshot",
    f"{QEMU}/rrddata",
    f"{QEMU}/migrate",
    f"{QEMU}/firewall",
    f"{QEMU}/firewall/options",
    f"{QEMU}/firewall/rules",
    f"{QEMU}/snapshot/{{snapname}}",
    f"{LXC}/status/current",
    f"{LXC}/config",
    f"{LXC}/pending",
    f"{LXC}/snapshot",
    f"{LXC}/rrddata",
    f"{LXC}/interfaces",
    f"{LXC}/firewall/options",
    f"{LXC}/firewall/rules",
    f"{STORE}/status",
    f"{STORE}/content",
    f"{STORE}/rrddata",
    "/storage",
    "/pools",
    "/pools/{poolid}",
    "/access/groups",
    "/access/users/{userid}",
    "/access/permissions",
    "/access/users",
    "/access/roles",
    "/access/domains",
    "/access/acl",
    "/access/tfa",
)
BY_TYPE = {"/cluster/resources": "type", "/cluster/status": "type", "/cluster/ha/status/current": "type"}
BY_CONTENT = {f"{STORE}/content": "content"}
NUMBER = "number"
SITUATIONAL = {
    # What depends on how a guest, a network or a host was set up, not on the shape of the answer.
    f"{QEMU}/config": {"serial0", "kvm", "parent", "description", "tags"},
    f"{QEMU}/status/current": {"serial", "tags"},
    f"{NODE}/qemu": {"serial", "tags"},
    f"{QEMU}/snapshot": {"parent", "snaptime", "vmstate"},
    "/access/users": {"comment", "email"},
    "/storage": {"path"},
    f"{QEMU}/migrate": {"not_allowed_nodes.pve2"},
    "/access/users/{userid}": {"tokens.full", "tokens.priv"},
}
BEYOND = {
    # Keys of the real thing that the recording lacks: its QEMU was too old to count blocks, its HA was not used.
    f"{QEMU}/rrddata": {"diskread", "diskwrite"},
    "/cluster/ha/status/manager_status": {"lrm_status"},
}
KINDS = {
    # The recorded disk was a virtual one: it neither wore out nor belonged to Ceph.
    f"{NODE}/disks/list": {"wearout": {NUMBER}, "osdid-list": {"list"}},
}

Shape = dict[str, dict[str, set[str]]]


def kind_of(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return NUMBER
    return {dict: "object", list: "list", str: "string", type(None): "null", bool: "boolean"}[type(value)]


def shape(data: Any, group: str | None) -> Shape:
    """Group -> key -> kinds of values, over all rows."""
    rows = data if isinstance(data, list) else [data]
    found: Shape = {}
    for row in rows:
        if not isinstance(row, dict):
            found.setdefault("", {}).setdefault("", set()).add(kind_of(row))
            continue
        name = str(row.get(group, "")) if group else ""
        if group == "type" and row.get("type") in ("qemu", "lxc"):
            name += f" {row.get('status')}"
        keys = found.setdefault(name, {})
        for key, value in row.items():
            keys.setdefault(key, set()).add(kind_of(value))
            if isinstance(value, dict) and key not in ("nics",):
                for inner, below in value.items():
                    keys.setdefault(f"{key}.{inner}", set()).add(kind_of(below))
    return found


def place(site: Site, kind: str) -> dict[str, str]:
    """What the placeholders of a path stand for on a site: the richest thing of its kind."""
    guests = [guest for guest in site.guests.values() if guest.kind == kind and guest.running and guest.onboot]
    guest = max(guests, key=lambda guest: (len(guest.snapshots), guest.storage.startswith("local")))
    task = next(task for task in reversed(site.tasks) if task.node == guest.node and task.tokenid)
    values = {"node": guest.node, "vmid": str(guest.vmid), "storage": "nfs-backup", "upid": task.upid}
    snapname = guest.snapshots[0].name if guest.snapshots else "none"
    return values | {"service": "pveproxy", "snapname": snapname, "poolid": str(guest.pool), "userid": "admin@pve"}


def recorded(version: str) -> dict[str, Any]:
    return dict(json.loads((REFERENCE / "recorded" / f"{version}.json").read_text()))


def schema_keys(path: str) -> set[str]:
    """Every key that the documentation of either version names for an answer."""
    found: set[str] = set()
    for version in ("8.4", "9.2"):
        schema = json.loads((REFERENCE / f"schema-{version}.json").read_text())
        for endpoint in schema["endpoints"]:
            if endpoint["path"] == path and endpoint["method"] == "GET":
                returns = endpoint.get("returns") or {}
                items = returns.get("items") or returns
                found |= set(items.get("properties") or {})
    return found


@pytest.fixture
def sites(make_world: Callable[..., World]) -> dict[str, tuple[World, Site]]:
    world = make_world("fleet")
    return {"8.4": (world, world.sites["aurora"]), "9.2": (world, world.sites["medilab"])}


@pytest.mark.parametrize("version", ["8.4", "9.2"])
@pytest.mark.parametrize("path", PATHS)
async def test_same_keys_and_types(path: str, version: str, sites: dict[str, tuple[World, Site]]) -> None:
    real = recorded(version).get(f"GET {path}")
    if real is None:
        pytest.skip(f"{version} does not know this path")
    if real["status"] != 200:
        pytest.skip(f"the recorded answer is a {real['status']}: {real['reason']}")
    world, site = sites[version]
    asked = path.format(**place(site, "lxc" if "/lxc" in path else "qemu"))
    if path.endswith("rrddata"):
        asked += "?timeframe=hour"
    async with client(world, site.name) as http:
        answer = await http.get(asked)
        assert answer.status_code == 200, answer.text
        data = answer.json()["data"]
        if path in BY_CONTENT:
            # The recorded storage held everything; ours keep disks, images and archives apart.
            for other in ("local", "ceph-vm"):
                data += (await http.get(asked.replace("nfs-backup", other))).json()["data"]
    group = BY_TYPE.get(path) or BY_CONTENT.get(path)
    theirs, ours = shape(real["body"]["data"], group), shape(data, group)
    assert set(real["body"]) == set(answer.json()), "the envelope"
    compare(path, version, theirs, ours)


def compare(path: str, version: str, theirs: Shape, ours: Shape) -> None:
    known = schema_keys(path)
    for group, keys in theirs.items():
        if group not in ours:
            assert group.startswith("node") or group in ("", "cluster", "sdn"), f"no row of type {group!r}"
            continue
        if path == "/access/permissions":
            continue
        missing = set(keys) - set(ours[group]) - SITUATIONAL.get(path, set())
        assert not missing, f"{path} {group}: {version} has {missing}"
        for key, kinds in keys.items():
            mine = ours[group].get(key)
            assert mine is None or mine <= kinds | {"null"} | KINDS.get(path, {}).get(key, set()), (
                f"{path} {group}.{key}: {mine}, not {kinds}"
            )
        made_up = {key for key in ours[group] if "." not in key} - set(keys) - known - BEYOND.get(path, set())
        free = path.endswith(("/config", "/interfaces")) or path in ("/cluster/log", "/storage")
        assert free or not made_up, f"{path} {group}: {made_up} is in neither answer nor schema of {version}"


async def test_every_recorded_error_reads_the_same(world: World) -> None:
    """Words, status and the shape of the body of what PVE refuses."""
    real = recorded("8.4")
    paths = {
        "unknown guest": "/nodes/pve1/qemu/999/config",
        "unknown path": "/no/such",
        "bad parameter": "/nodes/pve1/qemu/abc/config",
        "unknown parameter": "/cluster/resources?bogus=1",
    }
    async with client(world) as http:
        for name, path in paths.items():
            answer = await http.get(path)
            assert answer.status_code == real[name]["status"], name
            assert answer.json() == real[name]["body"], name
            assert answer.reason_phrase == real[name]["reason"], name


async def test_pvedaemon_answers_what_the_schema_calls_protected() -> None:
    from proxtui.sim.routes.table import ROUTES

    schemas = [json.loads((REFERENCE / f"schema-{version}.json").read_text()) for version in ("9.2", "8.4")]
    endpoints = [endpoint for schema in schemas for endpoint in schema["endpoints"]]
    protected = {(e["method"], e["path"]): bool(e["protected"]) for e in endpoints}
    proxied = {(e["method"], e["path"]): e["proxyto"] == "node" for e in endpoints}
    for route in ROUTES:
        for kind in ("qemu", "lxc") if "{kind}" in route.path else ("",):
            key = (route.method, route.path.replace("{kind}", kind))
            assert key in protected, key
            assert route.daemon == protected[key], f"{key}: protected"
            if "{node}" in route.path:
                assert route.on_node == proxied[key], f"{key}: asked of the node"
