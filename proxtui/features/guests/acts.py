"""What the changes of this room do: each calls the library once. Called by the gate and by nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxtui.core.operation import Kind, Target, Told
from proxtui.errors import InvalidInput
from proxtui.features.guests.params import (
    GuestBackupParams,
    GuestConfigParams,
    JoinPoolParams,
    LeavePoolParams,
    RestoreNewParams,
    RestoreOverParams,
)
from proxtui.pve import params as models
from proxtui.pve.backups import BackupTools
from proxtui.pve.cluster import ClusterTools
from proxtui.pve.containers import ContainerTools
from proxtui.pve.pools import PoolTools
from proxtui.pve.vms import VMTools

if TYPE_CHECKING:
    from proxtui.pve.asking import Changer
    from proxtui.pve.upid import Upid


def _is_vm(target: Target) -> bool:
    return target.kind is Kind.QEMU


def _tools(client: Changer, target: Target) -> VMTools | ContainerTools:
    """For what both kinds call by the same name."""
    return VMTools(client) if _is_vm(target) else ContainerTools(client)


# Power.


async def start(client: Changer, target: Target, _params: None) -> Upid:
    if _is_vm(target):
        return await VMTools(client).start_vm(target.node, target.vmid)
    return await ContainerTools(client).start_container(target.node, target.vmid)


async def shutdown(client: Changer, target: Target, params: models.ShutdownParams) -> Upid:
    given = params.arguments(target.kind)
    if _is_vm(target):
        return await VMTools(client).shutdown_vm(target.node, target.vmid, **given)
    return await ContainerTools(client).shutdown_container(target.node, target.vmid, **given)


async def reboot(client: Changer, target: Target, params: models.RebootParams) -> Upid:
    given = params.arguments(target.kind)
    if _is_vm(target):
        return await VMTools(client).restart_vm(target.node, target.vmid, **given)
    return await ContainerTools(client).restart_container(target.node, target.vmid, **given)


async def stop(client: Changer, target: Target, params: models.StopParams) -> Upid:
    """The hard one, as PVE spells it; the library calls it ``force``."""
    params.form(target.kind)  # refuses what only the other kind has
    given = params.arguments(target.kind)
    if _is_vm(target):
        return await VMTools(client).stop_vm(target.node, target.vmid, force=True, **given)
    return await ContainerTools(client).stop_container(target.node, target.vmid, force=True, **given)


async def reset(client: Changer, target: Target, _params: None) -> Upid:
    return await VMTools(client).reset_vm(target.node, target.vmid)


async def suspend(client: Changer, target: Target, _params: None) -> Upid:
    if _is_vm(target):
        return await VMTools(client).suspend_vm(target.node, target.vmid)
    return await ContainerTools(client).suspend_container(target.node, target.vmid)


async def hibernate(client: Changer, target: Target, params: models.HibernateParams) -> Upid:
    return await VMTools(client).hibernate_vm(target.node, target.vmid, **params.arguments())


async def resume(client: Changer, target: Target, _params: None) -> Upid:
    if _is_vm(target):
        return await VMTools(client).resume_vm(target.node, target.vmid)
    return await ContainerTools(client).resume_container(target.node, target.vmid)


async def sendkey(client: Changer, target: Target, params: models.SendKeyParams) -> None:
    await VMTools(client).send_key(target.node, target.vmid, params.key)


async def exec(client: Changer, target: Target, params: models.AgentExecParams) -> Told:
    done = await VMTools(client).agent_exec(target.node, target.vmid, **params.arguments())
    failure = f"ended by signal {done.signal}" if done.signal else f"ended with exit code {done.exitcode}"
    return Told(done.out + done.err, "" if done.exitcode == 0 and not done.signal else f"the program {failure}")


# Snapshots and backups.


async def snapshot(client: Changer, target: Target, params: models.SnapshotParams) -> Upid:
    params.form(target.kind)
    return await _tools(client, target).create_snapshot(target.node, target.vmid, **params.arguments())


async def rollback(client: Changer, target: Target, params: models.RollbackParams) -> Upid:
    return await _tools(client, target).rollback_snapshot(target.node, target.vmid, **params.arguments())


async def delete_snapshot(client: Changer, target: Target, params: models.SnapshotDeleteParams) -> Upid:
    return await _tools(client, target).delete_snapshot(target.node, target.vmid, **params.arguments())


async def edit_snapshot(client: Changer, target: Target, params: models.SnapshotEditParams) -> None:
    await _tools(client, target).update_snapshot(target.node, target.vmid, **params.arguments())


async def backup(client: Changer, target: Target, params: GuestBackupParams) -> Upid:
    wanted = models.BackupParams(node=target.node, vmids=[target.vmid], **params.arguments())
    return await BackupTools(client).backup_now(wanted)


async def restore(client: Changer, target: Target, params: RestoreNewParams) -> Upid:
    _refuse_another_node(target, params.node)
    given = params.arguments(params.kind)
    given["vmid"] = given["vmid"] or await ClusterTools(client).next_id()
    return await _restored(client, params.kind, models.RestoreParams(**given))


async def restore_over(client: Changer, target: Target, params: RestoreOverParams) -> Upid:
    if params.kind != target.kind:
        raise InvalidInput("archive", params.archive, f"is no backup of a {'VM' if _is_vm(target) else 'container'}")
    given = params.arguments(params.kind)
    wanted = models.RestoreParams(node=target.node, vmid=target.vmid, force=True, **given)
    return await _restored(client, params.kind, wanted)


async def _restored(client: Changer, kind: str, wanted: models.RestoreParams) -> Upid:
    tools = BackupTools(client)
    return await (tools.restore_vm(wanted) if kind == "qemu" else tools.restore_container(wanted))


def _refuse_another_node(target: Target, node: str) -> None:
    if target.kind is Kind.NODE and target.id != node:
        raise InvalidInput("node", node, f"another node than the chosen {target.id}")


# Made, copied, moved, deleted.


async def create_vm(client: Changer, target: Target, params: models.VMCreateParams) -> Upid:
    _refuse_another_node(target, params.node)
    return await VMTools(client).create_vm(params)


async def create_ct(client: Changer, target: Target, params: models.ContainerCreateParams) -> Upid:
    _refuse_another_node(target, params.node)
    return await ContainerTools(client).create_container(params)


async def clone(client: Changer, target: Target, params: models.CloneParams) -> Upid:
    params.form(target.kind)
    given = params.arguments(target.kind)
    if _is_vm(target):
        return await VMTools(client).clone_vm(target.node, target.vmid, **given)
    return await ContainerTools(client).clone_container(target.node, target.vmid, **given)


async def migrate(client: Changer, target: Target, params: models.MigrateParams) -> Upid:
    params.form(target.kind)
    given = params.arguments(target.kind)
    if _is_vm(target):
        return await VMTools(client).migrate_vm(target.node, target.vmid, **given)
    return await ContainerTools(client).migrate_container(target.node, target.vmid, **given)


async def template(client: Changer, target: Target, params: models.TemplateParams) -> Upid | None:
    params.form(target.kind)
    if _is_vm(target):
        return await VMTools(client).convert_vm_to_template(target.node, target.vmid, params.disk)
    return await ContainerTools(client).convert_container_to_template(target.node, target.vmid)


async def delete(client: Changer, target: Target, params: models.DeleteParams) -> Upid:
    params.form(target.kind)
    given = params.arguments(target.kind)
    if _is_vm(target):
        return await VMTools(client).delete_vm(target.node, target.vmid, **given)
    return await ContainerTools(client).delete_container(target.node, target.vmid, **given)


# Configured.


async def config(client: Changer, target: Target, params: GuestConfigParams) -> Upid | None:
    if _is_vm(target):
        return await VMTools(client).update_vm_config(
            target.node, target.vmid, params.set, delete=params.delete, digest=params.digest
        )
    return await ContainerTools(client).update_container_config(
        target.node, target.vmid, params.set, delete=params.delete, digest=params.digest
    )


async def revert(client: Changer, target: Target, params: models.RevertParams) -> Upid | None:
    if _is_vm(target):
        return await VMTools(client).revert_vm_config(target.node, target.vmid, params.keys)
    return await ContainerTools(client).revert_container_config(target.node, target.vmid, params.keys)


async def resize(client: Changer, target: Target, params: models.ResizeDiskParams) -> Upid:
    return await _tools(client, target).resize_disk(target.node, target.vmid, params.disk, params.size)


async def move_disk(client: Changer, target: Target, params: models.MoveDiskParams) -> Upid:
    return await _tools(client, target).move_disk(target.node, target.vmid, **params.arguments())


async def delete_disk(client: Changer, target: Target, params: models.DeleteDiskParams) -> Upid | None:
    return await _tools(client, target).delete_disk(target.node, target.vmid, **params.arguments())


async def tags(client: Changer, target: Target, params: models.TagsParams) -> Upid | None:
    return await _tools(client, target).set_tags(target.node, target.vmid, params.tags, params.mode)


async def notes(client: Changer, target: Target, params: models.NotesParams) -> Upid | None:
    return await _tools(client, target).set_notes(target.node, target.vmid, params.text)


async def unlock(client: Changer, target: Target, _params: None) -> None:
    await _tools(client, target).unlock(target.node, target.vmid)


async def add_to_pool(client: Changer, target: Target, params: JoinPoolParams) -> None:
    await PoolTools(client).add_to_pool(params.poolid, vms=[target.vmid], move=params.move)


async def remove_from_pool(client: Changer, target: Target, params: LeavePoolParams) -> None:
    await PoolTools(client).remove_from_pool(params.poolid, vms=[target.vmid])
