"""Entries of the audit as table rows. Pure."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

from proxtui.core import text
from proxtui.core.journal import AuditEntry, Result
from proxtui.core.rows import UNKNOWN, Column, Scalar, Tone
from proxtui.features.audit.chain import Record, entry_of

DRY_RUN = "dry run"
TONES = {
    Result.OK: Tone.GOOD,
    Result.WARNINGS: Tone.WARN,
    Result.UNKNOWN: Tone.WARN,
    Result.FAILED: Tone.BAD,
    Result.DENIED: Tone.BAD,
}


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row of the audit."""

    record: Record
    entry: AuditEntry
    now: float
    """Seconds since the epoch when it was read."""
    haystack: str
    muted: bool = False

    @property
    def key(self) -> int:
        return self.record.seq

    @property
    def seconds(self) -> float:
        """When, in seconds since the epoch."""
        return self.record.ts / 1_000_000

    @property
    def subject(self) -> str:
        """``100 web-1``, a node, a volume; empty when it is about nothing outside."""
        entry = self.entry
        name = entry.target_name if entry.target_name != entry.target_id else ""
        return f"{entry.target_id} {name}".strip()

    @property
    def state(self) -> str:
        """The result, or how far it is told here. A rehearsal that went well changed nothing, and never looks as if."""
        if self.entry.dry_run and self.entry.result is Result.OK:
            return DRY_RUN
        return str(self.entry.result or self.entry.phase)

    @property
    def params(self) -> str:
        """``name=value`` for each that is kept."""
        return " ".join(f"{name}={value}" for name, value in self.entry.params.items())

    @property
    def request(self) -> str:
        """``POST /nodes/{node}/qemu/{vmid}/status/start``; empty where nothing was sent."""
        return f"{self.entry.method} {self.entry.path}".strip()

    def field(self, name: str) -> Scalar:
        """The value behind a filter term."""
        entry = self.entry
        match name:
            case "type":
                return [part for part in (entry.event, entry.target_kind) if part]
            case "status":
                return [self.state, str(entry.phase)]
            case "id" | "vmid":
                return int(entry.target_id) if entry.target_id.isdecimal() else entry.target_id or None
            case "name":
                return entry.target_name or None
            case "node":
                return entry.target_node or None
            case "user":
                return [one for one in dict.fromkeys((entry.actor.user, entry.identity)) if one]
            case "age":
                return max(0.0, self.now - self.seconds)
        return {"tenant": entry.tenant, "server": entry.server}.get(name)


def audit_row(record: Record, now: float) -> AuditRow:
    """A row of what lies on the disk. KeyError, TypeError or ValueError when that is not what was written."""
    entry = entry_of(json.loads(record.body))
    words = (
        *(entry.event, entry.actor.user, entry.identity, entry.tenant, entry.server, entry.target_kind),
        *(entry.target_id, entry.target_name, entry.target_node, entry.message, entry.reason, str(entry.result or "")),
    )
    return AuditRow(record, entry, now, " ".join(word for word in words if word).lower())


def state_tone(row: AuditRow) -> Tone:
    """How much the result should worry."""
    if row.state == DRY_RUN:
        return Tone.MUTED
    return TONES[row.entry.result] if row.entry.result else Tone.MUTED


def moment(seconds: float) -> str:
    """Local time."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _said(value: str) -> str:
    return value or UNKNOWN


def _milliseconds(entry: AuditEntry) -> str:
    if entry.duration_ms is None:
        return UNKNOWN
    return f"{entry.duration_ms} ms" if entry.duration_ms < 1_000 else text.duration(entry.duration_ms / 1_000)


def _status(row: AuditRow) -> str:
    return str(row.entry.status) if row.entry.status else UNKNOWN


def _dry_run(row: AuditRow) -> str:
    return "yes" if row.entry.dry_run else "no"


COLUMNS: tuple[Column[AuditRow], ...] = (
    Column("seq", "Row", lambda r: r.key, lambda r: str(r.key), 6, 4, align="right", tone=lambda r: Tone.MUTED),
    Column("time", "Time", lambda r: r.seconds, lambda r: moment(r.seconds), 19, 1),
    Column("result", "Result", lambda r: r.entry.result, lambda r: r.state, 8, 1, tone=state_tone),
    Column("event", "What", lambda r: r.entry.event, lambda r: r.entry.event, 16, 1),
    Column("kind", "Kind", lambda r: r.entry.target_kind, lambda r: _said(r.entry.target_kind), 7, 6),
    Column("target", "Target", lambda r: r.entry.target_id, lambda r: _said(r.subject), 14, 1, grow=True),
    Column("user", "User", lambda r: r.entry.actor.user, lambda r: _said(r.entry.actor.user), 9, 2),
    Column("server", "Server", lambda r: r.entry.server, lambda r: _said(r.entry.server), 8, 5),
    Column("tenant", "Tenant", lambda r: r.entry.tenant, lambda r: _said(r.entry.tenant), 8, 7),
    Column("message", "Message", lambda r: r.entry.message, lambda r: _said(r.entry.message), 20, 3),
    Column("phase", "Phase", lambda r: str(r.entry.phase), lambda r: str(r.entry.phase), 7, shown=False),
    Column("node", "Node", lambda r: r.entry.target_node, lambda r: _said(r.entry.target_node), 9, shown=False),
    Column("name", "Name", lambda r: r.entry.target_name, lambda r: _said(r.entry.target_name), 9, shown=False),
    Column("reason", "Reason", lambda r: r.entry.reason, lambda r: _said(r.entry.reason), 12, shown=False),
    Column("params", "Parameters", lambda r: r.params, lambda r: _said(r.params), 20, shown=False),
    Column("upid", "UPID", lambda r: r.entry.upid, lambda r: _said(r.entry.upid), 20, shown=False),
    Column("method", "Method", lambda r: r.entry.method, lambda r: _said(r.entry.method), 6, shown=False),
    Column("path", "Path", lambda r: r.entry.path, lambda r: _said(r.entry.path), 20, shown=False),
    Column("status", "HTTP", lambda r: r.entry.status or None, _status, 4, shown=False),
    Column("duration_ms", "Took", lambda r: r.entry.duration_ms, lambda r: _milliseconds(r.entry), 7, shown=False),
    Column("dry_run", "Dry run", lambda r: r.entry.dry_run, _dry_run, 7, shown=False),
    Column("identity", "PVE login", lambda r: r.entry.identity, lambda r: _said(r.entry.identity), 12, shown=False),
    Column("op_id", "Change", lambda r: r.entry.op_id, lambda r: _said(r.entry.op_id), 36, shown=False),
    Column("mac", "Code", lambda r: r.record.mac, lambda r: r.record.mac, 64, shown=False),
)  # fmt: skip
