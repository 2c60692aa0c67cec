"""One row of the audit in full, and the story of the change that it belongs to."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from proxtui.core.verbs import Details
from proxtui.features.audit.chain import Record
from proxtui.features.audit.export import time_of
from proxtui.features.audit.rows import COLUMNS, AuditRow, audit_row, moment

Lines = list[tuple[str, str]]


def told(record: Record, story: Sequence[Record]) -> Details:
    """Everything that is kept. KeyError, TypeError or ValueError when it is not what was written."""
    now = time.time()
    row = audit_row(record, now)
    sections = [(f"row {record.seq}", what_lines(row)), ("who", who_lines(row)), ("proof", proof_lines(record))]
    if len(story) > 1:
        sections.insert(1, ("the whole change", [_step(audit_row(one, now)) for one in story]))
    values = {column.key: column.value(row) for column in COLUMNS}
    values |= {"tenant": row.entry.tenant, "server": row.entry.server, "time": time_of(record)}
    body = json.loads(record.body)
    values |= {"actor": body["actor"], "params": body.get("params", {}), "prev": record.prev, "app": body["app"]}
    return Details(sections, values | {"story": [one.seq for one in story]})


def what_lines(row: AuditRow) -> Lines:
    """What was done, to what, and how it went; what is not known is left out."""
    entry = row.entry
    lines = [
        ("Time", moment(row.seconds)),
        ("What", entry.event),
        ("Phase", str(entry.phase)),
        ("Result", str(entry.result or "")),
        ("Target", f"{entry.target_kind} {row.subject}".strip()),
        ("Node", entry.target_node),
        ("Server", " / ".join(part for part in (entry.tenant, entry.server) if part)),
        ("Endpoint", entry.endpoint),
        ("PVE login", entry.identity),
        ("Parameters", row.params),
        ("Dry run", "yes" if entry.dry_run else ""),
        ("Request", row.request),
        ("HTTP status", str(entry.status or "")),
        ("Message", entry.message),
        ("Reason", entry.reason),
        ("UPID", entry.upid),
        ("Took", "" if entry.duration_ms is None else f"{entry.duration_ms} ms"),
    ]
    return [(label, text) for label, text in lines if text]


def who_lines(row: AuditRow) -> Lines:
    """Who sat at the terminal, and how that is known."""
    actor = row.entry.actor
    lines = [
        ("User", f"{actor.user} ({actor.role}, known by {actor.method})"),
        ("OS user", f"{actor.os_user} ({actor.uid})"),
        ("Login UID", "" if actor.loginuid is None else str(actor.loginuid)),
        ("Session", "" if actor.session is None else str(actor.session)),
        ("Terminal", actor.tty),
        ("Process", f"{actor.pid} on {actor.host}"),
        ("SSH claims", actor.ssh_claimed),
    ]
    return [(label, text) for label, text in lines if text]


def proof_lines(record: Record) -> Lines:
    """What binds the row to the one before it."""
    return [("Change", record.op_id), ("Before", record.prev), ("Code", record.mac)]


def _step(row: AuditRow) -> tuple[str, str]:
    message = f": {row.entry.message}" if row.entry.message else ""
    return f"row {row.key}", f"{moment(row.seconds)} {row.entry.phase} {row.entry.result or ''}".rstrip() + message
