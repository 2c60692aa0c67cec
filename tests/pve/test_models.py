from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from proxtui.pve.models import ProxmoxContainer, ProxmoxNode, ProxmoxVM, Task, TaskLog
from proxtui.pve.upid import Upid

UPID = Upid("UPID:pve1:000010F0:00059F49:6B022E46:vzstart:210:admin@pve:")


def task(**fields: Any) -> Task:
    return Task(upid=UPID, node="pve1", type="vzstart", running=False, **fields)


def test_the_documented_names_are_there() -> None:
    vm = ProxmoxVM(vmid=100, node="pve1", maxcpu=4.0)
    assert vm.cpus == 4.0
    for field in ["vmid", "name", "status", "node", "cpus", "maxmem", "maxdisk", "uptime", "pid", "template"]:
        assert hasattr(vm, field)
    for field in ["node", "status", "cpu", "maxcpu", "mem", "maxmem", "disk", "maxdisk", "uptime"]:
        assert hasattr(ProxmoxNode(node="a"), field)


def test_equal_guests_are_equal_and_cannot_be_changed() -> None:
    vm = ProxmoxVM(vmid=100, node="pve1", tags=("a",))
    assert vm == ProxmoxVM(vmid=100, node="pve1", tags=("a",))
    assert vm != ProxmoxVM(vmid=100, node="pve1", tags=("b",))
    assert vm != ProxmoxContainer(vmid=100, node="pve1", tags=("a",))
    with pytest.raises(AttributeError):
        vm.status = "running"  # type: ignore[misc]


def test_a_guest_written_as_json_says_its_type() -> None:
    written = json.loads(msgspec.json.encode(ProxmoxContainer(vmid=200, node="pve1", tags=("a", "b"))))
    assert (written["type"], written["vmid"], written["tags"]) == ("lxc", 200, ["a", "b"])


@pytest.mark.parametrize(
    ("exitstatus", "outcome"),
    [("OK", "OK"), ("WARNINGS: 2", "WARNINGS"), ("job errors", "error"), ("ok", "error"), (None, "error")],
)
def test_how_a_task_went(exitstatus: str | None, outcome: str) -> None:
    assert task(exitstatus=exitstatus).outcome == outcome
    assert task(exitstatus=exitstatus).status == "stopped"


def test_a_running_task_has_no_outcome_yet() -> None:
    running = Task(upid=UPID, node="pve1", type="vzstart", running=True)
    assert (running.outcome, running.status) == ("running", "running")


def test_a_log_says_where_to_go_on() -> None:
    assert TaskLog(lines=((7, "a"), (8, "b")), total=20).next_start == 8
    assert TaskLog().next_start == 0
