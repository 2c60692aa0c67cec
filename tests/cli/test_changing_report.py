"""What the command line tells of many changes: whom it waits for, and what it says of those that wait."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from proxtui.cli.changing_report import _tail, watch
from proxtui.core.gate import AT_ONCE, UNDER_WAY
from tests.core.fakes import settle
from tests.core.gating import START, Stage, stage, vm

MORE = 3
MANY = UNDER_WAY + MORE


def runtime_of(acting: Stage) -> Any:
    return SimpleNamespace(gate=acting.gate, connection=lambda _ref: SimpleNamespace(client=acting.pve))


async def test_many_that_are_not_waited_for_end_once_the_last_was_taken(capsys: pytest.CaptureFixture[str]) -> None:
    async with stage() as acting:
        for vmid in range(100, 100 + MANY):
            acting.pve.guest(vmid)
        acting.pve.hangs = asyncio.Event()
        batch = await acting.gate.submit_all(START, [vm(vmid) for vmid in range(100, 100 + MANY)])
        watching = asyncio.create_task(watch(runtime_of(acting), batch, wait=False))
        await settle()
        assert len(acting.pve.sent) == AT_ONCE, "no more are on their way"
        acting.pve.hangs.set()
        await acting.clock.advance(60)
        assert len(acting.pve.sent) == UNDER_WAY, "no more are at work, however long they take"
        assert not watching.done(), "three were not sent yet"
        for upid in list(acting.pve.tasks)[:MORE]:
            acting.pve.end(upid)
        await acting.clock.advance(10)
        assert len(acting.pve.sent) == MANY
        await watching
        said = capsys.readouterr().err.splitlines()
        assert said[-1].endswith(f"{UNDER_WAY} running, {MORE} ok")
        turns = (
            f"{UNDER_WAY} of them run, and no more at a time on one server: this ends once PVE took the last of {MANY}"
        )
        assert [line for line in said if "at a time" in line] == [f"proxtui: {turns}; ctrl+c sends no more"]
        assert batch.exit_code == 0


async def test_many_that_are_waited_for_end_with_the_last_task(capsys: pytest.CaptureFixture[str]) -> None:
    async with stage() as acting:
        for vmid in range(100, 100 + MANY):
            acting.pve.guest(vmid)
        batch = await acting.gate.submit_all(START, [vm(vmid) for vmid in range(100, 100 + MANY)])
        watching = asyncio.create_task(watch(runtime_of(acting), batch, wait=True))
        while len(acting.pve.tasks) < MANY:
            for upid, task in acting.pve.tasks.items():
                if "endtime" not in task:
                    acting.pve.end(upid, "VM is locked (backup)" if ":105:" in upid else "OK")
            await acting.clock.advance(5)
        assert not watching.done()
        for upid, task in acting.pve.tasks.items():
            if "endtime" not in task:
                acting.pve.end(upid)
        await acting.clock.advance(10)
        await watching
        said = capsys.readouterr().err.splitlines()
        assert said[-1].endswith(f"{MANY - 1} ok, 1 failed")
        # A refusal names its guest.
        assert [line for line in said if "failed:" in line] == [
            "proxtui: Start VM 105 web on n1: failed: VM is locked (backup)"
        ]
        assert not [line for line in said if "at a time" in line]


async def test_a_log_tells_no_password_that_the_change_was_given(capsys: pytest.CaptureFixture[str]) -> None:
    async with stage() as acting:
        acting.pve.guest(100)
        run = await acting.gate.submit(START, vm(100))
        acting.pve.log = ["update VM 100: -cipassword hush-hush", "\x1b[2JTASK OK"]
        run.params = SimpleNamespace(set={"cipassword": "hush-hush"})
        await acting.ended(run)
        await _tail(runtime_of(acting), run)
        assert capsys.readouterr().err.splitlines() == [
            "proxtui:   update VM 100: -cipassword ***",
            "proxtui:   \N{SYMBOL FOR ESCAPE}[2JTASK OK",
        ]
