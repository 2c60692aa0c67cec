"""What the kernel knows: identities, snapshots of servers, and what changed between two of them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from msgspec import Struct, field

from proxtui.core.learned import Learned
from proxtui.pve.models import Guest, ProxmoxNode, ProxmoxStorage


class ServerRef(NamedTuple):
    """One configured server (a cluster or a standalone node) of one tenant."""

    tenant: str
    server: str


class GuestKey(NamedTuple):
    """Who a guest is. The node is not part of it: guests migrate."""

    tenant: str
    server: str
    kind: str
    """``qemu`` or ``lxc``."""
    vmid: int


class NodeKey(NamedTuple):
    """Who a node is."""

    tenant: str
    server: str
    node: str


class StorageKey(NamedTuple):
    """Who a storage is. A shared storage has one row per node in PVE's answer."""

    tenant: str
    server: str
    node: str
    storage: str


class TaskKey(NamedTuple):
    """Who a task is."""

    tenant: str
    server: str
    upid: str

    @property
    def node(self) -> str:
        """Where it runs; empty when this is no UPID."""
        return self.upid.partition(":")[2].partition(":")[0]


Key = GuestKey | NodeKey | StorageKey
Goal = Key | TaskKey
"""What one can go to; the tree knows no tasks."""


class SourceState(StrEnum):
    """How good our knowledge of one server is."""

    WAITING = "waiting"
    """Never answered, not yet failed."""
    FRESH = "fresh"
    STALE = "stale"
    """The last polls failed or are late; the rows are old and still shown."""
    DOWN = "down"
    """Nothing is known, or nothing has been heard for a long time."""
    FORBIDDEN = "forbidden"
    """The login or token is refused; no further attempt until it changes."""


class Trouble(NamedTuple):
    """Something that works all the same, and that somebody should look at."""

    line: str
    is_bad: bool = False
    """True when a part is not used until somebody acts."""


class Snapshot(Struct, frozen=True):
    """Everything known of one server at one moment. Never changed, only replaced.

    Times are seconds of ``Clock.monotonic``.
    """

    ref: ServerRef
    state: SourceState = SourceState.WAITING
    taken_at: float | None = None
    """When the rows were true; None while nothing was ever read."""
    asked_since: float | None = None
    """When asking began; None when nobody noted it."""
    interval: float = 4.0
    """Seconds between polls at the moment; older than twice this is late."""
    error: str | None = None
    """Why the last attempt failed, in one clean line."""
    next_try_at: float | None = None
    guests: Mapping[GuestKey, Guest] = field(default_factory=lambda: MappingProxyType({}))
    nodes: Mapping[NodeKey, ProxmoxNode] = field(default_factory=lambda: MappingProxyType({}))
    storages: Mapping[StorageKey, ProxmoxStorage] = field(default_factory=lambda: MappingProxyType({}))
    endpoint: str = ""
    """``host:port`` that answered last."""
    path: str = ""
    """The way that led to it: ``direct``, ``tailscale`` or ``ssh``; empty before the first answer."""
    troubles: tuple[Trouble, ...] = ()
    """Endpoints that are refused though another one answers, a pinned certificate that has expired."""
    unverified_tls: bool = False
    """True while the certificate of this server is not checked."""
    learned: Mapping[GuestKey, Learned] = field(default_factory=lambda: MappingProxyType({}))
    """What single guests were asked; most often of few of them, or of none."""
    recalled: Mapping[GuestKey, float] = field(default_factory=lambda: MappingProxyType({}))
    """Guests that PVE does not name any more, since their node is gone: when it last did. Their name is that one."""
    guests_unseen: bool = False
    """True when the login may see no guest at all: then no guests are unknown, not none."""

    def age(self, now: float) -> float | None:
        """Seconds since the rows were true, or None while there are none."""
        return None if self.taken_at is None else max(0.0, now - self.taken_at)


class Delta(Struct, frozen=True):
    """What one change of the store changed. Most who hear of it only ask whether; by key it is told when asked."""

    ref: ServerRef
    state_changed: bool = False
    pairs: tuple[tuple[Mapping[Any, object], Mapping[Any, object]], ...] = ()
    """What was known before and what is known now, by key: of each kind of which anything is different."""

    def __bool__(self) -> bool:
        return bool(self.pairs or self.state_changed)

    @property
    def changed(self) -> frozenset[Key]:
        """Added or different."""
        nothing = object()
        return frozenset(key for old, new in self.pairs for key, now in new.items() if old.get(key, nothing) != now)

    @property
    def removed(self) -> frozenset[Key]:
        """Known before, gone now."""
        return frozenset(key for old, new in self.pairs for key in old if key not in new)


class Fleet(Struct, frozen=True):
    """All snapshots at one moment, in configured order. What every view and every command gets."""

    snapshots: tuple[Snapshot, ...]
    now: float
    """``Clock.monotonic`` when it was taken, to tell ages."""
    off: tuple[ServerRef, ...] = ()
    """Servers that are configured and switched off: they are asked nothing, so there is nothing to know of them."""

    def snapshot(self, ref: ServerRef) -> Snapshot | None:
        return next((snapshot for snapshot in self.snapshots if snapshot.ref == ref), None)


class Scope(Struct, frozen=True):
    """The part of the fleet that the tree has selected. Empty means everything."""

    tenant: str | None = None
    server: str | None = None
    node: str | None = None

    def covers_server(self, ref: ServerRef) -> bool:
        return (self.tenant in (None, ref.tenant)) and (self.server in (None, ref.server))

    def covers_node(self, ref: ServerRef, node: str) -> bool:
        return self.covers_server(ref) and self.node in (None, node)
