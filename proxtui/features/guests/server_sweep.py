"""One server's part of the slow sweep: whom to ask next, what came of it, whom to leave alone and for how long."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from proxtui.core.asking import reason
from proxtui.core.learned import OLD_AFTER, Inside, Learned
from proxtui.core.model import GuestKey, Scope, ServerRef, Snapshot, SourceState
from proxtui.errors import AuthenticationError, NetworkError, NodeUnreachable, PermissionDenied, ProxtuiError
from proxtui.features.guests.backup_ages import BackupAges
from proxtui.features.guests.questions import NO_AGENT, SILENT, Paced, ask_guest

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.pve.models import Guest

FIRST_PAUSE, LONGEST_PAUSE = 600.0, 86_400.0
"""Seconds for which a guest that did not answer is left alone: at first, and at the most. Each time twice as long."""
NODE_PAUSE = 120.0
NO_AGENT_PAUSE = 6 * 3_600.0
RESCAN = 30.0
"""Seconds between two looks for guests that are due."""


@dataclass(slots=True)
class _Pause:
    until: float
    length: float = 0.0
    """Of the pause after a silence; 0 after an answer."""


@dataclass(slots=True, eq=False)
class ServerSweep:
    """One server's part of the sweep. Times are seconds of ``Clock.monotonic``."""

    runtime: Runtime
    ref: ServerRef
    asker: Paced
    backups: BackupAges
    refuse: Callable[[ServerRef, str], None]
    pauses: dict[GuestKey, _Pause] = field(default_factory=dict)
    node_pauses: dict[str, float] = field(default_factory=dict)
    under_way: set[GuestKey] = field(default_factory=set)
    queue: deque[GuestKey] = field(default_factory=deque)
    scanned_at: float | None = None

    @property
    def now(self) -> float:
        return self.runtime.clock.monotonic()

    @property
    def snapshot(self) -> Snapshot:
        return self.runtime.store.snapshot(self.ref)

    @property
    def may_ask(self) -> bool:
        """Nobody is asked while the dashboard is paused, or while the server does not answer the poll."""
        return not self.runtime.poller.paused and self.snapshot.state is SourceState.FRESH

    def next(self, scope: Scope) -> GuestKey | None:
        """The guest to ask now: first those that never told, then those whose answer is the oldest."""
        if not self.queue and (self.scanned_at is None or self.now - self.scanned_at >= RESCAN):
            self.scanned_at = self.now
            learned = self.snapshot.learned
            due = self._due(scope)
            self.queue.extend(sorted(due, key=lambda key: (_told_at(learned.get(key)), key.vmid)))
        while self.queue:
            key = self.queue.popleft()
            if self._is_due(key, scope, self._offline()):
                self.under_way.add(key)
                return key
        return None

    def left(self, scope: Scope) -> int:
        """How many guests are still to be asked."""
        return len(self._due(scope))

    async def ask(self, key: GuestKey) -> None:
        """Ask a guest that ``next`` gave, and note what came of it."""
        guest = self.snapshot.guests[key]
        try:
            permissions = self.runtime.connection(self.ref).permissions
            answer = await ask_guest(self.asker, guest, permissions, self.now)
        except ProxtuiError as error:
            self._failed(key, guest, error)
        else:
            if answer.refusal:
                self.refuse(self.ref, answer.refusal)
            self._told(key, answer.inside)
        finally:
            self.under_way.discard(key)

    async def ask_backups(self) -> bool:
        """Read one storage, if one is due. False: nothing is to be done."""
        place = self.backups.next(self.snapshot)
        if place is None:
            return False
        await self.backups.ask(self.asker, place)
        snapshot = self.snapshot
        found = self.backups.found(snapshot, self.runtime.connection(self.ref).permissions)
        known = snapshot.learned
        self.runtime.store.learn(
            self.ref,
            {key: msgspec.structs.replace(known.get(key) or Learned(), backup=one) for key, one in found.items()},
        )
        return True

    def _due(self, scope: Scope) -> list[GuestKey]:
        offline = self._offline()
        return [key for key in self.snapshot.guests if self._is_due(key, scope, offline)]

    def _offline(self) -> frozenset[str]:
        return frozenset(key.node for key, node in self.snapshot.nodes.items() if node.status == "offline")

    def _is_due(self, key: GuestKey, scope: Scope, offline: Collection[str]) -> bool:
        guest = self.snapshot.guests.get(key)
        if guest is None or guest.status != "running" or guest.template or key in self.under_way:
            return False
        pause = self.pauses.get(key)
        if pause is not None and self.now < pause.until:
            return False
        if not scope.covers_node(self.ref, guest.node) or self.now < self.node_pauses.get(guest.node, 0.0):
            return False
        return guest.node not in offline

    def _told(self, key: GuestKey, inside: Inside) -> None:
        if inside.silence == SILENT:
            self._be_patient(key)
        else:
            wait = OLD_AFTER if inside.addresses is not None else NO_AGENT_PAUSE
            self.pauses[key] = _Pause(self.now + wait)
        known = self.snapshot.learned.get(key) or Learned()
        if inside.silence and inside.silence != NO_AGENT and known.inside and known.inside.addresses:
            # It has told before: an old answer with its age says more than that it is silent now.
            return
        self.runtime.store.learn(self.ref, {key: msgspec.structs.replace(known, inside=inside)})

    def _failed(self, key: GuestKey, guest: Guest, error: ProxtuiError) -> None:
        if isinstance(error, PermissionDenied):
            self.refuse(self.ref, reason(error))
            self.pauses[key] = _Pause(self.now + LONGEST_PAUSE)
            return
        if isinstance(error, NodeUnreachable | NetworkError | AuthenticationError):
            # The guest is not to blame alone: what stands on the same node is left alone for a while, too.
            self.node_pauses[guest.node] = self.now + NODE_PAUSE
        self._be_patient(key)

    def _be_patient(self, key: GuestKey) -> None:
        known = self.pauses.get(key)
        length = FIRST_PAUSE if known is None or not known.length else min(LONGEST_PAUSE, known.length * 2)
        self.pauses[key] = _Pause(self.now + length, length)


def _told_at(learned: Learned | None) -> float:
    return 0.0 if learned is None or learned.inside is None else learned.inside.taken_at
