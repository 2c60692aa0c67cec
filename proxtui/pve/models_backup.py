"""Backup jobs, and the guests that none of them covers."""

from __future__ import annotations

import msgspec

from proxtui.pve.models import GuestType


class BackupJob(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A job of ``/cluster/backup``."""

    id: str
    enabled: bool = True
    schedule: str | None = None
    """A calendar event, such as ``mon..fri 02:30``."""
    next_run: int | None = None
    """Seconds since the epoch; None for a job that is off."""
    storage: str | None = None
    node: str | None = None
    """The only node that it runs on; None: all of them."""
    mode: str | None = None
    """``snapshot``, ``suspend`` or ``stop``."""
    compress: str | None = None
    all: bool = False
    """Every guest but those of ``exclude``."""
    vmids: tuple[int, ...] = ()
    exclude: tuple[int, ...] = ()
    pool: str | None = None
    """Every guest of this pool."""
    prune: str | None = None
    """What is kept, ``keep-daily=7,keep-last=3``; None: what the storage says."""
    mailto: str | None = None
    notes_template: str | None = None
    repeat_missed: bool | None = None
    protected: bool | None = None
    comment: str | None = None

    @property
    def selection(self) -> str:
        """Which guests, in words."""
        if self.all:
            return "all but " + _listed(self.exclude) if self.exclude else "all"
        if self.pool is not None:
            return f"pool {self.pool}"
        return _listed(self.vmids) or "none"


class UncoveredGuest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A guest that no enabled job names. It may have backups all the same, made by hand."""

    vmid: int
    type: GuestType | None = None
    name: str | None = None


def _listed(vmids: tuple[int, ...]) -> str:
    return ", ".join(str(vmid) for vmid in vmids)
