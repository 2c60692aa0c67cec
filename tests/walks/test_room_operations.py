"""Every declared change to nodes, storages, tasks, HA and pools, gone through as those to guests are."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from proxtui.config.models import Role
from proxtui.core.operation import Kind, Target
from proxtui.features.tasks.stopping import Stoppable
from proxtui.pve.access import Permissions
from proxtui.pve.models import Task
from proxtui.pve.upid import Upid
from proxtui.sim import work
from proxtui.sim.faults import Fault
from proxtui.sim.world import Site
from tests.pve.schema import VERSIONS, PveSchema, needs_schema

from . import test_operations as table
from .operation_examples import LAB, Example
from .room_examples import EXAMPLES
from .test_operations import CATALOGUE, changes, end_of, lab, story_of, walk

ROOMS = ("nodes", "storage", "tasks", "cluster")


def test_every_declaration_has_an_example() -> None:
    declared = {name for name in CATALOGUE if name.partition(".")[0] in ROOMS}
    assert declared == {example.operation for example in EXAMPLES} | {"tasks.stop"}


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
async def test_a_change_does_what_it_says(example: Example, tmp_path: Path) -> None:
    await table.test_a_change_does_what_it_says(example, tmp_path)


@needs_schema
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("example", EXAMPLES, ids=str)
async def test_pve_takes_what_is_sent(example: Example, version: str, tmp_path: Path) -> None:
    await table.test_pve_takes_what_is_sent(example, version, tmp_path)


@pytest.mark.parametrize("by", ["viewer", "lock"])
async def test_nothing_is_offered_or_sent_where_it_may_not_be(
    by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "EXAMPLES", EXAMPLES)
    await table.test_a_change_is_neither_offered_nor_sent_where_it_may_not_be(by, tmp_path)


def test_the_table_of_roles() -> None:
    operations = [operation for operation in CATALOGUE.values() if operation.room in ROOMS]
    daily = {operation.name for operation in operations if operation.role is Role.OPERATOR}
    services = {f"nodes.{verb}-service" for verb in ("start", "restart", "reload")}
    assert daily == {*services, "storage.update", "tasks.stop"}
    assert all(operation.role is Role.ADMIN for operation in operations if operation.name not in daily)


# Tasks.


def slow(site: Site) -> Target:
    """A backup that runs for an hour."""
    task = work.begin(site, site.nodes["pve1"], "vzdump", "108", "root@pam", seconds=3600)
    return Target(LAB, Kind.TASK, task.upid, "vzdump 108", "pve1")


async def test_a_task_is_stopped_and_the_audit_says_so(tmp_path: Path) -> None:
    world, clock = lab()
    site = world.sites["lab"]
    target = slow(site)
    async with walk(world, clock, tmp_path) as runtime:
        rehearsed = await runtime.gate.submit(CATALOGUE["tasks.stop"], target, dry_run=True)
        run = await end_of(runtime, CATALOGUE["tasks.stop"], target)
        assert run.state == "ok", run.line
    where = f"/nodes/pve1/tasks/{quote(target.id, safe='')}"
    assert [str(request) for request in rehearsed.requests] == [f"DELETE {where}"]
    assert [f"{change['method']} {change['path']}" for change in changes(world)] == [f"DELETE {where}"]
    (task,) = [task for task in site.tasks if task.upid == target.id]
    assert task.killed
    assert [entry.phase for entry in story_of(tmp_path, run)] == ["intent", "outcome"]


@needs_schema
@pytest.mark.parametrize("version", VERSIONS)
def test_pve_can_stop_a_task(version: str) -> None:
    upid = "UPID:pve1:0000A001:00B1C2D3:68F1A2B3:vzdump:108:root@pam:"
    PveSchema(version).check("DELETE", f"/nodes/pve1/tasks/{upid}", {})


def test_whose_task_it_is_says_who_may_stop_it() -> None:
    upid = Upid("UPID:pve1:0000A001:00B1C2D3:68F1A2B3:vzdump:108:ann@pve:")
    task = Task(upid=upid, running=True, node="pve1", type="vzdump", id="108", user="ann@pve")
    few, many = Permissions({"/": {"VM.Audit": True}}), Permissions({"/nodes": {"Sys.Modify": True}})
    assert Stoppable(task, "ann@pve", few).why_not() is None
    assert Stoppable(task, "bob@pve", many).why_not() is None
    assert Stoppable(task, "bob@pve").why_not() is None, "nobody knows better"
    lacks = "is a task of ann@pve: the login lacks Sys.Modify on /nodes/pve1"
    assert Stoppable(task, "bob@pve", few).why_not() == lacks
    ended = Task(upid=upid, running=False, node="pve1", type="vzdump", user="ann@pve", exitstatus="OK")
    assert Stoppable(ended, "ann@pve", many).why_not() == "has ended already"


# What a look beforehand keeps from being sent.


async def test_a_file_that_the_node_cannot_find_starts_no_task(tmp_path: Path) -> None:
    world, clock = lab()
    target = Target(LAB, Kind.STORAGE, "local", "local", "pve1")
    async with walk(world, clock, tmp_path) as runtime:
        params = {"url": "https://images.example/404/big.iso"}
        run = await end_of(runtime, CATALOGUE["storage.download-url"], target, params)
        assert (run.state, run.upid) == ("failed", None)
        assert "404" in run.message
    assert changes(world) == []


async def test_a_rehearsal_lets_no_node_ask_for_a_url(tmp_path: Path) -> None:
    world, clock = lab()
    target = Target(LAB, Kind.STORAGE, "local", "local", "pve1")
    async with walk(world, clock, tmp_path) as runtime:
        # Whoever asked for this one would be told of a 404.
        params = {"url": "https://images.example/404/big.iso"}
        run = await runtime.gate.submit(CATALOGUE["storage.download-url"], target, params, dry_run=True)
        assert (run.state, [one.method for one in run.requests]) == ("planned", ["POST"])


async def test_a_lost_answer_to_a_reboot_is_unknown_and_not_repeated(tmp_path: Path) -> None:
    world, clock = lab()
    world.faults.add(Fault("drop-after", method="POST"))
    async with walk(world, clock, tmp_path) as runtime:
        run = await end_of(runtime, CATALOGUE["nodes.reboot"], Target(LAB, Kind.NODE, "pve2", "pve2", "pve2"))
        assert run.state == "unknown"
    assert len(changes(world)) == 1
