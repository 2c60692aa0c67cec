"""The cluster as a whole."""

from __future__ import annotations

from typing import Any

from proxtui.pve.asking import Asker
from proxtui.pve.fields import Row, object_of, objects, rows_of
from proxtui.pve.listing import Listing
from proxtui.pve.models import ClusterMember, ClusterStatus, Task, Version
from proxtui.pve.nodes import version_of
from proxtui.pve.resources import PATH, Inventory, decode_resources
from proxtui.pve.tasks import tasks_of


class ClusterTools:
    """Reads what belongs to no single node."""

    def __init__(self, client: Asker) -> None:
        self._client = client

    async def inventory(self) -> Inventory:
        """Every guest, node, storage and pool that we may see, by one ``GET /cluster/resources``; up to 10 s old."""
        return decode_resources(await self._client.read(PATH))

    async def status(self) -> ClusterStatus:
        """``GET /cluster/status``."""
        return cluster_status_of(rows_of(await self._client.get("/cluster/status"), "/cluster/status"))

    async def tasks(self) -> Listing[Task]:
        """``GET /cluster/tasks``: running and lately ended ones of all nodes, the newest first.

        Only our own without Sys.Audit on ``/``.
        """
        return tasks_of(rows_of(await self._client.get("/cluster/tasks"), "/cluster/tasks"))

    async def version(self) -> Version:
        """``GET /version`` of the node that answers."""
        return version_of(object_of(await self._client.get("/version"), "/version"))


def cluster_status_of(items: list[Any]) -> ClusterStatus:
    """One row about the cluster, if there is one, and a row for every node."""
    rows = [row for row in objects(items) if row is not None]
    about = next((row for row in rows if row.text("type") == "cluster"), Row({}))
    members = [_member(row) for row in rows if row.text("type") == "node"]
    return ClusterStatus(
        name=about.text("name"),
        quorate=about.flag("quorate"),
        version=about.integer("version"),
        nodes=tuple(sorted((member for member in members if member is not None), key=lambda member: member.name)),
    )


def _member(row: Row) -> ClusterMember | None:
    name = row.node("name")
    if name is None:
        return None
    return ClusterMember(
        name=name,
        nodeid=row.integer("nodeid"),
        ip=row.text("ip"),
        online=row.flag("online"),
        local=row.flag("local"),
        level=row.text("level"),
    )
