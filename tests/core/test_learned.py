"""What is learned of single guests, and names that PVE stops to tell: kept, dated, and forgotten in time."""

from __future__ import annotations

from proxtui.core.fields import guest_field, guest_haystack
from proxtui.core.learned import OLD_AFTER, Backup, Inside, Learned
from proxtui.core.model import Delta, GuestKey
from proxtui.core.store import Store

from .fakes import A, FakeClock, ct, inventory, store_of, vm

KEY = GuestKey(*A, "qemu", 100)
TOLD = Learned(inside=Inside(taken_at=1000.0, addresses=("10.3.0.5", "fd00::5"), system="Debian GNU/Linux 12"))


def polled(clock: FakeClock, *guests: object) -> Store:
    store = store_of(clock, A)
    put(store, clock, *guests)
    return store


def put(store: Store, clock: FakeClock, *guests: object) -> Delta:
    return store.put(A, inventory(*guests), taken_at=clock.now, endpoint="a1:8006", interval=4.0)  # type: ignore[arg-type]


def test_what_is_learned_stays_over_polls_and_is_heard_of_once() -> None:
    clock = FakeClock()
    store = polled(clock, vm(100), vm(101))
    assert store.learn(A, {KEY: TOLD}).changed == {KEY}
    assert not store.learn(A, {KEY: TOLD})
    put(store, clock, vm(100, cpu=0.5), vm(101))
    assert store.snapshot(A).learned == {KEY: TOLD}


def test_nothing_passes_on_to_another_guest_with_the_same_vmid() -> None:
    clock = FakeClock()
    store = polled(clock, vm(100), vm(101))
    store.learn(A, {KEY: TOLD})
    put(store, clock, vm(101))
    put(store, clock, vm(100), vm(101))
    assert store.snapshot(A).learned == {}
    store.learn(A, {GuestKey(*A, "qemu", 999): TOLD})
    assert store.snapshot(A).learned == {}


def test_words_and_fields_find_what_was_learned() -> None:
    assert guest_field(KEY, vm(100), "ip", TOLD) == ["10.3.0.5", "fd00::5"]
    assert guest_field(KEY, vm(100), "os", TOLD) == "Debian GNU/Linux 12"
    assert guest_field(KEY, vm(100), "ip") is None
    assert "10.3.0.5" in guest_haystack(KEY, vm(100), TOLD)
    assert "10.3.0.5" not in guest_haystack(KEY, vm(100))


def test_ages_are_coarse_so_that_rows_seldom_change() -> None:
    assert TOLD.coarse_age(1000.0 + OLD_AFTER - 1) == 0
    assert not TOLD.is_old(1000.0 + OLD_AFTER - 1)
    assert TOLD.coarse_age(1000.0 + 2.5 * OLD_AFTER) == 2 * OLD_AFTER
    assert TOLD.is_old(1000.0 + 2.5 * OLD_AFTER)
    assert Learned().coarse_age(5000.0) is None
    made = Learned(backup=Backup(taken_at=1000.0, made_at=-90_000.0))
    assert made.backup_age(1000.0) == 25 * 3600
    assert Learned(backup=Backup(taken_at=1000.0, sure=True)).backup_age(1000.0) is None


def test_a_guest_that_pve_stops_to_name_keeps_its_last_name_and_since_when() -> None:
    clock = FakeClock()
    store = polled(clock, vm(100, name="web1"), ct(200, name="dns"))
    clock.now += 300
    unnamed = vm(100, status="unknown")
    put(store, clock, unnamed, ct(200, name="dns"))
    snapshot = store.snapshot(A)
    assert snapshot.guests[KEY].name == "web1"
    assert snapshot.guests[KEY].status == "unknown"
    assert snapshot.recalled == {KEY: 1000.0}
    clock.now += 4
    assert not put(store, clock, unnamed, ct(200, name="dns")).changed
    assert store.snapshot(A).recalled == {KEY: 1000.0}
    put(store, clock, vm(100, name="web2"), ct(200, name="dns"))
    assert store.snapshot(A).guests[KEY].name == "web2"
    assert store.snapshot(A).recalled == {}


def test_a_name_that_was_never_seen_stays_unknown() -> None:
    clock = FakeClock()
    store = polled(clock, vm(100, status="unknown"))
    put(store, clock, vm(100, status="unknown"))
    assert store.snapshot(A).guests[KEY].name is None
    assert store.snapshot(A).recalled == {}
