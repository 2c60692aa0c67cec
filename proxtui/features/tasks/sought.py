"""A task that somebody wants to see and that no list may hold: PVE lists what runs and the last few of each node."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from proxtui.core.model import Fleet, Scope, ServerRef, TaskKey
from proxtui.features.tasks.rows import TaskRow, order, row_of

if TYPE_CHECKING:
    from proxtui.features.tasks.service import TaskService
    from proxtui.pve.models import Task


class Sought:
    """Which task that is, until it is found, and what was learned by asking for it by name."""

    def __init__(self) -> None:
        self.key: TaskKey | None = None
        self._known: tuple[TaskKey, Task] | None = None
        self._problem = ""

    def added_to(self, rows: Sequence[TaskRow], fleet: Fleet, scope: Scope, now: float) -> Sequence[TaskRow]:
        """The rows with the one that was asked for by name, where they lack it."""
        if self._known is None or self._known[0] in {row.key for row in rows}:
            return rows
        key, task = self._known
        if not scope.covers_node(ServerRef(key.tenant, key.server), key.node):
            return rows
        return sorted([*rows, *row_of(fleet, key, task, now)], key=order)

    async def ask(self, service: TaskService, key: TaskKey, told: Callable[[], None]) -> None:
        """Ask its node for it, then say that there is something new."""
        detail = await service.follow(ServerRef(key.tenant, key.server), key.upid)
        if detail.task is not None:
            self._known = key, detail.task
        elif self.key == key:
            self.key = None
            why = "its node knows it no more" if detail.unknown else "; ".join(detail.problems)
            self._problem = f"task {key.upid}: {why}"
        told()

    def problem(self) -> str:
        """Why it cannot be shown; said once."""
        said, self._problem = self._problem, ""
        return said
