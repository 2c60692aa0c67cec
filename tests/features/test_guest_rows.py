"""Guest rows: what is unknown, old or doubtful says so."""

from __future__ import annotations

import msgspec
import pytest
from msgspec.structs import replace

from proxtui.core.filters import parse
from proxtui.core.model import Fleet, GuestKey, Scope, SourceState
from proxtui.core.rows import UNKNOWN, Column, Tone
from proxtui.features.guests.rows import COLUMNS, GuestRow, guest_rows
from proxtui.pve.models import Guest, ProxmoxVM

from .fleets import ACME, GIB, NOW, container, fleet, node, snapshot, two_tenants, vm

COLUMN = {column.key: column for column in COLUMNS}


def only(*guests: Guest, **known: object) -> GuestRow:
    [row] = guest_rows(fleet(snapshot(ACME, guests, (node("pve1"),), **known)))
    return row


def text(row: GuestRow, key: str) -> str:
    return COLUMN[key].text(row)


def test_two_tenants_with_the_same_vmid_and_node_are_two_rows() -> None:
    keys = [row.key for row in guest_rows(two_tenants()) if row.key.vmid == 100]
    assert keys == [GuestKey("acme", "berlin", "qemu", 100), GuestKey("zeta", "paris", "qemu", 100)]


def test_what_is_not_reported_yet_is_unknown_and_never_zero() -> None:
    row = only(ProxmoxVM(vmid=100, node="pve1"))
    shown = {key: text(row, key) for key in ("status", "name", "cpu", "mem", "disk", "uptime", "maxmem", "netin")}
    assert shown.pop("status") == "unknown"
    assert set(shown.values()) == {UNKNOWN}
    assert [COLUMN[key].value(row) for key in ("name", "cpu", "mem", "disk", "uptime", "maxmem")] == [None] * 6


def test_every_column_can_be_written_for_a_guest_of_which_nothing_is_known() -> None:
    row = only(ProxmoxVM(vmid=100, node="pve1"))
    for column in COLUMNS:
        assert isinstance(column.text(row), str)
        assert isinstance(column.tone(row), Tone)
        msgspec.json.encode(column.value(row))


def test_a_running_guest_in_numbers() -> None:
    row = only(container(200, cpu=0.92, mem=3 * GIB, maxmem=4 * GIB))
    assert text(row, "cpu") == "92 %"
    assert COLUMN["cpu"].tone(row) is Tone.BAD
    assert text(row, "mem") == "3 GiB  75 %"
    assert COLUMN["mem"].tone(row) is Tone.WARN
    assert text(row, "disk") == "2 GiB  25 %"
    assert text(row, "uptime") == "1m 30s"


def test_the_disk_of_a_vm_is_unknown() -> None:
    assert text(only(vm(100)), "disk") == UNKNOWN


def test_a_stopped_guest_has_no_load_and_no_uptime() -> None:
    row = only(vm(100, status="stopped", cpu=0.0, mem=0, uptime=0))
    assert [text(row, key) for key in ("status", "cpu", "mem", "uptime")] == ["stopped", UNKNOWN, UNKNOWN, UNKNOWN]
    assert COLUMN["status"].tone(row) is Tone.MUTED


def test_a_template_is_marked() -> None:
    assert text(only(vm(100, status="stopped", template=True)), "status") == "template"


@pytest.mark.parametrize(
    ("state", "age", "written"),
    [
        (SourceState.FRESH, 0.0, "now"),
        (SourceState.FRESH, 7.9, "now"),
        (SourceState.STALE, 9.0, "9s"),
        (SourceState.STALE, 47.0, "40s"),
        (SourceState.DOWN, 200.0, "3m"),
        (SourceState.FRESH, 28.0, "20s"),
    ],
)
def test_the_age_is_coarse_and_a_fresh_row_does_not_count_seconds(state: SourceState, age: float, written: str) -> None:
    row = only(vm(100), state=state, taken_at=NOW - age)
    assert text(row, "age") == written
    assert row.muted is (state is not SourceState.FRESH)
    assert text(row, "status") == ("running" if state is SourceState.FRESH else "running?")


def test_guests_of_an_offline_node_are_doubtful() -> None:
    [row] = guest_rows(fleet(snapshot(ACME, (vm(100),), (node("pve1", status="offline"),))))
    assert text(row, "status") == "running?"
    assert COLUMN["status"].value(row) == "running"
    assert COLUMN["status"].tone(row) is Tone.WARN
    assert text(row, "age") == UNKNOWN
    assert row.muted


@pytest.mark.parametrize(
    ("scope", "kind", "vmids"),
    [
        (Scope(), None, [100, 101, 200, 100]),
        (Scope("acme"), None, [100, 101, 200]),
        (Scope("acme", "berlin", "pve2"), None, [101]),
        (Scope("zeta", "berlin"), None, []),
        (Scope(), "lxc", [200]),
        (Scope("acme"), "qemu", [100, 101]),
    ],
)
def test_scope_and_kind_narrow(scope: Scope, kind: str | None, vmids: list[int]) -> None:
    assert [row.key.vmid for row in guest_rows(two_tenants(), scope, kind=kind)] == vmids


@pytest.mark.parametrize(
    ("typed", "vmids"),
    [
        ("web", [100]),
        ("PVE2", [101]),
        ("tag:prod", [100]),
        ("type:lxc", [200]),
        ("status:stopped", [101]),
        ("tenant:zeta", [100]),
        ("cpu>20 node:pve1", [100, 100]),
        ("mem>20", [100, 101, 200, 100]),
        ("mem>=1G type:qemu", [100, 101, 100]),
        ("disk>20", [200]),
        ("uptime>1h status:running", [100, 100]),
        ("vmid=200", [200]),
        ("lock:*", []),
    ],
)
def test_the_filter_language_finds_guests(typed: str, vmids: list[int]) -> None:
    wanted = parse(typed)
    assert [row.key.vmid for row in guest_rows(two_tenants()) if wanted.matches(row)] == vmids


def test_rows_of_unchanged_guests_are_the_same_objects_again() -> None:
    first = fleet(snapshot(ACME, (vm(100), vm(101)), (node("pve1"),)))
    rows = guest_rows(first)
    seen = {row.key: row for row in rows}
    [berlin] = first.snapshots
    key = GuestKey(*ACME, "qemu", 101)
    changed = vm(101, cpu=0.9)
    later = Fleet((replace(berlin, guests={**berlin.guests, key: changed}, taken_at=NOW + 3),), NOW + 4)
    same, other = guest_rows(later, previous=rows)
    assert same is seen[same.key]
    assert other.guest is changed
    assert list(guest_rows(later)) == [same, other]


def test_every_column_has_the_same_value_with_and_without_rows() -> None:
    guests = (vm(100, name="web", tags=("b", "a"), lock="backup", mem=7, netin=3), container(200, pool="prod", cpu=0.5))
    rows = guest_rows(fleet(snapshot(ACME, guests, (node("pve1"),))))
    for column in COLUMNS:
        assert rows.values(column) == [column.value(row) for row in rows]


def test_what_the_screen_sorts_by_first_makes_no_row() -> None:
    rows = guest_rows(two_tenants())
    for key in ("vmid", "name", "node", "status", "cpu", "mem", "uptime", "type"):
        rows.values(next(column for column in COLUMNS if column.key == key))
    assert rows.place_of(rows.keys()[-1]) == len(rows) - 1
    assert rows.made == 0
    assert rows[0] is rows[0]
    assert rows.made == 1


def test_a_poll_works_out_no_search_text_until_it_is_asked_for() -> None:
    [row] = guest_rows(fleet(snapshot(ACME, (vm(100, name="Web"),))))
    assert row.searched is None
    assert row.haystack == "100 web pve1 berlin acme "
    assert row.haystack is row.haystack


def test_search_text_outlives_a_change_of_age_but_not_of_the_guest() -> None:
    known = snapshot(ACME, (vm(100, name="web"),))
    rows = guest_rows(fleet(known))
    [row] = rows
    assert parse("web").matches(row)
    [older] = guest_rows(fleet(known, now=NOW + 60), previous=rows)
    assert older is not row
    assert older.haystack is row.haystack
    renamed = fleet(snapshot(ACME, (vm(100, name="mail"),)))
    [other] = guest_rows(renamed, previous=rows)
    assert [parse(word).matches(other) for word in ("web", "mail")] == [False, True]


def test_rows_are_equal_when_what_they_show_of_the_guest_is() -> None:
    [row], [same], [other] = (guest_rows(fleet(snapshot(ACME, (vm(100, cpu=cpu),)))) for cpu in (0.1, 0.1, 0.2))
    assert row.haystack
    assert (row == same, row == other, len({row, same, other})) == (True, False, 2)


def test_rows_of_guests_on_an_offline_node_are_reused_too() -> None:
    known = fleet(snapshot(ACME, (vm(100),), (node("pve1", status="offline"),)))
    rows = guest_rows(known)
    [row] = rows
    assert guest_rows(known, previous=rows)[0] is row


def test_keys_are_those_of_pve_and_unique() -> None:
    keys = [column.key for column in COLUMNS]
    assert len(keys) == len(set(keys))
    shown: list[Column[GuestRow]] = [column for column in COLUMNS if column.shown]
    wanted = "status vmid name node server tenant cpu mem disk uptime tags pool lock age"
    assert " ".join(column.key for column in shown) == wanted
    fields = set(Guest.__struct_fields__) - {"memhost"}
    assert fields <= set(keys)
