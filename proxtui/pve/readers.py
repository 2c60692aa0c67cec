"""Guests, nodes and storages out of rows that may be wrong in any way. None: the row does not say what it is about."""

from __future__ import annotations

from typing import Any

from proxtui.pve.fields import Row
from proxtui.pve.models import Guest, ProxmoxContainer, ProxmoxNode, ProxmoxStorage, ProxmoxVM


def guest_of(row: Row, kind: type[Guest], node: str | None = None) -> Guest | None:
    """A guest; ``node`` where the row does not name its own, because its path did."""
    return vm_of(row, node) if kind is ProxmoxVM else container_of(row, node)


def vm_of(row: Row, node: str | None = None) -> ProxmoxVM | None:
    """A QEMU machine, from ``/cluster/resources`` or from its own status."""
    common = _common(row, node)
    if common is None:
        return None
    qmpstatus = row.text("qmpstatus")
    if is_paused(qmpstatus) and common["status"] == "running":
        common["status"] = "paused"
    return ProxmoxVM(**common, disk=row.integer("disk") or None, pid=row.integer("pid"), qmpstatus=qmpstatus)


def container_of(row: Row, node: str | None = None) -> ProxmoxContainer | None:
    """A container, from ``/cluster/resources`` or from its own status."""
    common = _common(row, node)
    return None if common is None else ProxmoxContainer(**common, disk=row.integer("disk"))


def is_paused(qmpstatus: str | None) -> bool:
    """PVE says ``running`` of a paused machine; only QEMU's own word tells."""
    return qmpstatus == "paused"


def _common(row: Row, node: str | None) -> dict[str, Any] | None:
    vmid, node = row.vmid(), node or row.node()
    if vmid is None or node is None:
        return None
    return {
        "vmid": vmid,
        "node": node,
        "status": row.text("status") or "unknown",
        "name": row.text("name"),
        "cpu": row.number("cpu"),
        # The resources call it maxcpu, the guest's own status cpus.
        "maxcpu": row.number("maxcpu" if row.has("maxcpu") else "cpus"),
        "mem": row.integer("mem"),
        "maxmem": row.integer("maxmem"),
        "memhost": row.integer("memhost"),
        "maxdisk": row.integer("maxdisk"),
        "uptime": row.integer("uptime"),
        "netin": row.integer("netin"),
        "netout": row.integer("netout"),
        "diskread": row.integer("diskread"),
        "diskwrite": row.integer("diskwrite"),
        "template": row.flag("template"),
        "tags": row.words("tags"),
        "pool": row.text("pool"),
        "lock": row.text("lock"),
        "hastate": row.text("hastate"),
    }


def node_of(row: Row) -> ProxmoxNode | None:
    """A node, from ``/cluster/resources`` or ``/nodes``."""
    node = row.node()
    if node is None:
        return None
    return ProxmoxNode(
        node=node,
        status=row.text("status") or "unknown",
        cpu=row.number("cpu"),
        maxcpu=row.number("maxcpu"),
        mem=row.integer("mem"),
        maxmem=row.integer("maxmem"),
        disk=row.integer("disk"),
        maxdisk=row.integer("maxdisk"),
        uptime=row.integer("uptime"),
        level=row.text("level"),
    )


def storage_of(row: Row) -> ProxmoxStorage | None:
    """A storage of ``/cluster/resources``."""
    storage, node = row.storage(), row.node()
    if storage is None or node is None:
        return None
    status = row.text("status")
    return ProxmoxStorage(
        storage=storage,
        node=node,
        type=row.text("plugintype"),
        content=tuple(sorted(row.words("content"))),
        status=status,
        active=is_active(status),
        shared=row.flag("shared"),
        used=row.integer("disk"),
        total=row.integer("maxdisk"),
    )


def storage_status_of(row: Row, node: str, storage: str) -> ProxmoxStorage:
    """A storage of ``/nodes/{node}/storage`` or of its own status."""
    active = row.flag("active")
    return ProxmoxStorage(
        storage=storage,
        node=node,
        type=row.text("type"),
        content=tuple(sorted(row.words("content"))),
        status=None if active is None else "available" if active else "unknown",
        active=active,
        enabled=row.flag("enabled"),
        shared=row.flag("shared"),
        used=row.integer("used"),
        total=row.integer("total"),
        avail=row.integer("avail"),
    )


def is_active(status: str | None) -> bool | None:
    """What the resources' word means: ``unknown`` is no knowledge, not a no."""
    return True if status == "available" else None


def pool_of(row: Row) -> str | None:
    """A pool, whose ``id`` reads ``/pool/p1``."""
    return row.text("pool") or (row.text("id") or "").removeprefix("/pool/") or None
