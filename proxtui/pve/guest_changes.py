"""Guests configured. Every change names the digest of what it was decided on, so that nobody's is undone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from proxtui.errors import GuestLocked, InvalidInput, ValidationError
from proxtui.pve import params
from proxtui.pve.fields import split_words
from proxtui.pve.guest_sending import G, GuestSender
from proxtui.pve.models import ProxmoxContainer, ProxmoxVM
from proxtui.pve.paths import Params as Form
from proxtui.pve.upid import Upid

_TAKES_TIME = re.compile(r"(?:ide|sata|scsi|virtio|unused)[0-9]+|efidisk0|tpmstate0")
"""Options of a VM that make, import or destroy a disk: sent as a task, else the request might time out."""


class GuestChanges(GuestSender[G]):
    """What VMs and containers have in common; needs VM.Config.Options, .Disk, ... on ``/vms/{vmid}``.

    ``digest`` is the one of ``config``; without it the configuration is read first. When it changed since then, the
    change is refused (``ConflictError``).
    """

    async def resize_disk(self, node: str, vmid: int, disk: str, size: str, *, digest: str | None = None) -> Upid:
        """``PUT .../resize``: ``size`` in all (``40G``) or more (``+5G``). Needs VM.Config.Disk."""
        form = params.ResizeDiskParams(disk=disk, size=size).form(self._type)
        self._path(node, vmid)
        digest = await self._digest(node, vmid, digest)
        return await self._start("PUT", node, vmid, "resize", form={**form, "digest": digest})

    async def move_disk(
        self, node: str, vmid: int, disk: str, storage: str | None = None, *, digest: str | None = None, **more: Any
    ) -> Upid:
        """``POST .../move_disk`` (containers: ``move_volume``). ``more``: the other fields of ``MoveDiskParams``.

        Needs VM.Config.Disk on the guest, Datastore.AllocateSpace on the storage.
        """
        form = params.MoveDiskParams(disk=disk, storage=storage, **more).form(self._type)
        self._path(node, vmid)
        digest = await self._digest(node, vmid, digest)
        verb = "move_disk" if self._type == "qemu" else "move_volume"
        return await self._start("POST", node, vmid, verb, form={**form, "digest": digest})

    async def delete_disk(self, node: str, vmid: int, disk: str, *, digest: str | None = None) -> Upid | None:
        """``POST .../config`` (containers: ``PUT``) with ``delete``: destroy an unused disk, for good.

        One in use is detached first: ``delete`` of the configuration's update makes it an unused one. PVE refuses what
        a snapshot still needs. Needs VM.Config.Disk. ``InvalidInput`` when the guest has no such disk.
        """
        wanted = params.DeleteDiskParams(disk=disk, digest=digest)
        self._path(node, vmid)
        config, newest = await self._config_and_digest(node, vmid)
        if disk not in config:
            # PVE would only warn of it, and a mistyped name would look like a disk that is gone.
            raise InvalidInput("disk", disk, "the guest has no such disk")
        form = {**wanted.form(self._type), "digest": digest or newest}
        return await self._change("POST" if self._type == "qemu" else "PUT", node, vmid, "config", form=form)

    async def set_tags(self, node: str, vmid: int, tags: str | Iterable[str], mode: str = "set") -> Upid | None:
        """``PUT .../config``: ``set``, ``add`` or ``remove`` tags. Nothing is sent when nothing would change."""
        given = tags if isinstance(tags, str) else list(tags)
        wanted = params.TagsParams.model_validate({"tags": given, "mode": mode})
        config, digest = await self._config_and_digest(node, vmid)
        old = list(split_words(str(config.get("tags") or "")))
        new = wanted.applied_to(old)
        if new == old:
            return None
        form = {"tags": ";".join(new)} if new else {"delete": "tags"}
        return await self._change("PUT", node, vmid, "config", form={**form, "digest": digest})

    async def set_notes(self, node: str, vmid: int, text: str, *, digest: str | None = None) -> Upid | None:
        """``PUT .../config``: new notes; empty ones are removed."""
        notes = params.NotesParams(text=text).text
        self._path(node, vmid)
        form = {"description": notes} if notes else {"delete": "description"}
        digest = await self._digest(node, vmid, digest)
        return await self._change("PUT", node, vmid, "config", form={**form, "digest": digest})

    async def unlock(self, node: str, vmid: int) -> None:
        """Take the lock off a guest whose task died: ``PUT .../config`` with ``delete=lock`` and ``skiplock``.

        PVE lets only root@pam with its password do so, and nobody at all for containers: ``GuestLocked`` then has the
        command to type on the node. Nothing is sent for a guest without a lock. Make sure that nothing works on it.
        """
        config, digest = await self._config_and_digest(node, vmid)
        if not config.get("lock"):
            return
        if self._type == "lxc":
            raise self._by_hand(node, vmid, "the API cannot unlock a container")
        form: Form = {"delete": "lock", "skiplock": True, "digest": digest}
        try:
            await self._change("PUT", node, vmid, "config", form=form)
        except ValidationError as error:
            if "skiplock" not in error.errors:
                raise
            raise self._by_hand(node, vmid, "only root@pam with its password may unlock a VM") from error

    def _by_hand(self, node: str, vmid: int, why: str) -> GuestLocked:
        tool = "qm" if self._type == "qemu" else "pct"
        return GuestLocked(f"{why}; type on node {node}: {tool} unlock {vmid}")

    async def _update(
        self, node: str, vmid: int, config: Mapping[str, object], delete: Iterable[str], digest: str | None
    ) -> Upid | None:
        wanted = params.ConfigParams.model_validate(
            {"set": dict(config), "delete": delete if isinstance(delete, str) else list(delete), "digest": digest}
        )
        self._path(node, vmid)
        form = {**wanted.form(self._type), "digest": await self._digest(node, vmid, wanted.digest)}
        touched = (*wanted.set, *wanted.delete)
        slow = self._type == "qemu" and any(_TAKES_TIME.fullmatch(name) for name in touched)
        return await self._change("POST" if slow else "PUT", node, vmid, "config", form=form)

    async def _revert(self, node: str, vmid: int, keys: str | Iterable[str], digest: str | None) -> Upid | None:
        given = keys if isinstance(keys, str) else list(keys)
        form = params.RevertParams.model_validate({"keys": given}).form(self._type)
        self._path(node, vmid)
        digest = await self._digest(node, vmid, digest)
        return await self._change("PUT", node, vmid, "config", form={**form, "digest": digest})


class VMChanges(GuestChanges[ProxmoxVM]):
    """The configuration of VMs."""

    async def update_vm_config(
        self,
        node: str,
        vmid: int,
        config: Mapping[str, object],
        *,
        delete: str | Iterable[str] = (),
        digest: str | None = None,
    ) -> Upid | None:
        """Set and remove options, named and spelled as PVE does.

        Disks by ``POST .../config``, a task; all else by ``PUT .../config``, done when it returns (None). Of a running
        VM much stays pending until it is next stopped and started (``get_pending``).
        """
        return await self._update(node, vmid, config, delete, digest)

    async def revert_vm_config(
        self, node: str, vmid: int, keys: str | Iterable[str], *, digest: str | None = None
    ) -> Upid | None:
        """``PUT .../config`` with ``revert``: pending changes are dropped."""
        return await self._revert(node, vmid, keys, digest)


class ContainerChanges(GuestChanges[ProxmoxContainer]):
    """The configuration of containers."""

    async def update_container_config(
        self,
        node: str,
        vmid: int,
        config: Mapping[str, object],
        *,
        delete: str | Iterable[str] = (),
        digest: str | None = None,
    ) -> Upid | None:
        """``PUT /nodes/{node}/lxc/{vmid}/config``: set and remove options, named and spelled as PVE does."""
        return await self._update(node, vmid, config, delete, digest)

    async def revert_container_config(
        self, node: str, vmid: int, keys: str | Iterable[str], *, digest: str | None = None
    ) -> Upid | None:
        """``PUT .../config`` with ``revert``: pending changes are dropped."""
        return await self._revert(node, vmid, keys, digest)
