"""Rows that are made when somebody looks at them: of ten thousand guests one screen is seen. Pure."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import TypeVar, overload

from proxtui.core.rows import Column, Scalar, TableRow

R = TypeVar("R", bound=TableRow)


class LazyRows(Sequence[R]):
    """Rows by number, each made when it is first asked for. A subclass says how many there are and makes one.

    Keys, and the values of a column, can be had of all rows without making them.
    """

    @abstractmethod
    def make(self, number: int) -> R:
        """The row with this number, 0 to ``len`` - 1; the same object every time."""

    def keys(self) -> Sequence[Hashable]:
        """The keys of all rows, in their order."""
        return [row.key for row in self]

    def values(self, column: Column[R]) -> list[Scalar]:
        """What a column says of every row."""
        return list(map(column.value, self))

    def place_of(self, key: Hashable) -> int | None:
        """The number of the row with this key, or None."""
        keys = self.keys()
        return keys.index(key) if key in keys else None

    @overload
    def __getitem__(self, index: int) -> R: ...
    @overload
    def __getitem__(self, index: slice) -> list[R]: ...
    def __getitem__(self, index: int | slice) -> R | list[R]:
        chosen = range(len(self))[index]
        return self.make(chosen) if isinstance(chosen, int) else list(map(self.make, chosen))

    def __iter__(self) -> Iterator[R]:
        return map(self.make, range(len(self)))


class Placed(LazyRows[R]):
    """The same rows in another order."""

    def __init__(self, rows: LazyRows[R], places: Sequence[int]) -> None:
        """``places`` are the numbers of the rows."""
        self._rows, self._places = rows, places

    def __len__(self) -> int:
        return len(self._places)

    def make(self, number: int) -> R:
        return self._rows.make(self._places[number])

    def keys(self) -> Sequence[Hashable]:
        return list(map(self._rows.keys().__getitem__, self._places))

    def place_of(self, key: Hashable) -> int | None:
        number = self._rows.place_of(key)
        return None if number is None else self._places.index(number)


def keys_of(rows: Iterable[R]) -> Iterable[Hashable]:
    """The keys of rows of either sort."""
    return rows.keys() if isinstance(rows, LazyRows) else (row.key for row in rows)
