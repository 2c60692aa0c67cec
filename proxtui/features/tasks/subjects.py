"""What the rows of the tasks view stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from proxtui.core.model import ServerRef
from proxtui.core.operation import Kind, Target
from proxtui.features.tasks.rows import TaskRow
from proxtui.features.tasks.stopping import Stoppable

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime


class TaskSubjects:
    """For a view over tasks."""

    runtime: Runtime

    def targets_of(self, row: Any) -> Target | None:
        """The task."""
        if not isinstance(row, TaskRow):
            return None
        task = row.task
        name = f"{task.type} {task.id}".strip()
        return Target(ServerRef(row.key.tenant, row.key.server), Kind.TASK, task.upid, name, task.node)

    def thing_of(self, row: Any) -> Stoppable | None:
        """The task, and who would stop it."""
        if not isinstance(row, TaskRow):
            return None
        connection = self.runtime.connection(ServerRef(row.key.tenant, row.key.server))
        return Stoppable(row.task, connection.client.config.userid, connection.permissions)
