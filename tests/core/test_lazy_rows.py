"""Rows that are made on demand: who looks at one makes one."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from proxtui.core.lazy_rows import LazyRows, Placed, keys_of
from proxtui.core.rows import Column, Scalar


@dataclass(frozen=True)
class Row:
    key: str
    haystack: str = ""
    muted: bool = False

    def field(self, name: str) -> Scalar:
        return None


class Letters(LazyRows[Row]):
    """Remembers what was looked at."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.made: list[str] = []

    def __len__(self) -> int:
        return len(self.text)

    def make(self, number: int) -> Row:
        self.made.append(self.text[number])
        return Row(self.text[number])


def test_they_are_a_sequence_like_any_other() -> None:
    rows = Letters("abcd")
    assert [row.key for row in rows] == list("abcd")
    assert (rows[0].key, rows[-1].key) == ("a", "d")
    assert [row.key for row in rows[1::2]] == ["b", "d"]
    assert keys_of(rows) == list("abcd")
    assert list(keys_of(list(rows))) == list("abcd")
    with pytest.raises(IndexError):
        rows[4]


def test_only_what_is_looked_at_is_made() -> None:
    rows = Letters("abcd")
    placed = Placed(rows, [3, 1, 0, 2])
    assert [len(placed), placed[0].key, [row.key for row in placed[1:3]]] == [4, "d", ["b", "a"]]
    assert rows.made == ["d", "b", "a"]


def test_another_order_is_a_sequence_too() -> None:
    placed = Placed(Letters("abcd"), [3, 1, 0, 2])
    assert [row.key for row in placed] == list("dbac") == list(placed.keys())
    assert [placed.place_of(key) for key in "abcdx"] == [2, 1, 3, 0, None]
    upper = Column[Row]("key", "Key", lambda row: row.key.upper(), lambda row: row.key, 3)
    assert placed.values(upper) == list("DBAC")
