"""Cells of what guests were asked slowly: what was never asked is unknown, what is old says how old."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from proxtui.core.filters import parse
from proxtui.core.learned import Backup, Inside, Learned
from proxtui.core.model import Fleet, GuestKey
from proxtui.core.rows import UNKNOWN, Tone
from proxtui.features.guests.inside import NO_ASIDES, oldest_last
from proxtui.features.guests.rows import COLUMNS, GuestRow, guest_rows

from .fleets import ACME, NOW, fleet, node, snapshot, vm

COLUMN = {column.key: column for column in COLUMNS}
KEY = GuestKey(*ACME, "qemu", 100)
HOUR = 3_600.0


def inside(addresses: tuple[str, ...] | None = ("10.3.0.5",), age: float = 0.0, **more: Any) -> Learned:
    return Learned(inside=Inside(taken_at=NOW - age, addresses=addresses, **more))


def backup(age: float | None, *, sure: bool = True) -> Learned:
    return Learned(backup=Backup(taken_at=NOW, made_at=None if age is None else NOW - age, sure=sure))


def fleet_with(learned: Learned | None, **guest: Any) -> Fleet:
    told = {} if learned is None else {KEY: learned}
    return fleet(replace(snapshot(ACME, (vm(100, **guest), vm(101)), (node("pve1"),)), learned=told))


def row_with(learned: Learned | None, **guest: Any) -> GuestRow:
    return guest_rows(fleet_with(learned, **guest))[0]


@pytest.mark.parametrize(
    ("learned", "shown"),
    [
        (None, UNKNOWN),
        (inside(), "10.3.0.5"),
        (inside(("10.3.0.5", "fd00::5", "10.4.0.5")), "10.3.0.5 +2"),
        (inside(age=2.5 * HOUR), "10.3.0.5 2h"),
        (inside(()), "none"),
        (inside(None, silence="no agent"), "no agent"),
        (inside(None), UNKNOWN),
        (backup(60.0), UNKNOWN),
    ],
)
def test_addresses(learned: Learned | None, shown: str) -> None:
    assert COLUMN["ip"].text(row_with(learned)) == shown


def test_what_a_guest_said_that_is_off_now_is_doubtful() -> None:
    assert COLUMN["ip"].text(row_with(inside(), status="stopped")) == "10.3.0.5?"
    assert COLUMN["ip"].tone(row_with(inside(), status="stopped")) is Tone.MUTED


@pytest.mark.parametrize(
    ("learned", "shown", "state"),
    [
        (None, UNKNOWN, None),
        (backup(3 * 24 * HOUR), "3d", "known"),
        (backup(3 * 24 * HOUR, sure=False), "3d?", "partly"),
        (backup(None), "none", "none"),
        (backup(None, sure=False), UNKNOWN, None),
    ],
)
def test_none_is_none_only_when_it_is_sure(learned: Learned | None, shown: str, state: str | None) -> None:
    row = row_with(learned)
    assert COLUMN["backup"].text(row) == shown
    assert COLUMN["backup_state"].value(row) == state
    for key in ("ip", "os", "backup", "backup_state"):
        msgspec.json.encode(COLUMN[key].value(row))


def test_no_backup_sorts_as_the_oldest_and_unknown_apart() -> None:
    ages = [oldest_last(row_with(one)) for one in (backup(None), backup(9 * HOUR), None)]
    assert ages == [float("inf"), 9 * HOUR, None]


@pytest.mark.parametrize(
    ("text", "learned", "found"),
    [
        ("ip:10.3.", inside(), True),
        ("10.3.", inside(), True),
        ("ip:10.4.*", inside(("10.3.0.5", "10.4.0.5")), True),
        ("ip:10.3.", None, False),
        ("os:debian", inside(system="Debian GNU/Linux 12"), True),
        ("backup>2d", backup(3 * 24 * HOUR), True),
        ("backup>2d", backup(HOUR), False),
        ("backup>2d", None, False),
        ("backup:none", backup(None), True),
        ("backup:none", backup(None, sure=False), False),
    ],
)
def test_filters_find_it(text: str, learned: Learned | None, found: bool) -> None:
    assert parse(text).matches(row_with(learned)) is found


def test_a_row_is_a_new_one_when_something_was_learned_and_the_same_while_nothing_is() -> None:
    before = guest_rows(fleet_with(None))
    first = {row.key: row for row in before}
    assert "10.3" not in first[KEY].haystack
    kept = next(iter(fleet_with(None).snapshots))
    told = fleet(replace(kept, guests={key: row.guest for key, row in first.items()}, learned={KEY: inside()}))
    after = guest_rows(told, previous=before)
    second = {row.key: row for row in after}
    assert second[KEY] is not first[KEY]
    assert second[KEY] != first[KEY]
    assert "10.3" in second[KEY].haystack
    assert first[KEY].asides is NO_ASIDES
    other = GuestKey(*ACME, "qemu", 101)
    assert second[other] is first[other]
    again = guest_rows(told, previous=after)
    assert all(row is second[row.key] for row in again)
    old = {row.key: row for row in guest_rows(replace(told, now=NOW + 2 * HOUR), previous=again)}
    assert COLUMN["ip"].text(old[KEY]).endswith("2h")


def test_a_name_that_only_we_remember_is_marked() -> None:
    known = snapshot(ACME, (vm(100, name="web1", status="unknown"), vm(101)), (node("pve1", status="offline"),))
    rows = guest_rows(fleet(replace(known, recalled={KEY: NOW - 400})))
    assert [COLUMN["name"].text(row) for row in rows] == ["web1?", "vm101"]
    assert COLUMN["name"].value(rows[0]) == "web1"
