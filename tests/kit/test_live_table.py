"""The live table as its user meets it: keys, mouse, filters, and no line painted without need."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from textual import events
from textual.pilot import Pilot

from proxtui.core.filters import EVERYTHING, parse
from proxtui.core.lazy_rows import LazyRows
from proxtui.core.rows import Column, Scalar
from proxtui.kit.live_table import LiveTable
from tests.kit.fakes import COLUMNS, CountingTable, Row, TableApp, lines_of, many

SIZE = (60, 12)


async def settle(pilot: Pilot[None], table: CountingTable) -> None:
    await pilot.pause()
    await pilot.pause()
    table.refreshed.clear()


async def test_equal_data_repaints_nothing() -> None:
    table = CountingTable()
    async with TableApp(table, many(50)).run_test(size=SIZE) as pilot:
        await settle(pilot, table)
        table.set_rows(many(50))
        table.set_rows(many(50))
        await pilot.pause()
        assert table.refreshed == []


async def test_only_visible_lines_that_differ_are_repainted() -> None:
    table = CountingTable()
    async with TableApp(table, many(500)).run_test(size=SIZE) as pilot:
        await settle(pilot, table)
        rows = many(500)
        for index in (2, 5, 100, 400):
            rows[index] = Row(index, "other")
        table.set_rows(rows)
        await pilot.pause()
        assert table.lines_refreshed == {3, 6}
        assert "other" in lines_of(table)[3]


async def test_only_visible_rows_are_formatted() -> None:
    formatted: list[int] = []

    def text(row: Row) -> str:
        formatted.append(row.key)
        return row.name

    table = CountingTable((COLUMNS[0], replace(COLUMNS[1], text=text)))
    async with TableApp(table, many(10_000)).run_test(size=SIZE) as pilot:
        await pilot.press("down", "down", "G", "g")
        await pilot.pause()
        # Besides the visible ones, a few rows all over the table tell how wide the columns want to be.
        elsewhere = {key for key in formatted if 12 <= key < 9_988}
        assert len(elsewhere) <= 70
        assert len(formatted) < 200


class Unmade(LazyRows[Row]):
    """Rows that are made on demand; remembers which."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.made: set[int] = set()

    def __len__(self) -> int:
        return self.count

    def make(self, number: int) -> Row:
        self.made.add(number)
        return Row(number, f"vm{number}")

    def values(self, column: Column[Row]) -> list[Scalar]:
        return [f"vm{number:05}" for number in range(self.count)]


async def test_rows_that_can_be_made_later_are_made_when_they_come_into_sight() -> None:
    table = CountingTable()
    async with TableApp(table, []).run_test(size=SIZE) as pilot:
        rows = Unmade(10_000)
        table.set_rows(rows)
        await pilot.press("down", "down", "G", "g")
        await pilot.pause()
        assert len({number for number in rows.made if 12 <= number < 9_988}) <= 70
        assert table.move_to(5_000)
        again = Unmade(10_000)
        table.set_rows(again)
        await pilot.pause()
        assert table.cursor_row == Row(5_000, "vm5000")
        assert len(again.made) < 100


async def test_ten_thousand_rows_keep_the_cursor_through_sort_filter_and_polls() -> None:
    table = CountingTable()
    rows = [Row(number, f"vm{number}", cpu=(number * 7919 % 1000) / 1000) for number in range(10_000)]
    app = TableApp(table, rows)
    async with app.run_test(size=SIZE) as pilot:
        assert table.move_to(5_000)
        for change in (
            lambda: table.sort_by("cpu", descending=True),
            lambda: table.set_filter(parse("vm50")),
            lambda: table.set_rows([Row(row.key, row.name, 0.1) for row in rows]),
            lambda: table.set_filter(EVERYTHING),
            lambda: table.sort_by("name", descending=False),
        ):
            change()
            await pilot.pause()
            assert table.cursor_row is not None
            assert table.cursor_row.key == 5_000
            assert any(line.startswith("▸") and " vm5000 " in line for line in lines_of(table))
        assert (table.shown, table.total) == (10_000, 10_000)
        assert app.highlighted == [0, 5_000]


async def test_a_vanished_row_leaves_the_cursor_at_its_place() -> None:
    table = CountingTable()
    app = TableApp(table, many(10))
    async with app.run_test(size=SIZE) as pilot:
        table.move_to(9)
        table.set_rows(many(9))
        await pilot.pause()
        assert table.cursor_row is not None
        assert table.cursor_row.key == 8
        table.set_rows([])
        await pilot.pause()
        assert table.cursor_row is None
        assert app.highlighted[-1] is None


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        (["down", "j", "down", "k", "up"], 1),
        (["G"], 99),
        (["end", "home"], 0),
        (["pagedown"], 10),
        (["pagedown", "pagedown", "pageup"], 10),
        (["G", "g"], 0),
        (["up"], 0),
    ],
)
async def test_keys_move_the_cursor_and_keep_it_in_sight(keys: list[str], key: int) -> None:
    table = CountingTable()
    async with TableApp(table, many(100)).run_test(size=SIZE) as pilot:
        await pilot.press(*keys)
        assert table.cursor_row is not None
        assert table.cursor_row.key == key
        [line] = [line for line in lines_of(table) if line.startswith("▸")]
        assert f" vm{key} " in line


async def test_a_cursor_step_repaints_two_lines() -> None:
    table = CountingTable()
    async with TableApp(table, many(100)).run_test(size=SIZE) as pilot:
        await settle(pilot, table)
        await pilot.press("down")
        assert table.lines_refreshed == {1, 2}


async def test_the_order_is_chosen_by_key_and_by_mouse_and_shown_in_the_header() -> None:
    table = CountingTable()
    rows = [Row(1, "b", 0.2), Row(2, "a", 0.9), Row(3, "c", None)]
    async with TableApp(table, rows).run_test(size=SIZE) as pilot:
        await pilot.press("greater_than_sign")
        assert "NAME▲" in lines_of(table)[0]
        assert [row.key for row in table.rows.shown] == [2, 1, 3]
        await pilot.press("greater_than_sign", "i")
        assert "CPU▼" in lines_of(table)[0]
        assert [row.key for row in table.rows.shown] == [2, 1, 3]
        await pilot.press("less_than_sign", "less_than_sign", "less_than_sign")
        assert "TAGS▼" in lines_of(table)[0]
        await pilot.click(table, offset=(10, 0))
        await pilot.click(table, offset=(10, 0))
        assert "NAME▲" in lines_of(table)[0]


async def test_enter_and_a_double_click_open() -> None:
    table = CountingTable()
    app = TableApp(table, many(20))
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("down", "enter")
        assert app.opened == [1]
        await pilot.click(table, offset=(10, 5))
        assert table.cursor_row is not None
        assert table.cursor_row.key == 4
        assert app.opened == [1]
        await pilot.click(table, offset=(10, 6), times=2)
        await pilot.pause()
        assert app.opened == [1, 5]
        await pilot.click(table, offset=(10, 11))
        assert table.cursor_row.key == 10


async def test_the_wheel_scrolls_and_leaves_the_cursor() -> None:
    table = CountingTable()
    async with TableApp(table, many(100)).run_test(size=SIZE) as pilot:
        await pilot.pause()
        for _ in range(3):
            table._on_mouse_scroll_down(wheel(table))
        await pilot.pause()
        assert table.first_line > 0
        assert table.cursor_row is not None
        assert table.cursor_row.key == 0
        table.set_rows(many(100))
        assert table.first_line > 0
        await pilot.press("down")
        assert table.first_line <= 1


def wheel(table: LiveTable) -> Any:
    return events.MouseScrollDown(table, 5, 5, 0, 1, 0, False, False, False)


async def test_an_empty_table_says_why() -> None:
    table = CountingTable(empty="nobody answers\nno guests are known")
    async with TableApp(table).run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert [line.strip() for line in lines_of(table) if line.strip()][1:] == [
            "nobody answers",
            "no guests are known",
        ]
        table.say_when_empty("no guests here")
        assert "no guests here" in "".join(lines_of(table))
        table.set_rows(many(3))
        table.set_filter(parse("name:nothing"))
        assert "no guest matches «name:nothing» - esc clears" in "".join(lines_of(table))
        assert "no guests here" not in "".join(lines_of(table))


async def test_lines_fit_the_width_at_any_size_and_say_what_is_cut() -> None:
    table = CountingTable()
    rows = [Row(1, "a-name-that-is-much-too-long-for-the-column", 0.5, ("production", "europe", "web"))]
    async with TableApp(table, rows).run_test(size=(80, 24)) as pilot:
        for width in (160, 80, 40, 20, 8):
            await pilot.resize_terminal(width, 10)
            await pilot.pause()
            assert {table.render_line(y).cell_length for y in range(table.size.height)} == {width}
        await pilot.resize_terminal(34, 10)
        await pilot.pause()
        header, line = lines_of(table)[:2]
        assert header.endswith("+1")
        assert "…" in line


async def test_the_scroll_bar_takes_its_column_from_the_lines() -> None:
    table = CountingTable()
    async with TableApp(table, many(5)).run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert table.line_width == 60
        table.set_rows(many(50))
        await pilot.pause()
        assert table.line_width == 59
        assert table.render_line(0).cell_length == 59
        await pilot.press("G")
        assert lines_of(table)[-1].startswith("▸")
        table.set_rows(many(5))
        await pilot.pause()
        assert (table.line_width, table.first_line) == (60, 0)


async def test_old_knowledge_is_grey_and_the_cursor_stays_readable() -> None:
    table = CountingTable()
    rows = [Row(1, cpu=0.95), Row(2, cpu=0.95), Row(3, cpu=0.95, muted=True)]
    async with TableApp(table, rows).run_test(size=SIZE) as pilot:
        await pilot.pause()
        fresh, old = list(table.render_line(2)), list(table.render_line(3))
        assert len({segment.style for segment in fresh}) > 1
        assert len({segment.style for segment in old}) == 1
        assert old[0].style != fresh[0].style


async def test_a_table_without_header_uses_its_line() -> None:
    table = CountingTable(header=False)
    async with TableApp(table, many(3)).run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "vm0" in lines_of(table)[0]
        await pilot.click(table, offset=(10, 2))
        assert table.cursor_row is not None
        assert table.cursor_row.key == 2


async def test_other_columns() -> None:
    table = CountingTable()
    async with TableApp(table, many(3)).run_test(size=SIZE) as pilot:
        table.set_columns(COLUMNS[:2])
        await pilot.pause()
        assert lines_of(table)[0].split() == ["ID▲", "NAME"]


async def test_enter_is_offered_only_where_there_is_something_to_open() -> None:
    table = CountingTable()
    async with TableApp(table, []).run_test(size=SIZE) as pilot:
        assert "enter" not in pilot.app.screen.active_bindings
        told: list[bool] = []
        pilot.app.screen.bindings_updated_signal.subscribe(
            pilot.app, lambda _: told.append("enter" in pilot.app.screen.active_bindings)
        )
        table.set_rows(many(3))
        await pilot.pause()
        table.set_filter(parse("nobody"))
        await pilot.pause()
        assert told[0]
        assert not told[-1]
