"""Rates out of counters: only two readings of the same run tell one."""

from __future__ import annotations

import weakref
from types import MappingProxyType
from typing import Any

import pytest
from msgspec import structs
from msgspec.structs import replace

from proxtui.core.model import Fleet, GuestKey, SourceState
from proxtui.core.rows import UNKNOWN
from proxtui.features.guests.rates import LONGEST, UNKNOWN_RATES, Rates, Readings
from proxtui.features.guests.rows import COLUMNS, GuestRow, GuestRows, guest_rows
from proxtui.pve.models import Guest

from .fleets import ACME, NOW, fleet, node, snapshot, vm

COLUMN = {column.key: column for column in COLUMNS}
FIRST: dict[str, Any] = {"uptime": 100, "netin": 1_000, "netout": 500, "diskread": 0, "diskwrite": 40}


KEY = GuestKey(*ACME, "qemu", 100)


class _Guests(dict[GuestKey, Guest]):
    """What a poll told; unlike a dict it can be watched."""


def told(*polls: tuple[float, Guest]) -> Rates:
    """What is known after these polls, each at its time."""
    readings = Readings()
    for at, guest in polls:
        readings.note(NOW + at, {KEY: guest})
    return readings.rates(KEY, polls[-1][1])


def after(at: float = 4.0, /, **known: Any) -> Rates:
    first = (0.0, vm(100, **FIRST))
    assert told(first) == UNKNOWN_RATES
    return told(first, (at, vm(100, **{**FIRST, **known})))


def test_the_uptime_tells_how_long_the_counters_have_counted() -> None:
    # PVE reads its guests every ten seconds: two polls four seconds apart may be ten seconds of counting apart.
    rates = after(4.0, uptime=110, netin=2_000, netout=500, diskread=100, diskwrite=50)
    assert rates == Rates(100.0, 0.0, 10.0, 1.0)


def test_without_an_uptime_the_polls_tell() -> None:
    old, new = vm(100, uptime=None, netin=10), vm(100, uptime=None, netin=90)
    assert told((0, old), (8, new)).netin == 10.0
    # What was told again in between was told first at the beginning.
    assert told((0, old), (4, old), (8, new), (12, new)).netin == 10.0


def test_a_counter_that_went_back_tells_nothing_and_the_others_do() -> None:
    assert after(uptime=110, netin=10, netout=600, diskread=0, diskwrite=40) == Rates(None, 10.0, 0.0, 0.0)


@pytest.mark.parametrize("known", [{"uptime": 3}, {"status": "stopped"}, {"uptime": 100 + int(LONGEST) + 1}])
def test_a_new_start_a_stop_and_a_long_silence_tell_nothing(known: dict[str, Any]) -> None:
    assert after(**{"netin": 9_000, **known}) == UNKNOWN_RATES


def test_a_missing_counter_is_unknown() -> None:
    assert after(uptime=110, netin=None).netin is None


def test_the_same_reading_polled_again_keeps_the_rate() -> None:
    second = {**FIRST, "uptime": 110, "netin": 2_000}
    polls = [(0.0, vm(100, **FIRST)), *((at, vm(100, **second, cpu=at / 100)) for at in (4.0, 8.0, 12.0))]
    assert told(*polls).netin == 100.0


def test_only_the_reading_before_counts() -> None:
    polls = [(4.0 * n, vm(100, **{**FIRST, "uptime": 100 + 10 * n, "netin": 1_000 * 2**n})) for n in range(4)]
    assert told(*polls).netin == 400.0


def test_a_row_of_an_older_poll_tells_what_was_so_then() -> None:
    readings = Readings()
    guests = [vm(100, **{**FIRST, "uptime": 100 + 10 * n, "netin": 1_000 * 2**n}) for n in range(4)]
    for number, guest in enumerate(guests):
        readings.note(NOW + 4 * number, {KEY: guest})
    assert [readings.rates(KEY, guest).netin for guest in guests] == [None, 100.0, 200.0, 400.0]


def test_a_guest_that_was_not_there_at_the_poll_before_has_no_rate() -> None:
    readings = Readings()
    for at, guests in ((0, {KEY: vm(100, **FIRST)}), (4, {}), (8, {KEY: vm(100, **{**FIRST, "uptime": 110})})):
        readings.note(NOW + at, guests)
    assert readings.rates(KEY, vm(100, **{**FIRST, "uptime": 110})) == UNKNOWN_RATES


@pytest.mark.parametrize(("every", "most"), [(0.1, 7), (4.0, 5), (8.0, 4), (60.0, 3)])
def test_few_polls_are_kept_and_far_enough_apart_for_another_reading(every: float, most: int) -> None:
    readings = Readings()
    polls = [{KEY: vm(100, uptime=100 + 10 * int(number * every / 10))} for number in range(round(600 / every))]
    known = []
    for number, poll in enumerate(polls):
        guests = _Guests(poll)
        known.append(weakref.ref(guests))
        readings.note(NOW + number * every, guests)
        del guests
    alive = [number for number, one in enumerate(known) if one() is not None]
    assert len(alive) <= most
    assert alive[-1] == len(polls) - 1
    assert (alive[-1] - alive[0]) * every >= min(10, 599)


def polled(before: GuestRows | None, at: float, **known: Any) -> GuestRows:
    guest = vm(100, **{**FIRST, **known})
    one = replace(
        snapshot(ACME, (), (node("pve1"),)),
        guests=MappingProxyType({KEY: guest}),
        taken_at=NOW + at,
    )
    return guest_rows(Fleet((one,), NOW + at), previous=before)


def text(row: GuestRow) -> list[str]:
    return [COLUMN[f"{key}_rate"].text(row) for key in ("netin", "netout", "diskread", "diskwrite")]


def test_a_column_is_unknown_until_the_second_poll() -> None:
    first = polled(None, 0)
    assert text(first[0]) == [UNKNOWN] * 4
    second = polled(first, 10, uptime=110, netin=1_000 + 20_480)
    assert text(second[0]) == ["2 KiB/s", "0 B/s", "0 B/s", "0 B/s"]
    assert COLUMN["netin_rate"].value(second[0]) == 2048.0


def test_a_guest_that_changed_between_two_readings_keeps_its_rate() -> None:
    rows = polled(polled(None, 0), 10, uptime=110, netin=1_000 + 20_480)
    again = polled(rows, 14, uptime=110, netin=1_000 + 20_480, cpu=0.9)
    assert again[0] is not rows[0]
    assert text(again[0])[0] == "2 KiB/s"


def test_a_rate_of_old_knowledge_is_none() -> None:
    first = polled(None, 0)
    [row] = polled(first, 10, uptime=110, netin=21_480)
    assert text(structs.replace(row, state=SourceState.STALE)) == [UNKNOWN] * 4
    assert text(structs.replace(row, node_offline=True)) == [UNKNOWN] * 4


def test_a_guest_that_nobody_polled_has_no_rate() -> None:
    [row] = guest_rows(fleet(snapshot(ACME, (vm(100),), taken_at=None)))
    assert row.readings is None
    assert text(row) == [UNKNOWN] * 4
