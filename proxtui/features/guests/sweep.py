"""The slow sweep: guests are asked for what no poll tells, one after the other, only when somebody wants it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from proxtui.core.asking import Problem, attempt, problem_lines
from proxtui.core.model import Scope, ServerRef
from proxtui.features.guests.backup_ages import BackupAges
from proxtui.features.guests.questions import Paced
from proxtui.features.guests.server_sweep import ServerSweep

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime

PACE = 1.0
"""Seconds between two questions to a server; its rate limit is five in a second."""
AT_ONCE = 2
"""Guests of one server that are asked at the same time: one way to its nodes stays free for whoever looks."""
REST = 5.0
"""Seconds before an idle sweep looks again whether there is something to ask."""


class Wish(NamedTuple):
    """What is to be asked, and of which part of the fleet."""

    scope: Scope = Scope()
    guests: bool = True
    """IP and system, guest by guest."""
    backups: bool = True
    """What lies on the storages."""


class GuestSweep:
    """The sweep over all servers. It remembers whom it has to leave alone, however often it is started anew."""

    def __init__(self, runtime: Runtime, *, every: float = PACE) -> None:
        self.runtime = runtime
        self.refusals: dict[ServerRef, str] = {}
        """What a server's login may not ask, the first that was met; a line each."""
        self._every = every
        self._servers: dict[ServerRef, ServerSweep] = {}

    async def run(self, wish: Wish) -> None:
        """Ask until cancelled. What guests and servers do wrong is noted; anything else is a bug and leaves this."""
        await self._go(wish, endless=True)

    async def once(self, wish: Wish, seconds: float) -> list[str]:
        """Ask everything that is due, for ``seconds`` at the most; gives what could not be asked, a line each."""
        notes: list[str] = []
        try:
            async with asyncio.timeout(seconds):
                await self._learn_rights(wish.scope, notes)
                await self._go(wish, endless=False)
        except TimeoutError:
            left = sum(server.left(wish.scope) for server in self._servers.values()) if wish.guests else 0
            if left:
                notes.append(f"{left} {'guest was' if left == 1 else 'guests were'} not asked within {seconds:g} s")
        return [*notes, *self.lines()]

    @property
    def asked(self) -> int:
        """How many guests were asked, whatever they told."""
        return sum(len(server.pauses) for server in self._servers.values())

    def lines(self, scope: Scope | None = None) -> list[str]:
        """What may not be asked, by server."""
        refused = self.refusals.items()
        return [
            f"{ref.tenant} / {ref.server}: {why}" for ref, why in refused if scope is None or scope.covers_server(ref)
        ]

    async def _go(self, wish: Wish, *, endless: bool) -> None:
        refs = [one.ref for one in self.runtime.store.fleet().snapshots if wish.scope.covers_server(one.ref)]
        async with asyncio.TaskGroup() as group:
            for server in map(self._server, refs):
                # What was due under another wish may not be wanted now.
                server.queue.clear()
                server.scanned_at = None
                for _ in range(AT_ONCE if wish.guests else 0):
                    group.create_task(self._walk(server, wish.scope, endless=endless))
                if wish.backups:
                    group.create_task(self._read_backups(server, endless=endless))

    async def _learn_rights(self, scope: Scope, notes: list[str]) -> None:
        """What the login may do says what may be called none; the dashboard's poller has asked long before."""
        refs = [one.ref for one in self.runtime.store.fleet().snapshots if scope.covers_server(one.ref)]
        for ref in refs:
            connection = self.runtime.connection(ref)
            if connection.permissions is None and self._server(ref).may_ask:
                problems: list[Problem] = []
                await attempt("rights", connection.learn_permissions(), problems)
                notes.extend(f"{ref.tenant} / {ref.server}: {line}" for line in problem_lines(problems))

    async def _walk(self, server: ServerSweep, scope: Scope, *, endless: bool) -> None:
        while True:
            key = server.next(scope) if server.may_ask else None
            if key is not None:
                await server.ask(key)
            elif endless:
                await self.runtime.clock.sleep(REST)
            else:
                return

    async def _read_backups(self, server: ServerSweep, *, endless: bool) -> None:
        while True:
            if server.may_ask and await server.ask_backups():
                continue
            if not endless:
                return
            await self.runtime.clock.sleep(REST)

    def _server(self, ref: ServerRef) -> ServerSweep:
        known = self._servers.get(ref)
        if known is None:
            clock = self.runtime.clock
            asker = Paced(lambda: self.runtime.connection(ref).client, clock, self._every)
            known = self._servers[ref] = ServerSweep(self.runtime, ref, asker, BackupAges(clock), self._refuse)
        return known

    def _refuse(self, ref: ServerRef, why: str) -> None:
        self.refusals.setdefault(ref, why)
