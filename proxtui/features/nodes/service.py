"""What is asked about one node while somebody looks at it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from proxtui.core.asking import attempt
from proxtui.core.model import NodeKey, ServerRef

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.pve.models import NodeStatus
    from proxtui.pve.rrd import RrdSeries

SLOW_EVERY = 30.0
"""Seconds. RRD has one point a minute and a version seldom changes: not asked at every poll."""


@dataclass(frozen=True, slots=True)
class NodeDetail:
    """What one look at a node brought. What could not be read is None and has a line in ``problems``."""

    key: NodeKey
    status: NodeStatus | None = None
    version: str | None = None
    history: RrdSeries | None = None
    """The last hour, a point a minute."""
    problems: tuple[str, ...] = ()
    slow_at: float | None = None
    """When history and version were read, on the monotonic clock."""


class NodeService:
    """Reads one node through the connection of its server."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def detail(self, key: NodeKey, previous: NodeDetail | None = None) -> NodeDetail:
        """Read status, and history and version unless ``previous`` is of the same node and recent.

        GET ``/nodes/N/status`` and ``rrddata?timeframe=hour`` (both need Sys.Audit), ``version``.
        Never raises a ``ProxtuiError``: what failed is in ``problems``.
        """
        from proxtui.pve import NodeTools

        now = self.runtime.clock.monotonic()
        same = previous if previous and previous.key == key else NodeDetail(key)
        tools = NodeTools(self.runtime.connection(ServerRef(key.tenant, key.server)).client)
        problems: list[str] = []
        if same.slow_at is not None and now - same.slow_at < SLOW_EVERY and not same.problems:
            status = await attempt("status", tools.get_node_status(key.node), problems)
            return NodeDetail(key, status or same.status, same.version, same.history, tuple(problems), same.slow_at)
        async with asyncio.TaskGroup() as group:
            status_task = group.create_task(attempt("status", tools.get_node_status(key.node), problems))
            history_task = group.create_task(attempt("history", tools.get_node_rrd(key.node), problems))
            version_task = group.create_task(attempt("version", tools.get_node_version(key.node), problems))
        return NodeDetail(
            key,
            status_task.result() or same.status,
            version_text(version_task.result()) or same.version,
            history_task.result() or same.history,
            tuple(dict.fromkeys(problems)),
            now,
        )


def version_text(answer: Any) -> str | None:
    """``8.4.21`` out of what ``/nodes/N/version`` gave."""
    if isinstance(answer, dict):
        found = answer.get("version")
        return str(found) if found else None
    return getattr(answer, "version", None)
