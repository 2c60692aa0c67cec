"""The snapshots of all guests: PVE has no list of them, so every guest is asked. For screens and the command line."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxtui.core import text
from proxtui.core.asking import reason
from proxtui.core.connecting import MAX_REQUESTS, WINDOW_MS
from proxtui.core.fields import guest_field
from proxtui.core.filters import EVERYTHING, Filter, NotKnownYet
from proxtui.core.model import Fleet, GuestKey, Scope, ServerRef, Snapshot
from proxtui.core.rows import Scalar, Tone
from proxtui.core.survey import Finding
from proxtui.errors import AuthenticationError, NetworkError, PermissionDenied, ProxtuiError

if TYPE_CHECKING:
    from proxtui.core.clock import Clock
    from proxtui.pve.client import ProxmoxClient
    from proxtui.pve.listing import Listing
    from proxtui.pve.models import Guest
    from proxtui.pve.models_guest import GuestSnapshot

AT_ONCE = 3
"""Questions to one server at the same time: the poll must not wait for a sweep."""
OLD, VERY_OLD = 7 * 86_400, 30 * 86_400
"""Seconds. A snapshot that is kept grows, and slows its disk down."""


def age_tone(seconds: float | None) -> Tone:
    """How much the age of a snapshot should worry."""
    if seconds is None:
        return Tone.MUTED
    return Tone.BAD if seconds >= VERY_OLD else Tone.WARN if seconds >= OLD else Tone.PLAIN


@dataclass(frozen=True, slots=True)
class _Unasked:
    """A guest before it was asked: a filter row on which what only its snapshots can tell is not known yet."""

    key: GuestKey
    guest: Guest
    muted: bool = False

    @property
    def haystack(self) -> str:
        # A plain word may also stand in the name or the description of a snapshot.
        raise NotKnownYet

    def field(self, name: str) -> Scalar:
        if name == "age":
            raise NotKnownYet
        return guest_field(self.key, self.guest, name)


def askable(snapshot: Snapshot, scope: Scope, wanted: Filter = EVERYTHING) -> Iterator[tuple[GuestKey, Guest]]:
    """The guests in scope that can have snapshots, but for those whose snapshots ``wanted`` would hide anyway.

    A template cannot have any.
    """
    for key, guest in sorted(snapshot.guests.items()):
        if guest.template or not scope.covers_node(snapshot.ref, guest.node):
            continue
        if not wanted or wanted.could_match(_Unasked(key, guest)):
            yield key, guest


class Sweep:
    """Asks guests one after the other; what was found before stays until it is asked again.

    ``client_of`` gives the client of a server's active endpoint (``runtime.connection(ref).client``).
    """

    def __init__(self, client_of: Callable[[ServerRef], ProxmoxClient], clock: Clock) -> None:
        self._client_of = client_of
        self._clock = clock
        self.findings: dict[GuestKey, Finding[Listing[GuestSnapshot]]] = {}
        self.causes: dict[ServerRef, ProxtuiError] = {}
        """What the first guest of a server failed with in the last sweep."""
        self.asked: Counter[ServerRef] = Counter()
        self.wanted: Counter[ServerRef] = Counter()
        """How many guests of each server the last sweep was to ask, and how many it has."""
        self.is_running = False
        self._silent: dict[tuple[ServerRef, str], str] = {}
        """Nodes that do not answer, and why."""

    @property
    def progress(self) -> str:
        """``asked 120 of 400 guests, about 56s left``."""
        said = f"asked {self.asked.total()} of {self.wanted.total()} guests"
        return f"{said}, about {text.duration(self.seconds_left)} left" if self.seconds_left >= 1 else said

    @property
    def seconds_left(self) -> float:
        """At least so long: our own limit of requests to each server lets no more through."""
        waits = (left_of(self.wanted[ref], self.asked[ref]) for ref in self.wanted)
        return max(waits, default=0.0)

    async def run(
        self,
        fleet: Fleet,
        scope: Scope,
        told: Callable[[], None],
        *,
        wanted: Filter = EVERYTHING,
        at_most: int | None = None,
    ) -> None:
        """GET ``/nodes/N/{qemu,lxc}/ID/snapshot`` of every guest in scope whose snapshots ``wanted`` could let pass.

        Needs VM.Audit. Guests of a node that is offline, or stopped to answer, are not tried. ``told`` is called
        first, and after each guest. Cancel it to stop it: what was found stays.
        """
        plan = self._plan(fleet, scope, wanted, at_most)
        self.is_running = True
        told()
        try:
            async with asyncio.TaskGroup() as group:
                for ref, guests in plan.items():
                    queue = iter(guests)
                    for _ in range(min(AT_ONCE, len(guests))):
                        group.create_task(self._work(ref, queue, told))
        finally:
            self.is_running = False
            told()

    def _plan(
        self, fleet: Fleet, scope: Scope, wanted: Filter, at_most: int | None
    ) -> Mapping[ServerRef, list[tuple[GuestKey, Guest]]]:
        self.asked, self.wanted = Counter(), Counter()
        self.causes.clear()
        self._silent.clear()
        plan = {}
        left = at_most
        for one in fleet.snapshots:
            if not scope.covers_server(one.ref):
                continue
            guests = list(askable(one, scope, wanted))
            self.wanted[one.ref] = len(guests)
            for node in one.nodes.values():
                if node.status == "offline":
                    self._silent[one.ref, node.node] = f"node {node.node} is offline"
            plan[one.ref] = guests if left is None else guests[:left]
            left = None if left is None else left - len(plan[one.ref])
        return plan

    async def _work(self, ref: ServerRef, queue: Iterator[tuple[GuestKey, Guest]], told: Callable[[], None]) -> None:
        for key, guest in queue:
            await self._ask(ref, key, guest.node)
            self.asked[ref] += 1
            told()

    async def _ask(self, ref: ServerRef, key: GuestKey, node: str) -> None:
        from proxtui.pve.containers import ContainerTools
        from proxtui.pve.vms import VMTools

        if (ref, node) in self._silent:
            self._miss(key, self._silent[ref, node])
            return
        tools = (VMTools if key.kind == "qemu" else ContainerTools)(self._client_of(ref))
        began = self._clock.monotonic()
        try:
            self.findings[key] = Finding(await tools.list_snapshots(node, key.vmid), began)
        except ProxtuiError as error:
            self.causes.setdefault(ref, error)
            if isinstance(error, NetworkError | AuthenticationError):
                self._silent[ref, node] = reason(error)
            self._miss(key, reason(error), forbidden=isinstance(error, PermissionDenied))

    def _miss(self, key: GuestKey, why: str, *, forbidden: bool = False) -> None:
        known: Finding[Listing[GuestSnapshot]] = self.findings.get(key) or Finding()
        self.findings[key] = Finding(known.value, known.taken_at, why, forbidden)


def left_of(wanted: int, asked: int) -> float:
    """Seconds that our own limit makes the guests of one server wait that were not asked yet."""
    return max(0, wanted - max(asked, MAX_REQUESTS)) * WINDOW_MS / MAX_REQUESTS / 1000
