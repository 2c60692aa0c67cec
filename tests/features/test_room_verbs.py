"""Verbs that ask one node: disks, SMART, tasks and contents that are not there, and what is refused at once."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from proxtui.errors import InvalidInput, NodeUnreachable, NotFoundError, PermissionDenied, UsageError, ValidationError
from proxtui.features.nodes.cli import find_disks, nodes, smart_details
from proxtui.features.storage.cli import storage
from proxtui.features.tasks.cli import task_details, task_log
from proxtui.features.tasks.service import TaskService
from proxtui.pve.tasks import TaskTools

from .fakes import FakeClient, denied, runtime_of
from .fleets import ACME, two_tenants

UPID = "UPID:pve1:00001234:00005678:6A00F000:vzdump:100:root@pam:"
BASE = f"/nodes/pve1/tasks/{quote(UPID, safe='')}"
DISKS = "/nodes/pve1/disks"
UNKNOWN_TASK = ValidationError(
    "Parameter verification failed. upid: no such task",
    method="GET",
    path=f"{BASE}/status",
    errors={"upid": "no such task"},
)


def runtime(**answers: Any) -> Any:
    return runtime_of(two_tenants(), clients={ACME: FakeClient(**answers)})


class Nobody:
    """A command line that must not be asked anything."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was asked")


async def test_disks_of_a_node_as_rows() -> None:
    rows = [{"devpath": "/dev/sda", "type": "hdd", "health": "FAILED!", "size": 8, "wearout": "N/A"}, {"model": "x"}]
    found = await find_disks(runtime(**{f"{DISKS}/list": rows}), "acme/berlin/pve1")
    [disk] = found.rows
    assert (disk.key, disk.field("status"), disk.field("node"), disk.field("disk")) == (
        "/dev/sda",
        "FAILED!",
        "pve1",
        8,
    )
    assert found.notes == ["1 disks could not be read"]


async def test_smart_of_a_disk_as_text_and_as_data() -> None:
    smart = {"health": "PASSED", "type": "text", "text": "\nPercentage Used: 3%\n", "wearout": 97}
    details = await smart_details(runtime(**{f"{DISKS}/smart": smart}), "acme/berlin/pve1", "/dev/nvme0n1")
    assert details.sections[0] == ("disk /dev/nvme0n1", [("Health", "PASSED"), ("Life left", "97 %")])
    assert (details.row["node"], details.row["disk"], details.row["wearout"]) == ("pve1", "/dev/nvme0n1", 97.0)


async def test_what_smart_may_not_tell_is_forbidden_and_not_empty() -> None:
    with pytest.raises(PermissionDenied):
        await smart_details(runtime(**{f"{DISKS}/smart": denied("/", "Sys.Audit")}), "acme/berlin/pve1", "/dev/sda")


def test_what_is_no_disk_is_refused_before_anybody_is_asked() -> None:
    result = CliRunner().invoke(nodes, ["smart", "pve1", "sda"], obj=Nobody())
    assert isinstance(result.exception, InvalidInput)


def test_what_is_no_content_type_is_refused_before_anybody_is_asked() -> None:
    result = CliRunner().invoke(storage, ["content", "local", "--type", "isos"], obj=Nobody())
    assert isinstance(result.exception, UsageError)
    assert "vztmpl" in str(result.exception)


@pytest.mark.parametrize("verb", [task_details, task_log])
async def test_a_task_that_is_not_there_is_not_found(verb: Any) -> None:
    no_log = {"n": 1, "t": "unable to open file - No such file or directory"}
    with pytest.raises(NotFoundError) as caught:
        await verb(runtime(**{f"{BASE}/status": UNKNOWN_TASK, f"{BASE}/log": no_log}), f"acme/berlin/{UPID}")
    assert caught.value.exit_code == 14
    assert "pve1 of acme / berlin" in str(caught.value)


@pytest.mark.parametrize("verb", [task_details, task_log])
async def test_a_task_of_a_node_that_is_offline_says_so(verb: Any) -> None:
    gone = NodeUnreachable("node pve1 does not answer", method="GET", path=BASE)
    with pytest.raises(NodeUnreachable) as caught:
        await verb(runtime(**{f"{BASE}/status": gone, f"{BASE}/log": gone}), f"acme/berlin/{UPID}")
    assert caught.value.exit_code == 10


async def test_the_library_says_not_found_of_an_unknown_task_and_nothing_else() -> None:
    client = FakeClient(**{f"{BASE}/status": UNKNOWN_TASK})
    with pytest.raises(NotFoundError):
        await TaskTools(client).get_task_status(UPID)  # type: ignore[arg-type]
    client.answers[f"{BASE}/status"] = ValidationError("no", method="GET", path="", errors={"upid": "bad"})
    with pytest.raises(ValidationError):
        await TaskTools(client).get_task_status(UPID)  # type: ignore[arg-type]


async def test_the_pane_of_a_task_that_is_forgotten_asks_for_no_log() -> None:
    known = runtime(**{f"{BASE}/status": UNKNOWN_TASK})
    detail = await TaskService(known).follow(ACME, UPID)
    assert detail.unknown
    assert not detail.has_log
    assert known.clients[ACME].asked == [f"{BASE}/status"]
