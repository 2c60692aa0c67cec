"""How many guests are on each node, counted anew only where guests moved, started or stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import compress
from operator import attrgetter, is_, is_not
from typing import NamedTuple

from proxtui.core.model import GuestKey, ServerRef, Snapshot
from proxtui.pve.models import Guest

_PLACE, _STATUS, _TEMPLATE = attrgetter("node"), attrgetter("status"), attrgetter("template")


class Tally(NamedTuple):
    """Guests by node."""

    total: Counter[str]
    """Without templates, which never run; a node that has nothing else stands here with 0."""
    running: Counter[str]


def tallied(guests: Iterable[Guest]) -> Tally:
    """Count them all but templates."""
    every = list(guests)
    total = Counter(map(_PLACE, every))
    total.subtract([guest.node for guest in every if guest.template])
    return Tally(total, Counter([guest.node for guest in every if guest.status == "running"]))


class Census:
    """Remembers what it counted of each server: most polls only bring other loads."""

    def __init__(self) -> None:
        self._known: dict[ServerRef, tuple[Mapping[GuestKey, Guest], Tally]] = {}

    def of(self, snapshot: Snapshot) -> Tally:
        """The guests of a server by node, as ``tallied`` counts them. What it gives out is not to be changed."""
        known = self._known.get(snapshot.ref)
        if known is not None and _alike(known[0], snapshot.guests):
            tally = known[1]
        else:
            tally = tallied(snapshot.guests.values())
        self._known[snapshot.ref] = (snapshot.guests, tally)
        return tally


def _alike(before: Mapping[GuestKey, Guest], now: Mapping[GuestKey, Guest]) -> bool:
    """Whether the same guests are in the same places and states. A different order counts as a difference."""
    if before is now:
        return True
    if len(before) != len(now) or not all(map(is_, before, now)):
        return False
    differs = list(map(is_not, before.values(), now.values()))
    if sum(differs) * 4 > len(differs):
        # Counting all costs less than comparing so many.
        return False
    old, new = list(compress(before.values(), differs)), list(compress(now.values(), differs))
    return all(list(map(read, old)) == list(map(read, new)) for read in (_PLACE, _STATUS, _TEMPLATE))
