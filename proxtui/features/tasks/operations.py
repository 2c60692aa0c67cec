"""The one change to a task, declared: stopping it."""

from __future__ import annotations

from proxtui.config.models import Role
from proxtui.core.operation import Kind, Operation, Risk
from proxtui.features.tasks.stopping import Stoppable

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="tasks.stop",
        label="Stop task",
        summary="End its process, hard after five seconds; what it did so far stays.",
        kinds=frozenset({Kind.TASK}),
        risk=Risk.DISTURBS,
        role=Role.OPERATOR,
        # One's own task needs no privilege: whose it is decides, and that is told by the task.
        privileges=(),
        run_by="proxtui.features.tasks.acts:stop",
        key="x",
        unavailable=Stoppable.why_not,
    ),
)
