"""How much of a change was sent so far, told from deep within it: uploads take minutes before they have a task."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Listener = Callable[[int, int], None]
"""Called with the bytes that were sent and how many there are."""

_listener: ContextVar[Listener | None] = ContextVar("progress", default=None)


def tell(done: int, total: int) -> None:
    """Say how far it came. Nobody need listen."""
    listener = _listener.get()
    if listener is not None:
        listener(done, total)


@contextmanager
def heard_by(listener: Listener) -> Iterator[None]:
    """Let ``listener`` hear of what is sent in here, and in tasks that are made in here."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
