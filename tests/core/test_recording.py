"""How calls went is written down beside the calls: late, in batches, and without disturbing anybody."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

import pytest

from proxtui.core.calls import Called, CallLog
from proxtui.core.connection import Connection, Route
from proxtui.core.model import ServerRef
from proxtui.core.recording import AGAIN, EVERY, FIRST, Recording
from proxtui.errors import StoreUnavailable
from proxtui.pve.limits import Breaker

from .fakes import A, B, FakeClock, settle


class Book:
    """Keeps calls in memory; may be broken."""

    def __init__(self) -> None:
        self.batches: list[Sequence[Called]] = []
        self.threads: set[str] = set()
        self.broken: StoreUnavailable | None = None
        self.pruned = 0
        self.closed = False
        self.known: dict[ServerRef, int] = {}
        self.metrics = self

    def record(self, batch: Sequence[Called]) -> None:
        self.threads.add(threading.current_thread().name)
        if self.broken is not None:
            raise self.broken
        self.batches.append(list(batch))

    def learned(self, refs: Iterable[ServerRef]) -> dict[ServerRef, int]:
        return {ref: self.known[ref] for ref in refs if ref in self.known}

    def prune(self) -> int:
        self.pruned += 1
        return 0

    def close(self) -> None:
        self.closed = True

    @property
    def written(self) -> list[Called]:
        return [call for batch in self.batches for call in batch]


class Desk:
    """A recording over a book, and what it said."""

    def __init__(self, most: int = 100) -> None:
        self.clock, self.book, self.said = FakeClock(), Book(), list[str]()
        self.opened = 0
        self.recording = Recording(CallLog(now=self.clock.time, most=most), self.clock, self._open)
        self.recording.tell = self.said.append

    def _open(self, _tell: Callable[[str], None]) -> Any:
        self.opened += 1
        return self.book

    def call(self, count: int = 1) -> None:
        observe = self.recording.calls.observer(A, "pve1:8006", "direct")
        for _ in range(count):
            observe(0.1, "", 0)

    async def pass_time(self, seconds: float) -> None:
        """Move the clock from deadline to deadline; at each the thread ends what it was given, however late."""
        end = self.clock.now + seconds
        await settle()
        while (due := self.clock.next_deadline) is not None and due <= end:
            await self.clock.advance(due - self.clock.now)
            while self.clock.next_deadline is None:
                await self.recording.ask(lambda _: None)
                await settle()
        await self.clock.advance(end - self.clock.now)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    found = Desk()
    yield found
    await found.recording.aclose()


async def test_nothing_is_opened_before_its_time_and_calls_come_in_batches(desk: Desk) -> None:
    desk.recording.start({}, ())
    desk.call(3)
    await desk.clock.advance(FIRST - 1)
    assert (desk.opened, desk.book.batches) == (0, [])
    await desk.pass_time(1)
    assert [len(batch) for batch in desk.book.batches] == [3]
    await desk.pass_time(EVERY)
    assert len(desk.book.batches) == 1, "where nobody asked nothing is written"
    assert all(name.startswith("metrics") for name in desk.book.threads)


async def test_what_waits_is_written_at_the_end() -> None:
    desk = Desk()
    desk.recording.start({}, ())
    desk.call(2)
    await desk.recording.aclose()
    assert (len(desk.book.written), desk.book.closed) == (2, True)


async def test_who_asked_nothing_opens_nothing() -> None:
    desk = Desk()
    desk.recording.start({}, ())
    await desk.recording.aclose()
    assert desk.opened == 0


async def test_a_full_disk_is_said_once_and_tried_again(desk: Desk) -> None:
    desk.book.broken = StoreUnavailable("the metrics: the disk is full", why="full")
    for _ in range(3):
        desk.call(10)
        assert not await desk.recording.flush()
    assert len(desk.said) == 1
    assert "the disk is full" in desk.said[0]
    desk.book.broken = None
    assert await desk.recording.flush()
    assert len(desk.book.written) == 30
    desk.book.broken = StoreUnavailable("the metrics: again", why="full")
    desk.call()
    await desk.recording.flush()
    assert len(desk.said) == 2


async def test_a_broken_database_costs_no_more_memory_than_a_bound() -> None:
    desk = Desk(most=50)
    desk.book.broken = StoreUnavailable("broken")
    for _ in range(20):
        desk.call(20)
        await desk.recording.flush()
    assert len(desk.recording.calls) == 50
    await desk.recording.aclose()


async def test_a_failure_waits_a_minute(desk: Desk) -> None:
    desk.book.broken = StoreUnavailable("broken")
    desk.recording.start({}, ())
    desk.call()
    await desk.pass_time(FIRST)
    desk.book.broken = None
    await desk.pass_time(AGAIN - 1)
    assert desk.book.written == []
    await desk.pass_time(1)
    assert len(desk.book.written) == 1


async def test_old_calls_are_forgotten_at_the_start_and_daily(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxtui.core.recording.DAY", 10 * EVERY)
    desk.recording.start({}, ())
    await desk.pass_time(FIRST)
    assert desk.book.pruned == 1
    await desk.pass_time(10 * EVERY - 1)
    assert desk.book.pruned == 1
    await desk.pass_time(1)
    assert desk.book.pruned == 2


async def test_what_was_learned_is_given_to_servers_that_want_it() -> None:
    desk = Desk()
    desk.book.known = {A: 7_000, B: 8_000}

    def connection(ref: ServerRef) -> Connection:
        return Connection(ref, [Route("pve:8006", lambda: None, Breaker(now=desk.clock.monotonic))])  # type: ignore[arg-type,return-value]

    known = {A: connection(A), B: connection(B)}
    desk.recording.start(known, [A])
    await desk.recording.learn()
    assert dict(desk.recording.learned) == {A: 7_000, B: 8_000}
    assert (known[A].routes[0].deadline_ms, known[B].routes[0].deadline_ms) == (7_000, None)
    await desk.recording.aclose()


async def test_a_database_that_hangs_does_not_keep_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxtui.core.recording.PATIENCE", 0.05)
    desk, go_on = Desk(), threading.Event()
    desk.book.record = lambda _batch: go_on.wait(10)  # type: ignore[method-assign,assignment,return-value]
    desk.call()
    await desk.recording.aclose()
    go_on.set()
    assert "does not answer" in desk.said[0]
    await asyncio.sleep(0)
