"""The overview as its user meets it."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.core.model import Fleet, Scope, SourceState
from proxtui.kit.live_table import LiveTable
from proxtui.pve.models import ProxmoxNode

from .fakes import FakeClient, denied
from .fleets import ACME, ZETA, fleet, node, snapshot, storage, two_tenants, vm
from .screens import LARGE, SMALL, Stage, stage

STATUS = [
    {"type": "cluster", "name": "prod", "quorate": 0, "nodes": 2},
    {"type": "node", "name": "pve1", "online": 1},
    {"type": "node", "name": "pve2", "online": 0},
]


def client(status: Any = STATUS, tasks: Any = ()) -> FakeClient:
    return FakeClient(**{"/cluster/status": status, "/cluster/tasks": tasks if tasks != () else []})


def broken() -> Fleet:
    off = ProxmoxNode(node="pve2", status="offline")
    full = storage("nfs", used=99, total=100)
    return fleet(snapshot(ACME, (vm(100, lock="backup"), vm(101)), (node("pve1"), off), (full,)))


def totals(acting: Stage) -> LiveTable:
    return acting.front.totals


async def asked(acting: Stage, word: str) -> None:
    await acting.until(lambda: any(word in line for line in acting.lines(acting.table)))


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_totals_above_and_what_is_wrong_below(size: tuple[int, int]) -> None:
    async with stage(broken(), size, clients={ACME: client()}) as acting:
        await acting.press("0")
        await asked(acting, "no quorum")
        above, below = acting.lines(totals(acting)), acting.lines(acting.table)
        assert "acme / berlin" in above[1]
        assert "1/2" in above[1]
        assert [line.split()[1] for line in below if line[1:].startswith("bad")] == ["cluster", "node", "storage"]
        assert "3 bad" in acting.header


async def test_a_fleet_that_is_well_says_so_only_when_it_knows() -> None:
    quiet = client([{"type": "cluster", "quorate": 1}])
    async with stage(fleet(snapshot(ACME, (vm(100),))), clients={ACME: quiet}) as acting:
        await acting.press("0")
        await asked(acting, "all is well")
        assert quiet.asked.count("/cluster/status") == 1


async def test_nobody_is_asked_while_another_view_is_in_front() -> None:
    quiet = client()
    async with stage(fleet(snapshot(ACME, (vm(100),))), clients={ACME: quiet}) as acting:
        assert quiet.asked == []
        await acting.press("0")
        await asked(acting, "no quorum")
        before = list(quiet.asked)
        await acting.press("1")
        acting.runtime.clock.now += 100
        await acting.put(fleet(snapshot(ACME, (vm(100),))))
        assert quiet.asked == before


async def test_a_server_that_is_down_is_not_asked() -> None:
    quiet = client()
    down = fleet(snapshot(ACME, (vm(100),)), snapshot(ZETA, taken_at=None, state=SourceState.WAITING))
    async with stage(down, clients={ACME: quiet, ZETA: client()}) as acting:
        await acting.press("0")
        await asked(acting, "no quorum")
        assert acting.runtime.clients[ZETA].asked == []


async def test_a_missing_privilege_is_named_and_is_no_fault() -> None:
    refused = denied("/", "Sys.Audit")
    async with stage(fleet(snapshot(ACME, (vm(100),))), clients={ACME: client(refused, refused)}) as acting:
        await acting.press("0")
        await asked(acting, "missing privilege Sys.Audit on /")
        assert "bad" not in acting.header
        assert not any("down" in line for line in acting.lines(acting.table))


async def test_enter_opens_what_the_line_names() -> None:
    async with stage(broken(), clients={ACME: client([])}) as acting:
        await acting.press("0")
        await asked(acting, "offline")
        acting.table.move_to(("node", *ACME, "pve2"))
        await acting.press("enter")
        assert acting.front.id == "view-nodes"
        assert acting.table.cursor_row.key.node == "pve2"
        await acting.press("0")
        acting.table.move_to(("lock", *ACME, "qemu", "100"))
        await acting.press("enter")
        assert acting.front.id == "view-guests"
        assert acting.table.cursor_row.key.vmid == 100


async def test_enter_on_a_total_narrows_the_scope() -> None:
    async with stage(two_tenants()) as acting:
        await acting.press("0")
        acting.app.screen.set_focus(totals(acting))
        totals(acting).move_to(("zeta", "paris"))
        await acting.press("enter")
        assert acting.app.screen.scope == Scope("zeta", "paris")  # type: ignore[attr-defined]
        assert len(acting.lines(totals(acting))) == 2


async def test_the_filter_finds_lines_and_servers() -> None:
    async with stage(broken(), clients={ACME: client([])}) as acting:
        await acting.press("0")
        await asked(acting, "offline")
        await acting.press("slash", *"nfs", "enter")
        lines = acting.lines(acting.table)[1:]
        assert len(lines) == 1
        assert "storage nfs" in lines[0]


async def test_a_line_about_a_cluster_opens_the_view_of_its_server() -> None:
    async with stage(broken(), clients={ACME: client()}) as acting:
        await acting.press("0")
        await asked(acting, "no quorum")
        acting.table.move_to(("quorum", *ACME))
        await acting.press("enter")
        await acting.until(lambda: acting.front.id == "view-cluster")
        assert acting.app.screen.scope == Scope("acme", "berlin")  # type: ignore[attr-defined]


async def test_a_failed_task_opens_the_tasks_with_the_cursor_on_it() -> None:
    start = 1_795_305_000
    upid = f"UPID:pve1:000010F0:00059F49:{start:08X}:vzdump:100:root@pam:"
    other = f"UPID:pve1:000010F1:00059F50:{start + 9:08X}:qmstart:100:root@pam:"
    failed = {"upid": upid, "node": "pve1", "type": "vzdump", "id": "100", "starttime": start, "endtime": start}
    well = {"upid": other, "node": "pve1", "type": "qmstart", "id": "100", "starttime": start + 9, "endtime": start + 9}
    tasks = [{**failed, "status": "job errors"}, {**well, "status": "OK"}]
    async with stage(broken(), clients={ACME: client(tasks=tasks)}) as acting:
        await acting.press("0")
        await asked(acting, "job errors")
        acting.table.move_to(("task", *ACME, upid))
        await acting.press("enter")
        await acting.until(lambda: acting.front.id == "view-tasks" and acting.table.cursor_row is not None)
        await acting.until(lambda: acting.table.cursor_row.key.upid == upid)
