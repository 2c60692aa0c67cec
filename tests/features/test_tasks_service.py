"""What is asked about tasks: each server once, logs only as far as they are new."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from proxtui.core.model import Scope, SourceState
from proxtui.features.tasks.service import MOST_LINES, TaskDetail, TaskService, merged
from proxtui.pve.access import Permissions
from proxtui.pve.models import TaskLog

from .fakes import FakeClient, denied, runtime_of
from .fleets import ACME, ZETA, fleet, snapshot, two_tenants

UPID = "UPID:pve1:00001234:00005678:6A00F000:vzdump:100:root@pam:"
BASE = f"/nodes/pve1/tasks/{quote(UPID, safe='')}"


class LogClient(FakeClient):
    """A task whose log grows; knows from where it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.status: dict[str, Any] = {"status": "running"}
        self.starts: list[int] = []

    async def get(self, path: str, *, params: Any = None) -> Any:
        self.asked.append(path)
        if path.endswith("/status"):
            if isinstance(self.status, Exception):
                raise self.status
            return {"upid": UPID, **self.status}
        start, limit = params["start"], params["limit"]
        self.starts.append(start)
        numbered = [{"n": at, "t": line} for at, line in enumerate(self.lines or ["no content"], 1)]
        return numbered[start : start + limit]

    async def read(self, path: str, *, params: Any = None) -> bytes:
        import json

        return json.dumps({"data": await self.get(path, params=params), "total": max(1, len(self.lines))}).encode()


def following() -> tuple[TaskService, LogClient]:
    client = LogClient()
    return TaskService(runtime_of(two_tenants(), clients={ACME: client})), client  # type: ignore[arg-type]


def texts(detail: TaskDetail) -> list[str]:
    return [text for _, text in detail.lines]


async def test_a_log_is_read_on_from_its_last_line_and_no_more_once_the_task_ended() -> None:
    service, client = following()
    detail = await service.follow(ACME, UPID)
    assert texts(detail) == ["no content"]
    client.lines = ["one", "tw"]
    detail = await service.follow(ACME, UPID, detail)
    assert texts(detail) == ["one", "tw"]
    client.lines = ["one", "two", "TASK OK"]
    client.status = {"status": "stopped", "exitstatus": "OK"}
    detail = await service.follow(ACME, UPID, detail)
    assert (texts(detail), detail.complete) == (["one", "two", "TASK OK"], True)
    assert client.starts == [0, 0, 1]
    client.asked.clear()
    assert await service.follow(ACME, UPID, detail) is detail
    assert client.asked == []


async def test_of_a_long_log_the_last_lines_are_kept_and_the_rest_is_counted() -> None:
    service, client = following()
    client.lines = [f"line {at}" for at in range(1, MOST_LINES + 501)]
    detail = await service.follow(ACME, UPID)
    assert (len(detail.lines), detail.left_out) == (MOST_LINES, 500)
    client.lines += ["more"]
    detail = await service.follow(ACME, UPID, detail)
    assert (len(detail.lines), detail.left_out, texts(detail)[-1]) == (MOST_LINES, 501, "more")
    client.lines += ["flood"] * (2 * MOST_LINES)
    detail = await service.follow(ACME, UPID, detail)
    numbers = [number for number, _ in detail.lines]
    assert numbers == list(range(numbers[-1] - MOST_LINES + 1, len(client.lines) + 1))


def test_pieces_never_leave_a_hole() -> None:
    known = ((1, "a"), (2, "b"))
    assert merged(known, TaskLog()) == known
    assert merged(known, TaskLog(lines=((2, "B"), (3, "c")))) == ((1, "a"), (2, "B"), (3, "c"))
    assert merged(known, TaskLog(lines=((9, "i"),))) == ((9, "i"),)


async def test_a_log_that_may_not_be_read_names_the_privilege() -> None:
    refused = denied("/nodes/pve1", "Sys.Audit")
    client = FakeClient(**{f"{BASE}/status": refused, f"{BASE}/log": refused})
    detail = await TaskService(runtime_of(two_tenants(), clients={ACME: client})).follow(ACME, UPID)  # type: ignore[arg-type]
    assert detail.problems == ("status, log: missing privilege Sys.Audit on /nodes/pve1",)
    assert (detail.has_log, detail.complete) == (False, False)


async def test_only_servers_that_answer_are_asked_and_none_twice_at_once() -> None:
    known = fleet(snapshot(ACME), snapshot(ZETA, state=SourceState.DOWN, taken_at=None))
    client = FakeClient(**{"/cluster/tasks": []})
    service = TaskService(runtime_of(known, clients={ACME: client}))  # type: ignore[arg-type]
    assert service.due(known, Scope()) == [ACME]
    assert service.is_missing(known, Scope())
    asking = service.refresh([ACME])
    assert service.due(known, Scope()) == []
    await asking
    assert service.due(known, Scope()) == [ACME]
    assert not service.is_missing(known, Scope())
    assert service.due(known, Scope("zeta")) == []


async def test_a_list_of_our_own_tasks_is_not_passed_off_as_complete() -> None:
    known = fleet(snapshot(ACME))
    runtime = runtime_of(known, clients={ACME: FakeClient(**{"/cluster/tasks": []})})
    connection = runtime.connection(ACME)
    runtime.connection = lambda ref: connection  # type: ignore[method-assign,assignment]
    service = TaskService(runtime)  # type: ignore[arg-type]
    connection.permissions = Permissions({"/": {"VM.Audit": True}})
    assert service.limits(known, Scope()) == []
    await service.refresh([ACME])
    assert "only our own tasks" in service.limits(known, Scope())[0]
    connection.permissions = Permissions({"/": {"Sys.Audit": True}})
    assert service.limits(known, Scope()) == []
