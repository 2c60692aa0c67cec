"""``/version``, ``/cluster`` and ``/nodes``: the lists that a dashboard polls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proxtui.sim.api import Answer, Call, failed, invalid
from proxtui.sim.state import Guest, Node
from proxtui.sim.views import Row, guest_report, reported, tags_of

STORAGE_AUDIT = ("Datastore.Audit", "Datastore.AllocateSpace")


def version(call: Call) -> Row:
    site = call.site
    return {"version": site.version, "release": site.release, "repoid": site.repoid}


def resources(call: Call) -> list[Row]:
    """``/cluster/resources``: the last reports of every node, so up to 12 s old; tags, lock and pool are live."""
    wanted = call.params.get("type")
    if wanted == "vm":
        return list(_guests(call))
    if wanted == "node":
        return list(_nodes(call))
    if wanted == "storage":
        return list(_storages(call))
    if wanted == "sdn":
        return [] if call.site.modern else list(_networks(call))
    guests = list(_guests(call))
    return [*_pools(call, guests), *guests, *_nodes(call), *_storages(call), *_networks(call)]


def _reports(call: Call) -> dict[str, float | None]:
    return {name: call.site.reported_at(node, call.now) for name, node in call.site.nodes.items()}


def visible(call: Call) -> list[Guest]:
    """The guests that the caller may audit, remembered until something changes."""
    key = ("visible", call.who.name)
    known: list[Guest] | None = call.site.cache.get(key)
    if known is None:
        guests = sorted(call.site.guests.values(), key=lambda guest: guest.vmid)
        known = call.site.cache[key] = [guest for guest in guests if call.may(f"/vms/{guest.vmid}", "VM.Audit")]
    return known


def _guests(call: Call) -> Iterator[Row]:
    return _rows(call, visible(call))


def _rows(call: Call, guests: list[Guest]) -> Iterator[Row]:
    reports = _reports(call)
    shown = {pool for pool in call.site.pools if call.may(f"/pool/{pool}", "Pool.Audit")}
    for guest in guests:
        row = {"id": guest.id, "type": guest.kind, "vmid": guest.vmid, "node": guest.node, "status": "unknown"}
        row |= _report_of(call, guest, reports[guest.node])
        tags = tags_of(call.site, guest)
        if tags:
            row["tags"] = tags
        if guest.lock:
            row["lock"] = guest.lock
        if guest.pool in shown:
            row["pool"] = guest.pool
        if guest.ha:
            row["hastate"] = guest.ha
        yield row


def _report_of(call: Call, guest: Guest, moment: float | None) -> Row:
    if moment is None:
        return {}
    cache = call.site.world_cache
    known = cache.get(guest.vmid)
    if known is None or known[0] != moment:
        known = cache[guest.vmid] = (moment, guest_report(call.site, guest, moment))
    report: Row | None = known[1]
    return report or {}


def pool_rows(call: Call, pool: str) -> list[Row]:
    """The rows of a pool's members."""
    return list(_rows(call, [guest for guest in visible(call) if guest.pool == pool]))


def _pools(call: Call, guests: list[Row]) -> Iterator[Row]:
    for pool in call.site.pools:
        if not call.may(f"/pool/{pool}", "Pool.Audit"):
            continue
        members = [row for row in guests if row.get("pool") == pool and "maxcpu" in row]
        cores = sum(row["maxcpu"] for row in members)
        row: Row = {"id": f"/pool/{pool}", "type": "pool", "pool": pool}
        if members:
            row |= {
                "maxcpu": cores,
                "cpu": sum(member["cpu"] * member["maxcpu"] for member in members) / cores,
                "mem": sum(member["mem"] for member in members),
                "maxmem": sum(member["maxmem"] for member in members),
                "uptime": max(member["uptime"] for member in members),
            }
        yield row


def node_row(call: Call, node: Node) -> Row:
    """Nodes are always listed; without Sys.Audit there is no load, and an offline one keeps only its sizes."""
    row: Row = {"id": f"node/{node.name}", "type": "node", "node": node.name, "level": ""}
    row["status"] = "online" if node.online else "offline"
    moment = call.site.reported_at(node, call.now)
    if not call.may(f"/nodes/{node.name}", "Sys.Audit"):
        return row
    if node.online and moment is not None:
        return row | reported(call.site, node, moment)
    return row | {"maxcpu": node.cpus, "maxmem": node.maxmem, "maxdisk": node.rootfs}


def _nodes(call: Call) -> Iterator[Row]:
    for node in call.site.nodes.values():
        row = node_row(call, node)
        if node.online:
            row["cgroup-mode"] = 2
        yield row


def nodes(call: Call) -> list[Row]:
    return [node_row(call, node) | {"ssl_fingerprint": node.fingerprint} for node in call.site.nodes.values()]


def _storages(call: Call) -> Iterator[Row]:
    reports = _reports(call)
    for storage in call.site.storages.values():
        if not call.may(f"/storage/{storage.name}", *STORAGE_AUDIT):
            continue
        for node in call.site.nodes.values():
            if storage.nodes is not None and node.name not in storage.nodes:
                continue
            row: Row = {
                "id": f"storage/{node.name}/{storage.name}",
                "type": "storage",
                "node": node.name,
                "storage": storage.name,
                "shared": int(storage.shared),
                "plugintype": storage.type,
                "content": storage.content,
                "status": "unknown",
            }
            moment = reports[node.name]
            if moment is not None and storage.active:
                used = call.site.used(storage, node.name, moment)
                row |= {"status": "available", "disk": used, "maxdisk": storage.total}
            yield row


def _networks(call: Call) -> Iterator[Row]:
    if not call.may("/sdn/zones/localnetwork", "SDN.Audit", "SDN.Use"):
        return
    for node in call.site.nodes.values():
        name, status = node.name, "ok" if node.online else "unknown"
        if call.site.modern:
            row = {"id": f"network/{name}/zone/localnetwork", "type": "network", "network-type": "zone"}
            yield row | {"network": "localnetwork", "node": name, "status": status}
        else:
            row = {"id": f"sdn/{name}/localnetwork", "type": "sdn", "sdn": "localnetwork"}
            yield row | {"node": name, "status": status}


def status(call: Call) -> list[Row]:
    """``/cluster/status``. A node that stands alone has no cluster row and nodeid 0."""
    site = call.site
    rows: list[Row] = []
    if site.cluster:
        row = {"id": "cluster", "type": "cluster", "name": site.cluster, "version": len(site.nodes)}
        rows.append(row | {"nodes": len(site.nodes), "quorate": int(site.quorate)})
    for node in site.nodes.values():
        rows.append(
            {
                "id": f"node/{node.name}",
                "type": "node",
                "name": node.name,
                "nodeid": node.nodeid if site.cluster else 0,
                "ip": node.ip,
                "online": int(node.online),
                "local": int(node is site.entry),
                "level": "",
            }
        )
    return rows


def log(call: Call) -> list[Row]:
    """``/cluster/log``: silently only one's own lines without Sys.Syslog."""
    everything = call.may("/", "Sys.Syslog")
    rows = [
        {
            "uid": str(entry.uid),
            "id": f"{entry.uid}:{entry.node}",
            "node": entry.node,
            "time": int(entry.time),
            "user": entry.user,
            "tag": entry.tag,
            "pid": entry.pid,
            "pri": entry.pri,
            "msg": entry.msg,
        }
        for entry in reversed(call.site.log)
        if everything or entry.user == call.who.userid
    ]
    return rows[: call.params.get("max", 50)]


def nextid(call: Call) -> str:
    """The lowest free VMID, a string."""
    asked = call.params.get("vmid")
    if asked is not None:
        if asked in call.site.guests:
            raise invalid("vmid", f"VM {asked} already exists")
        return str(asked)
    vmid = 100
    while vmid in call.site.guests:
        vmid += 1
    return str(vmid)


def options(call: Call) -> Row:
    tags = sorted({tag for guest in call.site.guests.values() for tag in guest.tags})
    row: Row = {"allowed-tags": tags}
    if call.may("/", "Sys.Audit"):
        row |= {"mac_prefix": "BC:24:11", "description": ""}
    return row


def config_nodes(call: Call) -> list[Row]:
    if not call.site.cluster:
        raise failed("corosync config '/etc/pve/corosync.conf' does not exist - is this node part of a cluster?")
    return [
        {
            "name": node.name,
            "node": node.name,
            "nodeid": str(node.nodeid),
            "quorum_votes": "1",
            "ring0_addr": node.ip,
        }
        for node in call.site.nodes.values()
    ]


def tasks(call: Call) -> list[Row]:
    """``/cluster/tasks``: running ones and up to 25 finished ones of each node, in no promised order."""
    rows: list[Row] = []
    everything = call.may("/", "Sys.Audit")
    finished: dict[str, int] = {}
    for task in reversed(call.site.tasks):
        if not everything and task.userid != call.who.userid:
            continue
        row: Row = {
            "upid": task.upid,
            "node": task.node,
            "type": task.type,
            "id": task.id,
            "user": task.userid,
            "starttime": int(task.start),
            "saved": "0",
        }
        if task.tokenid:
            row["tokenid"] = task.tokenid
        if task.done(call.now):
            finished[task.node] = finished.get(task.node, 0) + 1
            if finished[task.node] > 25:
                continue
            row |= {"endtime": int(task.end or 0), "status": task.exit, "saved": "1"}
        rows.append(row)
    return rows


def index(*names: str, key: str = "name") -> Any:
    """An endpoint that lists what lies below it."""

    def run(call: Call) -> Answer:
        return Answer([{key: name} for name in names])

    return run
