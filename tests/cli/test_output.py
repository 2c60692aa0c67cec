"""Tables and JSON: aligned, complete, and nothing in them that a terminal obeys."""

from __future__ import annotations

import json

import pytest

from proxtui.cli.output import Output, Selection, json_rows, narrate, width
from proxtui.cli.sources import Missing, json_sources
from proxtui.core.model import SourceState
from proxtui.core.verbs import Details, TableOptions
from proxtui.errors import UsageError
from proxtui.features.guests.rows import COLUMNS, GuestRow, guest_rows
from tests.features.fleets import ACME, ZETA, container, fleet, node, snapshot, two_tenants, vm

HOSTILE = "a\x1b]52;c;cm0gLXJm\x07\x9b31m\u202eb\x00"


def rows() -> list[GuestRow]:
    return guest_rows(two_tenants())


def chosen(**options: str) -> list[GuestRow]:
    return Selection.of(COLUMNS, TableOptions(**options)).rows(rows())


def printed(
    capsys: pytest.CaptureFixture[str], columns: str, found: list[GuestRow], *, ascii_only: bool = False
) -> str:
    selection = Selection.of(COLUMNS, TableOptions(columns=columns))
    Output(ascii_only=ascii_only).table(selection.columns, found)
    return capsys.readouterr().out


def test_a_table_is_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    found = guest_rows(fleet(snapshot(guests=(vm(100, name="a"), container(20000, name="long-name")))))
    assert printed(capsys, "name,vmid,node", found) == (
        "Name          ID  Node\n"
        "a            100  pve1\n"
        "long-name  20000  pve1\n"
    )  # fmt: skip


def test_wide_and_combining_characters_count_in_cells(capsys: pytest.CaptureFixture[str]) -> None:
    found = guest_rows(fleet(snapshot(guests=(vm(1, name="日本"), vm(2, name="e\u0301"), vm(3, name="abcd")))))
    lines = printed(capsys, "name,node", found).splitlines()
    assert [width(line[: line.index("pve1")]) for line in lines[1:]] == [6, 6, 6]


def test_unknown_is_a_dash_and_never_zero(capsys: pytest.CaptureFixture[str]) -> None:
    found = guest_rows(fleet(snapshot(guests=(vm(100, cpu=None, mem=None, name=None),))))
    assert printed(capsys, "name,cpu,mem", found).splitlines()[1].split() == ["–", "–", "–"]
    assert printed(capsys, "name,cpu,mem", found, ascii_only=True).splitlines()[1].split() == ["-", "-", "-"]


def test_hostile_names_are_inert_in_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    found = guest_rows(fleet(snapshot(guests=(vm(100, name=HOSTILE, tags=(HOSTILE,)),))))
    out = printed(capsys, "name,tags", found)
    assert all(char.isprintable() or char == "\n" for char in out)


def test_hostile_names_are_escaped_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    found = guest_rows(fleet(snapshot(guests=(vm(100, name=HOSTILE),))))
    Output().json(json_rows(COLUMNS, found))
    out = capsys.readouterr().out
    assert all(" " <= char <= "~" or char == "\n" for char in out)
    assert json.loads(out)[0]["name"] == HOSTILE


def test_hostile_details_and_narration_are_inert(capsys: pytest.CaptureFixture[str]) -> None:
    Output().details(Details([(HOSTILE, [(HOSTILE, f"{HOSTILE}\nsecond line")])], {}))
    narrate(f"one {HOSTILE}\ntwo")
    said = capsys.readouterr()
    assert all(char.isprintable() or char == "\n" for char in said.out + said.err)
    assert [line.startswith("proxtui: ") for line in said.err.splitlines()] == [True, True]


def test_details_align_labels_and_further_lines(capsys: pytest.CaptureFixture[str]) -> None:
    Output().details(Details([("VM 1", [("ID", "1"), ("Notes", "a\nb")]), ("Config", [("x", "")])], {}))
    assert capsys.readouterr().out == "VM 1\n  ID     1\n  Notes  a\n         b\n\nConfig\n  x\n"


def test_json_rows_have_every_column_and_their_place() -> None:
    found = json_rows(Selection.of(COLUMNS, TableOptions(as_json=True)).columns, rows())
    assert all({column.key for column in COLUMNS} <= set(row) for row in found)
    assert {(row["tenant"], row["server"]) for row in found} == {tuple(ACME), tuple(ZETA)}


def test_chosen_columns_keep_the_place_in_json() -> None:
    found = json_rows(Selection.of(COLUMNS, TableOptions(as_json=True, columns="vmid, name")).columns, rows())
    assert set(found[0]) == {"tenant", "server", "vmid", "name"}


def test_sources_say_state_error_and_age() -> None:
    dead = snapshot(ZETA, state=SourceState.DOWN, taken_at=None, error="refused")
    whole = {"endpoint": None, "path": None, "problems": [], "forbidden": False}
    assert json_sources(fleet(snapshot(ACME), dead)) == [
        {"tenant": "acme", "server": "berlin", "state": "fresh", "error": None, "age": 2.0, **whole},
        {"tenant": "zeta", "server": "paris", "state": "down", "error": "refused", "age": None, **whole},
    ]


def test_the_age_of_what_was_asked_beyond_the_poll_is_its_own() -> None:
    known = fleet(snapshot(ACME))
    for taken_at, age in ((known.now - 60, 60.0), (None, None)):
        (source,) = json_sources(known, {ACME: Missing(asked=True, taken_at=taken_at)})
        assert source["age"] == age


def test_filter_and_sort() -> None:
    assert [row.guest.name for row in chosen(filter="type:vm status:running", sort="-name")] == ["web1", "shop"]
    assert [row.key.vmid for row in chosen(sort="vmid")] == [100, 100, 101, 200]


def test_unknown_values_sort_last_either_way() -> None:
    found = guest_rows(fleet(snapshot(guests=(vm(1, cpu=None), vm(2, cpu=0.9), vm(3, cpu=0.1)))))
    for sort, order in (("cpu", [3, 2, 1]), ("-cpu", [2, 3, 1])):
        assert [row.key.vmid for row in Selection.of(COLUMNS, TableOptions(sort=sort)).rows(found)] == order


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"columns": "vmid,nonsense"}, "--columns: there is no column 'nonsense'; columns are status, vmid"),
        ({"sort": "-nonsense"}, "--sort: there is no column 'nonsense'"),
        ({"filter": "nonsense:x"}, "nonsense:x"),
    ],
)
def test_mistakes_are_named(options: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError, match=r".*") as caught:
        Selection.of(COLUMNS, TableOptions(**options))
    assert said in str(caught.value)


def test_no_colour_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\x1b" not in printed(capsys, "status,name", rows())


@pytest.mark.parametrize(("environ", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_colour_at_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], environ: dict[str, str], coloured: bool
) -> None:
    for name, value in {"TERM": "xterm", **environ}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    found = guest_rows(fleet(snapshot(guests=(vm(100),), nodes=(node("pve1"),))))
    assert ("\x1b[32m" in printed(capsys, "status,name", found)) is coloured
