"""What survives a poll: the same answer as a naive walk gives, with as many old objects as can be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proxtui.core.keeping import kept
from proxtui.core.model import Delta, ServerRef

Row = tuple[int, str]
ROWS = st.lists(st.tuples(st.integers(0, 6), st.sampled_from("ab")), max_size=8)


def key_of(row: Row) -> int:
    return row[0]


def copied(rows: list[Row]) -> list[Row]:
    """Equal rows that are other objects, as a decoder makes them."""
    return [(number, text) for number, text in rows]


def known(rows: list[Row]) -> dict[int, Row]:
    return {key_of(row): row for row in copied(rows)}


@given(ROWS, ROWS)
def test_the_new_rows_count_and_the_old_objects_stay(before: list[Row], after: list[Row]) -> None:
    old = known(before)
    new = kept(old, copied(after), key_of, key_of)
    assert dict(new) == known(after)
    assert all(new[key] is old[key] for key in new if old.get(key) == new[key])


@given(ROWS)
def test_equal_rows_give_the_old_mapping_itself(rows: list[Row]) -> None:
    old = known(rows)
    assert kept(old, copied(list(old.values())), key_of, key_of) is old
    assert kept(old, copied(list(reversed(old.values()))), key_of, key_of) is old


@given(ROWS, ROWS)
def test_what_changed_is_what_a_naive_walk_finds(before: list[Row], after: list[Row]) -> None:
    old = known(before)
    for new in (known(after), kept(old, copied(after), key_of, key_of)):
        delta = Delta(ServerRef("acme", "berlin"), pairs=((old, new),))
        assert delta.changed == {key for key, row in new.items() if key not in old or old[key] != row}
        assert delta.removed == set(old) - set(new)


def test_a_mapping_that_was_given_out_is_never_changed() -> None:
    first = kept({}, [(1, "a"), (2, "a")], key_of, key_of)
    second = kept(first, [(1, "b"), (2, "a")], key_of, key_of)
    assert dict(first) == {1: (1, "a"), 2: (2, "a")}
    assert dict(second) == {1: (1, "b"), 2: (2, "a")}
