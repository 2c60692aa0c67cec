"""Tasks: what PVE is doing, or did, and how it went."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from proxtui.errors import DeadlineExceeded, NotFoundError, TaskFailed, UnexpectedAnswer, ValidationError
from proxtui.pve.asking import Asker
from proxtui.pve.fields import Row, answer_of, object_of, objects
from proxtui.pve.listing import Listing
from proxtui.pve.models import Task, TaskLog
from proxtui.pve.paths import path
from proxtui.pve.sanitize import without_shapes
from proxtui.pve.sending import changer
from proxtui.pve.upid import Upid
from proxtui.pve.validators import InputValidator, check_choice, check_whole

MOST_LINES = 100_000


Source = Literal["archive", "active", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuery:
    """Which tasks of a node to list. The node filters, so that old ones are found without reading all of them."""

    source: Source = "archive"
    """``archive`` (ended ones), ``active`` (running, and the last to end) or ``all``."""
    vmid: int | None = None
    user: str | None = None
    """Part of the name."""
    type: str | None = None
    """As PVE spells it: ``vzdump``, ``qmstart``, ..."""
    only_errors: bool = False
    """Failed ones; those that ended with warnings are none of them."""
    since: int | None = None
    until: int | None = None
    """Started then; seconds since the epoch."""
    start: int = 0
    """How many to skip."""

    def params(self, limit: int) -> dict[str, str | int | None]:
        """As PVE takes them; ``InvalidInput`` for what it would refuse."""
        return {
            "limit": check_whole(limit, "limit", 1, 10_000),
            "start": check_whole(self.start, "start", 0, 2**31) or None,
            "source": None if self.source == "archive" else check_choice(self.source, "source", ("active", "all")),
            "vmid": None if self.vmid is None else InputValidator.check_vmid(self.vmid),
            "userfilter": None if self.user is None else InputValidator.check_string(self.user, "user"),
            "typefilter": None if self.type is None else InputValidator.check_string(self.type, "type"),
            "errors": 1 if self.only_errors else None,
            "since": None if self.since is None else check_whole(self.since, "since", 0, 2**40),
            "until": None if self.until is None else check_whole(self.until, "until", 0, 2**40),
        }


class TaskTools:
    """Follows and stops tasks, at the node that the UPID names (``InvalidInput`` for a malformed one)."""

    def __init__(self, client: Asker) -> None:
        self._client = client

    async def get_task_status(self, upid: str) -> Task:
        """``GET /nodes/{node}/tasks/{upid}/status``; ``NotFoundError`` for one that the node does not know."""
        where = _path(upid, "status")
        try:
            answer = object_of(await self._client.get(where), where)
        except ValidationError as error:
            # PVE says of a task that it does not know that the parameter is wrong.
            if "no such task" in " ".join([str(error), *map(str, error.errors.values())]):
                raise NotFoundError(f"there is no task {upid}", method="GET", path=where) from error
            raise
        task = task_of(Row({"upid": upid, **answer}))
        if task is None:
            raise UnexpectedAnswer("the answer is not about a task", method="GET", path=where)
        return task

    async def get_task_log(self, upid: str, start: int = 0, limit: int = 50) -> TaskLog:
        """``GET /nodes/{node}/tasks/{upid}/log``: ``limit`` lines after the first ``start``; 0 means all of them."""
        where = _path(upid, "log")
        params = {
            "start": check_whole(start, "start", 0, 2**31),
            "limit": check_whole(limit, "limit", 0, MOST_LINES),
        }
        # The number of lines stands beside ``data``, where only the raw body has it.
        return log_of(answer_of(await self._client.read(where, params=params), where))

    async def stop_task(self, upid: str) -> None:
        """``DELETE /nodes/{node}/tasks/{upid}``: ends its process, hard after 5 s; PVE answers when it is over.

        What it left behind stays: a backup's lock on the guest, half a copied disk. Needs Sys.Modify on
        ``/nodes/{node}`` unless the task is our own.
        """
        await changer(self._client).delete(_path(upid))

    async def wait(
        self,
        upid: str,
        *,
        interval: int = 500,
        timeout: int | None = None,  # noqa: ASYNC109 - the same word and unit as in every other call
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> Task:
        """The task once it has ended, asked for every ``interval`` milliseconds.

        ``TaskFailed`` when it ended badly, ``DeadlineExceeded`` when it still runs after ``timeout`` milliseconds.
        """
        try:
            async with asyncio.timeout(None if timeout is None else timeout / 1000):
                while (task := await self.get_task_status(upid)).running:
                    await sleep(interval / 1000)
        except TimeoutError as error:
            raise DeadlineExceeded(f"{upid} still runs after {timeout} ms", stage="deadline") from error
        if task.outcome == "error":
            raise TaskFailed(task.exitstatus or "the task ended without a status", method="GET", path=_path(upid))
        return task


def task_of(row: Row) -> Task | None:
    """A task out of its status, or out of a list, where ``status`` is the end and is missing while it runs."""
    upid = row.upid()
    if upid is None:
        return None
    # Entries of running tasks keep the token glued to the user.
    user, _, token = (row.text("user") or upid.user).partition("!")
    status, exitstatus, endtime = row.text("status"), row.text("exitstatus"), row.integer("endtime")
    running = exitstatus is None and (endtime is None if status is None else status.lower() == "running")
    if exitstatus is None and status != "stopped" and not running:
        exitstatus = status
    return Task(
        upid=upid,
        running=running,
        node=upid.node,
        type=upid.type,
        id=upid.id,
        user=user,
        tokenid=row.text("tokenid") or token or None,
        starttime=row.integer("starttime") or upid.starttime,
        endtime=endtime,
        # Some programs tell their whole command line when they fail, tickets in it too.
        exitstatus=exitstatus and without_shapes(exitstatus),
    )


def tasks_of(items: list[Any]) -> Listing[Task]:
    """A list of tasks, the newest first: PVE promises no order."""
    found = [task_of(row) if row is not None else None for row in objects(items)]
    tasks = sorted((task for task in found if task is not None), key=_newest_first)
    return Listing(tuple(tasks), invalid=len(found) - len(tasks))


def log_of(answer: dict[str, Any]) -> TaskLog:
    """``{"total": 2, "data": [{"n": 1, "t": "..."}, ...]}``."""
    data = answer.get("data")
    # Of a log file that cannot be opened PVE tells in one object where a list belongs.
    items = [data] if isinstance(data, dict) else data if isinstance(data, list) else []
    rows = [row for row in objects(items) if row is not None]
    lines = ((row.integer("n"), without_shapes(row.text("t") or "")) for row in rows)
    return TaskLog(
        lines=tuple((number, text) for number, text in lines if number is not None), total=Row(answer).integer("total")
    )


def _newest_first(task: Task) -> tuple[int, str]:
    return -(task.starttime or 0), task.upid


def _path(upid: str, *rest: str) -> str:
    name = Upid(upid)
    return path("nodes", name.node, "tasks", name, *rest)
