"""Sorting rows by a column: stable, and what is unknown stays at the end whatever the direction. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from proxtui.core.lazy_rows import LazyRows, Placed
from proxtui.core.rows import Column, Scalar, TableRow


def _comparable(value: Scalar) -> str | float:
    if isinstance(value, str):
        return value.casefold()
    if isinstance(value, list):
        return " ".join(value).casefold()
    return value if value is not None else 0.0


class Order:
    """Puts rows in order, and remembers how: rows whose values are those of the last time need no sorting."""

    def __init__(self) -> None:
        self._asked: tuple[Column[Any] | None, bool] = (None, False)
        self._values: list[Scalar] = []
        self._places: list[int] = []

    def of(self, rows: Sequence[TableRow], column: Column[Any] | None, *, descending: bool) -> Sequence[TableRow]:
        """The rows in order; None, NaN and empty lists last. Without a column they stay as they come."""
        if column is None:
            return rows if isinstance(rows, LazyRows) else list(rows)
        values = rows.values(column) if isinstance(rows, LazyRows) else list(map(column.value, rows))
        if self._asked != (column, descending) or self._values != values:
            self._asked, self._values = (column, descending), values
            self._places = places(values, descending=descending)
        if isinstance(rows, LazyRows):
            return Placed(rows, self._places)
        return list(map(rows.__getitem__, self._places))


def sorted_rows(rows: Sequence[TableRow], column: Column[Any] | None, *, descending: bool) -> Sequence[TableRow]:
    """The rows in order; None, NaN and empty lists last. Without a column they stay as they come."""
    return Order().of(rows, column, descending=descending)


def places(values: Sequence[Scalar], *, descending: bool) -> list[int]:
    """The indices of the values in their order; equal ones as they come."""
    if set(map(type, values)) <= {str}:
        # Names, most often: without a decision for each of ten thousand.
        keys = [text.casefold() for text in cast("Sequence[str]", values)]
        return sorted(range(len(keys)), key=keys.__getitem__, reverse=descending)
    known: list[tuple[str | float, int]] = []
    unknown: list[int] = []
    for index, found in enumerate(values):
        if found is None or found != found or found == []:
            unknown.append(index)
        else:
            known.append((_comparable(found), index))
    try:
        known.sort(key=lambda pair: pair[0], reverse=descending)
    except TypeError:  # words and numbers in one column have no order of their own
        known.sort(key=lambda pair: str(pair[0]), reverse=descending)
    return [index for _, index in known] + unknown
