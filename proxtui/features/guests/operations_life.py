"""Guests made, copied, moved, turned into templates and deleted."""

from __future__ import annotations

from proxtui.config.models import Role
from proxtui.core.operation import Kind, Risk
from proxtui.features.guests import availability
from proxtui.features.guests.declaring import MODELS, declare

PLACES = frozenset({Kind.NODE, Kind.SERVER})
"""What a new guest is made at: a node, or a cluster of which a node is chosen then."""
_COMMON = (
    "node vmid cores memory storage net0 nameserver searchdomain start onboot tags pool ostype"
    " name disk iso sockets cpu machine bios scsihw tpm agent ciuser ipconfig0"
    " ostemplate hostname rootfs swap unprivileged features"
)

LIFE = (
    declare(
        "create-vm",
        "New VM",
        "Make a new VM.",
        role=Role.ADMIN,
        needs="VM.Allocate",
        acl="/vms",
        params=f"{MODELS}:VMCreateParams",
        keeps=_COMMON,
        tasks="qmcreate",
        kinds=PLACES,
        creates=True,
    ),
    declare(
        "create-ct",
        "New container",
        "Make a new container out of a template.",
        role=Role.ADMIN,
        needs="VM.Allocate",
        acl="/vms",
        params=f"{MODELS}:ContainerCreateParams",
        keeps=_COMMON,
        tasks="vzcreate",
        kinds=PLACES,
        creates=True,
    ),
    # VM.Allocate is needed too, at the copy or at its pool: neither is known before it is chosen.
    declare(
        "clone",
        "Clone",
        "Make a copy of it.",
        role=Role.ADMIN,
        needs="VM.Clone",
        params=f"{MODELS}:CloneParams",
        keeps="newid name full target storage format snapname pool bwlimit",
        tasks="qmclone vzclone",
        key="C",
        unavailable=availability.locked,
    ),
    declare(
        "migrate",
        "Migrate",
        "Move it to another node of the cluster.",
        risk=Risk.DISTURBS,
        needs="VM.Migrate",
        params=f"{MODELS}:MigrateParams",
        keeps="target online restart with_local_disks targetstorage bwlimit timeout",
        tasks="qmigrate vzmigrate hamigrate",
        moves_to="target",
        key="m",
        unavailable=availability.locked,
    ),
    declare(
        "template",
        "Make template",
        "Turn it into a template: it will never start again, only be cloned.",
        risk=Risk.DESTROYS,
        role=Role.ADMIN,
        needs="VM.Allocate",
        params=f"{MODELS}:TemplateParams",
        keeps="disk",
        tasks="qmtemplate",
        key="T",
        unavailable=availability.template,
    ),
    declare(
        "delete",
        "Delete",
        "Delete it and its disks, for good.",
        risk=Risk.DESTROYS,
        role=Role.ADMIN,
        needs="VM.Allocate",
        params=f"{MODELS}:DeleteParams",
        keeps="purge destroy_unreferenced_disks force",
        tasks="qmdestroy vzdestroy",
        key="D",
        unavailable=availability.delete,
    ),
)
