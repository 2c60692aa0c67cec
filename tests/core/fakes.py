"""A clock that stands still and a client that answers from memory."""

from __future__ import annotations

import asyncio
import heapq
import json
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

from proxtui.core.belonging import Keeper
from proxtui.core.connection import Connection, Route
from proxtui.core.model import ServerRef
from proxtui.core.store import Store
from proxtui.errors import NetworkError
from proxtui.pve.limits import Breaker
from proxtui.pve.models import Guest, ProxmoxContainer, ProxmoxNode, ProxmoxStorage, ProxmoxVM
from proxtui.pve.resources import Inventory

A = ServerRef("acme", "a")
B = ServerRef("bolt", "b")

TURNS = 50
"""Of the event loop; more than any chain of callbacks in the kernel needs."""


async def settle() -> None:
    """Let every task run until it waits for something."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


class FakeClock:
    """Time moves only by ``advance``; sleepers wake in the order of their deadlines."""

    def __init__(self, start: float = 1000.0) -> None:
        self.now = start
        self.slept = 0.0
        """Seconds for which the machine was suspended."""
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return 1_790_000_000.0 + self.now

    def boottime(self) -> float:
        return self.now + self.slept

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + max(0.0, seconds), next(self._order), future))
        await future

    async def advance(self, seconds: float) -> None:
        """Move on, stopping at every deadline on the way until all who woke wait again."""
        end = self.now + seconds
        await settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            deadline, _, future = heapq.heappop(self._sleepers)
            self.now = max(self.now, deadline)
            if not future.done():
                future.set_result(None)
                await settle()
        self.now = end
        await settle()

    @property
    def waiting(self) -> int:
        """Sleepers that nobody has cancelled."""
        return sum(not future.done() for _, _, future in self._sleepers)

    @property
    def next_deadline(self) -> float | None:
        """When the first of them wakes; None where nobody sleeps."""
        return min((deadline for deadline, _, future in self._sleepers if not future.done()), default=None)


Answer = Callable[[], Awaitable[list[dict[str, Any]]]]


class FakeClient:
    """Answers ``GET /cluster/resources`` and ``/access/permissions``; ``answer`` may be replaced at any time."""

    def __init__(self, clock: FakeClock, *rows: dict[str, Any]) -> None:
        self.clock = clock
        self.rows = list(rows) or [node_row("n1"), vm_row(100)]
        self.error: Exception | None = None
        self.delay = 0.0
        self.hangs = False
        self.cluster: str | Exception | None = "prod"
        """What ``/cluster/status`` says: the name, none of a node that stands alone, or this error."""
        self.prints: dict[str, str] = {}
        """Fingerprints of nodes, as ``/nodes`` tells them."""
        self.certificate_expires: float | None = None
        self.dropped = 0
        self.permissions: dict[str, dict[str, int]] | Exception = {"/": {"VM.Audit": 1}}
        self.asked: list[tuple[float, str]] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.closed = False

    @property
    def requests_sent(self) -> int:
        return len(self.asked)

    def times(self, path: str = "/cluster/resources") -> list[float]:
        return [at for at, asked in self.asked if asked == path]

    async def read(self, path: str, **_more: object) -> bytes:
        return json.dumps({"data": await self.get(path)}).encode()

    async def get(self, path: str, **_more: object) -> Any:
        self.asked.append((self.clock.now, path))
        if path == "/access/permissions":
            if isinstance(self.permissions, Exception):
                raise self.permissions
            return self.permissions
        if path in ("/cluster/status", "/nodes"):
            return await self._who(path)
        assert path == "/cluster/resources"
        self.in_flight += 1
        self.most_in_flight = max(self.in_flight, self.most_in_flight)
        try:
            await self._stall()
            await self.clock.sleep(self.delay) if self.delay else None
        finally:
            self.in_flight -= 1
        if self.error is not None:
            raise self.error
        return self.rows

    async def _who(self, path: str) -> list[dict[str, Any]]:
        await self._stall()
        if self.error is not None:
            raise self.error
        names = [row["node"] for row in self.rows if row["type"] == "node"]
        if path == "/nodes":
            return [{"node": name, "ssl_fingerprint": self.prints.get(name)} for name in names]
        if isinstance(self.cluster, Exception):
            raise self.cluster
        about = [{"type": "cluster", "name": self.cluster, "quorate": 1}] if self.cluster else []
        return [*about, *({"type": "node", "name": name, "online": 1} for name in names)]

    async def _stall(self) -> None:
        if self.hangs:
            await asyncio.get_running_loop().create_future()

    async def drop_idle(self) -> None:
        self.dropped += 1

    async def aclose(self) -> None:
        self.closed = True


def unreachable(where: str = "pve1:8006") -> NetworkError:
    return NetworkError(f"{where}: connection refused", stage="connect", endpoint=where)


def connection(
    ref: ServerRef, *clients: FakeClient, tailscale: bool = False, keeper: Keeper | None = None
) -> Connection:
    """A server whose endpoints are ``<server>1:8006``, ``<server>2:8006``, ...; the first by Tailscale if so wanted."""
    routes = [
        Route(
            f"{ref.server}{at}:8006",
            lambda client=client: client,  # type: ignore[misc]
            Breaker(now=client.clock.monotonic, random=lambda: 0.5),
            "tailscale" if tailscale and at == 1 else "direct",
        )
        for at, client in enumerate(clients, start=1)
    ]
    return Connection(ref, routes, keeper=keeper)


def store_of(clock: FakeClock, *refs: ServerRef) -> Store:
    store = Store(clock)
    for ref in refs:
        store.register(ref, interval=4.0)
    return store


def vm_row(vmid: int, **more: Any) -> dict[str, Any]:
    return {"type": "qemu", "id": f"qemu/{vmid}", "vmid": vmid, "node": "n1", "status": "running"} | more


def node_row(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "node", "id": f"node/{name}", "node": name, "status": "online"} | more


def vm(vmid: int = 100, **more: Any) -> ProxmoxVM:
    return ProxmoxVM(**({"vmid": vmid, "node": "n1", "status": "running"} | more))


def ct(vmid: int = 200, **more: Any) -> ProxmoxContainer:
    return ProxmoxContainer(**({"vmid": vmid, "node": "n1", "status": "running"} | more))


def inventory(*guests: Guest, nodes: tuple[str, ...] = ("n1",), storages: tuple[str, ...] = ()) -> Inventory:
    return Inventory(
        guests=guests,
        nodes=tuple(ProxmoxNode(node=name, status="online") for name in nodes),
        storages=tuple(ProxmoxStorage(storage=name, node=nodes[0]) for name in storages),
    )
