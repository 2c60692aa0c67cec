"""Guests configured: options, disks, tags, notes, pools, locks."""

from __future__ import annotations

from proxtui.config.models import Role
from proxtui.core.operation import Risk
from proxtui.features.guests import availability
from proxtui.features.guests.declaring import MODELS, OWN_MODELS, declare

_VM_CONFIG = (
    "VM.Config.Disk|VM.Config.CDROM|VM.Config.CPU|VM.Config.Memory|VM.Config.Network|VM.Config.HWType"
    "|VM.Config.Options|VM.Config.Cloudinit"
)

CONFIG = (
    declare(
        "config",
        "Configure",
        "Set and remove options of its configuration, as PVE spells them.",
        risk=Risk.DISTURBS,
        role=Role.ADMIN,
        needs=_VM_CONFIG,
        params=f"{OWN_MODELS}:GuestConfigParams",
        keeps="changed delete digest",
        tasks="qmconfig",
        key="o",
        unavailable=availability.locked,
    ),
    declare(
        "revert",
        "Revert",
        "Drop changes of its configuration that wait for its next start.",
        risk=Risk.DISTURBS,
        role=Role.ADMIN,
        needs=_VM_CONFIG,
        params=f"{MODELS}:RevertParams",
        keeps="keys",
        unavailable=availability.locked,
    ),
    declare(
        "resize",
        "Resize disk",
        "Make a disk larger; none can be made smaller.",
        risk=Risk.DISTURBS,
        role=Role.ADMIN,
        needs="VM.Config.Disk",
        params=f"{MODELS}:ResizeDiskParams",
        keeps="disk size",
        tasks="resize",
        key="z",
        unavailable=availability.locked,
    ),
    declare(
        "move-disk",
        "Move disk",
        "Move a disk to another storage, or to another guest.",
        risk=Risk.DISTURBS,
        role=Role.ADMIN,
        needs="VM.Config.Disk",
        params=f"{MODELS}:MoveDiskParams",
        keeps="disk storage delete format target_vmid target_disk bwlimit",
        tasks="qmmove move_volume",
        key="V",
        unavailable=availability.locked,
    ),
    declare(
        "delete-disk",
        "Delete disk",
        "Destroy an unused disk with all that is on it.",
        risk=Risk.DESTROYS,
        role=Role.ADMIN,
        needs="VM.Config.Disk",
        params=f"{MODELS}:DeleteDiskParams",
        keeps="disk digest",
        tasks="qmconfig",
        unavailable=availability.locked,
    ),
    declare(
        "tags",
        "Tags",
        "Set, add or remove tags.",
        needs="VM.Config.Options",
        params=f"{MODELS}:TagsParams",
        keeps="tags mode",
        key="t",
    ),
    declare(
        "notes",
        "Notes",
        "Write the notes that are shown beside it.",
        needs="VM.Config.Options",
        params=f"{MODELS}:NotesParams",
        key="N",
    ),
    # PVE wants root@pam with its password: no privilege stands for that.
    declare(
        "unlock",
        "Unlock",
        "Take off the lock that a dead task left; or say what to type on the node.",
        risk=Risk.DISTURBS,
        role=Role.ADMIN,
        needs="VM.Config.Options",
        key="U",
        unavailable=availability.unlock,
    ),
    declare(
        "add-to-pool",
        "Add to pool",
        "Put it into a pool.",
        risk=Risk.DISTURBS,
        role=Role.ADMIN,
        needs="Pool.Allocate",
        acl="/pool",
        params=f"{OWN_MODELS}:JoinPoolParams",
        keeps="poolid move",
    ),
    declare(
        "remove-from-pool",
        "Remove from pool",
        "Take it out of its pool.",
        risk=Risk.DISTURBS,
        role=Role.ADMIN,
        needs="Pool.Allocate",
        acl="/pool",
        params=f"{OWN_MODELS}:LeavePoolParams",
        keeps="poolid",
        unavailable=availability.leave_pool,
    ),
)
