"""Tasks stopped, and the next free VMID."""

from __future__ import annotations

import pytest

from proxtui.errors import InvalidInput, PermissionDenied, UnexpectedAnswer
from proxtui.pve.cluster import ClusterTools
from proxtui.pve.tasks import TaskTools

from .changing import Recorder, Sent
from .fakes import FakeClient, data
from .schema import VERSIONS, needs_schema
from .tables import Change, pve_takes, sends_nothing, sends_one_request

TASK = "UPID:pve2:000004BF:00054094:6B022D53:vzdump:100:admin@pve!full:"
STOP = Change(
    lambda c: TaskTools(c).stop_task(TASK),
    Sent(
        "DELETE",
        "/nodes/pve2/tasks/UPID%3Apve2%3A000004BF%3A00054094%3A6B022D53%3Avzdump%3A100%3Aadmin%40pve%21full%3A",
    ),
    task=False,
)


async def test_a_task_is_stopped_at_the_node_that_its_name_tells() -> None:
    await sends_one_request(STOP)


@needs_schema
@pytest.mark.parametrize("version", VERSIONS)
def test_pve_takes_it(version: str) -> None:
    pve_takes(STOP, version)


@pytest.mark.parametrize("upid", ["", "UPID:x", "UPID:pve1/../x:0:0:0:a:b:c:", TASK + "\n", TASK[:-1]])
async def test_what_is_no_task_is_not_stopped(upid: str) -> None:
    await sends_nothing(lambda c: TaskTools(c).stop_task(upid), "upid")


async def test_a_refusal_is_told() -> None:
    with pytest.raises(PermissionDenied):
        await TaskTools(Recorder(replies=[PermissionDenied("no")])).stop_task(TASK)


@pytest.mark.parametrize(("answer", "expected"), [("103", 103), (100, 100)])
async def test_the_next_free_vmid(answer: object, expected: int) -> None:
    assert await ClusterTools(FakeClient({"/cluster/nextid": data(answer)})).next_id() == expected


@pytest.mark.parametrize("answer", [None, "", "99", -1, True, [], "1e3x"])
async def test_an_answer_that_is_no_vmid(answer: object) -> None:
    with pytest.raises(UnexpectedAnswer):
        await ClusterTools(FakeClient({"/cluster/nextid": data(answer)})).next_id()


async def test_a_pool_that_climbs_is_not_asked_for() -> None:
    client = FakeClient({})
    with pytest.raises(InvalidInput):
        await ClusterTools(client).pool("../x")
    assert client.asked == []
