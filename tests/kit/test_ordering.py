"""The order of rows, and a cursor that follows its row through it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxtui.core.filters import parse
from proxtui.core.rows import Column, Scalar
from proxtui.kit import ordering
from proxtui.kit.ordering import Order, places, sorted_rows
from proxtui.kit.row_list import RowList
from tests.kit.fakes import COLUMNS, Row, many

CPU = COLUMNS[2]


@given(loads=st.lists(st.none() | st.floats(allow_nan=True), max_size=30))
def test_what_is_unknown_stays_last_in_both_directions(loads: list[float | None]) -> None:
    rows = [Row(number, cpu=load) for number, load in enumerate(loads)]
    for descending in (False, True):
        found = [row.cpu for row in sorted_rows(rows, CPU, descending=descending) if isinstance(row, Row)]
        known = [load for load in found if load is not None and not math.isnan(load)]
        assert known == sorted(known, reverse=descending)
        assert all(load is None or math.isnan(load) for load in found[len(known) :])
        assert len(found) == len(rows)


def test_equal_rows_keep_their_order_in_both_directions() -> None:
    rows = [Row(number, cpu=number % 2) for number in range(10)]
    up, down = (sorted_rows(rows, CPU, descending=descending) for descending in (False, True))
    assert [row.key for row in up] == [0, 2, 4, 6, 8, 1, 3, 5, 7, 9]
    assert [row.key for row in down] == [1, 3, 5, 7, 9, 0, 2, 4, 6, 8]


def test_words_are_sorted_without_regard_to_case_and_mixed_columns_at_all() -> None:
    names: Column[Row] = Column("name", "NAME", lambda row: row.name, lambda row: row.name, 5)
    rows = [Row(0, "beta"), Row(1, "Alpha"), Row(2, "ALSO")]
    assert [row.key for row in sorted_rows(rows, names, descending=False)] == [1, 2, 0]
    values: list[Scalar] = ["x", 3, None, ["a", "b"], []]
    mixed: Column[Row] = Column("m", "M", lambda row: values[row.key], lambda row: "", 5)
    found = [row.key for row in sorted_rows([Row(number) for number in range(5)], mixed, descending=False)]
    assert found == [1, 3, 0, 2, 4]


def test_the_cursor_follows_its_row_and_stays_at_its_place_when_that_is_gone() -> None:
    rows = RowList(COLUMNS, "vmid", descending=False)
    rows.all = many(10)
    rows.arrange()
    rows.cursor = 4
    rows.descending = True
    rows.arrange()
    assert (rows.cursor, rows.cursor_key) == (5, 4)
    rows.all = [row for row in many(10) if row.key != 4]
    rows.arrange()
    assert (rows.cursor, rows.cursor_key) == (5, 3)
    rows.filter = parse("vm9")
    rows.arrange()
    assert (rows.cursor, rows.cursor_key) == (0, 9)
    rows.all = ()
    rows.arrange()
    assert (rows.cursor, rows.cursor_key, rows.cursor_row) == (0, None, None)


def test_equal_values_are_not_sorted_again_and_others_are(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(ordering, "places", lambda values, **how: asked.append(1) or places(values, **how))
    names: Column[Row] = Column("name", "NAME", lambda row: row.name, lambda row: row.name, 5)
    order = Order()
    assert [row.key for row in order.of([Row(0, "b"), Row(1, "a")], names, descending=False)] == [1, 0]
    again = [Row(0, "b", cpu=0.9), Row(1, "a", cpu=0.8)]
    assert order.of(again, names, descending=False) == [again[1], again[0]], "the new rows, in the old order"
    assert len(asked) == 1
    assert [row.key for row in order.of([Row(0, "a"), Row(1, "b")], names, descending=False)] == [0, 1]
    assert [row.key for row in order.of([Row(0, "a"), Row(1, "b")], names, descending=True)] == [1, 0]
    assert [row.key for row in order.of([Row(0, "a")], names, descending=True)] == [0]
    assert len(asked) == 4
