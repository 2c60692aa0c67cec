"""What is known of a storage, and of what lies on it, before somebody is asked how to change it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from proxtui.core import text
from proxtui.core.model import GuestKey
from proxtui.kit.prepared import Prepared

if TYPE_CHECKING:
    from proxtui.core.operation import Operation, Target
    from proxtui.core.runtime import Runtime
    from proxtui.pve.models import StorageContent
    from proxtui.pve.params.storage import DownloadUrlParams, PruneParams
    from proxtui.pve.storage import StorageTools

NAMED = 8
"""Backups that are named one by one."""


def prepared(
    runtime: Runtime, operation: Operation, targets: Sequence[Target], volumes: dict[str, StorageContent]
) -> Prepared | None:
    """For the operations of this room, None for those of others; ``volumes`` are those in sight, by volid."""
    from proxtui.pve.storage import StorageTools

    target = targets[0]
    tools = StorageTools(runtime.connection(target.ref).client)
    volume = volumes.get(target.id)
    match operation.name:
        case "storage.prune":
            return Prepared(look=_pruned(tools, target))
        case "storage.download-url" if not runtime.policy.dry_run(target.ref):
            return Prepared(look=_found(tools, target))
        case "storage.update" if volume is not None:
            return Prepared({"notes": volume.notes or "", "protected": bool(volume.protected)})
        case "storage.delete":
            owners = (_owner(runtime, one, volumes.get(one.id)) for one in targets)
            return Prepared(notes=tuple(dict.fromkeys(filter(None, owners))))
    return None


def _pruned(tools: StorageTools, target: Target) -> Callable[[PruneParams], Awaitable[Sequence[str]]]:
    async def look(params: PruneParams) -> Sequence[str]:
        marks = await tools.prune_preview(target.node, target.id, params)
        gone = [mark.volid.rpartition("/")[2] for mark in marks if mark.mark == "remove"]
        if not gone:
            return ("nothing would be deleted",)
        more = [f"  and {len(gone) - NAMED} more"] if len(gone) > NAMED else []
        return f"{len(gone)} of {len(marks)} backups would be deleted:", *(f"  {one}" for one in gone[:NAMED]), *more

    return look


def _found(tools: StorageTools, target: Target) -> Callable[[DownloadUrlParams], Awaitable[Sequence[str]]]:
    async def look(params: DownloadUrlParams) -> Sequence[str]:
        found = await tools.query_url_metadata(target.node, params.url, params.verify_certificates)
        size = "of a size that is not told" if found.size is None else f"of {text.size(found.size)}"
        return (f"{target.node} finds {found.filename or 'a file'} {size}; it is kept as {params.stored_as}",)

    return look


def _owner(runtime: Runtime, target: Target, volume: StorageContent | None) -> str | None:
    """Whom a disk belongs to: PVE deletes it all the same."""
    if volume is None or volume.vmid is None or volume.content not in ("images", "rootdir"):
        return None
    snapshot = runtime.store.fleet().snapshot(target.ref)
    keys = (GuestKey(*target.ref, kind, volume.vmid) for kind in ("qemu", "lxc"))
    guest = next((snapshot.guests[key] for key in keys if key in snapshot.guests), None) if snapshot else None
    return None if guest is None else f"it is a disk of guest {volume.vmid} {guest.name or ''}, which is there".strip()
