"""The snapshots of all guests as rows, and how much of them is known. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from proxtui.core import text
from proxtui.core.model import Fleet, GuestKey, Scope, Snapshot
from proxtui.core.rows import UNKNOWN, Column, Tone
from proxtui.core.snapshots import Sweep, age_tone
from proxtui.core.survey import Finding
from proxtui.features.cluster.records import Line, Record, moment
from proxtui.features.cluster.rows import SERVER, AnyColumn, yes_no

if TYPE_CHECKING:
    from proxtui.pve.listing import Listing
    from proxtui.pve.models import Guest
    from proxtui.pve.models_guest import GuestSnapshot

MOST_REASONS = 3
A_MINUTE = 60
"""Seconds. Ages change once in it: the table need not be painted anew with every poll."""

Findings = Mapping[GuestKey, Finding["Listing[GuestSnapshot]"]]


def inside(fleet: Fleet, scope: Scope) -> dict[GuestKey, Guest]:
    """The guests in scope that can have snapshots: templates cannot."""
    return {
        key: guest
        for one in fleet.snapshots
        if scope.covers_server(one.ref)
        for key, guest in one.guests.items()
        if not guest.template and scope.covers_node(one.ref, guest.node)
    }


def unread(sweep: Sweep, fleet: Fleet, scope: Scope) -> int | None:
    """How many guests in scope have not told their snapshots; None: there are servers whose guests nobody knows."""
    servers = (one for one in fleet.snapshots if scope.covers_server(one.ref))
    if any(one.taken_at is None or one.guests_unseen for one in servers):
        return None
    return sum(key not in sweep.findings or sweep.findings[key].value is None for key in inside(fleet, scope))


def sweep_lines(sweep: Sweep, fleet: Fleet, scope: Scope, key: str = "A") -> list[Line]:
    """How much is known and how old it is, then what could not be read and why; ``key`` starts and stops it."""
    if sweep.is_running:
        return [Line("Reading", f"{sweep.progress}; {key} stops", Tone.ACCENT)]
    guests = inside(fleet, scope)
    findings = {key: sweep.findings[key] for key in guests if key in sweep.findings}
    times = [finding.taken_at for finding in findings.values() if finding.taken_at is not None]
    if not findings:
        words = f"not asked yet: press {key} to ask every guest (of a filter: those it leaves)"
        return [Line("Snapshots", words, Tone.ACCENT)]
    age = f", up to {text.age(fleet.now - min(times))} ago" if times else ""
    said = [Line("Read", f"{len(times)} of {len(guests)} guests{age}; {key} reads again", Tone.MUTED)]
    missing = len(guests) - len(findings)
    if missing:
        said.append(Line("not asked", _guests(missing), Tone.WARN))
    reasons = Counter(finding.problem for finding in findings.values() if finding.problem)
    return said + [
        Line("not read", f"{_guests(count)}: {why}", Tone.WARN) for why, count in reasons.most_common(MOST_REASONS)
    ]


def _guests(number: int) -> str:
    return f"{number} guest{'' if number == 1 else 's'}"


class SnapshotRecords:
    """Makes the rows of each guest once, and anew only when something about them changed."""

    def __init__(self) -> None:
        self._made: dict[GuestKey, tuple[object, Guest, float, list[Record[GuestSnapshot]]]] = {}

    def of(self, snapshot: Snapshot, scope: Scope, findings: Findings, today: float) -> list[Record[GuestSnapshot]]:
        """Every snapshot of the guests of one server that are in scope."""
        minute = today // A_MINUTE * A_MINUTE
        rows: list[Record[GuestSnapshot]] = []
        for key, guest in snapshot.guests.items():
            finding = findings.get(key)
            if finding is None or not finding.value or not scope.covers_node(snapshot.ref, guest.node):
                continue
            made = self._made.get(key)
            if made is None or made[0] is not finding or made[1] is not guest or made[2] != minute:
                records = [_record(snapshot, key, guest, finding, one, minute) for one in finding.value]
                made = self._made[key] = (finding, guest, minute, records)
            rows += made[3]
        return rows


def _record(
    snapshot: Snapshot,
    key: GuestKey,
    guest: Guest,
    finding: Finding[Listing[GuestSnapshot]],
    one: GuestSnapshot,
    today: float,
) -> Record[GuestSnapshot]:
    fields = {
        "id": key.vmid,
        "vmid": key.vmid,
        "name": guest.name,
        "type": key.kind,
        "node": guest.node,
        "pool": guest.pool,
        "tag": list(guest.tags),
        "age": None if one.snaptime is None else max(0, int(today - one.snaptime)),
    }
    words = (str(key.vmid), guest.name, one.name, one.description, guest.node, *guest.tags)
    name = ("snapshots", *(str(part) for part in key), one.name)
    return Record(name, snapshot.ref, one, words, fields, key, muted=bool(finding.problem))


def _age_tone(record: Record[GuestSnapshot]) -> Tone:
    age = record.fields["age"]
    return age_tone(age if isinstance(age, int) else None)


def _age_text(record: Record[GuestSnapshot]) -> str:
    age = record.fields["age"]
    return text.age(age) if isinstance(age, int) else UNKNOWN


def _about(record: Record[GuestSnapshot]) -> str:
    return " ".join((record.item.description or "").split())


SNAPSHOTS: tuple[AnyColumn, ...] = (
    Column("age", "Age", lambda r: r.fields["age"], _age_text, 5, 1, align="right", tone=_age_tone),
    Column("vmid", "ID", lambda r: r.fields["vmid"], lambda r: str(r.fields["vmid"]), 6, 1, align="right"),
    Column("name", "Guest", lambda r: r.fields["name"], lambda r: r.fields["name"] or UNKNOWN, 14, 2),
    Column("snapshot", "Snapshot", lambda r: r.item.name, lambda r: r.item.name, 14, 1),
    Column("snaptime", "Taken", lambda r: r.item.snaptime, lambda r: moment(r.item.snaptime), 16, 3),
    *SERVER,
    Column("node", "Node", lambda r: r.fields["node"], lambda r: r.fields["node"] or UNKNOWN, 9, 5, is_name=True),
    Column("vmstate", "Memory", lambda r: r.item.vmstate, lambda r: yes_no(r.item.vmstate), 6, 7),
    Column("parent", "Parent", lambda r: r.item.parent, lambda r: r.item.parent or "", 10, 8),
    Column("description", "Description", _about, _about, 12, 6, grow=True),
)
