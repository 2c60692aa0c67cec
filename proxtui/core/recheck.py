"""Looking once more before anything is sent: is this still the guest, and the cluster, that somebody chose?"""

from __future__ import annotations

from collections.abc import Mapping

from proxtui.core.clock import Clock
from proxtui.core.connection import Connection
from proxtui.core.model import ServerRef
from proxtui.core.operation import GUESTS, Kind, Target
from proxtui.core.sightings import Place, Sightings
from proxtui.errors import OtherCluster, TargetChanged
from proxtui.pve.models import Guest

_WORDS = {Kind.QEMU.value: "a VM", Kind.LXC.value: "a container"}


class Recheck:
    """Asks the node that has the guest, the cluster when it is not there; for all else, whose endpoint it is."""

    def __init__(self, sightings: Sightings, connections: Mapping[ServerRef, Connection], clock: Clock) -> None:
        self._sightings = sightings
        self._connections = connections
        self._clock = clock
        self._seen: dict[ServerRef, tuple[str, float]] = {}
        """The endpoint that was last asked whose it is, and when (``Clock.monotonic``)."""

    async def __call__(self, target: Target, *, no_older_than: float = 0.0) -> None:
        """``TargetChanged`` when another guest has this VMID by now, or it moved, or the cluster is another one.

        Nodes, storages and tasks are who their name says, in their own cluster. A moved guest is not followed: whoever
        chose it looked at a node that it has left.
        """
        if target.kind not in GUESTS:
            await self._same_cluster(target.ref, no_older_than)
            return
        place = Place(target.ref, target.node, target.kind.value)
        sighting = await self._sightings.look(place, no_older_than=no_older_than)
        guest = sighting.guests.get(target.vmid)
        if guest is None:
            guest = await self._elsewhere(target)
        if reason := changed(target, guest):
            raise TargetChanged(f"{reason}; nothing was sent")

    async def _same_cluster(self, ref: ServerRef, no_older_than: float) -> None:
        """``GET /cluster/status``: two clusters may both have a node ``pve1`` and a storage ``local``."""
        connection = self._connections[ref]
        endpoint, now = connection.active.endpoint, self._clock.monotonic()
        before, at = self._seen.get(ref, ("", now))
        if before == endpoint and now - at < no_older_than:
            return
        try:
            await connection.look_at(connection.active)
        except OtherCluster as error:
            raise TargetChanged(f"{error}; nothing was sent") from error
        self._seen[ref] = endpoint, now

    async def _elsewhere(self, target: Target) -> Guest | None:
        inventory = await self._connections[target.ref].inventory()
        return next((guest for guest in inventory.guests if guest.vmid == target.vmid), None)


def changed(target: Target, guest: Guest | None) -> str | None:
    """What is different about the guest that was found; None when it is the one that was meant."""
    if guest is None:
        return f"there is no {target.label} any more"
    if guest.type != target.kind.value:
        return f"VMID {target.id} is {_WORDS[guest.type]} now: {guest.name or 'without a name'}"
    if target.name and guest.name is not None and guest.name != target.name:
        return f"VMID {target.id} is called {guest.name} now, not {target.name}"
    if guest.node != target.node:
        return f"{target.label}: it is on {guest.node} now; try again"
    return None
