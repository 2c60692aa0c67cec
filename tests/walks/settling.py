"""Waiting until an app has nothing more to ask or to paint: by its own events, never for a time."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.pilot import Pilot

from .world import Traffic

SOON = 1.0
"""Seconds: a timer that goes off once within them belongs to what was done last; others come by themselves."""


def _timers(pilot: Pilot[Any]) -> set[asyncio.Task[None]]:
    """What is put off for a moment: a question until the cursor rests, a repaint until a burst is over."""
    screen = pilot.app.screen
    pumps = (pilot.app, screen, *screen.walk_children())
    # Textual tells nobody of its timers.
    timers = [timer for pump in pumps for timer in list(pump._timers)]
    return {
        timer._task for timer in timers
        if timer._task is not None and not timer._task.done() and timer._repeat == 0 and timer._interval < SOON
    }  # fmt: skip


async def settled(pilot: Pilot[Any], traffic: Traffic) -> None:
    """Return when no request is on its way, nothing is put off, and every message has been handled."""
    async with asyncio.timeout(30):
        quiet = 0
        # Twice in a row: an answer becomes a message, and that may be another question.
        while quiet < 2:
            await traffic.is_quiet.wait()
            if soon := _timers(pilot):
                await asyncio.wait(soon)
            await pilot.pause()
            quiet = quiet + 1 if traffic.is_quiet.is_set() and not _timers(pilot) else 0
