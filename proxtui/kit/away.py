"""Leaving the terminal to somebody else for a while, and coming back to the same screen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from textual.app import App, SuspendNotSupported
from textual.driver import Driver


@contextmanager
def away(app: App[Any]) -> Iterator[None]:
    """As ``App.suspend``, for a block that waits: the app goes on, unseen, and comes back after errors too.

    SuspendNotSupported where there is no terminal to leave. An app that ends meanwhile stays away.
    """
    driver: Driver | None = app._driver
    if driver is None or not driver.can_suspend or not hasattr(driver, "is_away"):
        raise SuspendNotSupported("this terminal cannot be left")
    app._suspend_signal()
    driver.suspend_application_mode()
    driver.is_away = True
    try:
        with driver.no_automatic_restart():
            yield
    finally:
        if app.is_running and not app._exit:
            driver.is_away = False
            driver.resume_application_mode()
            app._resume_signal()
            app.refresh(layout=True)


def has_shell() -> bool:
    """Whether whoever started this process can bring it back once it is stopped: a shell with jobs.

    It is of the same session and of another process group; a command of sshd or tmux has none.
    """
    parent = os.getppid()
    try:
        return os.getsid(parent) == os.getsid(0) and os.getpgid(parent) != os.getpgrp()
    except OSError:
        # It has gone, or is of another user.
        return False
