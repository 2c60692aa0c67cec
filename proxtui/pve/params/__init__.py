"""The parameters of every change, as models that forms and options are made of. Loaded when first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from proxtui.pve.params.backups import BackupParams, RestoreParams
    from proxtui.pve.params.base import Params
    from proxtui.pve.params.guests_agent import AgentExecParams
    from proxtui.pve.params.guests_changes import (
        ConfigParams,
        DeleteDiskParams,
        MoveDiskParams,
        NotesParams,
        ResizeDiskParams,
        RevertParams,
        TagsParams,
        TemplateParams,
    )
    from proxtui.pve.params.guests_create import ContainerCreateParams, VMCreateParams
    from proxtui.pve.params.guests_life import CloneParams, DeleteParams, MigrateParams
    from proxtui.pve.params.guests_power import HibernateParams, RebootParams, SendKeyParams, ShutdownParams, StopParams
    from proxtui.pve.params.guests_snapshots import (
        RollbackParams,
        SnapshotDeleteParams,
        SnapshotEditParams,
        SnapshotParams,
    )
    from proxtui.pve.params.ha import HaGuestParams, HaParams, HaTargetParams, HaUpdateParams
    from proxtui.pve.params.nodes import (
        BulkMigrateParams,
        BulkStartParams,
        BulkStopParams,
        BulkSuspendParams,
        ServiceParams,
    )
    from proxtui.pve.params.pools import PoolCommentParams, PoolLeaveParams, PoolMembersParams, PoolParams
    from proxtui.pve.params.storage import DownloadUrlParams, PruneParams, UploadParams, VolumeParams

__all__ = [
    "AgentExecParams",
    "BackupParams",
    "BulkMigrateParams",
    "BulkStartParams",
    "BulkStopParams",
    "BulkSuspendParams",
    "CloneParams",
    "ConfigParams",
    "ContainerCreateParams",
    "DeleteDiskParams",
    "DeleteParams",
    "DownloadUrlParams",
    "HaGuestParams",
    "HaParams",
    "HaTargetParams",
    "HaUpdateParams",
    "HibernateParams",
    "MigrateParams",
    "MoveDiskParams",
    "NotesParams",
    "Params",
    "PoolCommentParams",
    "PoolLeaveParams",
    "PoolMembersParams",
    "PoolParams",
    "PruneParams",
    "RebootParams",
    "ResizeDiskParams",
    "RestoreParams",
    "RevertParams",
    "RollbackParams",
    "SendKeyParams",
    "ServiceParams",
    "ShutdownParams",
    "SnapshotDeleteParams",
    "SnapshotEditParams",
    "SnapshotParams",
    "StopParams",
    "TagsParams",
    "TemplateParams",
    "UploadParams",
    "VMCreateParams",
    "VolumeParams",
]

_HOMES = {
    "base": ("Params",),
    "backups": (
        "BackupParams",
        "RestoreParams",
    ),
    "ha": (
        "HaGuestParams",
        "HaParams",
        "HaTargetParams",
        "HaUpdateParams",
    ),
    "nodes": (
        "BulkMigrateParams",
        "BulkStartParams",
        "BulkStopParams",
        "BulkSuspendParams",
        "ServiceParams",
    ),
    "pools": (
        "PoolCommentParams",
        "PoolLeaveParams",
        "PoolMembersParams",
        "PoolParams",
    ),
    "storage": (
        "DownloadUrlParams",
        "PruneParams",
        "UploadParams",
        "VolumeParams",
    ),
    "guests_agent": ("AgentExecParams",),
    "guests_changes": (
        "ConfigParams",
        "DeleteDiskParams",
        "MoveDiskParams",
        "NotesParams",
        "ResizeDiskParams",
        "RevertParams",
        "TagsParams",
        "TemplateParams",
    ),
    "guests_create": (
        "ContainerCreateParams",
        "VMCreateParams",
    ),
    "guests_life": (
        "CloneParams",
        "DeleteParams",
        "MigrateParams",
    ),
    "guests_power": (
        "HibernateParams",
        "RebootParams",
        "SendKeyParams",
        "ShutdownParams",
        "StopParams",
    ),
    "guests_snapshots": (
        "RollbackParams",
        "SnapshotDeleteParams",
        "SnapshotEditParams",
        "SnapshotParams",
    ),
}
_HOME_OF = {name: f"proxtui.pve.params.{home}" for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})
