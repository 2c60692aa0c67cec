"""Many changes at once, leaving while some run, and finding out at the next start what became of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from proxtui.core.actor import Actor
from proxtui.core.gate import AT_ONCE, UNDER_WAY
from proxtui.core.journal import AuditEntry, Phase
from proxtui.core.op_id import made_at, new_op_id
from proxtui.core.run import RunState
from proxtui.errors import InvalidInput, NetworkError, PermissionDenied, ReadOnlyError

from .fakes import settle
from .gating import REF, START, Stage, stage, vm

OTHER = Actor(user="anna", pid=1, host="elsewhere")
POST = "/nodes/n1/qemu/100/status/start"


def test_op_ids_sort_by_time_and_differ() -> None:
    names = [new_op_id(1_790_000_000 + n / 1000) for n in range(50)]
    assert names == sorted(names)
    assert len({new_op_id(5.0) for _ in range(1000)}) == 1000
    assert made_at(names[7]) == pytest.approx(1_790_000_000.007)
    assert names[0][14] == "7"
    assert made_at("no name") is made_at("6ba7b810-9dad-41d1-80b4-00c04fd430c8") is None


async def test_a_batch_is_bounded_and_fails_in_parts() -> None:
    async with stage() as acting:
        for vmid in range(100, 120):
            acting.pve.guest(vmid, f"web{vmid}")
        acting.pve.guests[105]["name"] = "somebody else"
        acting.pve.hangs = asyncio.Event()
        targets = [vm(vmid, f"web{vmid}") for vmid in range(100, 120)]
        batch = await acting.gate.submit_all(START, [*targets, targets[0]])
        assert len(batch.runs) == 20, "twice the same target is once the same change"
        await settle()
        assert len(acting.pve.sent) == AT_ONCE
        assert batch.counts[RunState.QUEUED] == 16
        acting.pve.hangs.set()
        await settle()
        await settle()
        assert len(acting.pve.tasks) == batch.counts[RunState.RUNNING] == UNDER_WAY
        assert len(acting.pve.times("/nodes/n1/qemu")) == 1, "one look serves all guests of the node"
        while not batch.has_ended:
            for upid, task in acting.pve.tasks.items():
                if "endtime" not in task:
                    acting.pve.end(upid, "VM is locked (backup)" if ":110:" in upid else "OK")
            await acting.clock.advance(5)
            assert batch.counts[RunState.RUNNING] <= UNDER_WAY
        assert len(acting.pve.sent) == 19
        assert (await batch.wait()).summary == "18 ok, 1 failed, 1 denied"
        assert batch.has_ended
        assert [run.target.id for run in batch.bad] == ["105", "110"]
        assert batch.exit_code == 1
        assert len(acting.nudged) <= 3, "not one poll for each"


async def test_as_many_tasks_of_a_batch_run_as_a_server_bears_and_one_follows_the_other() -> None:
    async with stage() as acting:
        for vmid in range(100, 100 + UNDER_WAY + 3):
            acting.pve.guest(vmid)
        batch = await acting.gate.submit_all(START, [vm(vmid) for vmid in range(100, 100 + UNDER_WAY + 3)])
        await acting.clock.advance(30)
        assert batch.summary == f"3 queued, {UNDER_WAY} running", "however long they take"
        alone = await acting.gate.submit(START, vm(100 + UNDER_WAY + 1))
        assert alone.state is RunState.RUNNING, "a single change waits for no batch"
        acting.pve.end(next(iter(acting.pve.tasks)))
        await acting.clock.advance(5)
        assert batch.summary == f"2 queued, {UNDER_WAY} running, 1 ok"
        left = await acting.gate.drain()
        assert len(left) == UNDER_WAY + 1
        assert batch.summary == f"{UNDER_WAY} running, 1 ok, 2 denied", "who leaves sends no more"


async def test_a_stopped_batch_sends_nothing_more() -> None:
    async with stage() as acting:
        for vmid in range(100, 110):
            acting.pve.guest(vmid)
        acting.pve.hangs = asyncio.Event()
        batch = await acting.gate.submit_all(START, [vm(vmid) for vmid in range(100, 110)])
        await settle()
        batch.stop()
        acting.pve.hangs.set()
        await settle()
        for upid in acting.pve.tasks:
            acting.pve.end(upid)
        await acting.clock.advance(5)
        assert batch.summary == f"{AT_ONCE} ok, {10 - AT_ONCE} denied"
        assert len(acting.pve.sent) == AT_ONCE


async def test_a_batch_with_wrong_parameters_sends_nothing_at_all() -> None:
    async with stage() as acting:
        with pytest.raises(InvalidInput):
            await acting.gate.submit_all(START, [vm(), vm(101, node="")])
        assert acting.journal.entries == acting.pve.asked == []
        assert acting.gate.running() == ()


async def test_leaving_waits_for_an_answer_and_leaves_the_task_to_the_next_start() -> None:
    async with stage() as acting:
        acting.pve.hangs = asyncio.Event()
        caller = asyncio.create_task(acting.gate.submit(START, vm()))
        await settle()
        leaving = asyncio.create_task(acting.gate.drain(10))
        await settle()
        assert not leaving.done()
        with pytest.raises(ReadOnlyError, match="about to end"):
            await acting.gate.submit(START, vm())
        acting.pve.hangs.set()
        (left,) = await leaving
        assert (left.state, left.upid) == (RunState.RUNNING, acting.upid)
        assert acting.journal.story == ["intent", "sent", "sent"]
        assert acting.journal.entries[-1].message == "still running at exit"
        assert (await caller) is left


async def test_leaving_without_an_answer_says_unknown() -> None:
    async with stage() as acting:
        acting.pve.hangs = asyncio.Event()
        caller = asyncio.create_task(acting.gate.submit(START, vm()))
        await settle()
        (left,) = await acting.gate.drain(0.01)
        assert left.state is RunState.UNKNOWN
        assert acting.journal.story == ["intent", "outcome unknown"]
        assert "look before you repeat it" in acting.journal.entries[-1].message
        await asyncio.gather(caller, return_exceptions=True)


def left_behind(acting: Stage, **more: Any) -> AuditEntry:
    """What a process that is gone wrote last."""
    entry = AuditEntry(
        event="guests.start",
        phase=Phase.INTENT,
        actor=OTHER,
        op_id=new_op_id(acting.clock.time()),
        tenant=REF.tenant,
        server=REF.server,
        identity="mon@pve!tui",
        target_kind="qemu",
        target_id="100",
        target_name="web",
        target_node="n1",
        reason="why not",
    )
    return replace(entry, **more)


async def started(acting: Stage) -> str:
    await acting.pve.post(POST)
    acting.pve.sent.clear()
    return acting.upid


async def test_a_known_task_that_ended_meanwhile() -> None:
    async with stage() as acting:
        upid = await started(acting)
        acting.pve.end(upid, "got timeout")
        acting.journal.left = [left_behind(acting, upid=upid, phase=Phase.SENT)]
        (run,) = await acting.gate.reconcile()
        assert (run.state, run.upid) == (RunState.FAILED, upid)
        (outcome,) = acting.journal.entries
        assert (outcome.phase, outcome.result, outcome.op_id) == (Phase.OUTCOME, "failed", run.op_id)
        assert outcome.message == "found at the next start: got timeout"
        assert outcome.reason == "why not"
        assert outcome.actor != OTHER
        assert acting.pve.sent == [], "nothing is ever sent again"


async def test_a_known_task_that_still_runs_is_followed() -> None:
    async with stage() as acting:
        upid = await started(acting)
        acting.journal.left = [left_behind(acting, upid=upid, phase=Phase.SENT)]
        (run,) = await acting.gate.reconcile()
        assert acting.gate.running() == (run,)
        await acting.ended(run)
        assert acting.journal.story == ["outcome ok"]


async def test_two_that_look_at_the_same_moment_tell_one_end() -> None:
    async with stage() as acting, stage(beside=acting) as another:
        upid, other = await started(acting), await started(acting)
        acting.pve.end(upid)
        acting.journal.left = [
            left_behind(acting, upid=upid, phase=Phase.SENT),
            left_behind(acting, upid=other, phase=Phase.SENT, method="POST", path="/nodes/{node}"),
        ]
        await asyncio.gather(acting.gate.reconcile(), another.gate.reconcile())
        ((first,), (second,)) = acting.gate.running(), another.gate.running()
        await acting.ended(first)
        await another.ended(second)
        assert acting.journal.story == ["outcome ok", "outcome ok"]
        assert acting.journal.entries[1].path == "/nodes/{node}"


async def test_without_a_upid_it_is_found_by_what_it_must_look_like() -> None:
    async with stage() as acting:
        acting.journal.left = [left_behind(acting)]
        upid = await started(acting)
        acting.pve.end(upid)
        acting.pve.tasks["UPID:n1:000000AA:00000001:6AB0E3E8:qmstart:100:somebody@pam:"] = {
            "upid": "UPID:n1:000000AA:00000001:6AB0E3E8:qmstart:100:somebody@pam:",
            "status": "OK",
        }
        (run,) = await acting.gate.reconcile()
        assert (run.state, run.upid) == (RunState.OK, upid)
        assert acting.journal.entries[0].upid == upid


@pytest.mark.parametrize(("tasks", "why"), [(0, "perhaps it was never sent"), (2, "2 tasks may be it")])
async def test_none_or_several_is_an_honest_unknown(tasks: int, why: str) -> None:
    async with stage() as acting:
        acting.journal.left = [left_behind(acting)]
        for _ in range(tasks):
            acting.pve.end(await started(acting))
        (run,) = await acting.gate.reconcile()
        assert (run.state, run.exit_code) == (RunState.UNKNOWN, 15)
        assert why in acting.journal.entries[0].message
        assert acting.journal.story == ["outcome unknown"]


async def test_a_task_that_another_change_is_known_to_have_begun_is_none_of_it() -> None:
    async with stage() as acting:
        earlier = await acting.gate.submit(START, vm())
        await acting.ended(earlier)
        acting.journal.left = [left_behind(acting)]
        (run,) = await acting.gate.reconcile()
        assert run.state is RunState.UNKNOWN
        assert "perhaps it was never sent" in run.message


async def test_leaving_adds_nothing_for_what_another_process_left_behind() -> None:
    async with stage() as acting:
        upid = await started(acting)
        acting.journal.left = [left_behind(acting, upid=upid, phase=Phase.SENT)]
        (run,) = await acting.gate.reconcile()
        assert await acting.gate.drain(10) == (run,)
        assert acting.journal.entries == []


async def test_a_silent_server_leaves_it_for_the_next_start() -> None:
    async with stage() as acting:
        acting.pve.down = NetworkError("gone", stage="connect")
        acting.journal.left = [left_behind(acting), left_behind(acting)]
        first, second = await acting.gate.reconcile()
        assert first.state is second.state is RunState.UNKNOWN
        assert acting.journal.entries == []
        assert len(acting.pve.asked) == 1, "the second is not asked for"
        acting.pve.down = PermissionDenied("no", status=403)
        await acting.gate.reconcile()
        assert acting.journal.entries == []


async def test_a_server_that_is_not_configured_any_more_and_an_operation_that_is_no_more() -> None:
    async with stage() as acting:
        upid = await started(acting)
        acting.pve.end(upid)
        acting.journal.left = [left_behind(acting, server="gone"), left_behind(acting, event="guests.old", upid=upid)]
        gone, old = await acting.gate.reconcile()
        assert (gone.state, old.state) == (RunState.UNKNOWN, RunState.OK)
        assert acting.journal.story == ["outcome unknown", "outcome ok"]


async def test_a_kind_that_only_a_newer_version_knows_is_no_obstacle() -> None:
    async with stage() as acting:
        upid = await started(acting)
        acting.pve.end(upid)
        acting.journal.left = [left_behind(acting, event="fabric.mend", target_kind="fabric", upid=upid)]
        (run,) = await acting.gate.reconcile()
        assert run.state is RunState.OK


async def test_closing_a_gate_that_did_nothing_is_quick() -> None:
    async with stage() as acting:
        assert await acting.gate.drain(10) == ()
