"""What lies on a storage as table rows, by volume and by guest; and what we are not allowed to see. Pure."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from proxtui.core import text
from proxtui.core.model import GuestKey, Snapshot, StorageKey
from proxtui.core.rows import UNKNOWN, Column, Scalar, Tone
from proxtui.pve.access import Permissions
from proxtui.pve.models import StorageContent
from proxtui.pve.sight import lacks_for_backups, lacks_for_disks

KINDS = {
    "images": "VM disks",
    "rootdir": "CT disks",
    "backup": "backups",
    "iso": "ISO images",
    "vztmpl": "CT templates",
    "snippets": "snippets",
    "import": "imports",
}
"""PVE's content types in the order in which they are offered, and what people call them."""
LEFT_OUT = frozenset({"images", "rootdir", "backup"})
"""Those that PVE leaves out silently when we may not see them."""


@dataclass(frozen=True, slots=True)
class ContentRow:
    """One volume."""

    place: StorageKey
    volume: StorageContent
    name: str | None
    """Of the guest that owns it, when that is still known."""
    haystack: str
    muted: bool = False

    @property
    def key(self) -> str:
        return self.volume.volid

    @property
    def path(self) -> str:
        """The volume's name without that of the storage."""
        return self.volume.volid.partition(":")[2]

    @property
    def owner(self) -> str:
        """``100 web1``; empty when nobody owns it."""
        return f"{self.volume.vmid} {self.name or ''}".strip() if self.volume.vmid is not None else ""

    def field(self, name: str) -> Scalar:
        """The value behind a filter term; ``disk`` is the size in bytes."""
        volume = self.volume
        values: dict[str, Scalar] = {
            "name": volume.volid,
            "type": [word for word in (volume.content, volume.format, volume.subtype) if word],
            "id": volume.vmid,
            "vmid": volume.vmid,
            "disk": volume.size,
            "storage": self.place.storage,
            "node": self.place.node,
            "server": self.place.server,
            "tenant": self.place.tenant,
        }
        return values.get(name)


@dataclass(frozen=True, slots=True)
class BackupRow:
    """All backups of one guest on a storage."""

    place: StorageKey
    vmid: int | None
    """None: of backups whose guest PVE does not tell."""
    name: str | None
    count: int
    newest: int | None
    """Seconds since the epoch."""
    oldest: int | None
    size: int | None
    """Bytes of all of them; None when one is unknown."""
    haystack: str
    muted: bool = False

    @property
    def key(self) -> str:
        return str(self.vmid)

    def field(self, name: str) -> Scalar:
        """The value behind a filter term."""
        values: dict[str, Scalar] = {"name": self.name, "id": self.vmid, "vmid": self.vmid, "disk": self.size}
        return values.get(name) or {"server": self.place.server, "tenant": self.place.tenant}.get(name)


def content_rows(
    volumes: Iterable[StorageContent], place: StorageKey, snapshot: Snapshot | None, kind: str | None = None
) -> list[ContentRow]:
    """The volumes of one content type, or of all."""
    rows = []
    for volume in volumes:
        if kind in (None, volume.content):
            name = _name_of(snapshot, volume.vmid)
            words = (volume.volid, name or "", volume.notes or "", volume.content or "", volume.format or "")
            rows.append(ContentRow(place, volume, name, " ".join(words).lower()))
    return rows


def backup_rows(volumes: Iterable[StorageContent], place: StorageKey, snapshot: Snapshot | None) -> list[BackupRow]:
    """The backups of each guest, the guest with the oldest newest one first."""
    by_guest: dict[int | None, list[StorageContent]] = {}
    for volume in volumes:
        if volume.content == "backup":
            by_guest.setdefault(volume.vmid, []).append(volume)
    rows = []
    for vmid, backups in by_guest.items():
        times = [backup.ctime for backup in backups if backup.ctime is not None]
        sizes = [backup.size for backup in backups if backup.size is not None]
        total = sum(sizes) if len(sizes) == len(backups) else None
        name = _name_of(snapshot, vmid)
        ends = (max(times, default=None), min(times, default=None))
        rows.append(BackupRow(place, vmid, name, len(backups), *ends, total, f"{vmid} {name or ''}".lower()))
    return sorted(rows, key=lambda row: (row.newest or 0, row.vmid or 0))


def kinds_of(volumes: Sequence[StorageContent] | None, offered: Sequence[str]) -> dict[str, int]:
    """The content types of a storage, those it may hold and those that lie there, with their number of volumes."""
    counts = Counter(volume.content or "" for volume in volumes or ())
    named = [kind for kind in KINDS if kind in offered or kind in counts]
    others = sorted(kind for kind in counts if kind and kind not in KINDS)
    return {kind: counts[kind] for kind in (*named, *others)}


class Lack(NamedTuple):
    """Why volumes of a type are left out."""

    what: str
    needed: str
    """The privileges that show them all."""
    missing: str
    """Which of them is missing, and where."""

    @property
    def line(self) -> str:
        """All of it."""
        return f"{self.what} ({self.needed}): {self.missing} is missing"

    @property
    def short(self) -> str:
        """Two lines for where a list would be."""
        return f"{self.what}\n({self.needed})"


def not_shown(permissions: Permissions | None, storage: str, offered: Sequence[str]) -> dict[str, Lack]:
    """For each content type that PVE leaves out silently what is missing to see it.

    An empty list of such a type does not mean that there is nothing.
    """
    if permissions is None:
        return {}
    disks, backups = lacks_for_disks(permissions, storage), lacks_for_backups(permissions, storage)
    lacking = {
        "images": (disks, "Datastore.Audit + VM.Config.Disk"),
        "rootdir": (disks, "Datastore.Audit + VM.Config.Disk"),
        "backup": (backups, "Datastore.AllocateSpace + VM.Backup"),
    }
    return {
        kind: Lack(f"not allowed to see {'all ' if '/vms/' in missing else ''}{KINDS[kind]}", needed, missing)
        for kind, (missing, needed) in lacking.items()
        if kind in offered and missing is not None
    }


def _name_of(snapshot: Snapshot | None, vmid: int | None) -> str | None:
    if snapshot is None or vmid is None:
        return None
    keys = (GuestKey(*snapshot.ref, kind, vmid) for kind in ("qemu", "lxc"))
    return next((snapshot.guests[key].name for key in keys if key in snapshot.guests), None)


def unreadable_text(volumes: int) -> str:
    """That some of a list made no sense: of what type they are nobody knows."""
    return f"{volumes} volume{'' if volumes == 1 else 's'} could not be read"


def moment(seconds: float | None) -> str:
    """Local time to the minute."""
    return UNKNOWN if seconds is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def first_line(notes: str | None) -> str:
    """Notes may have many lines; a table has room for one."""
    lines = (notes or "").strip().splitlines()
    return lines[0] + (" …" if len(lines) > 1 else "") if lines else ""


def _marks(row: ContentRow) -> str:
    volume = row.volume
    said = ("protected" if volume.protected else "", "encrypted" if volume.encrypted else "")
    verified = "verified" if volume.verified == "ok" else f"verify {volume.verified}" if volume.verified else ""
    # What is wrong stands first: the column is narrow.
    words = (verified, *said) if _is_spoilt(row) else (*said, verified)
    return " ".join(word for word in words if word)


def _is_spoilt(row: ContentRow) -> bool:
    return row.volume.verified not in (None, "ok", "none")


def _marks_tone(row: ContentRow) -> Tone:
    return Tone.BAD if _is_spoilt(row) else Tone.ACCENT


CONTENT_COLUMNS: tuple[Column[ContentRow], ...] = (
    Column("volid", "Volume", lambda r: r.volume.volid, lambda r: r.path, 24, 1, grow=True),
    Column("content", "Content", lambda r: r.volume.content, lambda r: r.volume.content or UNKNOWN, 7, 5),
    Column("format", "Format", lambda r: r.volume.format, lambda r: r.volume.format or UNKNOWN, 6, 7),
    Column("size", "Size", lambda r: r.volume.size, lambda r: text.size(r.volume.size), 8, 2, align="right"),
    Column("ctime", "Date", lambda r: r.volume.ctime, lambda r: moment(r.volume.ctime), 16, 4),
    Column("vmid", "Owner", lambda r: r.volume.vmid, lambda r: r.owner or UNKNOWN, 13, 3),
    Column("protected", "Marks", lambda r: r.volume.protected, _marks, 13, 6, tone=_marks_tone),
    Column("notes", "Notes", lambda r: r.volume.notes, lambda r: first_line(r.volume.notes), 8, 8),
)
"""Keys as PVE spells them."""

BACKUP_COLUMNS: tuple[Column[BackupRow], ...] = (
    Column("vmid", "ID", lambda r: r.vmid, lambda r: UNKNOWN if r.vmid is None else str(r.vmid), 5, 1, align="right"),
    Column("name", "Guest", lambda r: r.name, lambda r: r.name or UNKNOWN, 10, 1, grow=True),
    Column("count", "Backups", lambda r: r.count, lambda r: str(r.count), 7, 2, align="right"),
    Column("newest", "Newest", lambda r: r.newest, lambda r: moment(r.newest), 16, 1),
    Column("oldest", "Oldest", lambda r: r.oldest, lambda r: moment(r.oldest), 16, 4),
    Column("size", "Size", lambda r: r.size, lambda r: text.size(r.size), 8, 3, align="right"),
)
