"""Rates out of counters: only two readings of the same run tell one."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest
from msgspec import structs
from msgspec.structs import replace

from proxtui.core.model import Fleet, GuestKey, SourceState
from proxtui.core.rows import UNKNOWN
from proxtui.features.guests.rates import LONGEST, UNKNOWN_RATES, Rates, counted
from proxtui.features.guests.rows import COLUMNS, GuestRow, guest_rows

from .fleets import ACME, NOW, fleet, node, snapshot, vm

COLUMN = {column.key: column for column in COLUMNS}
FIRST: dict[str, Any] = {"uptime": 100, "netin": 1_000, "netout": 500, "diskread": 0, "diskwrite": 40}


def after(at: float = 4.0, /, **known: Any) -> Rates:
    first = counted(vm(100, **FIRST), NOW, None)
    assert first.rates == UNKNOWN_RATES
    return counted(vm(100, **{**FIRST, **known}), NOW + at, first).rates


def test_the_uptime_tells_how_long_the_counters_have_counted() -> None:
    # PVE reads its guests every ten seconds: two polls four seconds apart may be ten seconds of counting apart.
    rates = after(4.0, uptime=110, netin=2_000, netout=500, diskread=100, diskwrite=50)
    assert rates == Rates(100.0, 0.0, 10.0, 1.0)


def test_without_an_uptime_the_polls_tell() -> None:
    first = counted(vm(100, uptime=None, netin=10), NOW, None)
    assert counted(vm(100, uptime=None, netin=90), NOW + 8, first).rates.netin == 10.0


def test_a_counter_that_went_back_tells_nothing_and_the_others_do() -> None:
    assert after(uptime=110, netin=10, netout=600, diskread=0, diskwrite=40) == Rates(None, 10.0, 0.0, 0.0)


@pytest.mark.parametrize("known", [{"uptime": 3}, {"status": "stopped"}, {"uptime": 100 + int(LONGEST) + 1}])
def test_a_new_start_a_stop_and_a_long_silence_tell_nothing(known: dict[str, Any]) -> None:
    assert after(**{"netin": 9_000, **known}) == UNKNOWN_RATES


def test_a_missing_counter_is_unknown() -> None:
    assert after(uptime=110, netin=None).netin is None


def test_the_same_reading_polled_again_keeps_the_rate() -> None:
    first = counted(vm(100, **FIRST), NOW, None)
    second = counted(vm(100, **{**FIRST, "uptime": 110, "netin": 2_000}), NOW + 10, first)
    assert counted(vm(100, **{**FIRST, "uptime": 110, "netin": 2_000}, cpu=0.9), NOW + 14, second) is second


def test_only_the_reading_before_is_kept() -> None:
    known = counted(vm(100, **FIRST), NOW, None)
    for step in range(1, 4):
        known = counted(vm(100, **{**FIRST, "uptime": 100 + 10 * step, "netin": 1_000 * 2**step}), NOW + step, known)
    assert known.before is not None
    assert known.before.netin == 4_000
    assert known.rates.netin == 400.0


def polled(before: list[GuestRow], at: float, **known: Any) -> list[GuestRow]:
    guest = vm(100, **{**FIRST, **known})
    one = replace(
        snapshot(ACME, (), (node("pve1"),)),
        guests=MappingProxyType({GuestKey(*ACME, "qemu", 100): guest}),
        taken_at=NOW + at,
    )
    return guest_rows(Fleet((one,), NOW + at), previous={row.key: row for row in before})


def text(row: GuestRow) -> list[str]:
    return [COLUMN[f"{key}_rate"].text(row) for key in ("netin", "netout", "diskread", "diskwrite")]


def test_a_column_is_unknown_until_the_second_poll() -> None:
    first = polled([], 0)
    assert text(first[0]) == [UNKNOWN] * 4
    second = polled(first, 10, uptime=110, netin=1_000 + 20_480)
    assert text(second[0]) == ["2 KiB/s", "0 B/s", "0 B/s", "0 B/s"]
    assert COLUMN["netin_rate"].value(second[0]) == 2048.0


def test_a_guest_that_changed_between_two_readings_keeps_its_rate() -> None:
    rows = polled(polled([], 0), 10, uptime=110, netin=1_000 + 20_480)
    again = polled(rows, 14, uptime=110, netin=1_000 + 20_480, cpu=0.9)
    assert again[0] is not rows[0]
    assert text(again[0])[0] == "2 KiB/s"


def test_a_rate_of_old_knowledge_is_none() -> None:
    first = polled([], 0)
    [row] = polled(first, 10, uptime=110, netin=21_480)
    assert text(structs.replace(row, state=SourceState.STALE)) == [UNKNOWN] * 4
    assert text(structs.replace(row, node_offline=True)) == [UNKNOWN] * 4


def test_a_guest_that_nobody_polled_has_no_rate() -> None:
    [row] = guest_rows(fleet(snapshot(ACME, (vm(100),), taken_at=None)))
    assert row.counted is None
    assert text(row) == [UNKNOWN] * 4
