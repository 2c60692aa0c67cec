"""Keys that came in one piece: what was typed before a key that is obeyed at once must be in its field by then."""

from __future__ import annotations

import asyncio

from textual.widgets import Input

PATIENCE = 2.0
"""Seconds; a field answers within one turn of the loop unless it is about to go."""


async def settled(field: Input) -> str:
    """The text of the field once it has taken every key that was handed to it before this call."""
    reached = asyncio.Event()
    if field.is_running and field.call_later(reached.set):
        try:
            async with asyncio.timeout(PATIENCE):
                await reached.wait()
        except TimeoutError:
            # The field went while we waited: what it holds is all there will be.
            return field.value
    return field.value
