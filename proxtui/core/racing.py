"""Asking several ways for one answer: the next begins when those before it are slow, and the first answer counts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from proxtui.core.clock import Clock
from proxtui.errors import AuthenticationError, ProxtuiError

T = TypeVar("T")
Way = Callable[[], Awaitable[T]]


async def first_good(
    clock: Clock, ways: Sequence[Way[T]], patience: float, *, lost: Callable[[int, ProxtuiError], None]
) -> tuple[int, T]:
    """The place in ``ways`` of the first one that answered, and its answer; the others are cancelled.

    Each begins ``patience`` seconds after the one before it. When the first fails while it is alone, nothing else
    is begun: its error is the end, as is a login that it refuses. ``lost`` hears of other ways that failed.
    """
    running: dict[asyncio.Future[T], int] = {}
    waiting = list(enumerate(ways))
    first_error: ProxtuiError | None = None
    try:
        while True:
            if waiting:
                at, way = waiting.pop(0)
                running[asyncio.ensure_future(way())] = at
            for task in await _next_of(clock, list(running), patience if waiting else None):
                at = running.pop(task)
                error = task.exception()
                if error is None:
                    return at, task.result()
                if not isinstance(error, ProxtuiError) or (not at and isinstance(error, AuthenticationError)):
                    raise error
                if at:
                    lost(at, error)
                    continue
                first_error = error
                if not running and len(waiting) == len(ways) - 1:
                    raise error
            if not running and not waiting:
                raise first_error or AssertionError("the first way neither failed nor answered")
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def within(clock: Clock, seconds: float, asked: Awaitable[T]) -> T:
    """The answer; ``TimeoutError`` when it is not there after so many seconds of ``clock``."""
    task = asyncio.ensure_future(asked)
    try:
        if not await _next_of(clock, [task], seconds):
            raise TimeoutError
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _next_of(
    clock: Clock, tasks: Sequence[asyncio.Future[T]], seconds: float | None
) -> Sequence[asyncio.Future[T]]:
    """Those that are done, in their order, once there is one; none when the time is over first."""
    timer = None if seconds is None else asyncio.ensure_future(clock.sleep(seconds))
    try:
        waits: list[asyncio.Future[Any]] = [*tasks] if timer is None else [*tasks, timer]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if timer is not None:
            timer.cancel()
            await asyncio.gather(timer, return_exceptions=True)
    return [task for task in tasks if task.done()]
