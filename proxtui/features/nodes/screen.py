"""The nodes of all servers in one table, with a pane for the one under the cursor."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace

from proxtui.core.census import Census
from proxtui.core.model import Fleet, NodeKey, Scope, ServerRef
from proxtui.core.operation import Kind, Target
from proxtui.core.rows import Tone
from proxtui.core.series import Span
from proxtui.core.sheet import Page, SheetRow
from proxtui.features.nodes.charts import drawings
from proxtui.features.nodes.details import Line, polled_lines, status_lines
from proxtui.features.nodes.disks import disk_on_its_way
from proxtui.features.nodes.reading import NodeReader
from proxtui.features.nodes.rows import COLUMNS, NodeRow, node_rows, status_text
from proxtui.features.nodes.service import NodeDetail, NodeService
from proxtui.kit.detail_pane import Curve, curves
from proxtui.kit.live_table import LiveTable
from proxtui.kit.sectioned_view import Section, SectionedView
from proxtui.kit.signs import state_text

if TYPE_CHECKING:
    from proxtui.core.operation import Operation
    from proxtui.core.runtime import Runtime
    from proxtui.kit.prepared import Prepared, Subject


def _state(row: NodeRow) -> str:
    return state_text(status_text(row))


# On the screen a sign stands before the word; the command line has the word alone.
SCREEN_COLUMNS = tuple(replace(one, text=_state, width=10) if one.key == "status" else one for one in COLUMNS)
OF_SERVICES = frozenset(f"nodes.{verb}-service" for verb in ("start", "restart", "reload", "stop"))


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
        self._census = Census()
        self.reader = NodeReader(runtime)
        self.disk: tuple[NodeKey, str] | None = None
        """The disk whose SMART values are in front of the other disks of its node."""

    def rows_of(self, fleet: Fleet, scope: Scope) -> Sequence[NodeRow]:
        self.hide_columns({"server", "tenant"} if scope.server else {"tenant"} if scope.tenant else set())
        return node_rows(fleet, scope, self._census)

    def name_of(self, row: NodeRow) -> str:
        return row.key.node

    def place_of(self, row: NodeRow) -> tuple[ServerRef, str]:
        return ServerRef(row.key.tenant, row.key.server), f"node/{row.key.node}"

    async def ask(self, row: NodeRow, previous: NodeDetail | None) -> NodeDetail:
        return await self.service.detail(row.key, previous)

    async def read(self, row: NodeRow, section: Section, span: Span) -> Page:
        disk = self._disk_of(row)
        if disk is not None:
            return await self.reader.read_disk(row.key, disk)
        return await self.reader.read(row.key, section.name.lower(), span)

    def title_of(self, row: NodeRow) -> str:
        disk = self._disk_of(row)
        of = f"disk {disk} of " if disk else ""
        return f"{of}node {row.key.node} of {row.key.tenant} / {row.key.server}"

    # One disk.

    def _disk_of(self, row: NodeRow) -> str | None:
        """The disk that is open, when it is one of this node and the disks are in front."""
        there = self.section.name == "Disks" and self.disk is not None and self.disk[0] == row.key
        return self.disk[1] if there and self.disk is not None else None

    def _place(self, row: NodeRow) -> Hashable:
        place = super()._place(row)
        disk = self._disk_of(row)
        return place if disk is None else (row.key, "Disks", disk)

    def _unread(self, row: NodeRow) -> Page:
        # An empty table keeps the keys until the answer is there.
        return super()._unread(row) if self._disk_of(row) is None else disk_on_its_way()

    def on_live_table_opened(self, event: LiveTable.Opened) -> None:
        """A disk opens; everything else as ever."""
        row = self.row
        if event.table is self.table or row is None:
            super().on_live_table_opened(event)
            return
        event.stop()
        if self.section.name == "Disks" and self._disk_of(row) is None and event.row is not None:
            self._show_disk((row.key, str(event.row.key)))

    def action_close_detail(self) -> None:
        """Back to the disks; when none is open, close the pane."""
        if self.row is not None and self._disk_of(self.row) is not None:
            self._show_disk(None)
        else:
            super().action_close_detail()

    def action_toggle_detail(self) -> None:
        self.disk = None
        super().action_toggle_detail()

    def action_section(self, step: int) -> None:
        self.disk = None
        super().action_section(step)

    def _show_disk(self, disk: tuple[NodeKey, str] | None) -> None:
        self.disk = disk
        self._paint()
        self.lookout.now()
        self.refresh_bindings()

    def _paint(self) -> None:
        self.pane.table.opens = self.section.name == "Disks" and self.row is not None and not self._disk_of(self.row)
        super()._paint()

    # What can be changed.

    def targets_of(self, row: Any) -> Target | None:
        """A node; a line of its services stands for the node that has them."""
        if isinstance(row, SheetRow):
            row = self.row if self.section.name == "Services" else None
        if not isinstance(row, NodeRow):
            return None
        key = row.key
        return Target(ServerRef(key.tenant, key.server), Kind.NODE, key.node, key.node, key.node)

    def subject_of(self, row: Any) -> Subject | None:
        from proxtui.kit.prepared import Subject

        target = self.targets_of(row)
        if target is None:
            return None
        if not isinstance(row, SheetRow):
            return Subject(target, row.node)
        name = row.cells[0].value
        return Subject(target, None, f"service {name} of {target.label}", OF_SERVICES, given={"service": name})

    async def prepare(self, operation: Operation, targets: Sequence[Target]) -> Prepared | None:
        from proxtui.features.nodes.preparing import prepared

        return prepared(self.runtime, operation, targets)

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
