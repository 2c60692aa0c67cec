"""Where guests are just now: the cluster's list is seconds old, and scripts change the same guest twice in a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from proxtui.cli.output import narrate
from proxtui.core.operation import GUESTS, Kind, Target
from proxtui.core.sightings import Place, Sightings
from proxtui.errors import NotFoundError, ProxtuiError

if TYPE_CHECKING:
    from proxtui.cli.changing_targets import Candidate, Finder
    from proxtui.core.model import Snapshot
    from proxtui.core.operation import Operation
    from proxtui.core.runtime import Runtime
    from proxtui.pve.models import Guest

LATELY = 10.0
"""Seconds for which one look at a node serves a command."""


class LiveFinder:
    """Finds guests as the cluster lists them, then asks their nodes; all nodes when that was not true any more."""

    def __init__(self, runtime: Runtime, finder: Finder) -> None:
        self._finder = finder
        self._sightings = Sightings(runtime.connections, runtime.clock)

    async def found(self, operation: Operation, words: Sequence[str], node: str) -> list[Candidate]:
        """See ``Finder.found``."""
        if not operation.kinds & GUESTS or not words:
            return self._finder.found(operation, words, node)
        try:
            candidates = self._finder.found(operation, words, node)
            if all([await self._is_there(one) for one in candidates]):
                return candidates
        except NotFoundError:
            # It may have been made a moment ago.
            pass
        await self._look_everywhere()
        return self._finder.found(operation, words, node)

    async def _is_there(self, candidate: Candidate) -> bool:
        target = candidate.target
        if target.kind not in GUESTS:
            return True
        try:
            place = Place(target.ref, target.node, target.kind.value)
            seen = await self._sightings.look(place, no_older_than=LATELY)
        except ProxtuiError:
            # The gate asks again, and says what is wrong.
            return True
        guest = seen.guests.get(target.vmid)
        return guest is not None and (guest.name or "") == target.name

    async def _look_everywhere(self) -> None:
        for snapshot in self._finder.snapshots():
            self._finder.live[snapshot.ref] = await self._guests(snapshot)

    async def _guests(self, snapshot: Snapshot) -> list[Guest]:
        """Of the nodes that answer as they are, of the others as the cluster remembers them."""
        found: list[Guest] = []
        for node in snapshot.nodes.values():
            known = [guest for guest in snapshot.guests.values() if guest.node == node.node]
            if node.status != "online":
                found += known
                continue
            try:
                for kind in (Kind.QEMU, Kind.LXC):
                    place = Place(snapshot.ref, node.node, kind.value)
                    found += (await self._sightings.look(place, no_older_than=LATELY)).guests.values()
            except ProxtuiError as error:
                narrate(f"{node.node}: {error}")
                found += [guest for guest in known if guest not in found]
        return found


def target_of(snapshot: Snapshot, guest: Guest) -> Target:
    """A guest as something that can be changed."""
    return Target(snapshot.ref, Kind(guest.type), str(guest.vmid), guest.name or "", guest.node)
