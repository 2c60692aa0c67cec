"""All that changing something needs, each part built when it is first asked for: most starts only read."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING

from proxtui.config.models import Config
from proxtui.core.clock import Clock
from proxtui.core.connection import Connection
from proxtui.core.feature import Feature
from proxtui.core.model import ServerRef
from proxtui.core.poller import Poller
from proxtui.core.store import Store

if TYPE_CHECKING:
    from proxtui.config.vault.opened import OpenVault
    from proxtui.core.actor import Actor
    from proxtui.core.catalogue import Catalogue
    from proxtui.core.consoles import ConsoleDesk, ConsoleSession
    from proxtui.core.gate import Gate
    from proxtui.core.journal import Journal, LateJournal
    from proxtui.core.policy import Policy
    from proxtui.core.record import Recorder
    from proxtui.core.registrar import Registrar
    from proxtui.core.write_lock import WriteLock


class Acting:
    """Belongs to one runtime; ``aclose`` ends what was built, in the reverse order."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        connections: Mapping[ServerRef, Connection],
        *,
        read_only: bool,
        features: Sequence[Feature],
        make_journal: Callable[[], Journal],
        vault: OpenVault | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._connections = connections
        self._read_only = read_only
        self._features = features
        self._make_journal = make_journal
        self._vault = vault
        self._store: Store | None = None
        self._poller: Poller | None = None

    def serve(self, store: Store, poller: Poller) -> None:
        """Where readings go, and who polls; both are built after the connections, which ask the lock."""
        self._store, self._poller = store, poller

    def locked(self, ref: ServerRef) -> str | None:
        """Why nothing may be sent to this server now; asked on the wire before each change."""
        return self.write_lock.locked(ref)

    @cached_property
    def actor(self) -> Actor:
        """Who sits here. The role is told by the policy, for each tenant."""
        from proxtui.core.actor import read_actor

        return read_actor(os.environ, opened_by=self._config.opened_by)

    @cached_property
    def catalogue(self) -> Catalogue:
        from proxtui.core.catalogue import Catalogue

        return Catalogue(self._features)

    @cached_property
    def write_lock(self) -> WriteLock:
        from proxtui.core.write_lock import LockEvent, WriteLock

        async def note(event: LockEvent) -> None:
            await self._recorder.lock(event)

        return WriteLock(self._config, self._clock, read_only=self._read_only, note=note)

    @cached_property
    def policy(self) -> Policy:
        from proxtui.core.policy import Policy

        return Policy(self._config, self.actor, self.locked, lambda: self.catalogue.names())

    @cached_property
    def registrar(self) -> Registrar | None:
        """None where the configuration comes from variables: they are not ours to change."""
        if self._vault is None:
            return None
        from proxtui.core.complaints import complaints
        from proxtui.core.registrar import Registrar

        return Registrar(
            self._vault,
            self._journal,
            self.actor,
            os.environ,
            read_only=self._read_only,
            judge=partial(complaints, self._features),
            now=self._clock.time,
        )

    @cached_property
    def gate(self) -> Gate:
        from proxtui.core.changing import Parts
        from proxtui.core.following import Follower
        from proxtui.core.gate import Gate
        from proxtui.core.nudging import Nudges
        from proxtui.core.readings import Readings
        from proxtui.core.recheck import Recheck
        from proxtui.core.reconciling import Reconciler
        from proxtui.core.sightings import Sightings

        assert self._store is not None and self._poller is not None  # noqa: S101, PT018 - wiring serves at once
        sightings = Sightings(self._connections, self._clock)
        parts = Parts(
            connections=self._connections,
            policy=self.policy,
            lock=self.write_lock,
            recorder=self._recorder,
            recheck=Recheck(sightings, self._connections, self._clock),
            follower=Follower(self._connections, self._clock),
            readings=Readings(sightings, self._store, self._clock),
            clock=self._clock,
            nudge=Nudges(self._poller.nudge, lambda ref: gate.is_busy(ref), self._clock),
        )
        reconciler = Reconciler(self._connections, self._recorder, self.catalogue, self._clock)
        gate = Gate(parts, self._journal, reconciler)
        return gate

    @cached_property
    def consoles(self) -> ConsoleDesk:
        from proxtui.core.consoles import ConsoleDesk

        return ConsoleDesk(
            self._connections, self.catalogue, self.policy, self.write_lock, self._journal, self.actor, self._clock
        )

    @property
    def open_consoles(self) -> tuple[ConsoleSession, ...]:
        """Those of this process; nothing is built to know that there are none."""
        return self.consoles.sessions if "consoles" in vars(self) else ()

    async def aclose(self) -> None:
        """End what is under way, close the lock and the audit; nothing is built for it."""
        built = vars(self)
        if "consoles" in built:
            await self.consoles.aclose()
        if "gate" in built:
            await self.gate.aclose()
        if (registrar := built.get("registrar")) is not None:
            await registrar.aclose()
        if "write_lock" in built:
            await self.write_lock.aclose()
        if "_journal" in built:
            await self._journal.aclose()

    @cached_property
    def _journal(self) -> LateJournal:
        from proxtui.core.journal import LateJournal

        return LateJournal(self._make_journal)

    @cached_property
    def _recorder(self) -> Recorder:
        from proxtui.core.record import Recorder

        return Recorder(self._journal, self.actor, self.policy.role, self._connections, self._clock)
