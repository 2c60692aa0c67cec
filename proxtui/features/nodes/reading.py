"""What is asked for each section of a node's pane, while it is in front."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from proxtui.core.asking import Problem, attempt, problem_lines
from proxtui.core.model import NodeKey, ServerRef
from proxtui.core.series import Span
from proxtui.core.sheet import Note, Page, unread
from proxtui.core.task_sheet import task_sheet
from proxtui.features.nodes import disks, pages

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.pve.nodes import NodeTools
    from proxtui.pve.rrd import RrdSeries

MOST_TASKS = 100


class NodeReader:
    """Reads one section of one node, through the connection of its server."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def read(self, key: NodeKey, section: str, span: Span) -> Page:
        """The page of a section, by its name in lower case. Never raises a ``ProxtuiError``: problems are notes."""
        asking = _Asking(self.runtime, key)
        page: Page = await getattr(asking, section)(span)
        return replace(page, notes=(*page.notes, *unread(problem_lines(asking.problems))))

    async def read_disk(self, key: NodeKey, disk: str) -> Page:
        """What SMART says of the disk with this path, in the same manner."""
        asking = _Asking(self.runtime, key)
        page = await asking.smart(disk)
        return replace(page, notes=(*page.notes, *unread(problem_lines(asking.problems))))


class _Asking:
    """One look at one section; a method for each."""

    def __init__(self, runtime: Runtime, key: NodeKey) -> None:
        self.runtime, self.node = runtime, key.node
        self.ref = ServerRef(key.tenant, key.server)
        self.problems: list[Problem] = []

    @property
    def tools(self) -> NodeTools:
        from proxtui.pve.nodes import NodeTools

        return NodeTools(self.runtime.connection(self.ref).client)

    async def services(self, _span: Span) -> Page:
        """GET ``services`` (Sys.Audit); takes a second."""
        return pages.services_page(await attempt("services", self.tools.get_node_services(self.node), self.problems))

    async def network(self, _span: Span) -> Page:
        """GET ``network``."""
        return pages.network_page(await attempt("network", self.tools.get_node_network(self.node), self.problems))

    async def disks(self, _span: Span) -> Page:
        """GET ``disks/list`` (Sys.Audit)."""
        return disks.disks_page(await attempt("disks", self.tools.get_node_disks(self.node), self.problems))

    async def smart(self, disk: str) -> Page:
        """GET ``disks/smart`` (Sys.Audit on ``/``); may wake a sleeping disk, so only on demand."""
        asked = self.tools.get_node_disk_smart(self.node, disk)
        return disks.smart_page(await attempt("SMART", asked, self.problems))

    async def updates(self, _span: Span) -> Page:
        """GET ``apt/update`` (Sys.Modify); takes seconds, so only on demand."""
        return pages.updates_page(await attempt("updates", self.tools.get_node_updates(self.node), self.problems))

    async def certificates(self, _span: Span) -> Page:
        """GET ``certificates/info``."""
        found = await attempt("certificates", self.tools.get_node_certificates(self.node), self.problems)
        return pages.certificates_page(found, self.runtime.clock.time())

    async def subscription(self, _span: Span) -> Page:
        """GET ``subscription``, ``dns`` and ``time`` (Sys.Audit)."""
        found = await attempt("subscription", self.tools.get_node_subscription(self.node), self.problems)
        dns = await attempt("DNS", self.tools.get_node_dns(self.node), self.problems)
        clock = await attempt("time", self.tools.get_node_time(self.node), self.problems)
        return pages.subscription_page(found, dns, clock, self.runtime.clock.time())

    async def tasks(self, _span: Span) -> Page:
        """GET ``tasks``; only our own without Sys.Audit, which is then said."""
        from proxtui.pve.sight import lacks_for_tasks
        from proxtui.pve.tasks import TaskQuery

        permissions = self.runtime.connection(self.ref).permissions
        lacks = lacks_for_tasks(permissions, self.node) if permissions is not None else None
        asked = self.tools.get_node_tasks(self.node, MOST_TASKS, TaskQuery(source="all"))
        found = await attempt("tasks", asked, self.problems)
        notes = (Note("own only", f"missing privilege {lacks}"),) if lacks else ()
        return Page(notes, task_sheet(found or (), pages.NOT_READ if found is None else "no tasks known"))

    async def charts(self, span: Span) -> Page:
        """GET ``rrddata`` (Sys.Audit)."""
        return pages.charts_page(await self._history(span))

    async def pressure(self, span: Span) -> Page:
        """GET ``rrddata`` (Sys.Audit)."""
        return pages.pressure_page(await self._history(span))

    async def _history(self, span: Span) -> RrdSeries | None:
        asked = self.tools.get_node_rrd(self.node, span.timeframe, span.cf)
        return await attempt("history", asked, self.problems)
