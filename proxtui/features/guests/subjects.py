"""What the rows of the guests view stand for, and what can be done to each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proxtui.core.model import GuestKey, ServerRef
from proxtui.core.operation import Kind, Target
from proxtui.kit.prepared import Subject
from proxtui.pve.models import StorageContent, Task
from proxtui.pve.models_guest import GuestSnapshot, PendingChange

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.features.guests.rows import GuestRow
    from proxtui.pve.access import Permissions

NEW = frozenset({"guests.create-vm", "guests.create-ct", "guests.restore"})
"""What can be made beside a guest."""
OF_SNAPSHOTS = frozenset({"guests.rollback", "guests.edit-snapshot", "guests.delete-snapshot"})
RESTORE_OVER, RESTORE = frozenset({"guests.restore-over"}), frozenset({"guests.restore"})


@dataclass(frozen=True, slots=True)
class TaskOfLogin:
    """A task and the login that would stop it, as the operations on tasks want to know it."""

    task: Task
    user: str
    permissions: Permissions | None


def target_of(key: GuestKey, name: str | None, node: str) -> Target:
    """A guest."""
    return Target(ServerRef(key.tenant, key.server), Kind(key.kind), str(key.vmid), name or "", node)


def subject_of_guest(row: GuestRow) -> Subject:
    """The guest; and its node, on which others can be made."""
    guest = row.guest
    target = target_of(row.key, guest.name, guest.node)
    node = Target(target.ref, Kind.NODE, guest.node, guest.node, guest.node)
    return Subject(target, guest, also={node: NEW})


def subject_of_thing(runtime: Runtime, row: GuestRow, thing: Any) -> Subject | None:
    """What a line of one of its sections is about; None for lines that nothing can be done to."""
    guest = target_of(row.key, row.guest.name, row.guest.node)
    if isinstance(thing, GuestSnapshot):
        title = f"snapshot {thing.name} of {guest.label}"
        return Subject(guest, row.guest, title, OF_SNAPSHOTS, given={"snapname": thing.name})
    if isinstance(thing, PendingChange):
        title = f"{thing.key} of {guest.label}"
        return Subject(guest, row.guest, title, frozenset({"guests.revert"}), given={"keys": [thing.key]})
    if isinstance(thing, StorageContent):
        return _backup(guest, thing)
    return _task(runtime, guest, thing) if isinstance(thing, Task) else None


def _backup(guest: Target, backup: StorageContent) -> Subject:
    """The volume; the guest, which it can replace; and the node, on which it can become another."""
    volume = Target(guest.ref, Kind.VOLUME, backup.volid, backup.volid, guest.node)
    node = Target(guest.ref, Kind.NODE, guest.node, guest.node, guest.node)
    return Subject(
        volume,
        backup,
        f"backup {backup.volid}",
        also={guest: RESTORE_OVER, node: RESTORE},
        given={"archive": backup.volid},
    )


def _task(runtime: Runtime, guest: Target, task: Task) -> Subject:
    connection = runtime.connection(guest.ref)
    target = Target(guest.ref, Kind.TASK, task.upid, f"{task.type} {task.id}".strip(), task.node)
    return Subject(target, TaskOfLogin(task, connection.client.config.userid, connection.permissions))
