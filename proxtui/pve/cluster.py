"""The cluster as a whole."""

from __future__ import annotations

from typing import Any

from proxtui.errors import ApiError, NotFoundError, UnexpectedAnswer
from proxtui.pve.asking import Asker
from proxtui.pve.cluster_readers import (
    ha_entry_of,
    ha_group_of,
    ha_resource_of,
    ha_rule_of,
    log_entry_of,
    pool_row_of,
    replication_of,
)
from proxtui.pve.fields import Row, object_of, objects, rows_of
from proxtui.pve.listing import Listing, read_listing
from proxtui.pve.models import ClusterMember, ClusterStatus, Task, Version
from proxtui.pve.models_cluster import ClusterLogEntry, HaEntry, HaResource, HaRule, Pool, ReplicationJob
from proxtui.pve.nodes import version_of
from proxtui.pve.resources import PATH, Inventory, decode_resources
from proxtui.pve.tasks import tasks_of
from proxtui.pve.validators import InputValidator, check_whole

NOT_IMPLEMENTED = 501


class ClusterTools:
    """Reads what belongs to no single node."""

    def __init__(self, client: Asker) -> None:
        self._client = client

    async def inventory(self) -> Inventory:
        """Every guest, node, storage and pool that we may see, by one ``GET /cluster/resources``; up to 10 s old."""
        return decode_resources(await self._client.read(PATH))

    async def status(self) -> ClusterStatus:
        """``GET /cluster/status``; needs Sys.Audit on ``/``."""
        return cluster_status_of(rows_of(await self._client.get("/cluster/status"), "/cluster/status"))

    async def tasks(self) -> Listing[Task]:
        """``GET /cluster/tasks``: running and lately ended ones of all nodes, the newest first.

        Only our own without Sys.Audit on ``/``.
        """
        return tasks_of(rows_of(await self._client.get("/cluster/tasks"), "/cluster/tasks"))

    async def version(self) -> Version:
        """``GET /version`` of the node that answers."""
        return version_of(object_of(await self._client.get("/version"), "/version"))

    async def ha_status(self) -> Listing[HaEntry]:
        """``GET /cluster/ha/status/current``: quorum, master, a line per node and per service; by ``id``.

        Needs Sys.Audit on ``/``. Without any HA resource there is only ``quorum`` (9.x: and ``fencing``).
        """
        where = "/cluster/ha/status/current"
        return read_listing(await self._client.get(where), where, ha_entry_of, lambda entry: entry.id)

    async def ha_resources(self) -> Listing[HaResource]:
        """``GET /cluster/ha/resources``, by ``sid``; needs Sys.Audit on ``/``. Empty: HA looks after no guest."""
        where = "/cluster/ha/resources"
        return read_listing(await self._client.get(where), where, ha_resource_of, lambda resource: resource.sid)

    async def ha_rules(self) -> Listing[HaRule]:
        """``GET /cluster/ha/rules`` (9.x), or where that does not exist ``GET /cluster/ha/groups`` (8.x); by name.

        Needs Sys.Audit on ``/``. On 8.x the ``type`` of each is ``group``.
        """
        where, read = "/cluster/ha/rules", ha_rule_of
        try:
            data = await self._client.get(where)
        except ApiError as error:
            if error.status != NOT_IMPLEMENTED:
                raise
            where, read = "/cluster/ha/groups", ha_group_of
            data = await self._client.get(where)
        return read_listing(data, where, read, lambda rule: rule.rule)

    async def replication(self) -> Listing[ReplicationJob]:
        """``GET /cluster/replication``, by ``id``: the jobs, not how they go (``NodeTools.get_node_replication``).

        Without VM.Audit on a guest its jobs are left out silently.
        """
        where = "/cluster/replication"
        return read_listing(await self._client.get(where), where, replication_of, lambda job: job.id)

    async def log(self, max: int = 100) -> Listing[ClusterLogEntry]:
        """``GET /cluster/log``: the last ``max`` lines, the newest first.

        Without Sys.Syslog on ``/`` only our own: an empty list does not mean that nothing happened
        (``sight.lacks_for_cluster_log``).
        """
        params = {"max": check_whole(max, "max", 1, 100_000)}
        where = "/cluster/log"
        return read_listing(
            await self._client.get(where, params=params), where, log_entry_of, lambda entry: -(entry.time or 0)
        )

    async def is_firewall_on(self) -> bool:
        """``GET /cluster/firewall/options``; needs Sys.Audit on ``/``. While it is off, no guest is filtered."""
        where = "/cluster/firewall/options"
        # Absent is PVE's way to say no here.
        return Row(object_of(await self._client.get(where), where)).flag("enable") or False

    async def next_id(self) -> int:
        """``GET /cluster/nextid``: the lowest free VMID. It is not reserved: somebody else may be given the same."""
        where = "/cluster/nextid"
        # PVE writes it as text.
        vmid = Row({"vmid": await self._client.get(where)}).vmid()
        if vmid is None:
            raise UnexpectedAnswer("the answer is no VMID", status=200, method="GET", path=where)
        return vmid

    async def pools(self) -> Listing[Pool]:
        """``GET /pools``, by name, without members. Those on which we lack Pool.Audit are left out silently."""
        return read_listing(await self._client.get("/pools"), "/pools", pool_row_of, lambda pool: pool.poolid)

    async def pool(self, poolid: str) -> Pool:
        """``GET /pools?poolid=``: one pool with its members; needs Pool.Audit on ``/pool/{poolid}``.

        Guests that we may not see are left out silently.
        """
        data = await self._client.get("/pools", params={"poolid": InputValidator.check_pool(poolid)})
        found = read_listing(data, "/pools", pool_row_of)
        if not found:
            raise NotFoundError(f"pool {poolid} does not exist", method="GET", path="/pools")
        return found[0]


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
