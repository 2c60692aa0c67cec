"""What the overview asks besides the poll: quorum and tasks of every server in view, slowly."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxtui.core.recent_calls import recent_connections
from proxtui.core.survey import Finding, Survey
from proxtui.features.overview.sight import ALL, Sight, sight_of

if TYPE_CHECKING:
    from proxtui.core.model import ServerRef
    from proxtui.core.runtime import Runtime
    from proxtui.pve.client import ProxmoxClient
    from proxtui.pve.listing import Listing
    from proxtui.pve.models import ClusterStatus, Task


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What was asked of one server. A finding is None before its first answer."""

    status: Finding[ClusterStatus] | None = None
    tasks: Finding[Listing[Task]] | None = None
    sight: Sight = ALL


class OverviewService:
    """Two questions: GET ``/cluster/status`` (needs Sys.Audit) and ``/cluster/tasks``."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self._status: Survey[ClusterStatus] = Survey(_status, self._client, runtime.clock)
        self.recent_connections: dict[str, int | None] = {}
        """Calls to the servers of a tenant within 24 h, of those that were asked for."""
        self._tasks: Survey[Listing[Task]] = Survey(_tasks, self._client, runtime.clock)

    async def refresh(
        self, refs: Collection[ServerRef], told: Callable[[], None] | None = None, *, tenant: str | None = None
    ) -> None:
        """Ask these servers both questions, and the metrics about the tenant; never raises a ``ProxtuiError``."""
        async with asyncio.TaskGroup() as group:
            if tenant is not None:
                group.create_task(self._count_calls(tenant, told))
            group.create_task(self._status.refresh(refs, told))
            group.create_task(self._tasks.refresh(refs, told))

    async def _count_calls(self, tenant: str, told: Callable[[], None] | None) -> None:
        self.recent_connections[tenant] = await recent_connections(self.runtime, tenant)
        if told is not None:
            told()

    def known(self, refs: Collection[ServerRef]) -> dict[ServerRef, Knowledge]:
        """What is known by now of each of these servers."""
        status, tasks = self._status.findings, self._tasks.findings
        return {ref: Knowledge(status.get(ref), tasks.get(ref), self._sight(ref)) for ref in refs}

    def _sight(self, ref: ServerRef) -> Sight:
        return sight_of(self.runtime.connection(ref).permissions)

    def _client(self, ref: ServerRef) -> ProxmoxClient:
        return self.runtime.connection(ref).client


async def _status(client: ProxmoxClient) -> ClusterStatus:
    from proxtui.pve.cluster import ClusterTools

    return await ClusterTools(client).status()


async def _tasks(client: ProxmoxClient) -> Listing[Task]:
    from proxtui.pve.cluster import ClusterTools

    return await ClusterTools(client).tasks()
