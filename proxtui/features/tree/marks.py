"""The signs before the names in the tree. Pure."""

from __future__ import annotations

from proxtui.features.tree.rows import TreeLine
from proxtui.kit.signs import state_sign

OPEN, CLOSED, STORAGE = "▾", "▸", "▪"


def fold_sign(line: TreeLine) -> str:
    """Whether a line is open, closed or has nothing below."""
    if line.is_open is None:
        return "" if line.depth == 0 or line.depth == 3 else "  "
    return (OPEN if line.is_open else CLOSED) + " "


def sign_of(line: TreeLine) -> str:
    """One cell for the state, or nothing."""
    if line.kind == "storage":
        return STORAGE
    return state_sign(line.status) if line.status else ""
