"""What is known for each section of what is looked at, and what has to be asked. Knows no screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from proxtui.core.ages import nothing_to_show
from proxtui.core.model import Fleet, Scope, ServerRef, Snapshot, SourceState
from proxtui.core.rows import UNKNOWN
from proxtui.core.snapshots import Sweep
from proxtui.core.survey import Finding, Survey
from proxtui.features.cluster.kept import KeptRecords
from proxtui.features.cluster.records import Line, Record
from proxtui.features.cluster.sections import SECTIONS, SWEPT, Section
from proxtui.features.cluster.service import Panel
from proxtui.features.cluster.snapshots import SnapshotRecords, sweep_lines, unread

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime

ASK_EVERY = 30.0
"""Seconds between two questions while somebody looks."""
AT_LEAST = "at least "
ANSWERING = frozenset({SourceState.FRESH, SourceState.STALE})


class Board:
    """The section in front, over the fleet and the scope that the screen gave last."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self.sweep_key = "A"
        """The key that starts and stops the sweep, as people call it."""
        self.fleet, self.scope = Fleet((), 0.0), Scope()
        self.section: Section = SECTIONS[0]
        self.sweep = Sweep(lambda ref: runtime.connection(ref).client, runtime.clock)
        self._swept, self._kept = SnapshotRecords(), KeptRecords()
        self._surveys: dict[str, Survey[Panel[Any]]] = {
            one.name: Survey(one.ask, lambda ref: runtime.connection(ref).client, runtime.clock) for one in SECTIONS
        }
        self._asked: tuple[str, frozenset[ServerRef], float] = ("", frozenset(), 0.0)

    @property
    def is_swept(self) -> bool:
        """Whether the section in front is asked for guest by guest."""
        return self.section.name == SWEPT

    @property
    def is_filling(self) -> bool:
        """True while an answer, or the end of a sweep, is on its way."""
        return self.sweep.is_running if self.is_swept else not self._findings().keys() >= self._askable()

    @property
    def is_due(self) -> bool:
        """Whether the servers should be asked now."""
        name, refs, at = self._asked
        wanted = self._askable()
        late = self._runtime.clock.monotonic() - at >= ASK_EVERY
        return bool(wanted) and (late or name != self.section.name or bool(wanted - refs))

    def records(self) -> list[Record[Any]]:
        """The rows."""
        today = self._runtime.clock.time()
        if not self.is_swept:
            return self._kept.of(self.section, self.fleet, self._findings(), today, self.scope)
        findings = self.sweep.findings
        return [row for one in self._inside() for row in self._swept.of(one, self.scope, findings, today)]

    def lines(self) -> list[Line]:
        """What stands above them."""
        if not self.is_swept:
            return self.section.lines([one.ref for one in self._inside()], self._findings())
        return sweep_lines(self.sweep, self.fleet, self.scope, self.sweep_key)

    def counted(self, shown: int, total: int) -> str:
        """What the header says: ``3 backup jobs``, ``at least 3 backup jobs``, ``– backup jobs``."""
        sure, nouns = self._sure(), self.section.nouns
        if sure is None and not total:
            return f"{nouns} not asked yet ({self.sweep_key} asks)" if self._is_unswept() else f"{UNKNOWN} {nouns}"
        count = f"{sure or AT_LEAST}{self.section.counted(total)}" if sure != "" else self.section.counted(total)
        return count if shown == total else f"{shown} of {count}"

    def _is_unswept(self) -> bool:
        return self.is_swept and not self.sweep.is_running and not self.sweep.findings

    def _sure(self) -> str | None:
        """What stands before a count: nothing, ``at least``, or None when no server has told."""
        if self.is_swept:
            left = unread(self.sweep, self.fleet, self.scope)
            return "" if left == 0 else None
        findings, inside = self._findings(), self._inside()
        panels = [findings[one.ref].value for one in inside if one.ref in findings]
        known = [panel for panel in panels if panel is not None]
        if not known:
            return None
        return AT_LEAST if len(known) < len(inside) or any(panel.partial for panel in known) else ""

    def empty(self) -> str:
        """What an empty table says: there are none, or nobody knows."""
        nouns = self.section.nouns
        if self.is_swept:
            return f"no {nouns}" if self._sure() == "" else f"no {nouns} are known"
        findings, askable = self._findings(), self._askable()
        if self.is_filling:
            return "reading …"
        if not askable:
            return nothing_to_show(self.fleet, self.scope, nouns, filtered=False)
        unknown = any(findings[ref].value is None for ref in askable) or len(askable) < len(self._inside())
        return f"no {nouns} are known" if unknown else f"no {nouns}"

    def note(self) -> None:
        """The servers are being asked."""
        self._asked = (self.section.name, self._askable(), self._runtime.clock.monotonic())

    async def ask(self, told: Callable[[], None]) -> None:
        """Ask every server in scope that answers for the section in front; ``told`` is called after each answer."""
        self.note()
        if not self.is_swept:
            await self._surveys[self.section.name].refresh(sorted(self._askable()), told)

    def _findings(self) -> dict[ServerRef, Finding[Panel[Any]]]:
        return dict(self._surveys[self.section.name].findings)

    def _inside(self) -> list[Snapshot]:
        return [one for one in self.fleet.snapshots if self.scope.covers_server(one.ref)]

    def _askable(self) -> frozenset[ServerRef]:
        """The others would only be waited for."""
        return frozenset(one.ref for one in self._inside() if one.state in ANSWERING)
