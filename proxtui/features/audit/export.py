"""The audit for other programs: JSON lines that can be checked again, CSV for spreadsheets, syslog (RFC 5424)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from proxtui.core.cells import csv_cell
from proxtui.features.audit.chain import Head, Record, canonical
from proxtui.pve.sanitize import clean

CSV_COLUMNS = (
    *("seq", "time", "event", "phase", "result", "user", "role", "tenant", "server", "kind", "target", "name"),
    *(
        "node",
        "params",
        "method",
        "path",
        "status",
        "upid",
        "message",
        "reason",
        "duration_ms",
        "dry_run",
        "identity",
        "endpoint",
    ),
    *("os_user", "uid", "loginuid", "session", "tty", "pid", "host", "ssh_claimed", "op_id", "app", "prev", "mac"),
)
_SEVERITY = {"failed": 4, "denied": 4, "unknown": 4, "warnings": 5}
_INFORMATIONAL, _LOG_AUDIT = 6, 13
_ENTERPRISE = 32473
"""The number that RFC 5612 keeps for those who have none."""


def as_jsonl(records: Iterable[Record]) -> Iterator[str]:
    """A line a row, with its code; the last line is the end of the chain, for ``audit verify --anchor``."""
    head = Head()
    for record in records:
        head = record.head
        line = {"seq": record.seq, "ts": record.ts, "time": time_of(record), "phase": record.phase}
        yield canonical(line | {"body": json.loads(record.body), "prev": record.prev, "mac": record.mac}) + "\n"
    yield canonical({"end": True, "seq": head.seq, "mac": head.mac}) + "\n"


def as_csv(records: Iterable[Record]) -> Iterator[str]:
    """RFC 4180; nothing in it is a formula."""
    yield _csv_line(CSV_COLUMNS)
    for record in records:
        known = flat(record)
        yield _csv_line([csv_cell(known.get(name)) for name in CSV_COLUMNS])


def as_syslog(records: Iterable[Record]) -> Iterator[str]:
    """A line a row as RFC 5424 has it, what happened as structured data."""
    for record in records:
        known = flat(record)
        severity = _SEVERITY.get(record.result, _INFORMATIONAL)
        shown = {name: value for name in CSV_COLUMNS if (value := known.get(name)) not in (None, "")}
        data = " ".join(f'{name}="{_escaped(str(value))}"' for name, value in shown.items() if name != "message")
        header = (
            f"<{_LOG_AUDIT * 8 + severity}>1 {time_of(record)} {_word(known.get('host'))} proxtui "
            f"{_word(known.get('pid'))} {_word(record.event)[:32]}"
        )
        yield f"{header} [audit@{_ENTERPRISE} {data}] {_sentence(known)}\n"


FORMATS: Mapping[str, Callable[[Iterable[Record]], Iterator[str]]] = {
    "jsonl": as_jsonl,
    "csv": as_csv,
    "syslog": as_syslog,
}


def flat(record: Record) -> dict[str, Any]:
    """A row without nesting: actor and target in keys of their own, parameters as one text."""
    body = json.loads(record.body)
    known = {**body.pop("actor"), **body}
    params = known.get("params") or {}
    return known | {
        "seq": record.seq,
        "time": time_of(record),
        "kind": record.kind,
        "target": record.target,
        "name": known.get("target_name"),
        "node": known.get("target_node"),
        "params": " ".join(f"{name}={value}" for name, value in params.items()) or None,
        "prev": record.prev,
        "mac": record.mac,
    }


def time_of(record: Record) -> str:
    """ISO 8601 in UTC, with microseconds."""
    then = datetime.fromtimestamp(record.ts / 1_000_000, UTC)
    return then.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _csv_line(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue()


def _escaped(value: str) -> str:
    return clean(value).replace("\\", "\\\\").replace('"', '\\"').replace("]", "\\]")


def _word(value: object) -> str:
    kept = "".join(sign for sign in str(value or "") if "!" <= sign <= "~")
    return kept[:255] or "-"


def _sentence(known: Mapping[str, Any]) -> str:
    parts = (known.get("user"), known.get("event"), known.get("kind"), known.get("target"), known.get("result"))
    said = " ".join(str(part) for part in parts if part)
    return clean(f"{said}: {known['message']}" if known.get("message") else said)
