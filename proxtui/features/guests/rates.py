"""Bytes in a second, out of counters that were read twice. Pure."""

from __future__ import annotations

from typing import NamedTuple

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


class Counted(NamedTuple):
    """The counters of a guest, when they were read, and how fast they grew until then."""

    at: float
    """When the poll brought them, on the monotonic clock."""
    uptime: int | None
    """Seconds that the guest ran when PVE read them: PVE does so every 10 s, however often one asks."""
    counters: tuple[int | None, int | None, int | None, int | None]
    rates: Rates = UNKNOWN_RATES


def counted(guest: Guest, at: float, before: Counted | None) -> Counted:
    """What is known after one more poll.

    The rates are unknown until a second, newer reading is there, and after a guest has started anew.
    """
    now = Counted(at, guest.uptime, (guest.netin, guest.netout, guest.diskread, guest.diskwrite))
    if before is None or guest.status in ("stopped", "unknown"):
        return now
    seconds = _seconds(before, now)
    if seconds == 0:
        # The same reading of PVE once more: what was found out then still holds.
        return before
    if not 0 < seconds <= LONGEST:
        return now
    pairs = zip(before.counters, now.counters, strict=True)
    return now._replace(rates=Rates(*(_rate(old, new, seconds) for old, new in pairs)))


def _seconds(before: Counted, now: Counted) -> float:
    """Between the two readings: by the guest's uptime, or by the polls where that is unknown."""
    if before.uptime and now.uptime:
        return now.uptime - before.uptime
    return 0 if before.counters == now.counters else now.at - before.at


def _rate(old: int | None, new: int | None, seconds: float) -> float | None:
    # A counter that went back was set to zero in between: how much it has counted since, nobody knows.
    return None if old is None or new is None or new < old else (new - old) / seconds
