"""What is asked for each section of a guest's pane, while it is in front."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from proxtui.core.asking import Problem, attempt, problem_lines
from proxtui.core.model import GuestKey, ServerRef
from proxtui.core.series import Span
from proxtui.core.sheet import Note, Page, unread
from proxtui.core.task_sheet import task_sheet
from proxtui.features.guests import pages

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.pve.client import ProxmoxClient
    from proxtui.pve.models import StorageContent
    from proxtui.pve.rrd import RrdSeries

MOST_TASKS = 100


class GuestReader:
    """Reads one section of one guest, through the connection of its server."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def read(self, key: GuestKey, section: str, span: Span) -> Page:
        """The page of a section, by its name in lower case. Never raises a ``ProxtuiError``: problems are notes."""
        guest = self.runtime.store.snapshot(ServerRef(key.tenant, key.server)).guests.get(key)
        if guest is None:
            return Page(unread(("the guest is gone",)))
        asking = _Asking(self.runtime, key, guest.node)
        page: Page = await getattr(asking, section)(span)
        return replace(page, notes=(*page.notes, *unread(problem_lines(asking.problems))))


class _Asking:
    """One look at one section; a method for each."""

    def __init__(self, runtime: Runtime, key: GuestKey, node: str) -> None:
        self.runtime, self.key, self.node = runtime, key, node
        self.ref = ServerRef(key.tenant, key.server)
        self.problems: list[Problem] = []

    @property
    def client(self) -> ProxmoxClient:
        return self.runtime.connection(self.ref).client

    def tools(self) -> Any:
        from proxtui.pve.containers import ContainerTools
        from proxtui.pve.vms import VMTools

        return ContainerTools(self.client) if self.key.kind == "lxc" else VMTools(self.client)

    async def config(self, _span: Span) -> Page:
        """GET ``config`` and ``pending`` (VM.Audit)."""
        tools = self.tools()
        ask = tools.get_container_config if self.key.kind == "lxc" else tools.get_vm_config
        config = await attempt("configuration", ask(self.node, self.key.vmid), self.problems)
        pending = await attempt("pending changes", tools.get_pending(self.node, self.key.vmid), self.problems)
        return pages.config_page(config, pending or ())

    async def snapshots(self, _span: Span) -> Page:
        """GET ``snapshot`` (VM.Audit)."""
        found = self.tools().list_snapshots(self.node, self.key.vmid)
        return pages.snapshots_page(await attempt("snapshots", found, self.problems), self.runtime.clock.time())

    async def tasks(self, _span: Span) -> Page:
        """GET ``/nodes/N/tasks?vmid=`` of the node it is on now; only our own without Sys.Audit."""
        from proxtui.pve.nodes import NodeTools
        from proxtui.pve.sight import lacks_for_tasks
        from proxtui.pve.tasks import TaskQuery

        permissions = self.runtime.connection(self.ref).permissions
        lacks = lacks_for_tasks(permissions, self.node) if permissions is not None else None
        query = TaskQuery(source="all", vmid=self.key.vmid)
        asked = NodeTools(self.client).get_node_tasks(self.node, MOST_TASKS, query)
        found = await attempt("tasks", asked, self.problems)
        notes = (Note("own only", f"missing privilege {lacks}"),) if lacks else ()
        kind = "VM" if self.key.kind == "qemu" else "CT"
        none = f"no tasks of {kind} {self.key.vmid} known on {self.node}"
        return Page(notes, task_sheet(found or (), "not read" if found is None else none))

    async def backups(self, _span: Span) -> Page:
        """GET ``/nodes/N/storage/S/content?content=backup`` of each storage of its node that takes backups."""
        from proxtui.pve.backups import BackupTools
        from proxtui.pve.sight import lacks_for_backups

        permissions = self.runtime.connection(self.ref).permissions
        storages = sorted(
            known.storage
            for where, known in self.runtime.store.snapshot(self.ref).storages.items()
            if where.node == self.node and "backup" in known.content
        )
        found: list[tuple[str, StorageContent]] = []
        doubts = [] if permissions is not None else ["what we may see is not known: there may be more"]
        for storage in storages:
            lacks = lacks_for_backups(permissions, storage, self.key.vmid) if permissions is not None else None
            doubts.extend([f"{storage}: missing privilege {lacks}"] if lacks else [])
            asked = BackupTools(self.client).list_backups(self.node, storage, self.key.vmid)
            listing = await attempt(f"backups on {storage}", asked, self.problems)
            found.extend((storage, one) for one in listing or ())
        doubts.extend([] if storages else [f"no storage for backups is known on {self.node}"])
        return pages.backups_page(found, doubts, complete=not self.problems)

    async def firewall(self, _span: Span) -> Page:
        """GET ``firewall/options`` and ``firewall/rules`` (VM.Audit)."""
        asked = self.tools().get_firewall_state(self.node, self.key.vmid)
        return pages.firewall_page(await attempt("firewall", asked, self.problems))

    async def charts(self, span: Span) -> Page:
        """GET ``rrddata`` (VM.Audit)."""
        return pages.charts_page(self.key.kind, await self._history(span))

    async def pressure(self, span: Span) -> Page:
        """GET ``rrddata`` (VM.Audit)."""
        return pages.pressure_page(await self._history(span))

    async def _history(self, span: Span) -> RrdSeries | None:
        tools = self.tools()
        ask = tools.get_container_rrd if self.key.kind == "lxc" else tools.get_vm_rrd
        asked = ask(self.node, self.key.vmid, span.timeframe, span.cf)
        history: RrdSeries | None = await attempt("history", asked, self.problems)
        return history
