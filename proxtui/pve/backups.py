"""Backups: the jobs, what they miss, and what lies on the storages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from proxtui.pve.asking import Asker
from proxtui.pve.backup_changes import BackupChanges
from proxtui.pve.fields import Row, rows_of
from proxtui.pve.listing import Listing, read_listing
from proxtui.pve.models import GuestType, StorageContent
from proxtui.pve.models_backup import BackupJob, UncoveredGuest
from proxtui.pve.paths import path
from proxtui.pve.storage import content_of
from proxtui.pve.validators import InputValidator


class BackupTools(BackupChanges):
    """Reads backups, makes and restores them. Arguments are checked before anything is sent (``InvalidInput``)."""

    def __init__(self, client: Asker) -> None:
        self._client = client

    async def jobs(self) -> Listing[BackupJob]:
        """``GET /cluster/backup``, by ``id``; needs Sys.Audit on ``/``. Empty: there is no job."""
        where = "/cluster/backup"
        return read_listing(await self._client.get(where), where, job_of, lambda job: job.id)

    async def not_covered(self) -> Listing[UncoveredGuest]:
        """``GET /cluster/backup-info/not-backed-up``, by VMID: guests that no enabled job names.

        Needs Sys.Audit on ``/``. It speaks of jobs, not of backups: a guest in here may have been backed up by hand.
        """
        where = "/cluster/backup-info/not-backed-up"
        return read_listing(await self._client.get(where), where, _uncovered, lambda guest: guest.vmid)

    async def list_backups(self, node: str, storage: str, vmid: int | None = None) -> Listing[StorageContent]:
        """``GET /nodes/{node}/storage/{storage}/content?content=backup``, the newest first; of one ``vmid`` or all.

        A backup is left out silently without Datastore.AllocateSpace on the storage and VM.Backup on its guest
        (Datastore.Allocate on the storage shows all). So an empty list is a "none" only when
        ``sight.lacks_for_backups`` says that nothing is lacking.
        """
        checked = InputValidator.check_node_name(node), InputValidator.check_storage_name(storage)
        where = path("nodes", checked[0], "storage", checked[1], "content")
        params: dict[str, str | int] = {"content": "backup"}
        if vmid is not None:
            params["vmid"] = InputValidator.check_vmid(vmid)
        listing = content_of(rows_of(await self._client.get(where, params=params), where))
        # A plugin may not know of the filter; what is no backup does not belong in here.
        kept = [volume for volume in listing if volume.content in (None, "backup")]
        return Listing(tuple(sorted(kept, key=_newest_first)), invalid=listing.invalid)


def newest_by_guest(volumes: Iterable[StorageContent]) -> dict[int, StorageContent]:
    """The newest backup of each guest, out of any number of storages; backups of no known guest are left out."""
    newest: dict[int, StorageContent] = {}
    for volume in sorted(volumes, key=_newest_first, reverse=True):
        if volume.vmid is not None and volume.ctime is not None:
            newest[volume.vmid] = volume
    return newest


def job_of(row: Row) -> BackupJob | None:
    """A job of ``/cluster/backup``."""
    ident = row.text("id")
    if ident is None:
        return None
    enabled = row.flag("enabled")
    return BackupJob(
        id=ident,
        # Absent is PVE's way to say yes here.
        enabled=enabled is not False,
        schedule=row.text("schedule") or _old_schedule(row),
        next_run=row.moment("next-run"),
        storage=row.text("storage"),
        node=row.text("node"),
        mode=row.text("mode"),
        compress=row.text("compress"),
        all=row.flag("all") or False,
        vmids=row.vmids("vmid"),
        exclude=row.vmids("exclude"),
        pool=row.text("pool"),
        prune=_prune(row),
        mailto=row.text("mailto"),
        notes_template=row.prose("notes-template"),
        repeat_missed=row.flag("repeat-missed"),
        protected=row.flag("protected"),
        comment=row.prose("comment"),
    )


def _old_schedule(row: Row) -> str | None:
    # Jobs from before 7.1 have a time and days of the week.
    words = [word for word in (row.text("dow"), row.text("starttime")) if word is not None]
    return " ".join(words) or None


def _prune(row: Row) -> str | None:
    """As one text, whether PVE sends it as a property string or taken apart."""
    parts = row.part("prune-backups")
    names = sorted(parts.keys())
    if not names:
        return row.text("prune-backups")
    return ",".join(f"{name}={text}" for name in names if (text := parts.text(name)) is not None)


def _uncovered(row: Row) -> UncoveredGuest | None:
    vmid, kind = row.vmid(), row.text("type")
    if vmid is None:
        return None
    known = cast(GuestType, kind) if kind in ("qemu", "lxc") else None
    return UncoveredGuest(vmid=vmid, type=known, name=row.text("name"))


def _newest_first(volume: StorageContent) -> tuple[Any, ...]:
    return -(volume.ctime or 0), volume.volid
