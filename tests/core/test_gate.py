"""The gate: what is recorded before what is sent, and what each kind of end looks like."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from proxtui.config.models import Role, User
from proxtui.core.journal import Phase
from proxtui.core.model import GuestKey
from proxtui.core.operation import Kind, Target
from proxtui.core.run import Run, RunState
from proxtui.errors import (
    ApiError,
    AuditUnavailable,
    InvalidInput,
    NetworkError,
    OutcomeUnknown,
    PermissionDenied,
    ReadOnlyError,
    RoleRefused,
    TargetChanged,
    TaskFailed,
)

from .fakes import inventory, settle
from .fakes import vm as row
from .gating import HERE, NOTE, REF, START, STUMBLE, NoteParams, config, operation, stage, vm

POST = ("POST", "/nodes/n1/qemu/100/status/start", None)


async def test_the_way_of_a_change() -> None:
    async with stage() as acting:
        heard: list[str] = []
        acting.gate.subscribe(lambda run: heard.append(run.state))
        run = await acting.gate.submit(START, vm(), reason="it is asked for")
        assert (run.state, run.upid) == (RunState.RUNNING, acting.upid)
        assert acting.gate.running() == (run,)
        assert acting.journal.story == ["intent", "sent"]
        assert not run.has_ended
        await acting.ended(run)
        assert (await run.wait()).state is RunState.OK
        assert acting.pve.sent == [POST]
        assert acting.journal.story == ["intent", "sent", "outcome ok"]
        assert acting.gate.running() == ()
        assert acting.gate.recent() == (run,)
        assert heard[0] == "intent"
        assert heard[-1] == "ok"
        assert run.exit_code == 0
    entries = acting.journal.entries
    assert {entry.op_id for entry in entries} == {run.op_id}
    assert [entry.upid for entry in entries] == ["", run.upid, run.upid]
    assert {entry.reason for entry in entries} == {"it is asked for"}
    sent = ("POST", "/nodes/{node}/qemu/{vmid}/status/start")
    assert [(entry.method, entry.path) for entry in entries] == [("", ""), sent, sent]
    assert (entries[0].event, entries[0].identity, entries[0].endpoint) == ("guests.start", "mon@pve!tui", "a1:8006")
    assert (entries[0].target_kind, entries[0].target_id, entries[0].target_name) == ("qemu", "100", "web")
    assert entries[2].duration_ms
    assert acting.journal.closed


async def test_the_intent_is_on_disk_before_anything_is_sent() -> None:
    async with stage() as acting:
        acting.journal.fails_at = {Phase.INTENT}
        with pytest.raises(AuditUnavailable, match="nothing was sent"):
            await acting.gate.submit(START, vm())
        assert acting.pve.asked == []
        assert acting.journal.entries == []
        # Reading goes on.
        assert await acting.pve.get("/cluster/resources")


async def test_a_lost_record_of_what_was_sent_does_not_stop_the_following() -> None:
    async with stage() as acting:
        acting.journal.fails_at = {Phase.SENT, Phase.OUTCOME}
        run = await acting.gate.submit(START, vm())
        await acting.ended(run)
        assert run.state is RunState.OK
        assert "disk is full" in run.unrecorded
        # A script must not take it for all right, nor for refused.
        assert run.exit_code == AuditUnavailable.exit_code
        assert run.lost_line == "Start VM 100 web on n1: the change WAS made, but the audit lacks it: the disk is full"


@pytest.mark.parametrize(("fails", "code"), [(TaskFailed.exit_code, "failed"), (0, "rehearsed")])
async def test_a_lost_record_hides_no_failure_and_troubles_no_rehearsal(fails: int, code: str) -> None:
    async with stage() as acting:
        acting.journal.fails_at = {Phase.OUTCOME, Phase.SINGLE}
        run = await acting.gate.submit(START, vm(), dry_run=code == "rehearsed")
        if code == "failed":
            await acting.ended(run, "no space left")
            assert "WAS sent" in run.lost_line
        assert run.unrecorded
        assert run.exit_code == fails


async def test_two_changes_of_one_task_both_get_their_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage() as acting:
        first = await acting.gate.submit(START, vm())

        async def the_same(_client: Any, _target: Any, _params: Any) -> Any:
            return first.upid

        monkeypatch.setattr(f"{HERE}.start", the_same)
        second = await acting.gate.submit(START, vm())
        assert second.upid == first.upid
        await acting.ended(first)
        assert (first.state, second.state) == (RunState.OK, RunState.OK)
        assert acting.gate.running() == ()
        assert acting.journal.story.count("outcome ok") == 2


@pytest.mark.parametrize(
    ("operation_", "params"),
    [(NOTE, {"text": "a\x00b"}), (START, {"some": 1})],
)
async def test_wrong_parameters_are_refused_before_the_intent(operation_: Any, params: Any) -> None:
    async with stage() as acting:
        with pytest.raises(InvalidInput):
            await acting.gate.submit(operation_, vm(), params)
        assert acting.journal.entries == acting.pve.asked == []


@pytest.mark.parametrize(
    "target",
    [
        Target(REF._replace(server="b"), Kind.QEMU, "100", "web", "n1"),
        Target(REF, Kind.NODE, "n1"),
        Target(REF, Kind.QEMU, "100", "web"),
    ],
)
async def test_what_is_no_target_of_it_is_refused(target: Target) -> None:
    async with stage() as acting:
        with pytest.raises(InvalidInput):
            await acting.gate.submit(START, target)
        assert acting.journal.entries == acting.pve.asked == []


async def test_only_listed_parameters_reach_the_audit() -> None:
    async with stage() as acting:
        run = await acting.gate.submit(NOTE, vm(), NoteParams("hello", password="s3cret"))
        assert run.state is RunState.OK
        assert acting.journal.entries[0].params == {"text": "hello", "password": "***"}
        assert acting.journal.story == ["intent", "outcome ok"]
        assert acting.pve.sent == [("PUT", "/nodes/n1/qemu/100/config", {"description": "hello"})]


async def test_a_role_that_may_not_is_refused_and_recorded() -> None:
    configured = config()
    viewer = type(configured)(tenants=configured.tenants, users=(User(name="v", roles={"acme": Role.VIEWER}),))
    async with stage(viewer) as acting:
        with pytest.raises(RoleRefused, match="needs role operator"):
            await acting.gate.submit(START, vm())
        assert acting.pve.asked == []
        assert acting.journal.story == ["single denied"]
        assert acting.journal.entries[0].actor.role is Role.VIEWER
        acting.journal.fails_at = {Phase.SINGLE}
        with pytest.raises(RoleRefused):
            await acting.gate.submit(START, vm())


@pytest.mark.parametrize("locked", [{"read_only": True}, {"configured": config(write_mode="never")}])
async def test_the_lock_refuses_and_it_is_recorded(locked: dict[str, Any]) -> None:
    async with stage(**locked) as acting:
        with pytest.raises(ReadOnlyError):
            await acting.gate.submit(START, vm())
        assert acting.pve.asked == []
        assert acting.journal.story == ["single denied"]


async def test_every_change_under_an_opened_lock_carries_its_reason() -> None:
    async with stage(config(write_mode="timed")) as acting:
        with pytest.raises(ReadOnlyError, match=":write"):
            await acting.gate.submit(START, vm())
        await acting.acting.write_lock.open("acme", 900, "ticket 4711")
        run = await acting.gate.submit(START, vm())
        assert run.reason == "ticket 4711"
        assert [entry.event for entry in acting.journal.entries][1] == "write.open"
        assert acting.journal.entries[-1].reason == "ticket 4711"


@pytest.mark.parametrize(
    ("there", "why"),
    [
        ({"name": "other"}, "called other now"),
        ({"node": "n2"}, "it is on n2 now"),
        ({"node": "n2", "name": "other"}, "called other now"),
        ({"type": "lxc"}, "is a container now"),
        (None, "there is no VM 100 web on n1 any more"),
    ],
)
async def test_somebody_else_is_not_changed(there: dict[str, Any] | None, why: str) -> None:
    async with stage() as acting:
        if there is None:
            acting.pve.guests.clear()
        else:
            acting.pve.guests[100] |= there
        with pytest.raises(TargetChanged, match=why):
            await acting.gate.submit(START, vm())
        assert acting.pve.sent == []
        assert acting.journal.story == ["intent", "outcome denied"]
        assert acting.nudged == [REF]


async def test_a_look_that_fails_sends_nothing() -> None:
    async with stage() as acting:
        acting.pve.down = NetworkError("no way", stage="connect")
        run = await acting.gate.submit(START, vm())
        assert (run.state, run.exit_code) == (RunState.FAILED, 10)
        assert acting.pve.sent == []
        assert acting.journal.story == ["intent", "outcome failed"]


async def test_a_refusal_by_pve_has_its_status_and_words() -> None:
    async with stage() as acting:
        acting.pve.refuses = PermissionDenied("Permission check failed (/vms/100, VM.PowerMgmt)", status=403)
        run = await acting.gate.submit(START, vm())
        assert (run.state, run.exit_code) == (RunState.FAILED, 12)
        outcome = acting.journal.entries[-1]
        assert (outcome.result, outcome.status) == ("failed", 403)
        assert "VM.PowerMgmt" in outcome.message


async def test_a_lost_answer_is_unknown_and_never_sent_again() -> None:
    async with stage() as acting:
        acting.pve.refuses = OutcomeUnknown("POST was sent, but its outcome is unknown")
        run = await acting.gate.submit(START, vm())
        assert (run.state, run.exit_code) == (RunState.UNKNOWN, 15)
        await acting.clock.advance(60)
        assert acting.pve.sent == [POST]
        assert acting.journal.story == ["intent", "outcome unknown"]


async def test_a_failing_task_is_a_failure_with_its_last_words() -> None:
    async with stage() as acting:
        acting.pve.log = [f"line {n}" for n in range(30)] + ["TASK ERROR: VM is locked (backup)"]
        run = await acting.gate.submit(START, vm())
        await acting.ended(run, "VM is locked (backup)")
        assert (run.state, run.message, run.exit_code) == (RunState.FAILED, "VM is locked (backup)", 1)
        assert run.log_tail[-1] == "TASK ERROR: VM is locked (backup)"
        assert len(run.log_tail) == 10
        assert acting.journal.entries[-1].message == "VM is locked (backup)"
        assert acting.journal.story[-1] == "outcome failed"
        assert "failed: VM is locked" in run.line


async def test_warnings_are_a_state_of_their_own() -> None:
    async with stage() as acting:
        acting.pve.log = ["WARN: something"]
        run = await acting.gate.submit(START, vm())
        await acting.ended(run, "WARNINGS: 2")
        assert (run.state, run.message, run.exit_code) == (RunState.WARNINGS, "WARNINGS: 2", 0)
        assert run.log_tail == ("WARN: something",)
        assert acting.journal.story[-1] == "outcome warnings"


async def test_a_closed_screen_does_not_stop_a_change() -> None:
    async with stage() as acting:
        acting.pve.hangs = asyncio.Event()
        caller = asyncio.create_task(acting.gate.submit(START, vm()))
        await settle()
        caller.cancel()
        await settle()
        assert caller.cancelled()
        acting.pve.hangs.set()
        await settle()
        (run,) = acting.gate.running()
        await acting.ended(run)
        assert acting.journal.story == ["intent", "sent", "outcome ok"]
        assert acting.pve.sent == [POST]


async def test_a_bug_of_ours_is_loud_and_recorded_as_unknown() -> None:
    loop = asyncio.get_running_loop()
    told: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _loop, context: told.append(context))
    async with stage() as acting:
        with pytest.raises(TypeError, match="a bug of ours"):
            await acting.gate.submit(STUMBLE, vm())
        assert acting.journal.story == ["intent", "outcome unknown"]
        assert acting.gate.running() == ()
    assert "guests.stumble" in told[0]["message"]


@pytest.mark.parametrize("by_configuration", [True, False])
async def test_a_rehearsal_shows_and_sends_nothing(by_configuration: bool) -> None:
    async with stage(config(dry_run=by_configuration), read_only=True) as acting:
        run = await acting.gate.submit(NOTE, vm(), {"text": "x"}, dry_run=not by_configuration)
        assert run.state is RunState.PLANNED
        assert [str(request) for request in run.requests] == ["PUT /nodes/n1/qemu/100/config description=x"]
        assert acting.pve.sent == []
        assert acting.journal.story == ["single ok"]
        entry = acting.journal.entries[0]
        assert (entry.dry_run, entry.method, entry.path) == (True, "PUT", "/nodes/{node}/qemu/{vmid}/config")


async def test_the_row_shows_the_truth_before_the_poll_does() -> None:
    key = GuestKey(*REF, "qemu", 100)
    async with stage() as acting:
        polled = inventory(row(100, name="web", status="stopped"))
        acting.store.put(REF, polled, taken_at=acting.clock.now, endpoint="a1:8006", interval=4.0)
        run = await acting.gate.submit(START, vm())
        acting.pve.guests[100]["status"] = "running"
        await acting.clock.advance(0.45)
        assert acting.store.snapshot(REF).guests[key].status == "running"
        # An older truth arrives with the next poll and does not win.
        acting.store.put(REF, polled, taken_at=acting.clock.now, endpoint="a1:8006", interval=4.0)
        assert acting.store.snapshot(REF).guests[key].status == "running"
        await acting.ended(run)


async def test_an_unreachable_server_leaves_it_open_and_says_since_when() -> None:
    async with stage() as acting:
        run = await acting.gate.submit(START, vm())
        acting.pve.down = NetworkError("gone", stage="connect")
        await acting.clock.advance(300)
        assert run.state is RunState.RUNNING
        assert run.unknown_since is not None
        assert run.unknown_since < acting.clock.time() - 290
        acting.pve.down = None
        acting.pve.end(run.upid)  # type: ignore[arg-type]
        await acting.clock.advance(100)
        assert (run.state, run.unknown_since) == (RunState.OK, None)


async def test_other_people_s_errors_of_a_listener_do_not_lose_a_change() -> None:
    async with stage() as acting:
        unsubscribe = acting.gate.subscribe(lambda run: None)
        unsubscribe()
        run = await acting.gate.submit(operation("guests.other"), vm())
        await acting.ended(run)
        assert run.state is RunState.OK


async def test_api_errors_without_a_status_are_failures_too() -> None:
    async with stage() as acting:
        acting.pve.refuses = ApiError("VM 100 already exists", status=500)
        run = await acting.gate.submit(START, vm())
        assert (run.state, acting.journal.entries[-1].status) == (RunState.FAILED, 500)


async def test_no_line_names_the_kind_twice() -> None:
    reboot = operation("nodes.reboot", label="Reboot node", kinds=frozenset({Kind.NODE}))
    node = Target(REF, Kind.NODE, "n1", node="n1")
    run = Run("1", reboot, node, state=RunState.OK, unrecorded="the disk is full")
    assert run.line == "Reboot node n1: ok"
    assert run.lost_line.startswith("Reboot node n1: the change WAS made")
    moved = operation("guests.migrate", label="Migrate VM", moves_to="node")
    assert Run("2", moved, vm(), {"node": "n2"}, state=RunState.OK).line == "Migrate VM 100 web on n1 → n2: ok"
    async with stage(read_only=True) as acting:
        with pytest.raises(ReadOnlyError, match="; Reboot node n1 is refused"):
            await acting.gate.submit(reboot, node)
        await acting.gate.drain()
        with pytest.raises(ReadOnlyError, match=r"^Reboot node n1: the program is about to end"):
            await acting.gate.submit(reboot, node)
