"""What was accepted never looks failed, and nothing that listens or leaves keeps a change from its record."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from proxtui.core.connection import Route
from proxtui.core.journal import AuditEntry, Phase
from proxtui.core.run import RunState
from proxtui.errors import ApiError, AuditUnavailable, DeadlineExceeded, OutcomeUnknown, TaskFailed, UnexpectedAnswer
from proxtui.pve.limits import Breaker

from .fakes import settle
from .gating import HERE, REF, START, FakePve, operation, stage, vm


def then(error: Exception) -> Any:
    """A change that PVE takes, and then this."""

    async def run(client: Any, target: Any, _params: Any) -> None:
        await client.post(f"/nodes/{target.node}/qemu/{target.id}/status/start")
        raise error

    return run


@pytest.mark.parametrize(
    "error",
    [
        UnexpectedAnswer("it was accepted, but no task was named", status=200),
        DeadlineExceeded("no end after 30 s: process 7 may still run", stage="deadline"),
        ApiError("QEMU guest agent is not running", status=500),
    ],
)
async def test_what_pve_accepted_is_unknown_when_its_answer_cannot_be_read(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{HERE}.start", then(error))
    async with stage() as acting:
        run = await acting.gate.submit(START, vm())
        assert (run.state, run.exit_code) == (RunState.UNKNOWN, OutcomeUnknown.exit_code)
        assert "look before you repeat it" in run.message
        assert acting.journal.story == ["intent", "outcome unknown"]


@pytest.mark.parametrize("error", [TaskFailed("exit code 3"), ApiError("it stays: a rule is against it", status=200)])
async def test_what_pve_accepted_and_did_not_do_is_a_failure(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{HERE}.start", then(error))
    async with stage() as acting:
        run = await acting.gate.submit(START, vm())
        assert run.state is RunState.FAILED


async def test_an_unreadable_answer_before_anything_was_sent_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(_client: Any, _target: Any, _params: Any) -> None:
        raise UnexpectedAnswer("the configuration came without a digest", status=200)

    monkeypatch.setattr(f"{HERE}.start", run)
    async with stage() as acting:
        assert (await acting.gate.submit(START, vm())).state is RunState.FAILED
        assert acting.pve.sent == []


async def test_a_listener_that_raises_stops_neither_the_change_nor_its_record() -> None:
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: told.append(context))

    def broken(_run: Any) -> None:
        raise LookupError("the widget is gone")

    heard: list[RunState] = []
    async with stage() as acting:
        acting.gate.subscribe(broken)
        acting.gate.subscribe(lambda run: heard.append(run.state))
        run = await acting.gate.submit(START, vm())
        await acting.ended(run)
        assert acting.journal.story == ["intent", "sent", "outcome ok"]
        assert heard[-1] is RunState.OK
        batch = await acting.gate.submit_all(START, [vm()])
        await settle()
        await acting.ended(batch.runs[0])
    assert isinstance(told[0]["exception"], LookupError)


async def test_leaving_while_the_intent_is_written_says_that_nothing_was_sent() -> None:
    async with stage() as acting:
        writing, go_on = asyncio.Event(), asyncio.Event()
        append = acting.journal.append

        async def slowly(entry: AuditEntry) -> None:
            if entry.phase is Phase.INTENT:
                acting.journal.entries.append(entry)
                writing.set()
                await go_on.wait()
            else:
                await append(entry)

        acting.journal.append = slowly  # type: ignore[method-assign]
        caller = asyncio.create_task(acting.gate.submit(START, vm()))
        await writing.wait()
        assert await acting.gate.drain(10) == ()
        assert acting.pve.sent == []
        assert acting.journal.story == ["intent", "outcome denied"]
        assert "before anything was sent" in acting.journal.entries[-1].message
        await asyncio.gather(caller, return_exceptions=True)


async def test_an_audit_that_is_stuck_is_asked_once_by_whoever_leaves() -> None:
    async with stage() as acting:
        for vmid in range(101, 121):
            acting.pve.guest(vmid)
        for vmid in range(101, 121):
            await acting.gate.submit(START, vm(vmid))
        assert len(acting.gate.running()) == 20
        tries: list[AuditEntry] = []

        async def locked(entry: AuditEntry) -> None:
            tries.append(entry)
            raise AuditUnavailable("another process keeps it locked", why="locked")

        acting.journal.append = locked  # type: ignore[method-assign]
        left = await acting.gate.drain(10)
        assert len(left) == 20
        assert all(run.unrecorded for run in left)
        assert len(tries) == 1


async def test_a_rehearsal_shows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    from proxtui.pve.params import ConfigParams, VMCreateParams

    async def make(client: Any, _target: Any, params: Any) -> None:
        await client.post("/nodes/n1/qemu", params.form())

    monkeypatch.setattr(f"{HERE}.note", make)
    many = (VMCreateParams(node="n1", cipassword="hunter22"), ConfigParams(set={"cipassword": "hunter22"}))
    async with stage() as acting:
        for params in many:
            made = operation("guests.make", "note", params_by=f"{type(params).__module__}:{type(params).__name__}")
            run = await acting.gate.submit(made, vm(), params, dry_run=True)
            assert run.requests[0].params["cipassword"] == "********"
            assert "hunter22" not in f"{run} {run.requests} {run.requests[0]} {acting.journal.entries}"


async def test_leaving_before_the_first_step_lets_everybody_go() -> None:
    async with stage() as acting:
        caller = asyncio.create_task(acting.gate.submit(START, vm()))
        await asyncio.sleep(0)
        (run,) = acting.gate.running()
        assert await acting.gate.drain(10) == ()
        assert (await caller) is run
        assert run.state is RunState.DENIED
        assert acting.gate.running() == ()
        assert acting.pve.sent == acting.journal.entries == []


@pytest.mark.parametrize(("name", "state"), [("somebody else", RunState.DENIED), ("web", RunState.RUNNING)])
async def test_another_endpoint_that_takes_over_meanwhile_is_asked_too(name: str, state: RunState) -> None:
    async with stage() as acting:
        connection = acting.acting._connections[REF]
        other = FakePve(acting.clock)
        other.guest(100, name)
        other.tasks = acting.pve.tasks
        second = Route("a2:8006", lambda: other, Breaker(now=acting.clock.monotonic))  # type: ignore[arg-type,return-value]
        first_get = acting.pve.get

        async def failing_over(path: str, **more: Any) -> Any:
            connection.active = second
            return await first_get(path, **more)

        acting.pve.get = failing_over  # type: ignore[method-assign]
        connection.routes = (*connection.routes, second)
        (run,) = (await acting.gate.submit_all(START, [vm()])).runs
        await run.answered()
        assert run.state is state
        assert acting.pve.sent == []
        assert len(other.sent) == (state is RunState.RUNNING)
