"""What the palette finds: things and actions by a few letters, the best first, in time for ten thousand. Pure."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass

from proxtui.core.ages import heard, is_old
from proxtui.core.fields import guest_haystack, node_haystack, storage_haystack
from proxtui.core.model import Fleet, GuestKey, Key, NodeKey, Snapshot, StorageKey
from proxtui.core.rows import Scalar
from proxtui.kit.signs import STEP

Run = Callable[[], Awaitable[object] | None]
PREFIXES = {
    "vm:": ("VM",),
    "ct:": ("CT",),
    "guest:": ("VM", "CT"),
    "node:": ("node",),
    "storage:": ("storage",),
    ">": ("do", "view"),
}
"""What a query may begin with, and the kinds that are left then."""
_BEFORE_A_WORD = frozenset("-_. :/")
_ELSEWHERE = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to go to, or one thing to do."""

    kind: str
    """``VM``, ``CT``, ``node``, ``storage``, ``view`` or ``do``."""
    name: str
    where: str = ""
    """Tenant, server and node; of an action its key."""
    status: str = ""
    words: str = ""
    """Lower-cased text that is searched after the name."""
    number: str = ""
    """VMID: as good as a name."""
    place: Key | None = None
    """Where choosing it leads."""
    run: Run | None = None
    """What choosing it does, when it leads nowhere."""
    muted: bool = False

    @property
    def key(self) -> Hashable:
        return self.place or (self.kind, self.name)

    @property
    def haystack(self) -> str:
        return f"{self.name} {self.words}".lower()

    def field(self, name: str) -> Scalar:
        return {"name": self.name, "type": self.kind, "status": self.status}.get(name)


class Finder:
    """Searches prepared texts: no work is left for the moment of a key press but looking for substrings."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = list(entries)
        self._prepared = [(entry.haystack, entry.name.lower(), entry.number, entry) for entry in self.entries]

    def search(self, query: str) -> list[Entry]:
        """Entries in which every word stands: whole names first, then beginnings, word starts, parts, other fields."""
        kinds, words = split_query(query)
        if not words:
            return [entry for entry in self.entries if kinds is None or entry.kind in kinds]
        ranked: dict[int, list[Entry]] = {}
        for haystack, name, number, entry in self._prepared:
            if kinds is not None and entry.kind not in kinds:
                continue
            if all(word in haystack for word in words):
                rank = sum(_rank(name, number, word) for word in words)
                ranked.setdefault(rank, []).append(entry)
        return [entry for rank in sorted(ranked) for entry in ranked[rank]]

    def named(self, name: str) -> list[Entry]:
        """Entries with exactly this name or VMID, in any case."""
        wanted = name.lower()
        return [entry for _, known, number, entry in self._prepared if wanted in (known, number)]


def split_query(query: str) -> tuple[Collection[str] | None, list[str]]:
    """The kinds that are asked for (None for all) and the words, lower-cased."""
    text = query.strip().lower()
    for prefix, kinds in PREFIXES.items():
        if text.startswith(prefix):
            return kinds, text[len(prefix) :].split()
    return None, text.split()


def _rank(name: str, number: str, word: str) -> int:
    if word in (name, number):
        return 0
    if name.startswith(word) or number.startswith(word):
        return 1
    at = name.find(word)
    if at < 0:
        return _ELSEWHERE
    while at > 0:
        if name[at - 1] in _BEFORE_A_WORD:
            return 2
        at = name.find(word, at + 1)
    return 3


def fleet_entries(fleet: Fleet, kinds: Collection[type]) -> Iterator[Entry]:
    """Nodes, storages and guests of the whole fleet, as far as their key type is among ``kinds``."""
    if NodeKey in kinds:
        for snapshot in fleet.snapshots:
            yield from _nodes(snapshot)
    if StorageKey in kinds:
        for snapshot in fleet.snapshots:
            yield from _storages(snapshot)
    if GuestKey in kinds:
        for snapshot in fleet.snapshots:
            yield from _guests(snapshot)


def _nodes(snapshot: Snapshot) -> Iterator[Entry]:
    where, old = _where(snapshot), is_old(snapshot.state)
    for key, node in snapshot.nodes.items():
        status = heard(node.status, is_doubtful=old)
        yield Entry("node", key.node, where, status, node_haystack(key), place=key, muted=old)


def _storages(snapshot: Snapshot) -> Iterator[Entry]:
    """A shared storage once, as its first node has it."""
    old = is_old(snapshot.state)
    seen: set[str] = set()
    for key, storage in snapshot.storages.items():
        if storage.shared and key.storage in seen:
            continue
        seen.add(key.storage)
        where = _where(snapshot) if storage.shared else f"{_where(snapshot)} {STEP} {key.node}"
        status = heard(storage.status, is_doubtful=old) if storage.status else ""
        yield Entry("storage", key.storage, where, status, storage_haystack(key), place=key, muted=old)


def _guests(snapshot: Snapshot) -> Iterator[Entry]:
    where = _where(snapshot)
    old = is_old(snapshot.state)
    offline = {key.node for key, node in snapshot.nodes.items() if node.status == "offline"}
    for key, guest in snapshot.guests.items():
        # PVE repeats what it last heard of an offline node.
        doubtful = old or guest.node in offline
        yield Entry(
            "CT" if key.kind == "lxc" else "VM",
            guest.name or str(key.vmid),
            f"{where} {STEP} {guest.node}",
            "template" if guest.template else heard(guest.status, is_doubtful=doubtful),
            guest_haystack(key, guest, snapshot.learned.get(key)),
            str(key.vmid),
            key,
            muted=doubtful,
        )


def _where(snapshot: Snapshot) -> str:
    return f"{snapshot.ref.tenant} {STEP} {snapshot.ref.server}"
