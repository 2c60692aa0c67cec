"""Rows in groups: what stands together, which line is which, and how the line above a group looks."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from proxtui.core.filters import parse
from proxtui.kit.groups import Grouping, Head, Heads, grouped
from tests.kit.fakes import CountingTable, Row, TableApp, lines_of, many

SIZE = (60, 12)


def counted(_row: Row, shown: int, total: int) -> str:
    return f"{shown} of {total}"


def by_tags() -> Grouping:
    return Grouping(lambda row: list(row.tags), lambda row: "+".join(row.tags) or "no tags", counted)


def by_name() -> Grouping:
    return Grouping(lambda row: row.name, lambda row: row.name or "none", counted)


def in_groups(count: int, each: int) -> list[Row]:
    return [Row(number, f"node{number // each:04}") for number in range(count)]


def test_groups_stand_in_order_those_in_none_last_and_each_keeps_its_own_order() -> None:
    rows = [Row(1, tags=("b",)), Row(2), Row(3, tags=("B",)), Row(4, tags=("a", "b")), Row(5, tags=("b",))]
    shown, heads = grouped(rows, rows, by_tags())
    assert [row.key for row in shown] == [4, 3, 1, 5, 2]
    assert [heads.at(line) for line in range(len(shown) + len(heads))] == [
        Head("a+b", "1 of 1"), 0, Head("B", "1 of 1"), 1, Head("b", "2 of 2"), 2, 3, Head("no tags", "1 of 1"), 4,
    ]  # fmt: skip


def test_what_a_filter_hides_is_counted() -> None:
    rows = [Row(1, "a"), Row(2, "a"), Row(3, "b")]
    _, heads = grouped(rows[:1], rows, by_name())
    assert heads.at(0) == Head("a", "1 of 2")
    assert len(heads) == 1


@given(st.lists(st.integers(1, 5), max_size=12))
def test_lines_and_rows_agree(sizes: list[int]) -> None:
    starts = [sum(sizes[:at]) for at in range(len(sizes))]
    heads = Heads(starts, [Head(str(at), "") for at in range(len(sizes))])
    for index in range(sum(sizes)):
        line = heads.line_of(index)
        assert heads.at(line) == index
        assert heads.top_of(index) == line - (index in starts)
    lines = [heads.at(line) for line in range(sum(sizes) + len(sizes))]
    assert [one for one in lines if isinstance(one, int)] == list(range(sum(sizes)))


def group(table: Any, grouping: Grouping | None) -> None:
    table.rows.group = grouping
    table.rearrange()


async def test_the_cursor_walks_from_row_to_row_and_sees_the_head_of_its_group() -> None:
    table = CountingTable()
    async with TableApp(table, in_groups(40, 3)).run_test(size=SIZE) as pilot:
        group(table, by_name())
        await pilot.pause()
        assert lines_of(table)[1].startswith("── node0000  3 of 3 ───")
        assert lines_of(table)[2].lstrip().startswith("▸")
        seen = []
        for _ in range(40):
            seen.append(table.cursor_row.key)  # type: ignore[union-attr]
            await pilot.press("down")
        assert seen == list(range(40))
        await pilot.press("g", *["down"] * 12)
        await pilot.press(*["up"] * 6)
        # The first of a group, reached from below: its head comes along.
        assert table.rows.cursor == 6
        line = table.rows.heads.line_of(6) - table.first_line + 1
        assert "node0002" in lines_of(table)[line - 1]
        await pilot.press("G")
        assert "▸" in lines_of(table)[-1]


async def test_pages_skip_no_row_however_many_heads_there_are() -> None:
    table = CountingTable()
    async with TableApp(table, in_groups(60, 1)).run_test(size=SIZE) as pilot:
        group(table, by_name())
        await pilot.pause()
        seen: set[int] = set()
        for _ in range(30):
            await pilot.pause()
            found = (table.row_at(y) for y in range(1, table.size.height))
            seen |= {index for index in found if index is not None}
            await pilot.press("pagedown")
        assert seen == set(range(60))
        for _ in range(40):
            await pilot.press("pageup")
        assert table.rows.cursor == 0


async def test_a_click_on_a_head_moves_nothing_and_one_on_a_row_finds_it() -> None:
    table = CountingTable()
    async with TableApp(table, in_groups(6, 2)).run_test(size=SIZE) as pilot:
        group(table, by_name())
        await pilot.pause()
        await pilot.click(table, offset=(5, 5))
        assert table.rows.cursor == 2
        await pilot.click(table, offset=(5, 4))
        assert table.rows.cursor == 2


async def test_a_filter_leaves_only_heads_with_rows_below() -> None:
    table = CountingTable()
    async with TableApp(table, in_groups(9, 3)).run_test(size=SIZE) as pilot:
        group(table, by_name())
        table.set_filter(parse("name:node0001"))
        await pilot.pause()
        assert [line for line in lines_of(table) if "──" in line] == [lines_of(table)[1]]
        assert "3 of 3" in lines_of(table)[1]
        table.set_filter(parse("nothing-like-this"))
        await pilot.pause()
        assert "──" not in "".join(lines_of(table))
        group(table, None)
        table.set_filter(parse(""))
        await pilot.pause()
        assert len(table.rows.heads) == 0


async def test_equal_data_repaints_no_head() -> None:
    table = CountingTable()
    async with TableApp(table, many(50)).run_test(size=SIZE) as pilot:
        group(table, by_name())
        await pilot.pause()
        await pilot.pause()
        table.refreshed.clear()
        table.set_rows(many(50))
        await pilot.pause()
        assert table.refreshed == []


def test_ten_thousand_rows_are_asked_once_and_only_one_of_a_group_is_named() -> None:
    asked: list[int] = []
    named: list[int] = []

    def value(row: Row) -> str:
        asked.append(row.key)
        return row.name

    def title(row: Row) -> str:
        named.append(row.key)
        return row.name

    rows = in_groups(10_000, 100)
    grouped(rows, rows, Grouping(value, title, counted))
    assert (len(asked), len(named)) == (10_000, 100)
