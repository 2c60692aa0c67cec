"""The rows of a section, made anew only where an answer, the guests or the minute are others than before. Pure."""

from __future__ import annotations

from typing import Any

from proxtui.core.model import Fleet, Scope, ServerRef, Snapshot
from proxtui.core.survey import Finding
from proxtui.features.cluster.records import Record
from proxtui.features.cluster.sections import Findings, Section
from proxtui.features.cluster.service import Panel

A_MINUTE = 60.0


class KeptRecords:
    """Those of the section in front; another one begins anew."""

    def __init__(self) -> None:
        self._section = ""
        self._made: dict[ServerRef, tuple[Snapshot, Finding[Panel[Any]], float, list[Record[Any]]]] = {}
        self._rows: list[Record[Any]] = []

    def of(self, section: Section, fleet: Fleet, findings: Findings, today: float, scope: Scope) -> list[Record[Any]]:
        """Rows of every server in scope; the same list while none of them is another."""
        if section.name != self._section:
            self._section, self._made = section.name, {}
        minute = today // A_MINUTE * A_MINUTE
        parts: list[list[Record[Any]]] = []
        for snapshot in fleet.snapshots:
            finding = findings.get(snapshot.ref)
            if finding is not None and finding.value is not None and scope.covers_server(snapshot.ref):
                parts.append(self._of_server(section, snapshot, finding, minute))
        rows = [row for part in parts for row in part]
        if len(rows) != len(self._rows) or any(one is not other for one, other in zip(rows, self._rows, strict=True)):
            self._rows = rows
        return self._rows

    def _of_server(
        self, section: Section, snapshot: Snapshot, finding: Finding[Panel[Any]], minute: float
    ) -> list[Record[Any]]:
        made = self._made.get(snapshot.ref)
        if made is None or not _is_same(made[0], snapshot) or made[1] is not finding or made[2] != minute:
            records = section.rows_of(snapshot, finding, minute)
            made = self._made[snapshot.ref] = (snapshot, finding, minute, records)
        return made[3]


def _is_same(before: Snapshot, now: Snapshot) -> bool:
    """Whether rows out of both say the same: a poll that brought nothing new keeps what it found before."""
    return before.state is now.state and before.guests is now.guests and before.nodes is now.nodes
