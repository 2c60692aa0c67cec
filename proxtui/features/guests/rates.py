"""Bytes in a second, out of counters that were read twice. Pure."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from proxtui.pve.models import Guest

LONGEST = 120.0
"""Seconds between two readings above which their difference says nothing about now."""


class Rates(NamedTuple):
    """Bytes in a second; None is unknown."""

    netin: float | None = None
    netout: float | None = None
    diskread: float | None = None
    diskwrite: float | None = None


UNKNOWN_RATES = Rates()


class Counted(msgspec.Struct, frozen=True, gc=False, weakref=False):
    """Two readings of a guest. A poll only puts them side by side: rates are worked out for the few that are shown."""

    guest: Guest
    """As the latest reading tells it; its uptime is when PVE read it: every 10 s, however often one asks."""
    at: float
    """When a poll brought this reading, on the monotonic clock."""
    before: Guest | None = None
    """The reading before this one; None while there is none that tells a rate."""
    before_at: float = 0.0

    @property
    def rates(self) -> Rates:
        """How fast the counters grew between the two."""
        if self.before is None:
            return UNKNOWN_RATES
        seconds = _seconds(self.before, self.before_at, self.guest, self.at)
        if not 0 < seconds <= LONGEST:
            return UNKNOWN_RATES
        pairs = zip(_counters(self.before), _counters(self.guest), strict=True)
        return Rates(*(_rate(old, new, seconds) for old, new in pairs))


def counted(guest: Guest, at: float, known: Counted | None) -> Counted:
    """What is known after one more poll.

    The rates are unknown until a second, newer reading is there, and after a guest has started anew.
    """
    if known is None or guest.status in ("stopped", "unknown"):
        return Counted(guest, at)
    if _seconds(known.guest, known.at, guest, at) == 0:
        # The same reading of PVE once more: what was found out then still holds.
        return known
    return Counted(guest, at, known.guest, known.at)


def _seconds(before: Guest, before_at: float, now: Guest, at: float) -> float:
    """Between the two readings: by the guest's uptime, or by the polls where that is unknown."""
    if before.uptime and now.uptime:
        return now.uptime - before.uptime
    return 0 if _counters(before) == _counters(now) else at - before_at


def _counters(guest: Guest) -> tuple[int | None, int | None, int | None, int | None]:
    return guest.netin, guest.netout, guest.diskread, guest.diskwrite


def _rate(old: int | None, new: int | None, seconds: float) -> float | None:
    # A counter that went back was set to zero in between: how much it has counted since, nobody knows.
    return None if old is None or new is None or new < old else (new - old) / seconds
