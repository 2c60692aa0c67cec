"""Backups made now, and guests made out of them."""

from __future__ import annotations

from proxtui.pve import params
from proxtui.pve.asking import Asker
from proxtui.pve.paths import path
from proxtui.pve.sending import start_task
from proxtui.pve.upid import Upid
from proxtui.pve.validators import InputValidator


class BackupChanges:
    """The changes of ``BackupTools``."""

    _client: Asker

    async def backup_now(self, params: params.BackupParams) -> Upid:
        """``POST /nodes/{node}/vzdump``: one task for all guests; it fails when one of them could not be saved.

        Older backups are only pruned with ``remove``. Needs VM.Backup on each guest and Datastore.AllocateSpace on
        the storage; Sys.Modify on ``/`` for ``bwlimit``.
        """
        where = path("nodes", InputValidator.check_node_name(params.node), "vzdump")
        return await start_task(self._client, "POST", where, params.form())

    async def restore_vm(self, params: params.RestoreParams) -> Upid:
        """``POST /nodes/{node}/qemu`` with a backup. With ``force`` the VM of that VMID and its disks are replaced.

        Needs VM.Allocate on ``/vms/{vmid}`` or on the pool (VM.Backup is enough for a VM that is there),
        Datastore.AllocateSpace on the storage, and to see the backup.
        """
        return await start_task(self._client, "POST", path("nodes", params.node, "qemu"), params.form("qemu"))

    async def restore_container(self, params: params.RestoreParams) -> Upid:
        """``POST /nodes/{node}/lxc`` with a backup; the same as ``restore_vm``."""
        return await start_task(self._client, "POST", path("nodes", params.node, "lxc"), params.form("lxc"))
