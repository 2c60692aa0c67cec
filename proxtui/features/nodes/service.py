"""What is asked about one node while somebody looks at it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from proxtui.core.asking import Problem, attempt, problem_lines
from proxtui.core.model import NodeKey, ServerRef

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.pve.models import NodeStatus
    from proxtui.pve.rrd import RrdSeries

SLOW_EVERY = 30.0
AGAIN_AFTER = 10.0
"""Seconds. RRD has one point a minute and a version seldom changes: not asked at every poll; sooner when it failed."""


@dataclass(frozen=True, slots=True)
class NodeDetail:
    """What one look at a node brought. What could not be read is None and has a line in ``problems``."""

    key: NodeKey
    status: NodeStatus | None = None
    version: str | None = None
    history: RrdSeries | None = None
    """The last hour, a point a minute."""
    status_problems: tuple[Problem, ...] = ()
    slow_problems: tuple[Problem, ...] = ()
    """Those of the parts that are not read every time."""
    slow_at: float | None = None
    """When history and version were read, on the monotonic clock."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that could not be read, a line for each reason."""
        return tuple(problem_lines(self.status_problems + self.slow_problems))

    def is_due(self, now: float) -> bool:
        """True when the slow parts are to be read again."""
        wait = AGAIN_AFTER if self.slow_problems else SLOW_EVERY
        return self.slow_at is None or now - self.slow_at >= wait


class NodeService:
    """Reads one node through the connection of its server."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def detail(self, key: NodeKey, previous: NodeDetail | None = None) -> NodeDetail:
        """Read status, and history and version unless ``previous`` is of the same node and recent.

        GET ``/nodes/N/status`` and ``rrddata?timeframe=hour`` (both need Sys.Audit), ``version``.
        Never raises a ``ProxtuiError``: what failed is in ``problems``.
        """
        from proxtui.pve.nodes import NodeTools

        now = self.runtime.clock.monotonic()
        same = previous if previous and previous.key == key else NodeDetail(key)
        tools = NodeTools(self.runtime.connection(ServerRef(key.tenant, key.server)).client)
        problems: list[Problem] = []
        slow_problems: list[Problem] = []
        if not same.is_due(now):
            status = _measured(await attempt("status", tools.get_node_status(key.node), problems))
            return replace(same, status=status or same.status, status_problems=tuple(problems))
        async with asyncio.TaskGroup() as group:
            status_task = group.create_task(attempt("status", tools.get_node_status(key.node), problems))
            history_task = group.create_task(attempt("history", tools.get_node_rrd(key.node), slow_problems))
            version_task = group.create_task(attempt("version", tools.get_node_version(key.node), slow_problems))
        version = version_task.result()
        return NodeDetail(
            key,
            _measured(status_task.result()) or same.status,
            version.version if version else same.version,
            history_task.result() or same.history,
            tuple(problems),
            tuple(slow_problems),
            now,
        )


def _measured(status: NodeStatus | None) -> NodeStatus | None:
    """PVE needs two samples in one worker process for CPU and IO wait, and says 0 of both before: then unknown."""
    if status is None or status.cpu or status.wait:
        return status
    return msgspec.structs.replace(status, cpu=None, wait=None)
