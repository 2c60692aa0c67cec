"""Why a list may be shorter than the truth: PVE leaves rows out silently where a privilege is missing.

Each ``lacks_for_*`` names the missing privilege and its path, or says None when nothing would be left out.
Only then "none" may be called none. PVE does not tell of a path where a role takes everything away (``NoAccess`` on
one guest), so such a guest's rows can still be missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxtui.pve.access import Permissions

AGENT = ("VM.Monitor", "VM.GuestAgent.Audit", "VM.GuestAgent.Unrestricted")


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


def sees_guests(permissions: Permissions) -> bool:
    """True when at least some guests may be listed: without VM.Audit anywhere PVE lists none, without a word."""
    return any("VM.Audit" in held for held in permissions.paths.values())


def lacks_for_guests(permissions: Permissions) -> str | None:
    """For all guests of a cluster to be listed, and their replication jobs."""
    return _lacks_below(permissions, "/vms", "VM.Audit")


def lacks_for_pools(permissions: Permissions) -> str | None:
    """For all pools to be listed."""
    return _lacks_below(permissions, "/pool", "Pool.Audit")


def lacks_for_storages(permissions: Permissions) -> str | None:
    """For all storages to be listed; Datastore.AllocateSpace does as well."""
    if not permissions.gaps("/storage", "Datastore.AllocateSpace"):
        return None
    return _lacks_below(permissions, "/storage", "Datastore.Audit")


def lacks_for_users(permissions: Permissions) -> str | None:
    """For all users and groups to be listed; User.Modify does as well."""
    where = "/access/groups"
    return None if permissions.allows(where, "User.Modify") else _lacks(permissions, where, "Sys.Audit")


def lacks_for_acl(permissions: Permissions) -> str | None:
    """For the whole access control list."""
    return _lacks(permissions, "/access", "Sys.Audit")


def lacks_for_agent(permissions: Permissions, vmid: int) -> str | None:
    """For the guest agent: VM.Monitor on 8.x, VM.GuestAgent.Audit on 9.x."""
    where = f"/vms/{vmid}"
    if any(permissions.allows(where, privilege) for privilege in AGENT):
        return None
    return f"{' or '.join(AGENT[:2])} on {where}"


def _lacks(permissions: Permissions, where: str, privilege: str) -> str | None:
    return None if permissions.allows(where, privilege) else f"{privilege} on {where}"


def _lacks_below(permissions: Permissions, where: str, privilege: str) -> str | None:
    gaps = permissions.gaps(where, privilege)
    return f"{privilege} on {gaps[0]}" if gaps else None


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
    return _lacks_below(permissions, "/vms", on_guest)
