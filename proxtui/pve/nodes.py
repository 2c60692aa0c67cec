"""Nodes: how they are, what runs on them, how they are wired."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxtui.pve.asking import Asker
from proxtui.pve.fields import Row, object_of, objects, plain_number, rows_of
from proxtui.pve.listing import Listing, node_sources
from proxtui.pve.models import CpuInfo, NodeNetwork, NodeService, NodeStatus, ProxmoxNode, Task, Usage, Version
from proxtui.pve.paths import path
from proxtui.pve.readers import node_of
from proxtui.pve.rrd import RrdSeries, read_rrd
from proxtui.pve.tasks import tasks_of
from proxtui.pve.validators import InputValidator, check_whole


class NodeTools:
    """Reads nodes. Arguments are checked before anything is sent (``InvalidInput``)."""

    def __init__(self, client: Asker) -> None:
        self._client = client

    async def list_nodes(self) -> Listing[ProxmoxNode]:
        """``GET /nodes``: every node, also those that are offline; the loads only with Sys.Audit."""
        found = [node_of(row) if row is not None else None for row in objects(await self._rows("/nodes"))]
        nodes = tuple(node for node in found if node is not None)
        return Listing(nodes, node_sources(nodes), len(found) - len(nodes))

    async def get_node_status(self, node: str) -> NodeStatus:
        """``GET /nodes/{node}/status``; ``NodeUnreachable`` when the server cannot reach the node."""
        where = _path(node, "status")
        return node_status_of(object_of(await self._client.get(where), where), node)

    async def get_node_version(self, node: str) -> Version:
        """``GET /nodes/{node}/version``."""
        where = _path(node, "version")
        return version_of(object_of(await self._client.get(where), where))

    async def get_node_network(self, node: str) -> Listing[NodeNetwork]:
        """``GET /nodes/{node}/network``, by name."""
        found = [
            _network(row) if row is not None else None for row in objects(await self._rows(_path(node, "network")))
        ]
        kept = sorted((item for item in found if item is not None), key=lambda item: item.iface)
        return Listing(tuple(kept), invalid=len(found) - len(kept))

    async def get_node_services(self, node: str) -> Listing[NodeService]:
        """``GET /nodes/{node}/services``, by name. Takes a second: not to be polled."""
        found = [
            _service(row) if row is not None else None for row in objects(await self._rows(_path(node, "services")))
        ]
        kept = sorted((item for item in found if item is not None), key=lambda item: item.service)
        return Listing(tuple(kept), invalid=len(found) - len(kept))

    async def get_node_tasks(self, node: str, limit: int = 50) -> Listing[Task]:
        """``GET /nodes/{node}/tasks``: ended tasks, the newest first; only our own without Sys.Audit."""
        params = {"limit": check_whole(limit, "limit", 1, 10_000)}
        where = _path(node, "tasks")
        return tasks_of(rows_of(await self._client.get(where, params=params), where))

    async def get_node_rrd(self, node: str, timeframe: str = "hour", cf: str = "AVERAGE") -> RrdSeries:
        """``GET /nodes/{node}/rrddata``."""
        return await read_rrd(self._client, _path(node), timeframe, cf)

    async def _rows(self, where: str) -> list[Any]:
        return rows_of(await self._client.get(where), where)


def node_status_of(fields: Mapping[str, Any], node: str) -> NodeStatus:
    """The nested answer of ``/nodes/{node}/status``, with the flat fields of a node beside the nested ones."""
    row = Row(fields)
    memory, rootfs, cpuinfo = usage_of(row.part("memory")), usage_of(row.part("rootfs")), _cpuinfo(row.part("cpuinfo"))
    loads = [plain_number(load) for load in row.items("loadavg")]
    return NodeStatus(
        node=node,
        # The node itself has answered.
        status="online",
        cpu=row.number("cpu"),
        maxcpu=None if cpuinfo.cpus is None else float(cpuinfo.cpus),
        mem=memory.used,
        maxmem=memory.total,
        disk=rootfs.used,
        maxdisk=rootfs.total,
        uptime=row.integer("uptime"),
        wait=row.number("wait"),
        loadavg=tuple(float(load) for load in loads if load is not None) if None not in loads else (),
        memory=memory,
        swap=usage_of(row.part("swap")),
        rootfs=rootfs,
        cpuinfo=cpuinfo,
        kversion=row.text("kversion"),
        pveversion=row.text("pveversion"),
        ksm=row.part("ksm").integer("shared"),
    )


def usage_of(row: Row) -> Usage:
    """``{"used": ..., "total": ..., "free": ..., "avail": ...}``; 9.x says ``available`` for memory."""
    return Usage(
        used=row.integer("used"),
        total=row.integer("total"),
        free=row.integer("free"),
        avail=row.integer("avail" if row.has("avail") else "available"),
    )


def version_of(fields: Mapping[str, Any]) -> Version:
    """``{"version": "8.4.21", "release": "8.4", "repoid": "..."}``."""
    row = Row(fields)
    return Version(version=row.text("version"), release=row.text("release"), repoid=row.text("repoid"))


def _cpuinfo(row: Row) -> CpuInfo:
    return CpuInfo(
        model=row.text("model"),
        cpus=row.integer("cpus"),
        cores=row.integer("cores"),
        sockets=row.integer("sockets"),
        mhz=row.number("mhz"),
    )


def _network(row: Row) -> NodeNetwork | None:
    iface = row.text("iface")
    if iface is None:
        return None
    return NodeNetwork(
        iface=iface,
        type=row.text("type"),
        # Absent is PVE's way to say no here.
        active=row.flag("active") or False,
        autostart=row.flag("autostart") or False,
        method=row.text("method"),
        cidr=row.text("cidr"),
        gateway=row.text("gateway"),
        cidr6=row.text("cidr6"),
        gateway6=row.text("gateway6"),
        bridge_ports=row.text("bridge_ports"),
        comments=row.text("comments"),
    )


def _service(row: Row) -> NodeService | None:
    service = row.text("service")
    if service is None:
        return None
    return NodeService(
        service=service,
        name=row.text("name"),
        desc=row.text("desc"),
        state=row.text("state"),
        active_state=row.text("active-state"),
        unit_state=row.text("unit-state"),
    )


def _path(node: str, *rest: str) -> str:
    return path("nodes", InputValidator.check_node_name(node), *rest)
