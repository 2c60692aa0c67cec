"""Keys in the order typed: each is handed out when what the one before it led to has been done.

Textual obeys a priority key at once, and hands any other to the widget with the focus, from which it climbs to the app
before it is obeyed: in a burst the first would overtake the second, and letters would go to the field of before.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from textual import events
from textual.app import App
from textual.dom import DOMNode

PATIENCE = 2.0
"""Seconds for which a key waits at most: a part of the screen that is stuck must not take the keyboard with it."""
CALM = 2
"""Laps in a row that meet nothing: the second also waits for what was being done when the first came home."""
MOST_LAPS = 12
"""Screens that are never calm get their keys all the same."""

Pressed = events.Key | events.Paste
Given = Pressed | events.MouseEvent


class InTurn:
    """One of an app, which gives it every key and paste as they arrive, and what a mouse does while one is under way.

    After each a mark goes the way of the key, from widget to widget up to the app, behind every message that lies
    there. What a message leads to is a message again, so it goes round until it meets none.
    """

    def __init__(self, app: App[Any], hand_out: Callable[[Given], Awaitable[None]]) -> None:
        self._app = app
        self._hand_out = hand_out
        self._waiting: deque[Given] = deque()
        self._turn = self._laps = self._calm = 0
        self._owner: DOMNode | None = None
        """Who had the keys when the mark left."""
        self._alarm: asyncio.TimerHandle | None = None
        """Set from a key until the next one may come."""

    @property
    def is_busy(self) -> bool:
        """Whether a key is under way: what comes now must not overtake it."""
        return self._alarm is not None

    async def take(self, event: Given) -> None:
        """Hand it out, at once or when its turn comes."""
        self._waiting.append(event)
        if not self.is_busy:
            await self._next()

    async def _next(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if not self._waiting:
            return
        self._turn, self._laps, self._calm = self._turn + 1, 0, 0
        loop = asyncio.get_running_loop()
        self._alarm = loop.call_later(PATIENCE, self._app.call_later, self._give_up, self._turn)
        self._owner = self._has_keys()
        await self._hand_out(self._waiting.popleft())
        self._go_round()

    def _has_keys(self) -> DOMNode | None:
        stack = self._app.screen_stack
        return (stack[-1].focused or stack[-1]) if stack else None

    def _go_round(self) -> None:
        before, self._owner = self._owner, self._has_keys()
        self._pass_on(iter(dict.fromkeys((*_way(before), *_way(self._owner)))), self._turn)

    def _pass_on(self, way: Iterator[DOMNode], turn: int) -> None:
        for node in way:
            # False where a widget is about to go: it does nothing more.
            if node.call_later(self._pass_on, way, turn):
                return
        self._app.call_later(self._come_home, turn)

    async def _come_home(self, turn: int) -> None:
        if turn != self._turn:
            return
        is_calm = self._owner is self._has_keys() and not any(node.message_queue_size for node in _way(self._owner))
        self._calm = self._calm + 1 if is_calm else 0
        self._laps += 1
        if self._calm == CALM or self._laps == MOST_LAPS:
            await self._next()
        else:
            self._go_round()

    async def _give_up(self, turn: int) -> None:
        if turn != self._turn:
            return
        # All of them: what follows a key that waited so long would wait again and again, and the key to leave with it.
        while len(self._waiting) > 1:
            await self._hand_out(self._waiting.popleft())
        await self._next()


def _way(owner: DOMNode | None) -> list[DOMNode]:
    return [] if owner is None else [node for node in owner.ancestors_with_self if not isinstance(node, App)]
