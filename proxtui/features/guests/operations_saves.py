"""Snapshots and backups of guests."""

from __future__ import annotations

from proxtui.config.models import Role
from proxtui.core.operation import Kind, Risk
from proxtui.features.guests import availability
from proxtui.features.guests.declaring import MODELS, OWN_MODELS, declare

_RESTORED = "archive storage unique start live_restore unprivileged ignore_unpack_errors bwlimit"

SAVES = (
    declare(
        "snapshot",
        "Snapshot",
        "Keep its disks as they are now, and its memory if wanted.",
        needs="VM.Snapshot",
        params=f"{MODELS}:SnapshotParams",
        keeps="snapname vmstate",
        tasks="qmsnapshot vzsnapshot",
        key="n",
        unavailable=availability.no_template,
    ),
    declare(
        "rollback",
        "Roll back",
        "Go back to a snapshot: everything that came after it is lost.",
        risk=Risk.DESTROYS,
        needs="VM.Snapshot|VM.Snapshot.Rollback",
        params=f"{MODELS}:RollbackParams",
        keeps="snapname start",
        tasks="qmrollback vzrollback",
        key="w",
        unavailable=availability.no_template,
    ),
    declare(
        "delete-snapshot",
        "Delete snapshot",
        "Delete a snapshot: nobody can go back to it any more.",
        risk=Risk.DESTROYS,
        needs="VM.Snapshot",
        params=f"{MODELS}:SnapshotDeleteParams",
        keeps="snapname force",
        tasks="qmdelsnapshot vzdelsnapshot",
        unavailable=availability.locked,
    ),
    declare(
        "edit-snapshot",
        "Edit snapshot",
        "Write new notes for a snapshot.",
        needs="VM.Snapshot",
        params=f"{MODELS}:SnapshotEditParams",
        keeps="snapname",
    ),
    # The storage is known only when it is chosen: there it needs Datastore.AllocateSpace too.
    declare(
        "backup",
        "Back up",
        "Make a backup now.",
        risk=Risk.DISTURBS,
        needs="VM.Backup",
        params=f"{OWN_MODELS}:GuestBackupParams",
        keeps="storage mode compress remove protected bwlimit",
        tasks="vzdump",
        key="u",
        unavailable=availability.locked,
    ),
    declare(
        "restore",
        "Restore as new",
        "Make a new guest out of a backup.",
        role=Role.ADMIN,
        needs="VM.Allocate",
        acl="/vms",
        params=f"{OWN_MODELS}:RestoreNewParams",
        keeps=f"node vmid pool {_RESTORED}",
        tasks="qmrestore vzrestore",
        kinds=frozenset({Kind.NODE, Kind.SERVER}),
        creates=True,
    ),
    declare(
        "restore-over",
        "Restore over it",
        "Replace it and its disks by what is in a backup: what it is now is lost.",
        risk=Risk.DESTROYS,
        role=Role.ADMIN,
        needs="VM.Allocate|VM.Backup",
        params=f"{OWN_MODELS}:RestoreOverParams",
        keeps=_RESTORED,
        tasks="qmrestore vzrestore",
        unavailable=availability.delete,
    ),
)
