"""Asking for something that may be refused: the answer, or one line that says what is missing."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from proxtui.errors import PermissionDenied, ProxtuiError

T = TypeVar("T")


async def attempt(what: str, asked: Awaitable[T], problems: list[str]) -> T | None:
    """The answer, or None and a line in ``problems`` that begins with ``what``."""
    try:
        return await asked
    except ProxtuiError as error:
        problems.append(f"{what}: {reason(error)}")
        return None


def reason(error: ProxtuiError) -> str:
    """The error in one line; a missing privilege by its name."""
    if isinstance(error, PermissionDenied) and error.privilege:
        return f"missing privilege {error.privilege}" + (f" on {error.acl_path}" if error.acl_path else "")
    return str(error)
