"""Columns in a width: nothing sticks out, what matters stays, what is dropped is counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proxtui.core.rows import Column
from proxtui.kit.layout import GAP, lay_out
from tests.kit.fakes import COLUMNS


def column(name: str, width: int, priority: int, *, grow: bool = False, shown: bool = True) -> Column[object]:
    return Column(name, name.upper(), lambda _: None, lambda _: "", width, priority=priority, grow=grow, shown=shown)


columns_of_any_kind = st.lists(
    st.builds(
        column,
        st.just("x"),
        st.integers(1, 40),
        st.integers(1, 9),
        grow=st.booleans(),
        shown=st.booleans(),
    ),
    max_size=20,
)


@given(columns=columns_of_any_kind, width=st.integers(0, 250))
def test_nothing_sticks_out_and_priority_one_always_stays(columns: list[Column[object]], width: int) -> None:
    layout = lay_out(columns, width)
    end = 0
    for slot in layout.slots:
        assert slot.width >= 0
        assert slot.x >= end or slot.width == 0
        end = slot.x + slot.width
        assert end <= width
    shown = [column for column in columns if column.shown]
    kept = [slot.column for slot in layout.slots]
    assert len(kept) + len(layout.dropped) == len(shown)
    assert [column for column in shown if column.priority == 1] == [column for column in kept if column.priority == 1]
    assert all(column.priority > 1 for column in layout.dropped)


@given(columns=columns_of_any_kind, width=st.integers(30, 250))
def test_the_sign_of_dropped_columns_has_room(columns: list[Column[object]], width: int) -> None:
    layout = lay_out(columns, width)
    if layout.dropped and layout.slots:
        last = layout.slots[-1]
        assert last.x + last.width + GAP + len(layout.sign) <= width


def test_the_least_important_column_goes_first_and_the_last_of_equals() -> None:
    columns = [column("a", 10, 1), column("b", 10, 5), column("c", 10, 7), column("d", 10, 7), column("e", 10, 2)]
    names = [[slot.column.key for slot in lay_out(columns, width).slots] for width in (54, 53, 40, 30)]
    assert names == [["a", "b", "c", "d", "e"], ["a", "b", "c", "e"], ["a", "b", "e"], ["a", "e"]]
    assert lay_out(columns, 30).sign == "+3"
    assert lay_out(columns, 54).sign == ""


def test_columns_that_must_stay_shrink_the_widest_first() -> None:
    layout = lay_out([column("a", 4, 1), column("b", 30, 1)], 20)
    assert [slot.width for slot in layout.slots] == [4, 15]


def test_what_is_left_over_goes_to_those_that_grow() -> None:
    layout = lay_out([column("a", 4, 1, grow=True), column("b", 6, 1), column("c", 4, 1, grow=True)], 31)
    assert [slot.width for slot in layout.slots] == [12, 6, 11]


def test_the_slot_under_the_mouse() -> None:
    layout = lay_out(COLUMNS, 60)
    keys = []
    for x in (0, 6, 7):
        slot = layout.slot_at(x)
        keys.append(slot.column.key if slot else None)
    assert keys == ["vmid", "vmid", "name"]
    assert layout.slot_at(500) is None


def test_columns_get_what_their_content_wants_where_there_is_room() -> None:
    columns = [column("name", 10, 1, grow=True), column("node", 8, 3), column("tags", 6, 6)]
    wants = {"name": 12, "node": 14, "tags": 30}
    assert [slot.width for slot in lay_out(columns, 34, wants).slots] == [12, 14, 6]
    assert [slot.width for slot in lay_out(columns, 70, wants).slots] == [24, 14, 30]
    assert [slot.width for slot in lay_out(columns, 26, wants).slots] == [12, 10]


def test_less_important_columns_go_so_that_names_can_be_read_whole() -> None:
    columns = [column("node", 10, 1), column("server", 9, 3), column("cpu", 5, 2), column("tenant", 9, 4)]
    wants = {"node": 15, "server": 14, "tenant": 14, "cpu": 5}
    layout = lay_out(columns, 38, wants)
    assert [slot.column.key for slot in layout.slots] == ["node", "server", "cpu"]
    assert layout.slots[0].width == 15
    assert [dropped.key for dropped in layout.dropped] == ["tenant"]


def test_a_very_long_name_takes_only_so_much_from_the_others() -> None:
    columns = [column("name", 10, 1), column("node", 10, 3)]
    layout = lay_out(columns, 40, {"name": 63, "node": 5})
    assert [slot.column.key for slot in layout.slots] == ["name", "node"]


def test_no_name_goes_so_that_another_is_whole() -> None:
    columns = [column("name", 10, 1), column("cpu", 6, 2)]
    layout = lay_out(columns, 18, {"name": 20, "cpu": 6})
    assert [slot.column.key for slot in layout.slots] == ["name", "cpu"]


def test_numbers_are_whole_before_names_grow() -> None:
    name = column("name", 6, 1, grow=True)
    number = Column("n", "N", lambda _: None, lambda _: "", 6, priority=2, align="right")
    layout = lay_out([name, number], 20, {"name": 30, "n": 10})
    assert [slot.width for slot in layout.slots] == [9, 10]
