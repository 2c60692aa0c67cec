"""Columns, marks, groups and copies: the same in every table."""

from __future__ import annotations

import pytest

from proxtui.core.model import Fleet, GuestKey, ServerRef, SourceState
from proxtui.kit.column_chooser import ColumnChooser
from proxtui.kit.live_table import LiveTable
from proxtui.kit.row_copies import MOST_COPIED

from .fleets import ACME, ZETA, fleet, node, snapshot, two_tenants, vm
from .screens import LARGE, SMALL, Stage, stage, text_of

BERLIN = tuple(
    vm(100 + at, name=f"web{at}", node=f"pve{at % 2 + 1}", pool="gold" if at == 2 else None) for at in range(4)
)


def berlin() -> Fleet:
    return fleet(snapshot(ACME, BERLIN, (node("pve1"), node("pve2"))))


def names(acting: Stage) -> list[str]:
    return [row.guest.name for row in acting.table.rows.shown]  # type: ignore[attr-defined]


def titles(acting: Stage) -> str:
    return text_of(acting.table).splitlines()[0]


def clipboard(acting: Stage) -> str:
    return acting.app.clipboard


async def told(acting: Stage) -> str:
    await acting.pilot.pause()
    return " ".join(str(one.message) for one in acting.app._notifications)


@pytest.mark.parametrize(("key", "line"), [("question_mark", "#help-end"), ("C", "#columns-end")])
async def test_a_line_of_keys_that_is_cut_says_so(key: str, line: str) -> None:
    async with stage(two_tenants(), (46, 14)) as acting:
        await acting.press(key)
        await acting.until(lambda: acting.app.screen.query(line))
        assert text_of(acting.app.screen.query_one(line)).rstrip().endswith("…")


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_columns_are_chosen_and_keep_their_order(size: tuple[int, int]) -> None:
    async with stage(two_tenants(), size) as acting:
        assert "CPUs" not in titles(acting)
        dropped = acting.table.slots.dropped
        await acting.press("C")
        chooser = acting.app.screen
        assert isinstance(chooser, ColumnChooser)
        table = chooser.query_one(LiveTable)
        shown = text_of(table)
        assert "[x]" in shown
        assert "Uptime" in shown
        assert "esc: leave it" in str(chooser.query_one("#columns-end").render())
        # Not every wanted column has room, and the list says which.
        assert ("no room" in shown) == bool(dropped)
        assert size == LARGE or "no room" in shown
        for key in ("uptime", "maxcpu"):
            table.move_to(key)
            await acting.press("space")
        await acting.press("enter")
        assert "maxcpu" in acting.front.wanted
        assert "uptime" not in acting.front.wanted
        order = [column.key for column in acting.table.rows.columns]
        assert order == [column.key for column in acting.front._columns if column.key in order]
        if size == LARGE:
            assert "Uptime" not in titles(acting)


async def test_the_name_cannot_be_taken_away_and_escape_changes_nothing() -> None:
    async with stage(two_tenants()) as acting:
        before = acting.front.wanted
        await acting.press("C")
        table = acting.app.screen.query_one(LiveTable)
        table.move_to("name")
        await acting.press("space")
        table.move_to("cpu")
        await acting.press("space", "escape")
        assert acting.front.wanted == before
        await acting.press("C")
        acting.app.screen.query_one(LiveTable).move_to("name")
        await acting.press("space", "enter")
        assert acting.front.wanted == before


async def test_chosen_columns_outlive_a_visit_to_another_view() -> None:
    async with stage(two_tenants()) as acting:
        await acting.press("C")
        acting.app.screen.query_one(LiveTable).move_to("tags")
        await acting.press("space", "enter", "2", "1")
        assert "Tags" not in titles(acting)


async def test_marks_are_seen_counted_and_forgotten() -> None:
    async with stage(berlin()) as acting:
        await acting.press("space", "space")
        assert acting.front.marks == {GuestKey(*ACME, "qemu", 100), GuestKey(*ACME, "qemu", 101)}
        assert "4 guests, 2 marked" in acting.header
        assert text_of(acting.table).count("✓") == 2
        await acting.press("up", "space")
        assert "1 marked" in acting.header
        await acting.press("escape")
        assert acting.front.marks == set()
        assert "marked" not in acting.header
        assert "✓" not in text_of(acting.table)


async def test_escape_first_forgets_the_marks_and_then_closes_the_pane() -> None:
    async with stage(berlin()) as acting:
        await acting.press("d", "space", "escape")
        assert acting.front.split.is_open
        await acting.press("escape")
        assert not acting.front.split.is_open


async def test_a_mark_goes_with_its_guest() -> None:
    async with stage(berlin()) as acting:
        await acting.press("space", "space")
        await acting.put(fleet(snapshot(ACME, BERLIN[1:], (node("pve1"), node("pve2")))))
        assert acting.front.marks == {GuestKey(*ACME, "qemu", 101)}


async def test_all_rows_that_the_filter_leaves_are_marked_or_none_of_them() -> None:
    async with stage(berlin()) as acting:
        await acting.press("space", "slash", *"node:pve2", "enter", "asterisk")
        assert {key.vmid for key in acting.front.marks} == {100, 101, 103}
        assert "2 of 4 guests, 3 marked" in acting.header
        await acting.press("asterisk")
        assert {key.vmid for key in acting.front.marks} == {100}, "what the filter hides keeps its mark"
        await acting.press("space", "asterisk")
        assert {key.vmid for key in acting.front.marks} == {100, 101, 103}, "some are marked already"
    async with stage(fleet(snapshot(ACME, (), (node("pve1"),)))) as acting:
        await acting.press("asterisk", "X")
        assert acting.front.marks == set()


async def test_all_between_the_last_mark_and_the_cursor_are_marked() -> None:
    async with stage(berlin()) as acting:
        await acting.press("down", "X")
        assert {key.vmid for key in acting.front.marks} == {101}, "without a mark before it is only this"
        await acting.press("escape", "down", "down", "space", "home", "down", "X")
        assert {key.vmid for key in acting.front.marks} == {101, 102, 103}
        await acting.press("i", "escape", "home", "space", "slash", *"node:pve2", "enter", "end", "X")
        assert {key.vmid for key in acting.front.marks} == {103, 101}, "only what is shown"


async def test_groups_stand_together_and_lead_the_line() -> None:
    async with stage(berlin()) as acting:
        assert names(acting) == ["web0", "web1", "web2", "web3"]
        await acting.press("b")
        assert names(acting) == ["web0", "web2", "web1", "web3"]
        assert titles(acting).split()[0] == "Node"
        assert "by node" in acting.header
        await acting.press("i")
        assert names(acting) == ["web2", "web0", "web3", "web1"]
        await acting.press("b")
        # Who is in no pool comes last.
        assert names(acting)[0] == "web2"
        await acting.press("b", "b", "b")
        assert names(acting) == ["web3", "web2", "web1", "web0"]
        assert " by " not in acting.header


async def test_the_line_above_a_group_names_it_and_says_how_many_are_in_it() -> None:
    async with stage(berlin()) as acting:
        await acting.press("b")
        shown = text_of(acting.table).splitlines()
        assert [line.split("  ")[:2] for line in shown if line.startswith("──")] == [
            ["── pve1", "2 guests ─" + shown[1].partition("guests ─")[2]],
            ["── pve2", "2 guests ─" + shown[4].partition("guests ─")[2]],
        ]
        await acting.press("b")
        assert "── gold  1 guest " in text_of(acting.table)
        assert "── no pool  3 guests " in text_of(acting.table)
        await acting.press("slash", *"web3", "enter")
        assert "── no pool  1 of 3 guests " in text_of(acting.table)
        assert "gold" not in text_of(acting.table)


async def test_nodes_of_one_name_on_two_servers_are_two_groups_and_what_is_not_known_is_said() -> None:
    silent = snapshot(ServerRef("zeta", "silent"), (), (), taken_at=None, state=SourceState.DOWN)
    async with stage(fleet(*two_tenants().snapshots, silent)) as acting:
        await acting.press("b")
        heads = [line for line in text_of(acting.table).splitlines() if line.startswith("──")]
        assert len(heads) == len({(row.key.tenant, row.key.server, row.guest.node) for row in acting.table.rows.all})  # type: ignore[attr-defined]
        assert all(f"({' / '.join(ref)})" in "".join(heads) for ref in (ACME, ZETA))
        assert "at least" not in "".join(heads)
        await acting.press("b", "b")
        assert "at least" in "".join(line for line in text_of(acting.table).splitlines() if line.startswith("──"))


async def test_a_name_a_row_and_marked_names_are_copied() -> None:
    async with stage(berlin()) as acting:
        await acting.press("y")
        assert clipboard(acting) == "100 web0"
        await acting.press("Y")
        assert clipboard(acting).startswith("● running\t100\tweb0\tpve1")
        await acting.press("space", "space", "y")
        assert clipboard(acting) == "100 web0\n101 web1"
        assert "2 of 2 names" in await told(acting)


async def test_what_is_copied_is_clean_and_not_endless() -> None:
    hostile = vm(100, name="x\x1b]52;c;AAAA\x07\u202ey", node="pve1")
    many = tuple(vm(200 + at, name="n" * 200, node="pve1") for at in range(600))
    async with stage(fleet(snapshot(ACME, (hostile, *many), (node("pve1"),)))) as acting:
        acting.table.move_to(GuestKey(*ACME, "qemu", 100))
        await acting.press("y")
        assert not {"\x1b", "\x07", "\u202e"} & set(clipboard(acting))
        acting.front.marks = {row.key for row in acting.table.rows.all}
        await acting.press("y")
        assert 0 < len(clipboard(acting).encode()) <= MOST_COPIED
        assert f"{clipboard(acting).count(chr(10)) + 1} of 601 names" in await told(acting)


async def test_the_url_of_the_gui_is_shown_and_copied() -> None:
    async with stage(two_tenants()) as acting:
        acting.table.move_to(GuestKey(*ZETA, "qemu", 100))
        await acting.press("o")
        assert clipboard(acting) == "https://pve:8006/#v1:0:=qemu%2F100"
        assert clipboard(acting) in await told(acting)
        await acting.press("2", "o")
        assert "#v1:0:=node%2Fpve" in clipboard(acting)


async def test_without_a_row_nothing_is_offered_that_needs_one() -> None:
    async with stage(fleet(snapshot(ACME, (), (node("pve1"),)))) as acting:
        await acting.press("space", "y", "Y", "o", "b", "C", "escape")
        assert clipboard(acting) == ""
        assert acting.front.marks == set()
