"""The cluster tree as a flat list of visible lines: tenant, server, node, then guests and storages. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from msgspec import Struct

from proxtui.core import text
from proxtui.core.ages import age_text, coarse_age, is_old, state_tone
from proxtui.core.census import Census, tallied
from proxtui.core.fields import (
    guest_field,
    guest_haystack,
    node_field,
    node_haystack,
    storage_field,
    storage_haystack,
)
from proxtui.core.learned import Learned
from proxtui.core.model import Fleet, GuestKey, Key, NodeKey, Scope, ServerRef, Snapshot, SourceState, StorageKey
from proxtui.core.rows import UNKNOWN, Scalar, TableRow, Tone, tone_of_load
from proxtui.pve.models import Guest, ProxmoxStorage


class FleetKey(NamedTuple):
    """The line above all tenants. Choosing it takes every narrowing away."""


class TenantKey(NamedTuple):
    """One tenant's line."""

    tenant: str


class GroupKey(NamedTuple):
    """One pool or one tag of a tenant; ``name`` is empty for the guests that have none."""

    tenant: str
    by: str
    name: str


class MemberKey(NamedTuple):
    """A guest in one of its groups: one with two tags stands in both."""

    group: GroupKey
    guest: GuestKey


LineKey = FleetKey | TenantKey | GroupKey | MemberKey | ServerRef | Key
Keep = Callable[[Key], bool]
FLEET = FleetKey()
NOBODY: frozenset[LineKey] = frozenset()


class TreeLine(Struct, frozen=True):
    """One visible line."""

    key: LineKey
    kind: str
    """``fleet``, ``tenant``, ``server``, ``node``, ``qemu``, ``lxc`` or ``storage``."""
    depth: int
    name: str
    status: str = ""
    """What the sign in front says: ``online``, ``running``, ``stale``, ...; empty for none."""
    tone: Tone = Tone.PLAIN
    """Of the sign."""
    note: str = ""
    """Right-aligned: ``12/15`` running, ``64 %`` used, ``down``."""
    note_tone: Tone = Tone.MUTED
    is_open: bool | None = None
    """None for a leaf."""
    muted: bool = False

    @property
    def thing(self) -> Key | None:
        """The guest, node or storage of this line."""
        if isinstance(self.key, MemberKey):
            return self.key.guest
        return self.key if isinstance(self.key, GuestKey | NodeKey | StorageKey) else None

    @property
    def scope(self) -> Scope:
        """What choosing this line narrows the views to. A leaf narrows to its node."""
        match self.key:
            case TenantKey(tenant) | GroupKey(tenant, _, _):
                return Scope(tenant)
            case ServerRef(tenant, server):
                return Scope(tenant, server)
            case NodeKey(tenant, server, node) | StorageKey(tenant, server, node, _):
                return Scope(tenant, server, node)
            case GuestKey(tenant, server, _, _) | MemberKey(_, GuestKey(tenant, server, _, _)):
                return Scope(tenant, server)
            case _:
                return Scope()


class Count(NamedTuple):
    """Running guests of all guests."""

    running: int = 0
    total: int = 0
    known: bool = True
    """False when nobody has told yet, or the node is offline."""

    def __str__(self) -> str:
        return f"{self.running if self.known else UNKNOWN}/{self.total}" if self.known or self.total else ""


def tree_lines(
    fleet: Fleet, toggled: Collection[LineKey] = NOBODY, keep: Keep | None = None, census: Census | None = None
) -> list[TreeLine]:
    """All visible lines, top to bottom.

    Tenants and servers are open and nodes closed, but for those in ``toggled``.
    ``keep`` says which guests, nodes and storages a filter lets through; tenants and servers always stay,
    and so does a node above something that stays. ``census`` remembers what was counted the last time.
    """
    census = census or Census()
    body: list[TreeLine] = []
    counts: list[Count] = []
    for tenant in dict.fromkeys(ref.tenant for ref in (*(one.ref for one in fleet.snapshots), *fleet.off)):
        key = TenantKey(tenant)
        snapshots = [snapshot for snapshot in fleet.snapshots if snapshot.ref.tenant == tenant]
        servers = [_Server(snapshot, fleet.now, toggled, keep, census) for snapshot in snapshots]
        counts.append(add([server.count for server in servers]))
        is_open = key not in toggled
        body.append(TreeLine(key, "tenant", 0, tenant, note=str(counts[-1]), is_open=is_open))
        if is_open:
            for server in servers:
                body.extend(server.lines())
            body.extend(_off_line(ref) for ref in fleet.off if ref.tenant == tenant)
    return [TreeLine(FLEET, "fleet", 0, "all tenants", note=str(add(counts))), *body]


def _off_line(ref: ServerRef) -> TreeLine:
    """A server that is asked nothing: neither down nor unknown."""
    return TreeLine(ref, "server", 1, ref.server, status="off", tone=Tone.MUTED, note="off", muted=True)


def add(counts: Collection[Count]) -> Count:
    """The sum; known when any part is, for the parts say for themselves what they do not know."""
    known = any(count.known for count in counts)
    return Count(sum(count.running for count in counts), sum(count.total for count in counts), known)


def ancestors(key: Key, fleet: Fleet) -> list[LineKey]:
    """The lines that can stand for ``key``, nearest first: itself, its node, its server, its tenant."""
    ref = ServerRef(key.tenant, key.server)
    path: list[LineKey] = [key]
    if isinstance(key, GuestKey):
        snapshot = fleet.snapshot(ref)
        guest = snapshot.guests.get(key) if snapshot else None
        if guest is not None:
            path.append(NodeKey(*ref, guest.node))
    elif isinstance(key, StorageKey):
        path.append(NodeKey(*ref, key.node))
    return [*path, ref, TenantKey(ref.tenant)]


class _Server:
    """One server's part of the tree."""

    def __init__(
        self, snapshot: Snapshot, now: float, toggled: Collection[LineKey], keep: Keep | None, census: Census
    ) -> None:
        self.snapshot = snapshot
        self.toggled = toggled
        self.keep = keep
        self.old = is_old(snapshot.state)
        self.age = age_text(coarse_age(snapshot, now))
        # Every poll counts all guests, and most nodes are closed: who they are is looked up for those that are open.
        if keep is None:
            self.total, self.running = census.of(snapshot)
        else:
            self.total, self.running = tallied(one for key, one in snapshot.guests.items() if keep(key))
        self.storages: dict[str, list[tuple[StorageKey, ProxmoxStorage]]] = {}
        for place, storage in snapshot.storages.items():
            if keep is None or keep(place):
                self.storages.setdefault(place.node, []).append((place, storage))
        self.counts = {node: self._count(node) for node in self._nodes()}
        self.count = add(self.counts.values()) if snapshot.taken_at is not None else Count(known=False)

    def lines(self) -> Iterator[TreeLine]:
        snapshot = self.snapshot
        is_open = snapshot.ref not in self.toggled
        tone = state_tone(snapshot.state)
        yield TreeLine(
            snapshot.ref,
            "server",
            1,
            snapshot.ref.server,
            status=snapshot.state.value,
            tone=tone,
            note=self._server_note(),
            note_tone=tone if self.old else Tone.MUTED,
            is_open=is_open if self.counts else None,
            muted=self.old,
        )
        if is_open:
            for node in self.counts:
                yield from self._node_lines(node)

    def _server_note(self) -> str:
        words = {SourceState.WAITING: "waiting", SourceState.DOWN: "down", SourceState.FORBIDDEN: "refused"}
        if self.snapshot.state is SourceState.STALE:
            return f"{self.count} {self.age}"
        unseen = self.snapshot.guests_unseen and not self.snapshot.guests
        return words.get(self.snapshot.state) or ("hidden" if unseen else str(self.count))

    def _nodes(self) -> list[str]:
        """Names of the nodes to show: those that PVE lists, and those that only a guest speaks of."""
        listed = {key.node for key in self.snapshot.nodes if self.keep is None or self.keep(key)}
        return sorted(listed | self.total.keys() | self.storages.keys())

    def _status(self, node: str) -> str:
        known = self.snapshot.nodes.get(NodeKey(*self.snapshot.ref, node))
        return known.status if known else "unknown"

    def _count(self, node: str) -> Count:
        total = self.total[node]
        if self._status(node) == "offline":
            # PVE goes on saying "running" for the guests of a node that it does not reach.
            return Count(0, total, known=False)
        return Count(self.running[node], total, known=bool(total) or not self.snapshot.guests_unseen)

    @cached_property
    def _guests(self) -> Mapping[str, Sequence[tuple[GuestKey, Guest]]]:
        """The guests of the open nodes, by node."""
        found: dict[str, list[tuple[GuestKey, Guest]]] = {
            node: [] for node in self.total if NodeKey(*self.snapshot.ref, node) in self.toggled
        }
        for key, guest in self.snapshot.guests.items():
            if guest.node in found and (self.keep is None or self.keep(key)):
                found[guest.node].append((key, guest))
        return found

    def _node_lines(self, node: str) -> Iterator[TreeLine]:
        key = NodeKey(*self.snapshot.ref, node)
        status = self._status(node)
        offline = status == "offline"
        is_open = key in self.toggled
        yield TreeLine(
            key,
            "node",
            2,
            node,
            status="unknown" if self.old else status,
            tone={"online": Tone.GOOD, "offline": Tone.BAD}.get(status, Tone.WARN),
            note=f"offline {self.counts[node]}" if offline else str(self.counts[node]),
            note_tone=Tone.BAD if offline else Tone.MUTED,
            is_open=is_open,
            muted=self.old,
        )
        if is_open:
            muted = self.old or offline
            for guest_key, guest in sorted(self._guests.get(node, ()), key=lambda item: item[0].vmid):
                yield guest_line(guest_key, guest, muted=muted)
            for place, storage in sorted(self.storages.get(node, []), key=lambda item: item[0].storage):
                yield storage_line(place, storage, muted=muted)


def guest_line(key: GuestKey, guest: Guest, *, muted: bool) -> TreeLine:
    """One guest's line; ``muted`` when its node or server does not answer: its status is only what was last heard."""
    status = "template" if guest.template else guest.status
    tones = {"running": Tone.GOOD, "stopped": Tone.MUTED, "template": Tone.MUTED}
    return TreeLine(
        key,
        key.kind,
        3,
        f"{key.vmid} {guest.name}" if guest.name else str(key.vmid),
        status="unknown" if muted else status,
        tone=tones.get(status, Tone.WARN),
        note=guest.lock or "",
        note_tone=Tone.WARN,
        muted=muted,
    )


def storage_line(key: StorageKey, storage: ProxmoxStorage, *, muted: bool) -> TreeLine:
    """One storage's line with how full it is."""
    part = text.share(storage.used, storage.total)
    return TreeLine(
        key,
        "storage",
        3,
        key.storage,
        status="storage",
        tone=Tone.ACCENT,
        note=text.percent(part),
        note_tone=tone_of_load(part) if part is not None and tone_of_load(part) is not Tone.PLAIN else Tone.MUTED,
        muted=muted,
    )


class Leaf(Struct):
    """A guest, node or storage as the filter language sees it."""

    key: Key
    thing: Any
    muted: bool = False
    learned: Learned | None = None
    """What a guest was asked beside the poll."""

    @property
    def haystack(self) -> str:
        match self.key:
            case GuestKey():
                return guest_haystack(self.key, self.thing, self.learned)
            case NodeKey():
                return node_haystack(self.key)
            case _:
                return storage_haystack(self.key)

    def field(self, name: str) -> Scalar:
        match self.key:
            case GuestKey():
                return guest_field(self.key, self.thing, name, self.learned)
            case NodeKey():
                return node_field(self.key, self.thing, name)
            case _:
                return storage_field(self.key, self.thing, name)


def keep_matching(fleet: Fleet, matches: Callable[[TableRow], bool]) -> Keep:
    """What a filter lets through, found out once for the whole fleet."""
    kept: set[Key] = set()
    for snapshot in fleet.snapshots:
        learned = snapshot.learned
        kept.update(key for key, one in snapshot.guests.items() if matches(Leaf(key, one, learned=learned.get(key))))
        for things in (snapshot.nodes, snapshot.storages):
            kept.update(key for key, thing in things.items() if matches(Leaf(key, thing)))
    return kept.__contains__
