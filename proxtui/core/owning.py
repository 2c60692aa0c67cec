"""Tasks that outlive the call that began them: what ends one by mistake is never silent."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, TypeVar

T = TypeVar("T")


def report_bug(task: asyncio.Task[Any]) -> None:
    """Tell the loop of an error that nobody awaits; as a done callback."""
    if not task.cancelled() and (error := task.exception()) is not None:
        task.get_loop().call_exception_handler(
            {"message": f"{task.get_name()} ended by a bug", "exception": error, "task": task}
        )


class ReportedBug:
    """``with ReportedBug("a listener"):`` whatever is raised in here is told to the loop, and goes no further."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"{self._what} ended by a bug", "exception": error}
        )
        return True


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """The answer of ``work``, which ends also when whoever waits for it is cancelled; that goes on afterwards."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        report_bug(task)
        raise
