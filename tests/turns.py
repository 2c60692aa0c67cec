"""Letting an app handle what it was told, however busy the machine is: by turns of the loop, never by a time.

Textual's pilot waits until this process needs little of the CPU, which on a busy machine it does at once.
"""

from __future__ import annotations

import asyncio

ENOUGH = 300
"""More than the longest way of a key: from the driver to the widget, and of what the widget says up to the screen."""


async def turns() -> None:
    """Let every message be handled, and those that it leads to."""
    for _ in range(ENOUGH):
        await asyncio.sleep(0)
