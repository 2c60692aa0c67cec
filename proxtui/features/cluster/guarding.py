"""Backup jobs, guests without one, and who may do what, as table rows. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from proxtui.core.model import Snapshot
from proxtui.core.rows import UNKNOWN, Column, Tone
from proxtui.features.cluster.records import Record, guest_key, guest_name, moment
from proxtui.features.cluster.rows import SERVER, AnyColumn, yes_no
from proxtui.features.cluster.service import Grant, Panel
from proxtui.pve.models_backup import BackupJob, UncoveredGuest


def job_records(snapshot: Snapshot, panel: Panel[BackupJob], _today: float) -> Iterator[Record[BackupJob]]:
    """The backup jobs."""
    for job in panel.items:
        fields = {"id": job.id, "storage": job.storage, "node": job.node, "pool": job.pool, "status": job_state(job)}
        words = (job.id, job.storage, job.pool, job.comment, job.selection, job.schedule)
        yield Record(("backup", *snapshot.ref, job.id), snapshot.ref, job, words, fields, muted=not job.enabled)


def job_state(job: BackupJob) -> str:
    """``on`` or ``off``."""
    return "on" if job.enabled else "off"


JOBS: tuple[AnyColumn, ...] = (
    Column(
        "enabled",
        "State",
        lambda r: r.item.enabled,
        lambda r: job_state(r.item),
        5,
        1,
        tone=lambda r: Tone.GOOD if r.item.enabled else Tone.WARN,
    ),
    Column("selection", "Guests", lambda r: r.item.selection, lambda r: r.item.selection, 14, 1, grow=True),
    Column("schedule", "Schedule", lambda r: r.item.schedule, lambda r: r.item.schedule or UNKNOWN, 12, 1),
    Column("storage", "Storage", lambda r: r.item.storage, lambda r: r.item.storage or UNKNOWN, 11, 2),
    *SERVER,
    Column("next_run", "Next", lambda r: r.item.next_run, lambda r: moment(r.item.next_run), 16, 2),
    Column("mode", "Mode", lambda r: r.item.mode, lambda r: r.item.mode or UNKNOWN, 8, 5),
    Column("prune", "Keeps", lambda r: r.item.prune, lambda r: r.item.prune or "", 12, 6),
    Column("node", "Node", lambda r: r.item.node, lambda r: r.item.node or "all", 8, 8, is_name=True),
    Column("comment", "Comment", lambda r: r.item.comment, lambda r: r.item.comment or "", 12, 7),
    Column("id", "Job", lambda r: r.item.id, lambda r: r.item.id, 16, 9),
)


def uncovered_records(
    snapshot: Snapshot, panel: Panel[UncoveredGuest], _today: float
) -> Iterator[Record[UncoveredGuest]]:
    """The guests that no enabled job covers."""
    for item in panel.items:
        target = guest_key(snapshot, item.vmid)
        guest = snapshot.guests[target] if target is not None else None
        name = item.name or guest_name(snapshot, item.vmid)
        fields = {
            "id": item.vmid,
            "vmid": item.vmid,
            "name": name,
            "type": item.type,
            "node": guest.node if guest else None,
            "status": guest.status if guest else None,
            "pool": guest.pool if guest else None,
            "tag": list(guest.tags) if guest else None,
        }
        words = (str(item.vmid), name, guest.node if guest else None, *(guest.tags if guest else ()))
        yield Record(("uncovered", *snapshot.ref, str(item.vmid)), snapshot.ref, item, words, fields, target)


UNCOVERED: tuple[AnyColumn, ...] = (
    Column("vmid", "ID", lambda r: r.item.vmid, lambda r: str(r.item.vmid), 6, 1, align="right"),
    Column("name", "Name", lambda r: r.fields["name"], lambda r: r.fields["name"] or UNKNOWN, 16, 1, grow=True),
    Column("type", "Type", lambda r: r.item.type, lambda r: r.item.type or UNKNOWN, 5, 4),
    Column("status", "State", lambda r: r.fields["status"], lambda r: r.fields["status"] or UNKNOWN, 8, 3),
    Column("node", "Node", lambda r: r.fields["node"], lambda r: r.fields["node"] or UNKNOWN, 10, 2, is_name=True),
    *SERVER,
    Column("pool", "Pool", lambda r: r.fields["pool"], lambda r: r.fields["pool"] or "", 10, 5),
)


def grant_records(snapshot: Snapshot, panel: Panel[Grant], today: float) -> Iterator[Record[Grant]]:
    """Who has which role where; users without any at the end."""
    for item in panel.items:
        entry, user = item.entry, item.user
        who, role = holder(item), entry.roleid if entry else "none"
        groups = user.groups if user else ()
        fields = {"name": who, "user": who, "type": _kind(item), "status": user_state(item, today), "role": role}
        words = (who, role, entry.path if entry else "", user.comment if user else "", *groups)
        name = (who, role, entry.path if entry else "", _kind(item))
        yield Record(("access", *snapshot.ref, *name), snapshot.ref, item, words, fields)


def holder(item: Grant) -> str:
    """The user, group or token."""
    if item.entry is not None:
        return item.entry.ugid
    return item.user.userid if item.user is not None else UNKNOWN


def _kind(item: Grant) -> str:
    return item.entry.type if item.entry is not None else "user"


def user_state(item: Grant, today: float) -> str | None:
    """``on``, ``off``, ``expired`` or ``locked``; None when the user may not be seen."""
    user = item.user
    if user is None:
        return None
    if not user.enabled:
        return "off"
    if user.expire and user.expire <= today:
        return "expired"
    return "locked" if user.totp_locked else "on"


def _path(record: Record[Grant]) -> str | None:
    return record.item.entry.path if record.item.entry is not None else None


def _reach(record: Record[Grant]) -> bool | None:
    return record.item.entry.propagate if record.item.entry is not None else None


def _role_tone(record: Record[Grant]) -> Tone:
    if record.fields["role"] == "none":
        return Tone.MUTED
    return Tone.WARN if record.fields["role"] == "Administrator" else Tone.PLAIN


def _more(record: Record[Grant]) -> str:
    user = record.item.user
    if user is None:
        return ""
    groups = f"in {', '.join(user.groups)}" if user.groups else ""
    tokens = f"{len(user.tokens)} tokens" if len(user.tokens) > 1 else "1 token" if user.tokens else ""
    return "; ".join(part for part in (user.comment, groups, tokens) if part)


ACCESS: tuple[AnyColumn, ...] = (
    Column("ugid", "Who", lambda r: r.fields["name"], lambda r: r.fields["name"], 16, 1),
    Column("roleid", "Role", lambda r: r.fields["role"], lambda r: r.fields["role"], 14, 1, tone=_role_tone),
    Column("path", "On", _path, lambda r: _path(r) or "nothing", 10, 1),
    Column("propagate", "Below", _reach, lambda r: yes_no(_reach(r)), 5, 5),
    Column("type", "Type", lambda r: r.fields["type"], lambda r: r.fields["type"], 5, 4),
    Column(
        "status",
        "State",
        lambda r: r.fields["status"],
        lambda r: r.fields["status"] or UNKNOWN,
        7,
        3,
        tone=lambda r: Tone.PLAIN if r.fields["status"] in ("on", None) else Tone.WARN,
    ),
    *SERVER,
    Column("comment", "More", _more, _more, 12, 6, grow=True),
)
