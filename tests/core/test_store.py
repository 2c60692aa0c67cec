"""The store: deltas, kept objects, failures that lose nothing, listeners."""

from __future__ import annotations

import pytest

from proxtui.core.model import Delta, GuestKey, NodeKey, SourceState, StorageKey
from proxtui.core.store import Store
from proxtui.errors import AuthenticationError, NetworkError, PermissionDenied

from .fakes import A, B, FakeClock, ct, inventory, store_of, unreachable, vm

VM = GuestKey(*A, "qemu", 100)
CT = GuestKey(*A, "lxc", 200)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def store(clock: FakeClock) -> Store:
    return store_of(clock, A, B)


def put(store: Store, clock: FakeClock, *guests: object, **more: object) -> Delta:
    return store.put(
        A,
        inventory(*guests, **more),  # type: ignore[arg-type]
        taken_at=clock.now,
        endpoint="a1:8006",
        interval=4.0,
    )


def test_a_server_waits_until_it_was_heard(store: Store) -> None:
    assert [snapshot.ref for snapshot in store.fleet().snapshots] == [A, B]
    assert store.snapshot(A).state is SourceState.WAITING
    assert store.snapshot(A).age(5.0) is None


def test_since_when_a_server_is_asked_outlives_its_failures(store: Store, clock: FakeClock) -> None:
    began = clock.now
    clock.now += 90
    store.fail(A, unreachable(), next_try_at=None)
    store.register(A)
    assert store.snapshot(A).asked_since == began


def test_the_first_answer_changes_everything_by_key(store: Store, clock: FakeClock) -> None:
    delta = put(store, clock, vm(), ct(), storages=("local",))
    assert delta.changed == {VM, CT, NodeKey(*A, "n1"), StorageKey(*A, "n1", "local")}
    assert delta.removed == frozenset()
    assert delta.state_changed
    snapshot = store.snapshot(A)
    assert snapshot.state is SourceState.FRESH
    assert (snapshot.taken_at, snapshot.endpoint) == (clock.now, "a1:8006")


def test_equal_rows_keep_their_objects_and_change_nothing(store: Store, clock: FakeClock) -> None:
    put(store, clock, vm(), ct())
    before = store.snapshot(A)
    clock.now += 4
    # The order of rows means nothing.
    delta = put(store, clock, ct(), vm())
    assert not delta
    after = store.snapshot(A)
    assert after.guests is before.guests
    assert after.nodes is before.nodes
    assert after.taken_at == clock.now


def test_only_what_differs_is_named(store: Store, clock: FakeClock) -> None:
    put(store, clock, vm(), ct())
    before = store.snapshot(A).guests
    delta = put(store, clock, vm(cpu=0.5), ct())
    assert delta.changed == {VM}
    assert store.snapshot(A).guests[CT] is before[CT]
    assert before[VM].cpu is None, "an old snapshot never changes"


def test_a_guest_that_moved_is_the_same_guest(store: Store, clock: FakeClock) -> None:
    put(store, clock, vm(), nodes=("n1", "n2"))
    delta = put(store, clock, vm(node="n2"), nodes=("n1", "n2"))
    assert delta.changed == {VM}
    assert delta.removed == frozenset()


def test_what_is_gone_is_removed(store: Store, clock: FakeClock) -> None:
    put(store, clock, vm(), ct())
    assert put(store, clock, ct()).removed == {VM}
    assert list(store.snapshot(A).guests) == [CT]


def test_two_tenants_may_have_the_same_vmid(store: Store, clock: FakeClock) -> None:
    put(store, clock, vm(name="ours"))
    store.put(B, inventory(vm(name="theirs")), taken_at=clock.now, endpoint="b1:8006", interval=4.0)
    assert store.snapshot(A).guests[VM].name == "ours"
    assert store.snapshot(B).guests[GuestKey(*B, "qemu", 100)].name == "theirs"


def test_a_failure_keeps_the_rows_and_says_why(store: Store, clock: FakeClock) -> None:
    put(store, clock, vm())
    taken_at = clock.now
    clock.now += 4
    delta = store.fail(A, unreachable(), next_try_at=clock.now + 4)
    snapshot = store.snapshot(A)
    assert delta == Delta(A, state_changed=True)
    assert snapshot.state is SourceState.STALE
    assert snapshot.error == "pve1:8006: connection refused"
    assert (snapshot.taken_at, snapshot.next_try_at) == (taken_at, clock.now + 4)
    assert snapshot.guests[VM] == vm()
    put(store, clock, vm())
    assert store.snapshot(A).state is SourceState.FRESH
    assert store.snapshot(A).error is None
    assert store.snapshot(A).next_try_at is None


def test_a_failure_of_one_server_leaves_the_other_as_it_is(store: Store, clock: FakeClock) -> None:
    put(store, clock, vm())
    before = store.snapshot(A)
    store.fail(B, unreachable(), next_try_at=None)
    assert store.snapshot(A) is before
    assert store.snapshot(B).state is SourceState.DOWN


@pytest.mark.parametrize("error", [AuthenticationError("no", status=401), PermissionDenied("no", status=403)])
def test_a_refused_login_is_forbidden_not_down(store: Store, clock: FakeClock, error: AuthenticationError) -> None:
    put(store, clock, vm())
    store.fail(A, error, next_try_at=None)
    assert store.snapshot(A).state is SourceState.FORBIDDEN
    clock.now += 1000
    store.age()
    assert store.snapshot(A).state is SourceState.FORBIDDEN
    assert store.snapshot(A).guests


def test_rows_age_without_anything_happening(store: Store, clock: FakeClock) -> None:
    put(store, clock, vm())
    heard: list[Delta] = []
    store.subscribe(heard.append)
    clock.now += 10
    store.age()
    assert store.snapshot(A).state is SourceState.FRESH
    clock.now += 0.5
    store.age()
    assert store.snapshot(A).state is SourceState.STALE
    store.age()
    clock.now += 300
    store.age()
    assert store.snapshot(A).state is SourceState.DOWN
    assert heard == [Delta(A, state_changed=True)] * 2


def test_an_older_poll_never_replaces_a_newer_one(store: Store, clock: FakeClock) -> None:
    put(store, clock, vm(name="new"))
    delta = store.put(A, inventory(vm(name="old")), taken_at=clock.now - 1, endpoint="a2:8006", interval=4.0)
    assert not delta
    assert store.snapshot(A).guests[VM].name == "new"


def test_a_slower_pace_is_not_late(store: Store, clock: FakeClock) -> None:
    put(store, clock, vm())
    store.pace(A, 30.0)
    clock.now += 31
    store.age()
    assert store.snapshot(A).state is SourceState.FRESH


def test_registering_again_loses_nothing(store: Store, clock: FakeClock) -> None:
    put(store, clock, vm())
    store.register(A, interval=4.0)
    assert store.snapshot(A).guests


def test_unverified_tls_stays_visible(clock: FakeClock) -> None:
    store = Store(clock)
    store.register(A, interval=4.0, unverified_tls=True)
    put(store, clock, vm())
    assert store.snapshot(A).unverified_tls


def test_listeners_hear_of_changes_only_and_can_leave(store: Store, clock: FakeClock) -> None:
    heard: list[Delta] = []
    leave = store.subscribe(heard.append)
    delta = put(store, clock, vm())
    put(store, clock, vm())
    assert heard == [delta]
    leave()
    leave()
    put(store, clock, ct())
    assert heard == [delta]


def test_a_listener_that_raises_stops_no_other_and_is_not_silent(store: Store, clock: FakeClock) -> None:
    heard: list[str] = []

    def broken(_delta: Delta) -> None:
        heard.append("broken")
        raise LookupError("a bug")

    store.subscribe(lambda _delta: heard.append("first"))
    store.subscribe(broken)
    store.subscribe(lambda _delta: heard.append("last"))
    with pytest.raises(LookupError, match="a bug"):
        put(store, clock, vm())
    assert heard == ["first", "broken", "last"]
    assert store.snapshot(A).guests, "the change itself is kept"


def test_a_listener_may_leave_while_it_is_called(store: Store, clock: FakeClock) -> None:
    heard: list[Delta] = []
    leaves = []
    leaves.append(store.subscribe(lambda _delta: leaves[0]()))
    store.subscribe(heard.append)
    put(store, clock, vm())
    assert len(heard) == 1


def test_the_error_of_a_network_failure_is_one_line(store: Store) -> None:
    store.fail(A, NetworkError("no route", stage="connect"), next_try_at=None)
    assert store.snapshot(A).error == "no route"


def test_a_login_that_sees_no_guest_is_told_to_all_who_listen() -> None:
    store = store_of(FakeClock(), A)
    heard: list[Delta] = []
    store.subscribe(heard.append)
    assert store.sight(A, guests_unseen=True).state_changed
    assert store.snapshot(A).guests_unseen
    assert not store.sight(A, guests_unseen=True)
    assert len(heard) == 1
