"""Sorting rows by a column: stable, and what is unknown stays at the end whatever the direction. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from proxtui.core.rows import Column, Scalar, TableRow


def _comparable(value: Scalar) -> str | float:
    if isinstance(value, str):
        return value.casefold()
    if isinstance(value, list):
        return " ".join(value).casefold()
    return value if value is not None else 0.0


def sorted_rows(rows: Sequence[TableRow], column: Column[Any] | None, *, descending: bool) -> list[TableRow]:
    """The rows in order; None, NaN and empty lists last. Without a column they stay as they come."""
    if column is None:
        return list(rows)
    values = list(map(column.value, rows))
    if set(map(type, values)) <= {str}:
        # Names, most often: ten thousand are put in order at every poll, without a decision for each.
        keys = [text.casefold() for text in cast("list[str]", values)]
        return [rows[index] for index in sorted(range(len(rows)), key=keys.__getitem__, reverse=descending)]
    return _sorted_patiently(rows, values, descending=descending)


def _sorted_patiently(rows: Sequence[TableRow], values: Sequence[Scalar], *, descending: bool) -> list[TableRow]:
    known: list[tuple[str | float, TableRow]] = []
    unknown: list[TableRow] = []
    for row, found in zip(rows, values, strict=True):
        if found is None or found != found or found == []:
            unknown.append(row)
        else:
            known.append((_comparable(found), row))
    try:
        known.sort(key=lambda pair: pair[0], reverse=descending)
    except TypeError:  # words and numbers in one column have no order of their own
        known.sort(key=lambda pair: str(pair[0]), reverse=descending)
    return [row for _, row in known] + unknown
