"""Values for CSV and JSON: no text in them can be a formula, no control character steers a terminal."""

from __future__ import annotations

from proxtui.core.rows import Scalar
from proxtui.pve.sanitize import clean

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_cell(value: Scalar) -> str:
    """A value for a spreadsheet: a text that it would take for a formula begins with ``'``; tags joined by ``;``."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(plain_number(value))
    found = ";".join(value) if isinstance(value, list) else value
    return ("'" if found.startswith(FORMULA) else "") + clean(found, multiline=True)


def plain_number(value: Scalar) -> Scalar:
    """``4`` for ``4.0``, as PVE writes it."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
