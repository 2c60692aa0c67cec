"""Live readings over polled rows: the newest truth is shown, and never replaced by an older one."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from proxtui.core.model import Delta, GuestKey
from proxtui.core.store import Store
from proxtui.pve.models import Guest

from .fakes import A, FakeClock, ct, inventory, store_of, vm

VM = GuestKey(*A, "qemu", 100)


@dataclass
class Bench:
    """A store with one VM, polled and read at chosen times."""

    store: Store
    clock: FakeClock

    def poll(self, *guests: Guest, at: float) -> Delta:
        self.clock.now = max(self.clock.now, at)
        return self.store.put(A, inventory(*guests), taken_at=at, endpoint="a1:8006", interval=4.0)

    def read(self, guest: Guest, *, at: float) -> Delta:
        self.clock.now = max(self.clock.now, at)
        return self.store.overlay(VM, guest, taken_at=at)

    @property
    def shown(self) -> Guest:
        return self.store.snapshot(A).guests[VM]


@pytest.fixture
def bench() -> Bench:
    clock = FakeClock(0.0)
    return Bench(store_of(clock, A), clock)


def test_a_reading_wins_until_the_poll_agrees(bench: Bench) -> None:
    bench.poll(vm(status="stopped"), at=0)
    assert bench.read(vm(status="running"), at=1).changed == {VM}
    assert bench.shown.status == "running"
    assert not bench.poll(vm(status="stopped"), at=4), "the lagging poll changes nothing on the screen"
    assert bench.shown.status == "running"
    bench.poll(vm(status="running", cpu=0.1), at=8)
    assert bench.shown.cpu == 0.1
    assert bench.poll(vm(status="stopped"), at=12).changed == {VM}
    assert bench.shown.status == "stopped"


def test_a_reading_ends_after_the_lag_that_a_poll_can_have(bench: Bench) -> None:
    bench.poll(vm(status="stopped"), at=0)
    bench.read(vm(status="running"), at=1)
    bench.poll(vm(status="stopped"), at=12.9)
    assert bench.shown.status == "running"
    bench.poll(vm(status="stopped"), at=13)
    assert bench.shown.status == "stopped"


def test_uptime_never_runs_backwards(bench: Bench) -> None:
    bench.poll(vm(uptime=990), at=0)
    bench.read(vm(uptime=1000), at=2)
    bench.poll(vm(uptime=995), at=4)
    assert bench.shown.uptime == 1000, "the poll agrees, but was measured before"
    bench.poll(vm(uptime=1005), at=8)
    assert bench.shown.uptime == 1005


def test_a_restart_is_no_lag(bench: Bench) -> None:
    bench.poll(vm(uptime=990), at=0)
    bench.read(vm(uptime=1000), at=2)
    bench.poll(vm(uptime=3), at=8)
    assert bench.shown.uptime == 3


def test_without_a_newer_poll_a_reading_stays(bench: Bench) -> None:
    bench.poll(vm(status="stopped"), at=0)
    bench.read(vm(status="running"), at=1)
    bench.clock.now = 500
    bench.store.age()
    assert bench.shown.status == "running"


def test_a_reading_that_comes_late_still_knows_better_than_a_lagging_poll(bench: Bench) -> None:
    bench.poll(vm(status="stopped"), at=5)
    bench.read(vm(status="running"), at=4)
    assert bench.shown.status == "running"


def test_a_reading_older_than_the_lag_is_ignored(bench: Bench) -> None:
    bench.poll(vm(status="stopped"), at=20)
    assert not bench.read(vm(status="running"), at=8)
    assert bench.shown.status == "stopped"


def test_an_older_reading_never_replaces_a_newer_one(bench: Bench) -> None:
    bench.poll(vm(status="stopped"), at=0)
    bench.read(vm(status="running"), at=3)
    assert not bench.read(vm(status="stopped"), at=2)
    bench.poll(vm(status="running"), at=4)
    assert not bench.read(vm(status="stopped"), at=2), "also after the poll has caught up"
    assert bench.shown.status == "running"


def test_what_only_the_poll_tells_is_kept(bench: Bench) -> None:
    bench.poll(vm(status="stopped", pool="web", template=False, tags=("prod",), lock="backup"), at=0)
    bench.read(vm(status="running", cpu=0.4), at=1)
    shown = bench.shown
    assert (shown.pool, shown.template, shown.tags, shown.cpu) == ("web", False, ("prod",), 0.4)
    assert shown.lock is None, "a reading without a lock means that there is none"


def test_a_newer_poll_knows_locks_and_tags_better(bench: Bench) -> None:
    bench.poll(vm(status="stopped"), at=0)
    bench.read(vm(status="running", lock="backup", tags=("old",)), at=1)
    assert bench.shown.lock == "backup"
    bench.poll(vm(status="stopped", tags=("new",)), at=4)
    assert (bench.shown.status, bench.shown.lock, bench.shown.tags) == ("running", None, ("new",))


def test_a_guest_that_a_newer_poll_does_not_have_is_gone(bench: Bench) -> None:
    bench.poll(vm(), at=0)
    bench.read(vm(status="stopped"), at=1)
    assert bench.poll(at=4).removed == {VM}


def test_a_guest_that_moved_is_shown_where_a_newer_poll_sees_it(bench: Bench) -> None:
    bench.poll(vm(node="n1"), at=0)
    bench.read(vm(node="n1", status="paused"), at=1)
    bench.poll(vm(node="n2"), at=4)
    assert bench.shown.node == "n2"


def test_a_new_guest_is_shown_before_the_first_poll_that_has_it(bench: Bench) -> None:
    bench.poll(ct(), at=0)
    assert bench.read(vm(), at=1).changed == {VM}
    assert bench.shown == vm()


def test_a_reading_before_any_poll_is_shown(bench: Bench) -> None:
    bench.read(vm(), at=1)
    assert bench.shown == vm()
    assert bench.store.snapshot(A).taken_at is None


class NeverBackwards(RuleBasedStateMachine):
    """Polls and readings in any order, some late; the name of a row tells where it is from and when it was true."""

    def __init__(self) -> None:
        super().__init__()
        clock = FakeClock(0.0)
        self.bench = Bench(store_of(clock, A), clock)
        self.last: dict[str, tuple[float, str]] = {}
        self.confirmed = True
        """True when a poll newer than the last reading agreed with it, or came after all that a poll can lag."""

    @rule(back=st.floats(0, 20), status=st.sampled_from(["running", "stopped"]))
    def read(self, back: float, status: str) -> None:
        at = max(0.0, self.bench.clock.now - back)
        if at >= self.last.get("live", (at,))[0]:
            self.last["live"] = (at, status)
            self.confirmed = False
        self.bench.read(vm(status=status, name=f"live {at}"), at=at)
        self._compare()

    @rule(back=st.floats(0, 6), status=st.sampled_from(["running", "stopped"]))
    def poll(self, back: float, status: str) -> None:
        at = max(0.0, self.bench.clock.now - back)
        if at >= self.last.get("poll", (at,))[0]:
            self.last["poll"] = (at, status)
        self.bench.poll(vm(status=status, name=f"poll {at}"), at=at)
        self._compare()

    @rule(seconds=st.floats(0, 10))
    def wait(self, seconds: float) -> None:
        self.bench.clock.now += seconds
        self.bench.store.age()

    def _compare(self) -> None:
        if "poll" in self.last and "live" in self.last:
            polled_at, polled = self.last["poll"]
            read_at, read = self.last["live"]
            self.confirmed |= polled_at > read_at and (polled == read or polled_at - read_at >= 12.0)

    @invariant()
    def shows_the_newest_truth(self) -> None:
        guests = self.bench.store.snapshot(A).guests
        if VM not in guests:
            assert not self.last
            return
        source, at = (guests[VM].name or "").split()
        assert (float(at), guests[VM].status) == self.last[source], f"an older {source} than there was"
        assert source == ("poll" if self.confirmed else "live")


NeverBackwards.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestNeverBackwards = NeverBackwards.TestCase
