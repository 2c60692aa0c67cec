"""SIGTERM and a closed terminal end the app in order: terminal restored, tasks awaited, the right exit code."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from typing import Any

from textual.app import App

EXIT_CODES = {signal.SIGTERM: 143, signal.SIGHUP: 129}
"""128 and the number of the signal, as shells tell it."""


def install(app: App[Any]) -> None:
    """Call from the app's ``on_mount``. Textual alone would die at once and leave the terminal as it is."""
    if threading.current_thread() is threading.main_thread():
        loop = asyncio.get_running_loop()
        for number, code in EXIT_CODES.items():
            loop.add_signal_handler(number, _leave, app, code)


def remove() -> None:
    """Call from the app's ``on_unmount``: from then on the signals mean what they always do."""
    if threading.current_thread() is threading.main_thread():
        loop = asyncio.get_running_loop()
        for number in EXIT_CODES:
            loop.remove_signal_handler(number)


def forget_terminal() -> None:
    """Let writes go nowhere from now on: after a hang-up Python's last flush would fail, and hide the exit code."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(nowhere, number)
    os.close(nowhere)


def _leave(app: App[Any], code: int) -> None:
    app.exit(return_code=code)
