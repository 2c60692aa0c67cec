"""Asking for something that may be refused: the answer, or one line that says what is missing."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from typing import NamedTuple, TypeVar

from proxtui.errors import NodeUnreachable, PermissionDenied, ProxtuiError

T = TypeVar("T")


class Problem(NamedTuple):
    """Something that could not be read, and why."""

    what: str
    reason: str


async def attempt(what: str, asked: Awaitable[T], problems: list[Problem]) -> T | None:
    """The answer, or None and an entry in ``problems``."""
    try:
        return await asked
    except ProxtuiError as error:
        problems.append(Problem(what, reason(error)))
        return None


def reason(error: ProxtuiError) -> str:
    """The error in one line; a missing privilege by its name."""
    if isinstance(error, NodeUnreachable):
        # The node is as dead for whatever is asked of it: without the path the reason stands there once for all parts.
        return error.reason
    if isinstance(error, PermissionDenied) and error.privilege:
        return f"missing privilege {error.privilege}" + (f" on {error.acl_path}" if error.acl_path else "")
    return str(error)


def problem_lines(problems: Iterable[Problem]) -> list[str]:
    """One line for each reason: ``status, history: missing privilege Sys.Audit on /nodes/pve1``."""
    by_reason: dict[str, list[str]] = {}
    for problem in problems:
        by_reason.setdefault(problem.reason, []).append(problem.what)
    return [f"{', '.join(dict.fromkeys(parts))}: {why}" for why, parts in by_reason.items()]
