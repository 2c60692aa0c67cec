"""Guests of HA: the task of a change only tells HA, and what the row shows is what the node says."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.core.model import GuestKey
from proxtui.core.run import RunState

from .fakes import inventory
from .fakes import vm as row
from .gating import REF, START, FakePve, Stage, stage, vm

KEY = GuestKey(*REF, "qemu", 100)


@pytest.fixture(autouse=True)
def _ha(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every start is one by HA."""
    post = FakePve.post

    async def told(self: FakePve, path: str, data: Any = None, **more: Any) -> Any:
        plain = await post(self, path, data, **more)
        upid = plain.replace(":qmstart:", ":hastart:")
        self.tasks[upid] = self.tasks.pop(plain) | {"upid": upid}
        return upid

    monkeypatch.setattr(FakePve, "post", told)


def status(acting: Stage) -> str:
    return acting.store.snapshot(REF).guests[KEY].status


async def test_that_ha_was_told_is_no_running_guest_and_the_row_follows_the_node() -> None:
    async with stage() as acting:
        polled = inventory(row(100, name="web", status="stopped"))
        acting.store.put(REF, polled, taken_at=acting.clock.now, endpoint="a1:8006", interval=4.0)
        run = await acting.gate.submit(START, vm())
        acting.pve.end(run.upid)  # type: ignore[arg-type]
        await acting.clock.advance(5)
        assert (run.state, run.message) == (RunState.OK, "HA was told, and does it in its own time")
        assert acting.journal.entries[-1].message == run.message
        assert status(acting) == "stopped"
        acting.pve.guests[100]["status"] = "running"
        await acting.clock.advance(3)
        assert status(acting) == "running", "before any poll"
        looks = len(acting.pve.times("/nodes/n1/qemu"))
        await acting.clock.advance(60)
        assert len(acting.pve.times("/nodes/n1/qemu")) == looks


async def test_ha_that_does_nothing_is_not_waited_for_for_ever() -> None:
    async with stage() as acting:
        run = await acting.gate.submit(START, vm())
        acting.pve.end(run.upid)  # type: ignore[arg-type]
        await acting.clock.advance(70)
        looks = len(acting.pve.times("/nodes/n1/qemu"))
        await acting.clock.advance(60)
        assert 20 < looks == len(acting.pve.times("/nodes/n1/qemu")) < 45
