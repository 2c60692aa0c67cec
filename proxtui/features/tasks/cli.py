"""The verbs of the room: ``tasks list``, ``tasks show`` and ``tasks log``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from proxtui.core.verbs import CommandLine, Details, Found, TableOptions, json_option, pick, table_options
from proxtui.errors import NotFoundError

if TYPE_CHECKING:
    from proxtui.core.model import Fleet, ServerRef
    from proxtui.core.rows import Column
    from proxtui.core.runtime import Runtime
    from proxtui.core.survey import Finding
    from proxtui.features.tasks.loglines import LogLine
    from proxtui.features.tasks.rows import TaskRow
    from proxtui.features.tasks.service import TaskDetail, ToldTasks


def _columns() -> Sequence[Column[TaskRow]]:
    from proxtui.features.tasks.rows import COLUMNS

    return COLUMNS


def _log_columns() -> Sequence[Column[LogLine]]:
    from proxtui.features.tasks.loglines import COLUMNS

    return COLUMNS


FIELDS = ("type", "status", "name", "id", "vmid", "node", "server", "tenant", "user")
LOG_FIELDS = ("server", "tenant")
"""What filter terms find in a task, and in a line of its log."""


@click.group()
def tasks() -> None:
    """What the servers do and did."""


@tasks.command("list")
@table_options(_columns, fields=lambda: FIELDS)
@click.pass_obj
def list_tasks(line: CommandLine, options: TableOptions) -> None:
    """List the tasks of all servers: running ones, then the newest.

    Such as: --filter "status:error type:vzdump"  --filter "node:pve3 user:root@pam"
    """
    from proxtui.features.tasks.service import tasks_and_limits

    line.survey(_columns(), tasks_and_limits, _rows, options, problems=lambda told: told.limits)


@tasks.command("show")
@click.argument("upid", metavar="UPID")
@json_option
@click.pass_obj
def show_task(line: CommandLine, upid: str, as_json: bool) -> None:
    """Show one task.

    When several servers have it, write TENANT/SERVER/UPID.
    """
    line.details(lambda runtime: task_details(runtime, upid), as_json=as_json)


@tasks.command("log")
@click.argument("upid", metavar="UPID")
@table_options(_log_columns, fields=lambda: LOG_FIELDS)
@click.pass_obj
def log_task(line: CommandLine, upid: str, options: TableOptions) -> None:
    """Print the log of a task: at most its last 2,000 lines."""
    line.listing(_log_columns(), lambda runtime: task_log(runtime, upid), options)


def _rows(fleet: Fleet, findings: Mapping[ServerRef, Finding[ToldTasks]]) -> list[TaskRow]:
    import time

    from proxtui.core.survey import Finding
    from proxtui.features.tasks.rows import task_rows

    tasks = {
        ref: Finding(found.value.tasks if found.value else None, found.taken_at, found.problem, found.forbidden)
        for ref, found in findings.items()
    }
    return task_rows(fleet, tasks, time.time())


async def task_details(runtime: Runtime, wanted: str) -> Details:
    """Find a task by its UPID and say all of it. GET ``/nodes/N/tasks/UPID/status``."""
    from proxtui.core.rows import UNKNOWN
    from proxtui.features.tasks.details import task_lines
    from proxtui.features.tasks.rows import COLUMNS

    row, detail = await _follow(runtime, wanted)
    lines = [(line.label, line.text) for line in task_lines(row, detail.task)]
    lines += [("UPID", row.key.upid), ("Guest or ID", row.subject or UNKNOWN)]
    values = {column.key: column.value(row) for column in COLUMNS}
    if detail.task is not None:
        values |= {"status": detail.task.outcome, "exitstatus": detail.task.exitstatus}
    return Details([(f"task {row.task.type}", lines)], values, detail.problems)


async def task_log(runtime: Runtime, wanted: str) -> Found[LogLine]:
    """The lines of a task's log. GET ``/nodes/N/tasks/UPID/log``."""
    from proxtui.core.model import ServerRef
    from proxtui.features.tasks.loglines import LogLine

    row, detail = await _follow(runtime, wanted)
    notes = list(detail.problems)
    if detail.left_out:
        notes.append(f"{detail.left_out} lines before these are left out")
    return Found(
        [LogLine(row.key, number, text) for number, text in detail.lines],
        notes,
        ServerRef(row.key.tenant, row.key.server),
    )


async def _follow(runtime: Runtime, wanted: str) -> tuple[TaskRow, TaskDetail]:
    from proxtui.core.model import ServerRef
    from proxtui.features.tasks.rows import named_task
    from proxtui.features.tasks.service import TaskService

    fleet = runtime.store.fleet()
    *place, upid = wanted.split("/")
    # The lists hold only the latest: an older task is found by the node in its name.
    rows = named_task(fleet, upid, runtime.clock.time())
    row = pick(rows, "/".join([*place, upid]), lambda row: [row.key.upid.lower()], fleet, what="task")
    detail = await TaskService(runtime).follow(ServerRef(row.key.tenant, row.key.server), row.key.upid)
    if detail.unknown:
        where = f"{row.task.node} of {row.key.tenant} / {row.key.server}"
        raise NotFoundError(f"there is no task {upid!r} on {where}: it never was, or is so old that it is forgotten")
    if detail.failure is not None and detail.task is None and not detail.lines:
        raise detail.failure
    return row, detail
