"""SIGTERM and SIGHUP end a command that changes something as ctrl+c does: in order, and recorded."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

ENDING = (signal.SIGTERM, signal.SIGHUP)


async def heeding_signals(way: Coroutine[Any, Any, int]) -> int:
    """The exit code of ``way``, or 128 and the number of the signal that ended it. A second one hurries nothing."""
    loop, me = asyncio.get_running_loop(), asyncio.current_task()
    assert me is not None  # noqa: S101 - a coroutine runs in a task
    heard: list[signal.Signals] = []

    def end(which: signal.Signals) -> None:
        if not heard:
            me.cancel()
        heard.append(which)

    # nohup has it ignored, and means it.
    ending = [one for one in ENDING if signal.getsignal(one) is not signal.SIG_IGN]
    for one in ending:
        loop.add_signal_handler(one, end, one)
    try:
        return await way
    except asyncio.CancelledError:
        if not heard:
            raise
        return 128 + heard[0]
    finally:
        for one in ending:
            loop.remove_signal_handler(one)
