"""Guests moved to another node of the cluster, and what PVE says of it beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proxtui.errors import ApiError, InvalidInput
from proxtui.pve import params
from proxtui.pve.fields import Row, object_of, objects
from proxtui.pve.guest_sending import G, GuestSender
from proxtui.pve.models import ProxmoxContainer, ProxmoxVM
from proxtui.pve.models_change import LocalDisk, MigrationCheck
from proxtui.pve.upid import Upid
from proxtui.pve.validators import InputValidator

NOT_IMPLEMENTED = 501


class GuestMoves(GuestSender[G]):
    """Needs VM.Migrate on ``/vms/{vmid}``."""

    async def check_migration(self, node: str, vmid: int, target: str | None = None) -> MigrationCheck | None:
        """``GET .../migrate``; None where this PVE has no such check (containers on 8.x)."""
        where = self._path(node, vmid, "migrate")
        asked = None if target is None else {"target": InputValidator.check_node_name(target, "target")}
        try:
            answer = await self._client.get(where, params=asked)
        except ApiError as error:
            if error.status == NOT_IMPLEMENTED and self._type == "lxc":
                return None
            raise
        return check_of(Row(object_of(answer, where)))

    async def _migrate(self, node: str, vmid: int, given: dict[str, Any]) -> Upid:
        wanted = params.MigrateParams(**given)
        if wanted.target == node:
            raise InvalidInput("target", node, "another node than its own")
        return await self._start("POST", node, vmid, "migrate", form=wanted.form(self._type))


class VMMoves(GuestMoves[ProxmoxVM]):
    """VMs on the move."""

    async def migrate_vm(
        self, node: str, vmid: int, target: str, online: bool = False, with_local_disks: bool = False, **more: Any
    ) -> Upid:
        """``POST .../migrate``. A running VM moves only ``online``. ``more``: the other fields of ``MigrateParams``.

        ``with_local_disks`` needs Datastore.AllocateSpace on the target's storage too.
        """
        given = {"target": target, "online": online, "with_local_disks": with_local_disks, **more}
        return await self._migrate(node, vmid, given)


class ContainerMoves(GuestMoves[ProxmoxContainer]):
    """Containers on the move."""

    async def migrate_container(self, node: str, vmid: int, target: str, restart: bool = False, **more: Any) -> Upid:
        """``POST .../migrate``. A running one moves only with ``restart``: shut down, moved, started."""
        return await self._migrate(node, vmid, {"target": target, "restart": restart, **more})


def check_of(row: Row) -> MigrationCheck:
    """The answer of ``GET .../migrate``: VMs and containers spell the same words differently."""
    allowed = row.strings("allowed_nodes") or row.strings("allowed-nodes")
    refused = row.part("not_allowed_nodes" if row.has("not_allowed_nodes") else "not-allowed-nodes")
    disks = (_disk(disk) for disk in objects(row.items("local_disks")) if disk is not None)
    return MigrationCheck(
        running=row.flag("running"),
        allowed=allowed,
        refused={node: tuple(_reasons(refused.part(node))) for node in refused.keys()},  # noqa: SIM118 - a Row
        local_disks=tuple(disk for disk in disks if disk is not None),
        local_resources=row.strings("local_resources"),
        mapped_resources=row.strings("mapped-resources"),
        follows=row.strings("dependent-ha-resources"),
    )


def _disk(row: Row) -> LocalDisk | None:
    volid = row.text("volid")
    if volid is None:
        return None
    return LocalDisk(
        volid=volid,
        size=row.integer("size"),
        cdrom=row.flag("cdrom") or False,
        is_unused=row.flag("is_unused") or False,
    )


def _reasons(row: Row) -> Iterator[str]:
    storages = row.strings("unavailable_storages")
    if storages:
        yield f"storage {', '.join(storages)} is not there"
    for blocking in objects(row.items("blocking-ha-resources")):
        if blocking is not None:
            yield f"HA resource {blocking.text('sid')} stands against it ({blocking.text('cause')})"
