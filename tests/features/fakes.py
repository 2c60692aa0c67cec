"""A runtime without a network: a store filled by hand, and a client that answers from memory."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from proxtui.config.models import Config
from proxtui.core.model import Fleet, ServerRef
from proxtui.core.store import Store
from proxtui.errors import NotFoundError
from proxtui.pve.resources import Inventory


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_795_305_420.0 + self.now - 1000.0

    def boottime(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.Event().wait()


class FakeClient:
    """Answers GETs by path; an exception among the answers is raised. Remembers what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = answers
        self.asked: list[str] = []
        self.gate: asyncio.Event | None = None
        """While set and not open, every question waits for it."""

    async def get(self, path: str, *, params: Any = None) -> Any:
        self.asked.append(path)
        if self.gate is not None:
            await self.gate.wait()
        answer = self.answers.get(path, NotFoundError("no such thing", method="GET", path=path))
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def read(self, path: str, *, params: Any = None) -> bytes:
        return json.dumps({"data": await self.get(path, params=params)}).encode()


class FakePoller:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.paused = False
        self.resting = False
        self.nudges = 0
        self.attended: object = "nothing"

    def rest(self, resting: bool) -> None:
        self.resting = resting

    def nudge(self, ref: ServerRef | None = None) -> None:
        self.nudges += 1

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def attend(self, refs: object) -> None:
        self.attended = refs

    async def run(self) -> None:
        await asyncio.Event().wait()


@dataclass
class FakeConnection:
    """Holds the client of one server."""

    client: FakeClient
    permissions: Any = None
    requests_sent: int = 0


@dataclass
class FakeRuntime:
    """What views and services ask of a runtime."""

    store: Store
    clock: FakeClock
    poller: FakePoller = field(default_factory=FakePoller)
    clients: dict[ServerRef, FakeClient] = field(default_factory=dict)
    config: Config = field(default_factory=Config)
    read_only: bool = False
    requests_sent: int = 0
    registrar: Any = None
    recording: Any = None
    open_consoles: tuple[Any, ...] = ()

    def connection(self, ref: ServerRef) -> FakeConnection:
        return FakeConnection(self.clients.setdefault(ref, FakeClient()))

    @property
    def connections(self) -> dict[ServerRef, FakeConnection]:
        return {ref: self.connection(ref) for ref in self.clients}

    def put(self, fleet: Fleet) -> None:
        """Fill the store with this fleet, as one poll of every server would."""
        for snapshot in fleet.snapshots:
            inventory = Inventory(
                guests=tuple(snapshot.guests.values()),
                nodes=tuple(snapshot.nodes.values()),
                storages=tuple(snapshot.storages.values()),
                pools=(),
                invalid=0,
            )
            self.store.put(snapshot.ref, inventory, taken_at=self.clock.now, endpoint="pve:8006", interval=4.0)


def runtime_of(fleet: Fleet, **known: Any) -> FakeRuntime:
    """A runtime whose store holds this fleet; servers that never answered are registered only."""
    clock = FakeClock()
    runtime = FakeRuntime(Store(clock), clock, **known)
    for snapshot in fleet.snapshots:
        runtime.store.register(snapshot.ref, interval=4.0, unverified_tls=snapshot.unverified_tls)
    runtime.put(Fleet(tuple(one for one in fleet.snapshots if one.taken_at is not None), clock.now))
    return runtime


def denied(path: str, privilege: str) -> Exception:
    """What the client raises for a 403 that names what is missing."""
    from proxtui.errors import PermissionDenied

    error = PermissionDenied("Permission check failed", status=403, method="GET", path=path)
    error.acl_path, error.privilege = path, privilege
    return error
