"""The guests of a node as the node itself lists them: true now, unlike the cluster's list, and one request for all."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from proxtui.core.clock import Clock
from proxtui.core.connection import Connection
from proxtui.core.model import ServerRef
from proxtui.pve.models import Guest, ProxmoxContainer, ProxmoxVM

_MODELS: dict[str, type[Guest]] = {"qemu": ProxmoxVM, "lxc": ProxmoxContainer}


class Place(NamedTuple):
    """Whose guests are listed by one call."""

    ref: ServerRef
    node: str
    kind: str
    """``qemu`` or ``lxc``."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """The guests of a place, by VMID."""

    guests: Mapping[int, Guest]
    taken_at: float
    """``Clock.monotonic`` when it was asked."""
    endpoint: str = ""
    """Who was asked: what another endpoint said does not count, for it might belong to another cluster by mistake."""


@dataclass(slots=True)
class _Known:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    last: Sighting | None = None


class Sightings:
    """Asks nodes. Several who want to know the same at the same time share one request."""

    def __init__(self, connections: Mapping[ServerRef, Connection], clock: Clock) -> None:
        self._connections = connections
        self._clock = clock
        self._known: defaultdict[Place, _Known] = defaultdict(_Known)

    async def look(self, place: Place, *, no_older_than: float = 0.0) -> Sighting:
        """``GET /nodes/{node}/qemu`` or ``/lxc``; needs VM.Audit on each guest, the others are left out.

        ``no_older_than`` is in seconds: what was seen so lately is not asked again.
        """
        oldest = self._clock.monotonic() - no_older_than
        known = self._known[place]
        async with known.lock:
            endpoint = self._connections[place.ref].active.endpoint
            if known.last is None or known.last.taken_at < oldest or known.last.endpoint != endpoint:
                taken_at = self._clock.monotonic()
                known.last = Sighting(await self._ask(place), taken_at, endpoint)
            return known.last

    async def _ask(self, place: Place) -> Mapping[int, Guest]:
        from proxtui.pve.fields import objects, rows_of
        from proxtui.pve.paths import path
        from proxtui.pve.readers import guest_of

        where = path("nodes", place.node, place.kind)
        rows = objects(rows_of(await self._connections[place.ref].client.get(where), where))
        guests = (guest_of(row, _MODELS[place.kind], place.node) for row in rows if row is not None)
        return MappingProxyType({guest.vmid: guest for guest in guests if guest is not None})
