"""Live readings that are truer than the polled rows, for as long as they are.

``/cluster/resources`` lags up to 12 s behind: PVE's daemon measures every 10 s and the answer is cached for 2 s.
What it tells from the cluster's own file system (who exists, where, lock, tags, pool, HA state) does not lag.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct, field

from proxtui.core.model import GuestKey
from proxtui.pve.models import Guest

LAG = 12.0
"""Seconds after which a poll cannot be older than the reading any more."""

_LIVE_FIELDS = ("lock", "tags", "pool", "hastate")


class Reading(Struct, frozen=True):
    """What a guest itself said at ``taken_at`` (``Clock.monotonic``)."""

    guest: Guest
    taken_at: float


class Overlays(Struct):
    """The readings of one server that its polls have not caught up with."""

    _readings: dict[GuestKey, Reading] = field(default_factory=dict)
    _latest: dict[GuestKey, float] = field(default_factory=dict)
    """When the newest reading of a guest was taken, also after a poll caught up: an older one may still arrive."""

    def add(self, key: GuestKey, reading: Reading) -> bool:
        """Keep a reading; False when a newer one of the same guest was there before."""
        if reading.taken_at < self._latest.get(key, reading.taken_at):
            return False
        self._latest[key] = reading.taken_at
        self._readings[key] = reading
        return True

    def settle(self, polled: Mapping[GuestKey, Guest], polled_at: float) -> None:
        """Forget every reading that the last poll has caught up with."""
        for key, reading in list(self._readings.items()):
            if reading.taken_at < polled_at and _caught_up(reading, polled.get(key), polled_at):
                del self._readings[key]
        for key, taken_at in list(self._latest.items()):
            if key not in self._readings and polled_at - taken_at >= LAG:
                del self._latest[key]

    def laid_over(self, polled: Mapping[GuestKey, Guest], polled_at: float | None) -> dict[GuestKey, Guest]:
        """The rows that differ from the poll, as they are to be shown."""
        return {key: _merge(polled.get(key), reading, polled_at=polled_at) for key, reading in self._readings.items()}


def _caught_up(reading: Reading, polled: Guest | None, polled_at: float) -> bool:
    # Which guests exist, and on which node, a newer poll knows best; only measured values lag.
    if polled is None or polled.node != reading.guest.node:
        return True
    if polled_at - reading.taken_at >= LAG:
        return True
    return polled.status == reading.guest.status and not _measured_before(polled.uptime, reading.guest.uptime)


def _measured_before(polled: int | None, read: int | None) -> bool:
    """Whether the poll's uptime is a little behind: the same run, measured earlier. Far behind is a restart."""
    return polled is not None and read is not None and read - LAG <= polled < read


def _merge(polled: Guest | None, reading: Reading, *, polled_at: float | None) -> Guest:
    """The reading, completed by what only the poll tells, with the poll's live fields where the poll is newer."""
    guest = reading.guest
    if polled is None or polled_at is None or type(polled) is not type(guest):
        return guest
    told: dict[str, object] = {}
    for name in guest.__struct_fields__:
        if getattr(guest, name) in (None, ()) and name != "lock":
            told[name] = getattr(polled, name)
    if polled_at > reading.taken_at:
        told |= {name: getattr(polled, name) for name in _LIVE_FIELDS}
    return msgspec.structs.replace(guest, **told)
