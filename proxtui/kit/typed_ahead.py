"""Keys that came in one piece: what was typed before a key that is obeyed at once must be in its field by then."""

from __future__ import annotations

import asyncio

from textual.widget import Widget
from textual.widgets import Input

PATIENCE = 2.0
"""Seconds; a field answers within one turn of the loop unless it is about to go."""


async def settled(field: Input) -> str:
    """The text of the field once it has taken every key that was handed to it before this call."""
    await caught_up(field)
    return field.value


async def caught_up(widget: Widget) -> None:
    """Wait until it has taken every key that was handed to it before this call. Not to be called in its own loop."""
    reached = asyncio.Event()
    if widget.is_running and widget.call_later(reached.set):
        try:
            async with asyncio.timeout(PATIENCE):
                await reached.wait()
        except TimeoutError:
            # The widget went while we waited: what it holds is all there will be.
            return
