"""``/cluster/resources``: the last reports of every node, so up to 12 s old; tags, lock and pool are live.

A row is written as JSON when its guest reports, and kept until something in it changes, as large clusters are polled
often.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from proxtui.sim.api import Call
from proxtui.sim.reply import Shuffle
from proxtui.sim.routes.cluster import node_row
from proxtui.sim.routes.ha import state_of
from proxtui.sim.state import Guest
from proxtui.sim.views import Row, guest_report, tags_of

STORAGE_AUDIT = ("Datastore.Audit", "Datastore.AllocateSpace")
SUMS = ("mem", "maxmem")


def resources(call: Call) -> list[Any]:
    """All kinds, or one; guests are readily written JSON, except where every text is to be poisoned."""
    wanted = call.params.get("type")
    if wanted == "vm":
        return _guests(call)
    if wanted == "node":
        return list(_nodes(call))
    if wanted == "storage":
        return list(storage_rows(call))
    if wanted == "sdn":
        return [] if call.site.modern else list(_networks(call))
    return [*_pools(call), *_guests(call), *_nodes(call), *storage_rows(call), *_networks(call)]


def visible(call: Call) -> list[Guest]:
    """The guests that the caller may audit, remembered until something changes."""
    key = ("visible", call.who.name)
    known: list[Guest] | None = call.site.cache.get(key)
    if known is None:
        guests = sorted(call.site.guests.values(), key=lambda guest: guest.vmid)
        known = call.site.cache[key] = [guest for guest in guests if call.may(f"/vms/{guest.vmid}", "VM.Audit")]
    return known


def _reports(call: Call) -> dict[str, float | None]:
    return {name: call.site.reported_at(node, call.now) for name, node in call.site.nodes.items()}


def _shown(call: Call) -> list[str]:
    return [pool for pool in call.site.pools if call.may(f"/pool/{pool}", "Pool.Audit")]


def _guests(call: Call) -> list[Any]:
    if call.site.hostile:
        return guest_rows(call, visible(call))
    reports, shown = _reports(call), set(_shown(call))
    shuffle, written = Shuffle(), call.site.world_cache
    rows: list[msgspec.Raw] = []
    for guest in visible(call):
        moment = reports[guest.node]
        pool = guest.pool if guest.pool in shown else None
        ha = state_of(call, guest) if guest.ha else None
        stamp = (moment, guest.node, pool, guest.lock, ha, *guest.tags)
        key = ("row", guest.vmid, pool)
        known = written.get(key)
        if known is None or known[0] != stamp:
            row = shuffle.of(_row(call, guest, moment, pool))
            known = written[key] = (stamp, msgspec.Raw(msgspec.json.encode(row)))
        rows.append(known[1])
    return rows


def guest_rows(call: Call, guests: list[Guest]) -> list[Row]:
    """The rows of some guests."""
    reports, shown = _reports(call), set(_shown(call))
    return [_row(call, guest, reports[guest.node], guest.pool if guest.pool in shown else None) for guest in guests]


def _row(call: Call, guest: Guest, moment: float | None, pool: str | None) -> Row:
    row: Row = {"id": guest.id, "type": guest.kind, "vmid": guest.vmid, "node": guest.node, "status": "unknown"}
    row |= _report_of(call, guest, moment)
    tags = tags_of(call.site, guest)
    if tags:
        row["tags"] = tags
    if guest.lock:
        row["lock"] = guest.lock
    if pool:
        row["pool"] = pool
    if guest.ha:
        row["hastate"] = state_of(call, guest)
    return row


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
    return guest_rows(call, [guest for guest in visible(call) if guest.pool == pool])


def _pools(call: Call) -> Iterator[Row]:
    reports = _reports(call)
    members: dict[str, list[Row]] = {pool: [] for pool in _shown(call)}
    for guest in visible(call):
        if guest.pool in members:
            report = _report_of(call, guest, reports[guest.node])
            if report:
                members[guest.pool].append(report)
    for pool, rows in members.items():
        row: Row = {"id": f"/pool/{pool}", "type": "pool", "pool": pool}
        if rows:
            cores = sum(member["maxcpu"] for member in rows)
            row |= {key: sum(member[key] for member in rows) for key in SUMS}
            row |= {"maxcpu": cores, "cpu": sum(member["cpu"] * member["maxcpu"] for member in rows) / cores}
            row["uptime"] = max(member["uptime"] for member in rows)
        yield row


def _nodes(call: Call) -> Iterator[Row]:
    for node in call.site.nodes.values():
        row = node_row(call, node)
        if node.online:
            row["cgroup-mode"] = 2
        yield row


def storage_rows(call: Call) -> Iterator[Row]:
    """The storages that the caller may see, each once for each node."""
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
