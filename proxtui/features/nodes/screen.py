"""The nodes of all servers in one table, with a pane for the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from proxtui.core.model import Fleet, NodeKey, Scope, ServerRef
from proxtui.core.rows import Tone
from proxtui.features.nodes.charts import drawings
from proxtui.features.nodes.details import Line, polled_lines, status_lines
from proxtui.features.nodes.rows import COLUMNS, NodeRow, node_rows
from proxtui.features.nodes.service import NodeDetail, NodeService
from proxtui.kit.detail_pane import Curve, curves
from proxtui.kit.signs import state_text
from proxtui.kit.table_view import TableView

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime


def _state(row: NodeRow) -> str:
    return state_text(row.node.status)


# On the screen a sign stands before the word; the command line has the word alone.
SCREEN_COLUMNS = tuple(replace(one, text=_state, width=9) if one.key == "status" else one for one in COLUMNS)


class NodesView(TableView[NodeRow, NodeDetail]):
    """Every node of every server."""

    NOUN = "node"
    SORT = "node"
    HELP_NAME: ClassVar[str] = "nodes"
    SHOWS: ClassVar[tuple[type, ...]] = (NodeKey,)
    GROUPS = ("server", "tenant", "status")

    def __init__(self, runtime: Runtime, *, id: str | None = None) -> None:
        super().__init__(runtime, SCREEN_COLUMNS, id=id)
        self.service = NodeService(runtime)

    def rows_of(self, fleet: Fleet, scope: Scope) -> Sequence[NodeRow]:
        self.hide_columns({"server", "tenant"} if scope.server else {"tenant"} if scope.tenant else set())
        return node_rows(fleet, scope)

    def name_of(self, row: NodeRow) -> str:
        return row.key.node

    def place_of(self, row: NodeRow) -> tuple[ServerRef, str]:
        return ServerRef(row.key.tenant, row.key.server), f"node/{row.key.node}"

    async def ask(self, row: NodeRow, previous: NodeDetail | None) -> NodeDetail:
        return await self.service.detail(row.key, previous)

    def tell(self, row: NodeRow, detail: NodeDetail | None) -> None:
        known = detail if detail is not None and detail.key == row.key else None
        title = f"node {row.key.node} of {row.key.tenant} / {row.key.server}"
        self.pane.tell(title, facts_of(row, known), curves_of(known))


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
