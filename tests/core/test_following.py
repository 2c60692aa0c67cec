"""Following: how often is asked, and that only the truth ends it."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from proxtui.core.connection import Connection, Route
from proxtui.core.following import Follower
from proxtui.errors import AuthenticationError, NetworkError, NodeUnreachable, PermissionDenied
from proxtui.pve.limits import Breaker
from proxtui.pve.upid import Upid

from .fakes import FakeClock, settle
from .gating import REF, FakePve

LIST = "/cluster/tasks"


class Stage:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.pve = FakePve(self.clock)
        route = Route("a1:8006", lambda: self.pve, Breaker(now=self.clock.monotonic, random=lambda: 0.5))  # type: ignore[arg-type,return-value]
        self.connection = Connection(REF, [route])
        self.follower = Follower({REF: self.connection}, self.clock)
        self.doubts: list[float | None] = []

    async def follow(self, vmid: int = 100) -> tuple[Upid, asyncio.Task[Any]]:
        upid = Upid(await self.pve.post(f"/nodes/n1/qemu/{vmid}/status/start"))
        waiting = asyncio.create_task(self.follower.end_of(REF, upid, self.doubts.append))
        await settle()
        return upid, waiting


@pytest.fixture
async def acting() -> Any:
    stage = Stage()
    yield stage
    await stage.follower.aclose()


async def test_the_first_look_is_soon_and_long_tasks_are_asked_for_less_often(acting: Stage) -> None:
    upid, waiting = await acting.follow()
    began = acting.clock.now
    await acting.clock.advance(60)
    times = [round(at - began, 3) for at in acting.pve.times(LIST)]
    assert times[:3] == [0.5, 1.5, 2.5]
    gaps = [round(after - before, 3) for before, after in pairwise(times)]
    assert gaps == sorted(gaps)
    assert gaps[-1] == 4.0
    acting.pve.end(upid)
    await acting.clock.advance(4)
    assert (await waiting).outcome == "OK"
    asked = len(acting.pve.asked)
    await acting.clock.advance(60)
    assert len(acting.pve.asked) == asked, "nobody follows anything any more"


@pytest.mark.parametrize("hidden", [False, True])
async def test_two_that_wait_for_one_task_both_get_its_end(acting: Stage, hidden: bool) -> None:
    upid, first = await acting.follow()
    second = asyncio.create_task(acting.follower.end_of(REF, upid, acting.doubts.append))
    third = asyncio.create_task(acting.follower.end_of(REF, upid, acting.doubts.append))
    await acting.clock.advance(1)
    # One that waits no more leaves the others alone.
    third.cancel()
    await settle()
    acting.pve.end(upid)
    if hidden:
        acting.pve.hidden.add(upid)
    await acting.clock.advance(8)
    assert [waiting.done() and waiting.result().outcome for waiting in (first, second)] == ["OK", "OK"]


async def test_two_hundred_tasks_cost_one_list_an_interval(acting: Stage) -> None:
    followed = [await acting.follow(100 + n) for n in range(200)]
    acting.pve.asked.clear()
    await acting.clock.advance(20)
    assert {path for _at, _method, path in acting.pve.asked} == {LIST}
    assert len(acting.pve.asked) <= 20
    for upid, _waiting in followed:
        acting.pve.end(upid)
    await acting.clock.advance(4)
    assert {waiting.result().outcome for _upid, waiting in followed} == {"OK"}


async def test_many_that_fell_off_the_list_are_found_by_one_list_of_their_node(acting: Stage) -> None:
    followed = [await acting.follow(100 + n) for n in range(50)]
    await acting.clock.advance(1)
    for upid, _waiting in followed:
        acting.pve.end(upid)
        acting.pve.hidden.add(upid)
    acting.pve.asked.clear()
    await acting.clock.advance(2)
    assert [path for _at, _method, path in acting.pve.asked] == [LIST, "/nodes/n1/tasks"]
    assert all(waiting.done() for _upid, waiting in followed)


async def test_one_that_fell_off_the_list_is_asked_by_its_own_status(acting: Stage) -> None:
    upid, waiting = await acting.follow()
    await acting.clock.advance(1)
    acting.pve.end(upid, "oh no")
    acting.pve.hidden.add(upid)
    await acting.clock.advance(2)
    assert (await waiting).exitstatus == "oh no"
    assert acting.pve.times(f"/nodes/n1/tasks/{upid}/status")


async def test_one_that_was_never_listed_is_asked_by_its_own_status_after_a_while(acting: Stage) -> None:
    upid, waiting = await acting.follow()
    acting.pve.hidden.add(upid)
    await acting.clock.advance(1.6)
    assert not acting.pve.times(f"/nodes/n1/tasks/{upid}/status"), "it takes a moment to be listed"
    await acting.clock.advance(3)
    assert acting.pve.times(f"/nodes/n1/tasks/{upid}/status")
    assert not waiting.done(), "it runs"


async def test_a_task_that_its_node_does_not_know_ends_without_an_answer(acting: Stage) -> None:
    upid, waiting = await acting.follow()
    del acting.pve.tasks[upid]
    await acting.clock.advance(10)
    assert await waiting is None


async def test_an_unreachable_server_is_asked_again_and_again_with_longer_pauses(acting: Stage) -> None:
    upid, waiting = await acting.follow()
    acting.pve.down = NetworkError("gone", stage="connect")
    await acting.clock.advance(600)
    assert not waiting.done()
    times = acting.pve.times(LIST)
    assert 15 <= len(times) <= 30
    assert times[-1] - times[-2] == 30
    assert len(set(acting.doubts)) == 1, "since when does not move"
    acting.pve.down = None
    acting.pve.end(upid)
    await acting.clock.advance(30)
    assert (await waiting).outcome == "OK"
    assert acting.doubts[-1] is None


async def test_a_refused_login_is_not_tried_again_by_itself(acting: Stage) -> None:
    upid, waiting = await acting.follow()
    acting.connection.failed(AuthenticationError("no ticket", status=401))
    acting.pve.asked.clear()
    await acting.clock.advance(100)
    assert acting.pve.asked == []
    acting.connection.reset()
    acting.pve.end(upid)
    await acting.clock.advance(30)
    assert (await waiting).outcome == "OK"


async def test_a_dead_node_puts_only_its_own_tasks_in_doubt(acting: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    upid, waiting = await acting.follow()
    other, quick = await acting.follow(101)
    acting.pve.hidden.add(upid)
    real = acting.pve._status

    def status(name: str) -> Any:
        if name == upid:
            raise NodeUnreachable("no route to n1", status=595)
        return real(name)

    monkeypatch.setattr(acting.pve, "_status", status)
    await acting.clock.advance(4)
    acting.pve.end(other)
    await acting.clock.advance(2)
    assert (await quick).outcome == "OK"
    assert acting.doubts
    assert not waiting.done()


async def test_tasks_that_this_login_may_not_see_do_not_keep_the_others_from_their_end(acting: Stage) -> None:
    hidden = [await acting.follow(100 + n) for n in range(5)]
    upid, waiting = await acting.follow(200)
    acting.pve.hidden = {*(one for one, _ in hidden), upid}
    status = acting.pve._status

    def refused(asked: str) -> dict[str, Any]:
        if asked != upid:
            raise PermissionDenied("Permission check failed", status=403)
        return status(asked)

    acting.pve._status = refused  # type: ignore[method-assign]
    get = acting.pve.get

    async def without_list(path: str, **more: Any) -> Any:
        return [] if path == "/nodes/n1/tasks" else await get(path, **more)

    acting.pve.get = without_list  # type: ignore[method-assign]
    acting.pve.end(upid)
    await acting.clock.advance(20)
    assert waiting.done()
    assert (await waiting).outcome == "OK"
    assert not any(one.done() for _, one in hidden)
    assert acting.doubts[-1] is not None


async def test_closing_lets_go_of_who_waits(acting: Stage) -> None:
    _upid, waiting = await acting.follow()
    await acting.follower.aclose()
    await settle()
    assert waiting.cancelled()
