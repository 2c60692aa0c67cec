"""Every change to a storage and to what lies on it, declared. All of them are for admins, but words about a backup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxtui.config.models import Role
from proxtui.core.declaring import declaring
from proxtui.core.operation import Kind, Operation, Risk

if TYPE_CHECKING:
    from proxtui.pve.models import ProxmoxStorage, StorageContent

STORAGES, VOLUMES = frozenset({Kind.STORAGE}), frozenset({Kind.VOLUME})
FILES = frozenset({"iso", "vztmpl", "import"})
"""Content types that come as files."""


def takes_no_files(storage: ProxmoxStorage) -> str | None:
    """Why no file can be brought there."""
    if storage.status not in ("available", None):
        return f"is {storage.status}"
    return None if FILES & set(storage.content) else "holds no ISO images, templates or imports"


def takes_no_backups(storage: ProxmoxStorage) -> str | None:
    """Why there is nothing to prune."""
    if storage.status not in ("available", None):
        return f"is {storage.status}"
    return None if "backup" in storage.content else "holds no backups"


def is_protected(volume: StorageContent) -> str | None:
    """PVE deletes nothing that is protected."""
    return "is protected: take that away first" if volume.protected else None


def is_no_backup(volume: StorageContent) -> str | None:
    """Only backups have notes and protection."""
    return None if volume.content == "backup" else "is no backup"


_declare = declaring("storage", risk=Risk.SAFE, role=Role.ADMIN)
"""For admins, and harmless unless it says otherwise."""


_KEEPS = "keep_all keep_last keep_hourly keep_daily keep_weekly keep_monthly keep_yearly"

OPERATIONS: tuple[Operation, ...] = (
    _declare(
        "upload",
        "Upload",
        "Send a file of this machine: an ISO image, a container template, a disk to import.",
        kinds=STORAGES,
        needs="Datastore.AllocateTemplate",
        params="UploadParams",
        keeps="file content filename checksum checksum_algorithm",
        tasks="imgcopy",
        key="u",
        unavailable=takes_no_files,
    ),
    # What stands in a URL may be a secret; where it goes is told by the name of the file.
    _declare(
        "download-url",
        "Download from URL",
        "Let the node fetch a file; it is asked first whether it finds it.",
        kinds=STORAGES,
        risk=Risk.DISTURBS,
        needs="Datastore.AllocateTemplate",
        params="DownloadUrlParams",
        keeps="content filename checksum checksum_algorithm compression verify_certificates",
        tasks="download",
        key="d",
        unavailable=takes_no_files,
    ),
    # For one guest PVE is content with less.
    _declare(
        "prune",
        "Prune backups",
        "Delete the backups that are not to be kept, for good; without numbers as the storage is set to.",
        kinds=STORAGES,
        needs="Datastore.Allocate|Datastore.AllocateSpace",
        risk=Risk.DESTROYS,
        params="PruneParams",
        keeps=f"vmid type {_KEEPS}",
        tasks="prunebackups",
        key="p",
        unavailable=takes_no_backups,
    ),
    _declare(
        "update",
        "Notes/protection",
        "Write notes for a backup, protect it from being pruned and deleted, or no longer.",
        kinds=VOLUMES,
        needs="Datastore.Allocate|Datastore.AllocateSpace",
        role=Role.OPERATOR,
        params="VolumeParams",
        keeps="protected",
        key="n",
        unavailable=is_no_backup,
    ),
    # Of a backup it needs less: Datastore.AllocateSpace, and VM.Backup on its guest.
    _declare(
        "delete",
        "Delete volume",
        "Delete it for good, also a disk that a guest still has.",
        kinds=VOLUMES,
        needs="Datastore.Allocate|Datastore.AllocateSpace",
        risk=Risk.DESTROYS,
        tasks="imgdel",
        key="x",
        unavailable=is_protected,
    ),
)
