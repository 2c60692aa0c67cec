"""Counts that are remembered are those that a count from the beginning gives."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from proxtui.core.census import Census, tallied
from proxtui.core.keeping import kept
from proxtui.core.model import GuestKey
from proxtui.pve.models import Guest
from tests.features.fleets import ACME, snapshot, vm

GUEST = st.builds(
    lambda vmid, node, status, cpu: vm(vmid, node=node, status=status, cpu=cpu),
    st.integers(100, 109),
    st.sampled_from(["pve1", "pve2"]),
    st.sampled_from(["running", "stopped"]),
    st.sampled_from([0.1, 0.2]),
)
POLLS = st.lists(st.lists(GUEST, max_size=10, unique_by=lambda guest: guest.vmid), min_size=1, max_size=6)


def key_of(guest: Guest) -> GuestKey:
    return GuestKey(*ACME, guest.type, guest.vmid)


@given(POLLS)
def test_poll_after_poll_the_counts_are_right(polls: list[list[Guest]]) -> None:
    census, one = Census(), snapshot(ACME, ())
    for guests in polls:
        one = replace(one, guests=kept(one.guests, guests, key_of, lambda guest: guest.vmid))
        assert census.of(one) == tallied(guests)


def test_a_poll_that_moves_nobody_is_not_counted_again() -> None:
    census, one = Census(), snapshot(ACME, tuple(map(vm, range(100, 110))))
    counted = census.of(one)
    guests = [vm(100, cpu=0.9), *map(vm, range(101, 110))]
    one = replace(one, guests=kept(one.guests, guests, key_of, lambda guest: guest.vmid))
    assert census.of(one) is counted


def test_of_many_guests_one_that_stops_or_moves_is_counted() -> None:
    census, one = Census(), snapshot(ACME, tuple(map(vm, range(100, 110))))
    assert census.of(one).running["pve1"] == 10
    for first, told in ((vm(100, status="stopped"), (9, 10)), (vm(100, node="pve2"), (9, 9))):
        guests = [first, *map(vm, range(101, 110))]
        one = replace(one, guests=kept(one.guests, guests, key_of, lambda guest: guest.vmid))
        assert (census.of(one).running["pve1"], census.of(one).total["pve1"]) == told


def test_templates_are_no_guests_and_what_becomes_one_is_not_counted_any_more() -> None:
    census, one = Census(), snapshot(ACME, (vm(100, status="stopped"), *map(vm, range(101, 110))))
    assert census.of(one).total["pve1"] == 10
    guests = [vm(100, status="stopped", template=True), *map(vm, range(101, 110))]
    one = replace(one, guests=kept(one.guests, guests, key_of, lambda guest: guest.vmid))
    assert census.of(one) == ({"pve1": 9}, {"pve1": 9})
    # Its node is there all the same, with what stands on it.
    assert tallied([vm(100, node="pve9", template=True)]).total == {"pve9": 0}
    assert "pve9" in tallied([vm(100, node="pve9", template=True)]).total
