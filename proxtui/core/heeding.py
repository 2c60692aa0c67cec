"""SIGTERM and SIGHUP end a command as ctrl+c does: in order, and recorded."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
ENDING = (signal.SIGTERM, signal.SIGHUP)


async def heeding_signals(way: Coroutine[Any, Any, T]) -> T | int:
    """What ``way`` gives, or 128 and the number of the signal that ended it. A second one hurries nothing."""
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
        # It goes on from here: the connections are closed in order, and nothing of that is to be cut short.
        me.uncancel()
        return 128 + heard[0]
    finally:
        for one in ending:
            loop.remove_signal_handler(one)
