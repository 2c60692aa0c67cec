"""A command that changes something ends in order, whoever ends it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from proxtui.core.heeding import heeding_signals


@pytest.fixture(autouse=True)
def _as_in_a_terminal() -> Iterator[None]:
    before = {which: signal.signal(which, signal.SIG_DFL) for which in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for which, handler in before.items():
        signal.signal(which, handler)


async def test_what_nohup_has_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)

    async def change() -> int:
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0)
        return 0

    assert await heeding_signals(change()) == 0


@pytest.mark.parametrize(("which", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
async def test_a_signal_cancels_once_and_waits_for_what_is_recorded(which: signal.Signals, code: int) -> None:
    told: list[str] = []

    async def change() -> int:
        try:
            os.kill(os.getpid(), which)
            await asyncio.Event().wait()
        finally:
            os.kill(os.getpid(), which)
            for _ in range(10):
                await asyncio.sleep(0)
            told.append("recorded")
        return 0

    assert await heeding_signals(change()) == code
    assert told == ["recorded"]
    assert signal.getsignal(which) is signal.SIG_DFL


async def test_without_a_signal_it_is_as_it_was() -> None:
    async def change() -> int:
        return 7

    assert await heeding_signals(change()) == 7


async def test_another_cancellation_is_none_of_its_own() -> None:
    task = asyncio.create_task(heeding_signals(asyncio.sleep(60, 0)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
