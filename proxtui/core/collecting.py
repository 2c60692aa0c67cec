"""When Python looks for garbage: not while the program is loading, and afterwards only when a lot has been made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

MADE = 50_000
"""Objects more than were freed before the youngest are looked through; a poll of a big cluster makes as many rows."""


@contextmanager
def collecting_later() -> Iterator[None]:
    """Collect nothing until ``collect_from_now``, or until the end of this at the latest.

    Loading makes a few hundred thousand objects of which none is garbage; looking through them again and again is a
    tenth of the time to the first picture.
    """
    usual = gc.get_threshold()
    gc.disable()
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.enable()


def collect_from_now() -> None:
    """Loading is over: what is there now is never looked at again, and what comes after it seldom.

    Does nothing outside of ``collecting_later``.
    """
    if gc.isenabled():
        return
    gc.freeze()
    gc.set_threshold(MADE, *gc.get_threshold()[1:])
    gc.enable()
