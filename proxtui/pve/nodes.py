"""Nodes: how they are, what runs on them, how they are wired."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxtui.pve.asking import Asker
from proxtui.pve.cluster_readers import replication_state_of
from proxtui.pve.fields import Row, object_of, objects, plain_number, rows_of
from proxtui.pve.listing import Listing, node_sources, read_listing
from proxtui.pve.models import CpuInfo, NodeNetwork, NodeService, NodeStatus, ProxmoxNode, Task, Usage, Version
from proxtui.pve.models_cluster import ReplicationJob
from proxtui.pve.models_node import (
    DiskSmart,
    NodeCertificate,
    NodeDisk,
    NodeDns,
    NodeSubscription,
    NodeTime,
    NodeUpdate,
)
from proxtui.pve.node_changes import NodeChanges
from proxtui.pve.node_readers import (
    certificate_of,
    check_device,
    disk_of,
    dns_of,
    smart_of,
    subscription_of,
    time_of,
    update_of,
)
from proxtui.pve.paths import path
from proxtui.pve.readers import node_of
from proxtui.pve.rrd import RrdSeries, read_rrd
from proxtui.pve.tasks import TaskQuery, tasks_of
from proxtui.pve.validators import InputValidator


class NodeTools(NodeChanges):
    """Reads and changes nodes. Arguments are checked before anything is sent (``InvalidInput``)."""

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

    async def get_node_tasks(self, node: str, limit: int = 50, query: TaskQuery | None = None) -> Listing[Task]:
        """``GET /nodes/{node}/tasks``: ended tasks (or those of ``query``), the newest first.

        Without Sys.Audit on the node only our own (``sight.lacks_for_tasks``).
        """
        params = (query or TaskQuery()).params(limit)
        where = _path(node, "tasks")
        return tasks_of(rows_of(await self._client.get(where, params=params), where))

    async def get_node_rrd(self, node: str, timeframe: str = "hour", cf: str = "AVERAGE") -> RrdSeries:
        """``GET /nodes/{node}/rrddata``; needs Sys.Audit on ``/nodes/{node}``.

        ``cpu`` and ``iowait`` are 0..1, ``netin`` and ``netout`` bytes per second; sizes such as ``memused``,
        ``memtotal``, ``swapused`` and ``rootused`` bytes. 9.x also has the names of ``rrd.PRESSURE``, in percent of
        the time, and ``memavailable`` and ``arcsize``.
        """
        return await read_rrd(self._client, _path(node), timeframe, cf)

    async def get_node_disks(self, node: str) -> Listing[NodeDisk]:
        """``GET /nodes/{node}/disks/list``, by path. Asks every disk: not to be polled.

        Needs Sys.Audit on ``/`` or on the node.
        """
        where = _path(node, "disks", "list")
        return read_listing(await self._client.get(where), where, disk_of, lambda disk: disk.devpath)

    async def get_node_disk_smart(self, node: str, disk: str) -> DiskSmart:
        """``GET /nodes/{node}/disks/smart`` of a ``devpath``; needs Sys.Audit on ``/``. May wake a sleeping disk."""
        where = _path(node, "disks", "smart")
        params = {"disk": check_device(disk)}
        return smart_of(Row(object_of(await self._client.get(where, params=params), where)), disk)

    async def get_node_updates(self, node: str) -> Listing[NodeUpdate]:
        """``GET /nodes/{node}/apt/update``, by package; needs Sys.Modify on the node. Takes seconds: not to be polled.

        Empty: nothing to upgrade, as of the last refresh of the package lists.
        """
        where = _path(node, "apt", "update")
        return read_listing(await self._client.get(where), where, update_of, lambda update: update.package)

    async def get_node_certificates(self, node: str) -> Listing[NodeCertificate]:
        """``GET /nodes/{node}/certificates/info``, by file name; needs no privilege."""
        where = _path(node, "certificates", "info")
        return read_listing(await self._client.get(where), where, certificate_of, lambda found: found.filename)

    async def get_node_subscription(self, node: str) -> NodeSubscription:
        """``GET /nodes/{node}/subscription``; needs no privilege. The key itself is not kept."""
        where = _path(node, "subscription")
        return subscription_of(Row(object_of(await self._client.get(where), where)))

    async def get_node_dns(self, node: str) -> NodeDns:
        """``GET /nodes/{node}/dns``; needs Sys.Audit on the node."""
        where = _path(node, "dns")
        return dns_of(Row(object_of(await self._client.get(where), where)))

    async def get_node_time(self, node: str) -> NodeTime:
        """``GET /nodes/{node}/time``: its clock when it answered; needs Sys.Audit on the node."""
        where = _path(node, "time")
        return time_of(Row(object_of(await self._client.get(where), where)))

    async def get_node_replication(self, node: str) -> Listing[ReplicationJob]:
        """``GET /nodes/{node}/replication``: the jobs whose source this node is, and how they go; by ``id``.

        Without VM.Audit on a guest its jobs are left out silently.
        """
        where = _path(node, "replication")
        return read_listing(await self._client.get(where), where, replication_state_of, lambda job: job.id)

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
