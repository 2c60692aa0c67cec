"""Snapshots as table rows: from what the servers answered to what ``snapshots list`` prints. Pure."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from proxtui.core import text
from proxtui.core.ages import is_old
from proxtui.core.fields import guest_field, guest_haystack
from proxtui.core.model import Fleet, GuestKey
from proxtui.core.rows import UNKNOWN, Column, Scalar
from proxtui.core.snapshots import age_tone
from proxtui.core.survey import Finding
from proxtui.pve.listing import Listing
from proxtui.pve.models import Guest
from proxtui.pve.models_guest import GuestSnapshot


class SnapshotKey(NamedTuple):
    """Who a snapshot is."""

    guest: GuestKey
    name: str


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """One snapshot of one guest."""

    key: SnapshotKey
    guest: Guest
    snapshot: GuestSnapshot
    age: float | None
    """Seconds; None when PVE does not tell when it was made."""
    muted: bool
    """True when the server did not answer the last question."""
    haystack: str

    def field(self, name: str) -> Scalar:
        """The value behind a filter term: those of its guest, ``age`` in seconds.

        The name of a snapshot is found by a plain word: ``name:`` is the guest's, so that it says whom to ask.
        """
        if name == "age":
            return self.age
        return guest_field(self.key.guest, self.guest, name)


def snapshot_rows(
    fleet: Fleet, findings: Mapping[GuestKey, Finding[Listing[GuestSnapshot]]], now: float
) -> list[SnapshotRow]:
    """All snapshots, the oldest first. ``now`` is in seconds since the epoch."""
    rows: list[SnapshotRow] = []
    for server in fleet.snapshots:
        old = is_old(server.state)
        for key, guest in server.guests.items():
            finding = findings.get(key)
            for snapshot in finding.value or () if finding is not None else ():
                muted = old or bool(finding and finding.problem)
                words = f"{snapshot.name} {snapshot.description or ''}".lower()
                haystack = f"{guest_haystack(key, guest)} {words}"
                rows.append(
                    SnapshotRow(SnapshotKey(key, snapshot.name), guest, snapshot, _age(snapshot, now), muted, haystack)
                )
    return sorted(rows, key=lambda row: (row.age is None, -(row.age or 0), row.key))


def _age(snapshot: GuestSnapshot, now: float) -> float | None:
    # The clock of a node may be ahead of ours.
    return None if snapshot.snaptime is None else max(0.0, now - snapshot.snaptime)


def _moment(row: SnapshotRow) -> str:
    taken = row.snapshot.snaptime
    return UNKNOWN if taken is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(taken))


def _yes(flag: bool | None) -> str:
    return UNKNOWN if flag is None else "yes" if flag else "no"


COLUMNS: tuple[Column[SnapshotRow], ...] = (
    Column(
        "age", "Age", lambda r: r.age, lambda r: text.age(r.age), 4, 1, align="right", tone=lambda r: age_tone(r.age)
    ),
    Column("snaptime", "Made", lambda r: r.snapshot.snaptime, _moment, 16, 3),
    Column("vmid", "ID", lambda r: r.guest.vmid, lambda r: str(r.guest.vmid), 6, 1, align="right"),
    Column("name", "Name", lambda r: r.guest.name, lambda r: r.guest.name or UNKNOWN, 12, 1),
    Column("snapname", "Snapshot", lambda r: r.snapshot.name, lambda r: r.snapshot.name, 12, 1, grow=True),
    Column("vmstate", "Memory", lambda r: r.snapshot.vmstate, lambda r: _yes(r.snapshot.vmstate), 6, 5),
    Column("node", "Node", lambda r: r.guest.node, lambda r: r.guest.node, 8, 4, is_name=True),
    Column("server", "Server", lambda r: r.key.guest.server, lambda r: r.key.guest.server, 9, 4, is_name=True),
    Column("tenant", "Tenant", lambda r: r.key.guest.tenant, lambda r: r.key.guest.tenant, 9, 4, is_name=True),
    Column(
        "description", "Description", lambda r: r.snapshot.description, lambda r: r.snapshot.description or "", 12, 6
    ),
    Column("parent", "Parent", lambda r: r.snapshot.parent, lambda r: r.snapshot.parent or "", 12, shown=False),
    Column(
        "current", "Current", lambda r: r.snapshot.is_current, lambda r: _yes(r.snapshot.is_current), 7, shown=False
    ),
    Column("type", "Type", lambda r: r.guest.type, lambda r: r.guest.type, 4, shown=False),
)
"""Keys as PVE spells them; ``name`` is the guest's, ``snapname`` the snapshot's, ``age`` in seconds."""
