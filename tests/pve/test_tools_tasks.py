from __future__ import annotations

import asyncio
from typing import Any

import pytest

from proxtui.errors import DeadlineExceeded, InvalidInput, TaskFailed, UnexpectedAnswer
from proxtui.pve.cluster import ClusterTools
from proxtui.pve.fields import Row
from proxtui.pve.tasks import TaskTools, task_of, tasks_of

from .fakes import FakeClient, data, one_after_the_other

UPID = "UPID:pve2:000010F0:00059F49:6B022E46:vzstart:210:admin@pve!full:"
STATUS = f"/nodes/pve2/tasks/{UPID}/status"
LOG = f"/nodes/pve2/tasks/{UPID}/log"
ENCODED = "/nodes/pve2/tasks/UPID%3Apve2%3A000010F0%3A00059F49%3A6B022E46%3Avzstart%3A210%3Aadmin%40pve%21full%3A"
RUNNING = data({"upid": UPID, "status": "running"})
ENDED = data({"upid": UPID, "status": "stopped", "exitstatus": "OK", "user": "admin@pve", "tokenid": "full"})


async def test_a_task_is_asked_for_at_the_node_in_its_name() -> None:
    client = FakeClient({STATUS: ENDED})
    task = await TaskTools(client).get_task_status(UPID)
    assert client.asked == [f"{ENCODED}/status"]
    assert (task.upid, task.node, task.type, task.id) == (UPID, "pve2", "vzstart", "210")
    assert (task.user, task.tokenid, task.outcome, task.endtime) == ("admin@pve", "full", "OK", None)
    assert task.starttime == 1795305030


@pytest.mark.parametrize(
    ("fields", "outcome", "exitstatus"),
    [
        ({"status": "running"}, "running", None),
        ({"status": "stopped", "exitstatus": "OK"}, "OK", "OK"),
        ({"status": "stopped", "exitstatus": "WARNINGS: 1"}, "WARNINGS", "WARNINGS: 1"),
        ({"status": "stopped", "exitstatus": "unexpected status"}, "error", "unexpected status"),
        ({"status": "stopped"}, "error", None),
        # In lists the end stands under "status", and a running task has none, or RUNNING.
        ({}, "running", None),
        ({"status": "RUNNING", "saved": "0"}, "running", None),
        ({"status": "OK", "endtime": 5}, "OK", "OK"),
        ({"status": "VM 100 already running", "endtime": 5}, "error", "VM 100 already running"),
        ({"endtime": 5}, "error", None),
    ],
)
def test_how_it_stands(fields: dict[str, Any], outcome: str, exitstatus: str | None) -> None:
    task = task_of(Row({"upid": UPID, **fields}))
    assert task is not None
    assert (task.outcome, task.exitstatus) == (outcome, exitstatus)


def test_a_token_glued_to_its_user_is_taken_apart() -> None:
    task = task_of(Row({"upid": UPID, "user": "admin@pve!full", "status": "RUNNING"}))
    assert task is not None
    assert (task.user, task.tokenid) == ("admin@pve", "full")


async def test_lists_are_sorted_and_count_what_they_drop() -> None:
    older = UPID.replace("6B022E46", "6B022E40")
    client = FakeClient({"/cluster/tasks": data([{"upid": older}, {"upid": "UPID:x"}, 3, {"upid": UPID}])})
    tasks = await ClusterTools(client).tasks()
    assert [task.upid for task in tasks] == [UPID, older]
    assert tasks.invalid == 2
    assert len(tasks_of([])) == 0


async def test_the_log_is_asked_for_in_pieces() -> None:
    lines = [{"n": 11, "t": "starting \x1b[31m"}, {"n": "12", "t": "TASK OK"}]
    client = FakeClient({LOG: {"data": lines, "total": 12}})
    log = await TaskTools(client).get_task_log(UPID, start=10, limit=2)
    assert log.lines == ((11, "starting ␛[31m"), (12, "TASK OK"))
    assert (log.total, log.next_start) == (12, 12)
    assert client.asked == [f"{ENCODED}/log?start=10&limit=2"]


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        ({"data": {"n": 1, "t": "unable to open file"}, "total": 1}, ((1, "unable to open file"),)),
        ({"data": []}, ()),
        ({"data": None}, ()),
        ({"data": [{"t": "no number"}, 5, {"n": 2}]}, ((2, ""),)),
    ],
)
async def test_a_log_of_another_shape(answer: Any, lines: tuple[Any, ...]) -> None:
    assert (await TaskTools(FakeClient({LOG: answer})).get_task_log(UPID)).lines == lines


async def test_what_looks_like_a_ticket_is_not_told_again() -> None:
    """A console that is not opened in time fails with its whole command line."""
    ticket = "PVEVNC:68F1A2B3::" + "QUJD" * 20
    said = f"command 'termproxy --ticket {ticket}' failed: exit code 1"
    told = "command 'termproxy --ticket ***' failed: exit code 1"
    answers = {LOG: {"data": [{"n": 1, "t": f"TASK ERROR: {said}"}], "total": 1}}
    log = await TaskTools(FakeClient(answers)).get_task_log(UPID)
    assert log.lines == ((1, f"TASK ERROR: {told}"),)
    task = task_of(Row({"upid": UPID, "status": "stopped", "exitstatus": said}))
    assert task is not None
    assert task.exitstatus == told


async def test_a_log_that_is_not_json() -> None:
    with pytest.raises(UnexpectedAnswer):
        await TaskTools(FakeClient({LOG: b"<html>"})).get_task_log(UPID)


async def test_waiting_asks_until_the_end() -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    client = FakeClient({STATUS: one_after_the_other(RUNNING, RUNNING, ENDED)})
    task = await TaskTools(client).wait(UPID, interval=250, sleep=sleep)
    assert task.outcome == "OK"
    assert waited == [0.25, 0.25]


async def test_a_task_that_ends_badly_raises_what_it_said() -> None:
    client = FakeClient({STATUS: data({"upid": UPID, "status": "stopped", "exitstatus": "VM is locked (backup)"})})
    with pytest.raises(TaskFailed, match=r"VM is locked \(backup\)"):
        await TaskTools(client).wait(UPID)


async def test_waiting_has_a_deadline() -> None:
    async def never(_seconds: float) -> None:
        await asyncio.Event().wait()

    with pytest.raises(DeadlineExceeded, match="still runs after 10 ms"):
        await TaskTools(FakeClient({STATUS: RUNNING})).wait(UPID, timeout=10, sleep=never)


async def test_bad_arguments_never_reach_the_wire() -> None:
    client = FakeClient({})
    tools = TaskTools(client)
    for call in (tools.get_task_status, tools.get_task_log, tools.wait):
        with pytest.raises(InvalidInput):
            await call("UPID:../../x")
    with pytest.raises(InvalidInput):
        await tools.get_task_log(UPID, start=-1)
    with pytest.raises(InvalidInput):
        await tools.get_task_log(UPID, limit=-1)
    assert client.asked == []
