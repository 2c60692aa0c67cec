"""Bytes in a second, out of counters that were read twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from proxtui.core.model import GuestKey
from proxtui.pve.models import Guest

LONGEST = 120.0
"""Seconds between two readings above which their difference says nothing about now."""
SPAN = 12.0
"""Seconds of polls that are kept: PVE reads its guests every 10 s, so before that there is another reading."""
APART = 3.0
"""Seconds between the polls that are kept: whoever refreshes by hand must not fill the memory."""


class Rates(NamedTuple):
    """Bytes in a second; None is unknown."""

    netin: float | None = None
    netout: float | None = None
    diskread: float | None = None
    diskwrite: float | None = None


UNKNOWN_RATES = Rates()


class _Poll(NamedTuple):
    at: float
    """On the monotonic clock."""
    guests: Mapping[GuestKey, Guest]


class Readings:
    """What the last polls of one server told. They share every guest that did not change, so keeping them is cheap.

    Rates are worked out for the few guests that are shown, when they are.
    """

    def __init__(self) -> None:
        self._polls: list[_Poll] = []
        """The newest first."""

    def note(self, at: float, guests: Mapping[GuestKey, Guest]) -> None:
        """Take what a poll told at ``at`` (monotonic); the same poll may come again, with truer readings laid over."""
        polls = self._polls
        if polls and polls[0].guests is guests:
            return
        if polls and (polls[0].at >= at or (len(polls) > 1 and polls[0].at - polls[1].at < APART)):
            del polls[0]
        polls.insert(0, _Poll(at, guests))
        while len(polls) > 2 and polls[-2].at <= at - SPAN:
            del polls[-1]

    def rates(self, key: GuestKey, guest: Guest) -> Rates:
        """How fast the counters of ``guest`` grew since the reading before it.

        Unknown until there are two readings, and after a guest has started anew.
        """
        if guest.status in ("stopped", "unknown"):
            return UNKNOWN_RATES
        at: float | None = None
        for number, (polled_at, guests) in enumerate(self._polls):
            told = guests.get(key)
            if told is None:
                break
            if _reading(told) == _reading(guest):
                # The same reading of PVE: it was there at least since this poll.
                at = polled_at
            elif at is not None:
                return _grown(told, self._first_told(key, told, number), guest, at)
        return UNKNOWN_RATES

    def _first_told(self, key: GuestKey, guest: Guest, number: int) -> float:
        """When the first of the polls told this reading that poll ``number`` told."""
        at = self._polls[number].at
        for polled_at, guests in self._polls[number + 1 :]:
            told = guests.get(key)
            if told is None or _reading(told) != _reading(guest):
                break
            at = polled_at
        return at


def _grown(before: Guest, before_at: float, now: Guest, at: float) -> Rates:
    # By the uptime, which is when PVE read it: every 10 s, however often one asks; by the polls where it is unknown.
    seconds = now.uptime - before.uptime if before.uptime and now.uptime else at - before_at
    if not 0 < seconds <= LONGEST:
        return UNKNOWN_RATES
    return Rates(*(_rate(old, new, seconds) for old, new in zip(_counters(before), _counters(now), strict=True)))


def _reading(guest: Guest) -> object:
    """What tells one reading of PVE from another."""
    return guest.uptime or _counters(guest)


def _counters(guest: Guest) -> tuple[int | None, int | None, int | None, int | None]:
    return guest.netin, guest.netout, guest.diskread, guest.diskwrite


def _rate(old: int | None, new: int | None, seconds: float) -> float | None:
    # A counter that went back was set to zero in between: how much it has counted since, nobody knows.
    return None if old is None or new is None or new < old else (new - old) / seconds
