"""Guests made, copied, turned into templates and deleted."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

from proxtui.errors import ApiError, InvalidInput
from proxtui.pve import params
from proxtui.pve.cluster import ClusterTools
from proxtui.pve.guest_sending import G, GuestSender
from proxtui.pve.models import ProxmoxContainer, ProxmoxVM
from proxtui.pve.paths import Params, path
from proxtui.pve.sending import start_task
from proxtui.pve.upid import Upid
from proxtui.pve.validators import InputValidator

_TAKEN = re.compile(r"\b(\d{3,9})\b.*already exists")


class _Lifecycle(GuestSender[G]):
    async def _create(self, node: str, vmid: int | None, form: Params) -> Upid:
        where = path("nodes", InputValidator.check_node_name(node), self._type)
        return await self._with_id(vmid, lambda free: start_task(self._client, "POST", where, {**form, "vmid": free}))

    async def _clone(self, node: str, vmid: int, given: dict[str, Any]) -> Upid:
        wanted = params.CloneParams(**given)
        form, where = wanted.form(self._type), self._path(node, vmid, "clone")
        if wanted.newid == vmid:
            raise InvalidInput("newid", vmid, "another one than its own")
        return await self._with_id(
            wanted.newid, lambda free: start_task(self._client, "POST", where, {**form, "newid": free})
        )

    async def _delete(self, node: str, vmid: int, **given: bool) -> Upid:
        return await self._start("DELETE", node, vmid, form=params.DeleteParams(**given).form(self._type))

    async def _template(self, node: str, vmid: int, disk: str | None = None) -> Upid | None:
        form = params.TemplateParams(disk=disk).form(self._type)
        return await self._change("POST", node, vmid, "template", form=form)

    async def _with_id(self, vmid: int | None, send: Callable[[int], Awaitable[Upid]]) -> Upid:
        """``send`` with the given VMID, or with a free one: once more when somebody took it in between."""
        if vmid is not None:
            return await send(vmid)
        cluster = ClusterTools(self._client)
        free = await cluster.next_id()
        try:
            return await send(free)
        except ApiError as error:
            # PVE said no and made nothing, so this is no repetition of a change.
            if not _is_taken(error, free):
                raise
            another = await cluster.next_id()
            if another == free:
                raise
        return await send(another)


class VMLifecycle(_Lifecycle[ProxmoxVM]):
    """VMs from their making to their end."""

    async def create_vm(self, params: params.VMCreateParams) -> Upid:
        """``POST /nodes/{node}/qemu``; the VMID is the ``id`` of the answer.

        Without a VMID the next free one is taken. Needs VM.Allocate on ``/vms/{vmid}`` or on the pool,
        Datastore.AllocateSpace on the storage, SDN.Use on the bridge.
        """
        return await self._create(params.node, params.vmid, params.form(self._type))

    async def clone_vm(
        self, node: str, vmid: int, newid: int | None = None, name: str | None = None, full: bool = False, **more: Any
    ) -> Upid:
        """``POST .../clone``. ``more``: the other fields of ``CloneParams``; without ``newid`` the next free one.

        A linked clone (``full=False``) is only possible of a template or a snapshot. Needs VM.Clone on
        ``/vms/{vmid}``, VM.Allocate on the new one or its pool, Datastore.AllocateSpace on the storage.
        """
        return await self._clone(node, vmid, {"newid": newid, "name": name, "full": full, **more})

    async def delete_vm(
        self, node: str, vmid: int, purge: bool = False, destroy_unreferenced_disks: bool = False
    ) -> Upid:
        """``DELETE /nodes/{node}/qemu/{vmid}``; a running one is refused. Needs VM.Allocate on ``/vms/{vmid}``.

        ``purge`` takes it out of backup jobs, replication and HA too.
        """
        return await self._delete(node, vmid, purge=purge, destroy_unreferenced_disks=destroy_unreferenced_disks)

    async def convert_vm_to_template(self, node: str, vmid: int, disk: str | None = None) -> Upid | None:
        """``POST .../template``, for good; ``disk``: only this one. Needs VM.Allocate on ``/vms/{vmid}``."""
        return await self._template(node, vmid, disk)


class ContainerLifecycle(_Lifecycle[ProxmoxContainer]):
    """Containers from their making to their end."""

    async def create_container(self, params: params.ContainerCreateParams) -> Upid:
        """``POST /nodes/{node}/lxc``; the VMID is the ``id`` of the answer. Needs what ``create_vm`` needs."""
        return await self._create(params.node, params.vmid, params.form(self._type))

    async def clone_container(
        self, node: str, vmid: int, newid: int | None = None, name: str | None = None, full: bool = False, **more: Any
    ) -> Upid:
        """``POST .../clone``; ``name`` is its host name, ``more`` the other fields of ``CloneParams``."""
        return await self._clone(node, vmid, {"newid": newid, "name": name, "full": full, **more})

    async def delete_container(
        self,
        node: str,
        vmid: int,
        purge: bool = False,
        destroy_unreferenced_disks: bool = False,
        force: bool = False,
    ) -> Upid:
        """``DELETE /nodes/{node}/lxc/{vmid}``; a running one only with ``force``."""
        return await self._delete(
            node, vmid, purge=purge, destroy_unreferenced_disks=destroy_unreferenced_disks, force=force
        )

    async def convert_container_to_template(self, node: str, vmid: int) -> Upid | None:
        """``POST .../template``, for good; done at once. Needs VM.Allocate on ``/vms/{vmid}``."""
        return await self._template(node, vmid)


def _is_taken(error: ApiError, vmid: int) -> bool:
    found = _TAKEN.search(str(error))
    return found is not None and int(found[1]) == vmid
