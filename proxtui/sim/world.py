"""The world: every simulated server, the one clock, and what is due to happen."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from proxtui.sim.consoles.options import ConsoleOptions
from proxtui.sim.faults import Faults
from proxtui.sim.physics import Weather
from proxtui.sim.policy import BackupJob, Group, HaGroup, ReplicationJob
from proxtui.sim.requests import Requests
from proxtui.sim.state import Acl, Guest, LogEntry, Node, Storage, Task, Token, User, Volume

BROADCAST = 10.0
"""Seconds between two reports of a node's pvestatd."""
CACHE = 2.0
"""Seconds for which pveproxy keeps the reports it read."""
FORGOTTEN = 300.0
"""Seconds after which the report of a silent node is dropped."""

REPOIDS = {"8.4.21": "2606ac850d46da29", "9.2.11": "14a22df35955d97d"}


@dataclass
class Site:
    """One Proxmox VE server as a client sees it: a cluster, or a node that stands alone."""

    world: World
    name: str
    """Short name; the ``server`` of the announcement."""
    tenant: str
    tenant_name: str
    cluster: str | None
    """Name of the cluster; None for a node that stands alone."""
    version: str
    nodes: dict[str, Node] = field(default_factory=dict)
    guests: dict[int, Guest] = field(default_factory=dict)
    storages: dict[str, Storage] = field(default_factory=dict)
    volumes: dict[str, list[Volume]] = field(default_factory=dict)
    """By storage; for storages that are not shared by ``node:storage``."""
    pools: dict[str, str] = field(default_factory=dict)
    """Pool name -> comment."""
    pool_storages: dict[str, list[str]] = field(default_factory=dict)
    """Pool name -> storages in it."""
    destroyed: dict[int, Guest] = field(default_factory=dict)
    """Guests that are gone, for those who restore an archive of theirs."""
    tasks: list[Task] = field(default_factory=list)
    log: list[LogEntry] = field(default_factory=list)
    jobs: list[BackupJob] = field(default_factory=list)
    replication: list[ReplicationJob] = field(default_factory=list)
    ha_groups: list[HaGroup] = field(default_factory=list)
    groups: dict[str, Group] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    acl: list[Acl] = field(default_factory=list)
    announced: Token | None = None
    login: User | None = None
    quorum_lost_since: float | None = None
    key: bytes = b""
    hostile: bool = False
    calm: bool = False
    """True: nothing happens here by itself."""
    rng: random.Random = field(default_factory=random.Random)
    cache: dict[Any, Any] = field(default_factory=dict)
    """Made from guests, permissions and definitions; emptied when they change."""
    world_cache: dict[Any, Any] = field(default_factory=dict)
    """Reports of the last broadcast, by node and guest."""
    desk: Any = None
    """The open consoles, once there was one: see :func:`proxtui.sim.consoles.desk.desk_of`."""

    @property
    def modern(self) -> bool:
        """True for 9.x, which answers with more and with other keys."""
        return self.version.startswith("9")

    @property
    def release(self) -> str:
        return ".".join(self.version.split(".")[:2])

    @property
    def repoid(self) -> str:
        return REPOIDS[self.version]

    @property
    def entry(self) -> Node:
        """The node that the client talks to; the others answer through it."""
        return next(iter(self.nodes.values()))

    @property
    def quorate(self) -> bool:
        return self.quorum_lost_since is None

    def changed(self) -> None:
        """Say that guests, permissions or definitions changed; cached lists are made anew."""
        self.cache.clear()

    def moved(self) -> None:
        """Say that a guest went to another node; who may do what stays as it is."""
        self.cache.pop("held", None)

    def forget(self, vmid: int) -> None:
        """Drop what was remembered of a guest: its number may come back as another one."""
        for key in [key for key in self.world_cache if key == vmid or (isinstance(key, tuple) and key[1] == vmid)]:
            del self.world_cache[key]
        self.changed()

    def held_by(self, node: str) -> list[Guest]:
        """The guests of a node, in the order of the site; remembered until one moves."""
        held: dict[str, list[Guest]] | None = self.cache.get("held")
        if held is None:
            held = self.cache["held"] = {name: [] for name in self.nodes}
            for guest in self.guests.values():
                held[guest.node].append(guest)
        return held[node]

    def guest_on(self, node: str, kind: str, vmid: int) -> Guest | None:
        """The guest, if its configuration lies on that node."""
        guest = self.guests.get(vmid)
        return guest if guest is not None and guest.kind == kind and guest.node == node else None

    def storage_on(self, node: str, name: str) -> Storage | None:
        storage = self.storages.get(name)
        return storage if storage is not None and (storage.nodes is None or node in storage.nodes) else None

    def used(self, storage: Storage, node: str, moment: float) -> int:
        """Bytes in use on a storage; the same on every node when it is shared."""
        offset = storage.offset + (0 if storage.shared else 31 * self.nodes[node].nodeid)
        day = (moment / 86_400.0) % 7
        share = storage.used + storage.growth * day + 0.002 * self.world.weather.noise(offset, moment, 1800.0)
        if not storage.shared:
            share *= 0.8 + 0.2 * ((offset * 29) % 100) / 100
        return int(storage.total * min(1.0, max(0.0, share)))

    def reported_at(self, node: Node, now: float) -> float | None:
        """Moment of the node's last report that pveproxy knows; None when it was dropped."""
        view = now // CACHE * CACHE
        phase = (node.nodeid * 3.7) % BROADCAST
        last = (view - phase) // BROADCAST * BROADCAST + phase
        if node.offline_since is not None:
            last = min(last, (node.offline_since - phase) // BROADCAST * BROADCAST + phase)
        return None if view - last > FORGOTTEN else last

    def write_log(self, node: str, user: str, tag: str, msg: str, *, at: float, pri: int = 6, pid: int = 0) -> None:
        """Add a line to the cluster log."""
        uid = self.log[-1].uid + 1 if self.log else 1
        self.log.append(LogEntry(uid, node, at, user, tag, pid or 1900 + uid % 3, pri, msg))
        del self.log[:-500]


class World:
    """All sites under one clock. ``now`` is in seconds since the epoch and can be injected."""

    def __init__(
        self, *, seed: int = 1, now: Callable[[], float] = time.time, speed: float = 1.0, auth_delay: float = 3.0
    ) -> None:
        self.seed = seed
        self._clock = now
        self._moment: float | None = None
        self.speed = speed
        self.auth_delay = auth_delay
        self.weather = Weather(seed)
        self.sites: dict[str, Site] = {}
        self.faults = Faults()
        self.requests = Requests()
        self.consoles = ConsoleOptions()
        self.control_token = secrets.token_urlsafe(18)
        self.born = now()
        self.paused = False
        self._due: list[tuple[float, int, Callable[[float], None]]] = []
        self._order = itertools.count()
        self._stopping: asyncio.Event | None = None

    @property
    def stopping(self) -> asyncio.Event:
        """Set when the server goes down; whatever hangs on purpose waits for it."""
        if self._stopping is None:
            self._stopping = asyncio.Event()
        return self._stopping

    def now(self) -> float:
        """Seconds since the epoch; while something due happens, the moment at which it was due."""
        return self._clock() if self._moment is None else self._moment

    def at(self, moment: float, act: Callable[[float], None]) -> None:
        """Have ``act(moment)`` happen then."""
        heapq.heappush(self._due, (moment, next(self._order), act))

    def seconds(self, length: float) -> float:
        """A length of life in seconds of the clock: ``--speed 10`` makes tasks ten times as fast."""
        return length / self.speed

    def advance(self) -> float:
        """Let everything happen that is due, in order, and return the present."""
        if self._moment is not None:
            return self._moment
        now = self._clock()
        try:
            while self._due and self._due[0][0] <= now:
                self._moment, _, act = heapq.heappop(self._due)
                act(self._moment)
        finally:
            self._moment = None
        return now

    def next_due(self) -> float | None:
        return self._due[0][0] if self._due else None
