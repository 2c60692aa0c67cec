"""Tasks that outlive the call that began them: what ends one by mistake is never silent."""

from __future__ import annotations

import asyncio
from typing import Any


def report_bug(task: asyncio.Task[Any]) -> None:
    """Tell the loop of an error that nobody awaits; as a done callback."""
    if not task.cancelled() and (error := task.exception()) is not None:
        task.get_loop().call_exception_handler(
            {"message": f"{task.get_name()} ended by a bug", "exception": error, "task": task}
        )
