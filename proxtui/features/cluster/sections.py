"""The sections of the room: what each asks, and how its answer becomes rows. Pure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from proxtui.core.ages import is_old
from proxtui.core.model import Fleet, Scope, ServerRef, Snapshot
from proxtui.core.rows import Tone
from proxtui.core.survey import Finding
from proxtui.features.cluster import guarding, rows, service
from proxtui.features.cluster.records import Line, Record
from proxtui.features.cluster.rows import AnyColumn
from proxtui.features.cluster.service import Panel
from proxtui.features.cluster.snapshots import SNAPSHOTS

if TYPE_CHECKING:
    from proxtui.pve.client import ProxmoxClient

Findings = Mapping[ServerRef, Finding[Panel[Any]]]
SWEPT = "snapshots"
"""The section whose rows are asked for guest by guest."""


async def _nothing(_client: ProxmoxClient) -> Panel[Any]:
    return Panel(())


def _no_records(_snapshot: Snapshot, _panel: Panel[Any], _today: float) -> Iterable[Record[Any]]:
    return ()


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the room."""

    name: str
    title: str
    noun: str
    """One row of it."""
    nouns: str
    columns: tuple[AnyColumn, ...]
    ask: Callable[[ProxmoxClient], Awaitable[Panel[Any]]] = _nothing
    records: Callable[[Snapshot, Panel[Any], float], Iterable[Record[Any]]] = _no_records
    """Out of a snapshot, an answer and the wall clock."""
    lead: Callable[[Panel[Any]], Line] | None = None
    """What is said of a server above the table."""
    sort: str = ""
    """A column; empty: as the rows come."""
    descending: bool = False

    def counted(self, number: int) -> str:
        """``3 backup jobs``."""
        return f"{number} {self.noun if number == 1 else self.nouns}"

    def rows(self, fleet: Fleet, findings: Findings, today: float, scope: Scope | None = None) -> list[Record[Any]]:
        """The rows of every server in scope that ever answered."""
        found: list[Record[Any]] = []
        for snapshot in fleet.snapshots:
            finding = findings.get(snapshot.ref)
            if finding is not None and finding.value is not None and (scope or Scope()).covers_server(snapshot.ref):
                found += self.rows_of(snapshot, finding, today)
        return found

    def rows_of(self, snapshot: Snapshot, finding: Finding[Panel[Any]], today: float) -> list[Record[Any]]:
        """The rows of one server; greyed when what it answered last is old."""
        if finding.value is None:
            return []
        old = finding.problem is not None or is_old(snapshot.state)
        records = self.records(snapshot, finding.value, today)
        return [replace(record, muted=True) if old else record for record in records]

    def lines(self, refs: Sequence[ServerRef], findings: Findings) -> list[Line]:
        """What is said above the table: the lead of each server, then what could not be read and why."""
        said: list[Line] = []
        missing: list[Line] = []
        for ref in refs:
            finding = findings.get(ref)
            where = f"{ref.tenant} / {ref.server}: " if len(refs) > 1 else ""
            if finding is None:
                continue
            if finding.value is not None and self.lead is not None:
                lead = self.lead(finding.value)
                said.append(Line(lead.label, where + lead.text, lead.tone))
            problems = [finding.problem] if finding.problem else []
            problems += finding.value.problems if finding.value is not None else []
            missing += [Line("not read", where + problem, Tone.WARN) for problem in problems]
        return said + missing


SECTIONS: tuple[Section, ...] = (
    Section(
        "nodes", "Nodes", "node", "nodes", rows.MEMBERS, service.ask_members, rows.member_records, rows.quorum_line
    ),
    Section("ha", "HA", "HA entry", "HA entries", rows.HA, service.ask_ha, rows.ha_records),
    Section(
        "replication",
        "Replication",
        "replication job",
        "replication jobs",
        rows.REPLICATION,
        service.ask_replication,
        rows.replication_records,
    ),
    Section("backup", "Backup", "backup job", "backup jobs", guarding.JOBS, service.ask_jobs, guarding.job_records),
    Section(
        "uncovered",
        "Uncovered",
        "guest without a backup job",
        "guests without a backup job",
        guarding.UNCOVERED,
        service.ask_uncovered,
        guarding.uncovered_records,
        sort="vmid",
    ),
    Section(SWEPT, "Snapshots", "snapshot", "snapshots", SNAPSHOTS, sort="age", descending=True),
    Section("pools", "Pools", "pool", "pools", rows.POOLS, service.ask_pools, rows.pool_records),
    Section("log", "Log", "line", "lines", rows.LOG, service.ask_log, rows.log_records, sort="time", descending=True),
    Section("access", "Access", "grant", "grants", guarding.ACCESS, service.ask_access, guarding.grant_records),
)


def section(name: str) -> Section:
    """The section of this name. KeyError when there is none."""
    return {one.name: one for one in SECTIONS}[name]
