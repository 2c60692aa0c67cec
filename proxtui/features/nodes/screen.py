"""The nodes of all servers in one table, with a pane for the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from proxtui.core.model import Fleet, NodeKey, Scope, ServerRef
from proxtui.core.rows import Tone
from proxtui.core.series import Span
from proxtui.core.sheet import Page
from proxtui.features.nodes.charts import drawings
from proxtui.features.nodes.details import Line, polled_lines, status_lines
from proxtui.features.nodes.reading import NodeReader
from proxtui.features.nodes.rows import COLUMNS, NodeRow, node_rows
from proxtui.features.nodes.service import NodeDetail, NodeService
from proxtui.kit.detail_pane import Curve, curves
from proxtui.kit.sectioned_view import Section, SectionedView
from proxtui.kit.signs import state_text

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime


def _state(row: NodeRow) -> str:
    return state_text(row.node.status)


# On the screen a sign stands before the word; the command line has the word alone.
SCREEN_COLUMNS = tuple(replace(one, text=_state, width=9) if one.key == "status" else one for one in COLUMNS)


class NodesView(SectionedView[NodeRow, NodeDetail]):
    """Every node of every server."""

    NOUN = "node"
    SORT = "node"
    HELP_NAME: ClassVar[str] = "nodes"
    SHOWS: ClassVar[tuple[type, ...]] = (NodeKey,)
    GROUPS = ("server", "tenant", "status")
    CHARTS = 9
    SECTIONS = (
        Section("Summary"),
        Section("Charts", spans=True),
        Section("Pressure", spans=True),
        Section("Services", every=60.0),
        Section("Network", every=60.0),
        Section("Disks", every=300.0),
        Section("Tasks", every=10.0),
        Section("Updates", every=None),
        Section("Certificates", every=300.0),
        Section("Subscription", every=300.0),
    )

    def __init__(self, runtime: Runtime, *, id: str | None = None) -> None:
        super().__init__(runtime, SCREEN_COLUMNS, id=id)
        self.service = NodeService(runtime)
        self.reader = NodeReader(runtime)

    def rows_of(self, fleet: Fleet, scope: Scope) -> Sequence[NodeRow]:
        self.hide_columns({"server", "tenant"} if scope.server else {"tenant"} if scope.tenant else set())
        return node_rows(fleet, scope)

    def name_of(self, row: NodeRow) -> str:
        return row.key.node

    def place_of(self, row: NodeRow) -> tuple[ServerRef, str]:
        return ServerRef(row.key.tenant, row.key.server), f"node/{row.key.node}"

    async def ask(self, row: NodeRow, previous: NodeDetail | None) -> NodeDetail:
        return await self.service.detail(row.key, previous)

    async def read(self, row: NodeRow, section: Section, span: Span) -> Page:
        return await self.reader.read(row.key, section.name.lower(), span)

    def title_of(self, row: NodeRow) -> str:
        return f"node {row.key.node} of {row.key.tenant} / {row.key.server}"

    def tell(self, row: NodeRow, detail: NodeDetail | None) -> None:
        known = detail if detail is not None and detail.key == row.key else None
        self.pane.tell(self.title_of(row), facts_of(row, known), curves_of(known))


def facts_of(row: NodeRow, detail: NodeDetail | None) -> list[Line]:
    """What is polled, then what could not be read, then the status."""
    facts = polled_lines(row)
    if detail is None:
        return [*facts, Line("", "reading …", Tone.MUTED)]
    facts.extend(Line("not read", problem, Tone.WARN) for problem in detail.problems)
    return [*facts, *status_lines(detail.status, detail.version)]


def curves_of(detail: NodeDetail | None) -> list[Curve]:
    """The charts; an empty one says why."""
    history = detail.history if detail is not None else None
    empty = "reading …" if detail is None else "no data" if history is not None else "not read"
    return curves(drawings(history), history.times if history is not None else (), empty)
