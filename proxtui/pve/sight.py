"""Why a list may be shorter than the truth: PVE leaves rows out silently where a privilege is missing.

Each ``lacks_for_*`` names the missing privilege and its path, or says None when nothing would be left out.
Only then "none" may be called none. PVE does not tell of a path where a role takes everything away (``NoAccess`` on
one guest), so such a guest's rows can still be missing.
"""

from __future__ import annotations

from proxtui.pve.access import Permissions


def may_see_backups(permissions: Permissions, storage: str, vmid: int | None = None) -> bool:
    """Whether all backups of a guest on a storage would be listed; without ``vmid`` those of all guests."""
    return lacks_for_backups(permissions, storage, vmid) is None


def lacks_for_backups(permissions: Permissions, storage: str, vmid: int | None = None) -> str | None:
    """For ``content=backup``: such as ``VM.Backup on /vms/100``."""
    return _lacks_for_volumes(permissions, storage, vmid, "Datastore.AllocateSpace", "VM.Backup")


def lacks_for_disks(permissions: Permissions, storage: str, vmid: int | None = None) -> str | None:
    """For the disks of guests (``images``, ``rootdir``)."""
    return _lacks_for_volumes(permissions, storage, vmid, "Datastore.Audit", "VM.Config.Disk")


def lacks_for_cluster_log(permissions: Permissions) -> str | None:
    """For ``/cluster/log``, which otherwise has our own lines only."""
    return _lacks(permissions, "/", "Sys.Syslog")


def lacks_for_tasks(permissions: Permissions, node: str | None = None) -> str | None:
    """For the tasks of others, in the cluster or on one node."""
    return _lacks(permissions, "/" if node is None else f"/nodes/{node}", "Sys.Audit")


def lacks_for_guest(permissions: Permissions, vmid: int) -> str | None:
    """For a guest to be listed at all, with its snapshots, config and replication."""
    return _lacks(permissions, f"/vms/{vmid}", "VM.Audit")


def lacks_for_agent(permissions: Permissions, vmid: int) -> str | None:
    """For the guest agent: VM.Monitor on 8.x, VM.GuestAgent.Audit on 9.x."""
    where = f"/vms/{vmid}"
    if any(permissions.allows(where, privilege) for privilege in AGENT):
        return None
    return f"{' or '.join(AGENT[:2])} on {where}"


AGENT = ("VM.Monitor", "VM.GuestAgent.Audit", "VM.GuestAgent.Unrestricted")


def _lacks(permissions: Permissions, where: str, privilege: str) -> str | None:
    return None if permissions.allows(where, privilege) else f"{privilege} on {where}"


def _lacks_for_volumes(
    permissions: Permissions, storage: str, vmid: int | None, on_storage: str, on_guest: str
) -> str | None:
    where = f"/storage/{storage}"
    if permissions.allows(where, "Datastore.Allocate"):
        return None
    if (lack := _lacks(permissions, where, on_storage)) is not None:
        return lack
    if vmid is not None:
        return _lacks(permissions, f"/vms/{vmid}", on_guest)
    gaps = permissions.gaps("/vms", on_guest)
    return f"{on_guest} on {gaps[0]}" if gaps else None
