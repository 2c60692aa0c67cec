"""What a change is meant for: guests by VMID or name, nodes, storages, tasks by UPID, ... found in what was polled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from proxtui.cli.changing_live import target_of
from proxtui.core.model import ServerRef
from proxtui.core.operation import GUESTS, Kind, Operation, Target
from proxtui.core.rows import Scalar
from proxtui.core.verbs import pick
from proxtui.errors import UsageError

if TYPE_CHECKING:
    from proxtui.config.models import Config
    from proxtui.core.model import Fleet, Snapshot
    from proxtui.pve.models import Guest

_LISTED = {Kind.QEMU, Kind.LXC, Kind.NODE, Kind.STORAGE}
"""What every poll brings."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing that may be meant, as ``pick`` wants it."""

    target: Target
    names: tuple[str, ...]
    thing: Any = None
    """What the poll knows of it."""

    @property
    def key(self) -> Target:
        return self.target

    @property
    def haystack(self) -> str:
        return " ".join(self.names)

    @property
    def muted(self) -> bool:
        return False

    def field(self, name: str) -> Scalar:
        return {"tenant": self.target.ref.tenant, "server": self.target.ref.server}.get(name)


@dataclass(frozen=True, slots=True)
class Finder:
    """Looks in what was polled, on the servers that are meant."""

    fleet: Fleet
    server: str | None = None
    """``SERVER`` or ``TENANT/SERVER``; None: everywhere."""
    node: str | None = None
    """Only what is there: for storages that several nodes have."""
    live: dict[ServerRef, list[Guest]] = field(default_factory=dict)
    """Guests as their nodes list them, where somebody asked; they count more than the cluster's list."""

    def found(self, operation: Operation, words: Sequence[str], node: str) -> list[Candidate]:
        """One for each word, or the one place that it is for: the ``node`` where something is made, or a server.

        UsageError and NotFoundError say what is missing.
        """
        if words and not operation.kinds <= {Kind.SERVER}:
            return [self._one(operation, word) for word in words]
        if operation.creates and Kind.NODE in operation.kinds and node:
            return [pick(self._nodes(), node, _names, self.fleet, what="node")]
        ref = self._ref(f"{operation.label} is for one server")
        return [Candidate(Target(ref, Kind.SERVER, "", "", node), (ref.server,))]

    def _one(self, operation: Operation, word: str) -> Candidate:
        kinds = operation.kinds
        if not word.strip():
            raise UsageError("an empty name means nothing")
        if Kind.TASK in kinds and word.startswith("UPID:"):
            return self._task(word)
        if Kind.VOLUME in kinds and ":" in word:
            return self._volume(word)
        if Kind.POOL in kinds:
            return Candidate(Target(self._ref(f"pool {word}"), Kind.POOL, word, word), (word,))
        if operation.creates or not kinds & _LISTED:
            raise UsageError(f"{word!r} is none of what {operation.label} is for")
        listed = list(self._listed(kinds))
        what = (
            "guest"
            if kinds <= GUESTS
            else "node"
            if kinds == {Kind.NODE}
            else "storage"
            if len(kinds) == 1
            else "thing"
        )
        return pick(listed, word, _names, self.fleet, what=what)

    def _listed(self, kinds: frozenset[Kind]) -> Iterator[Candidate]:
        if kinds & GUESTS:
            # Of both kinds: that it is of the wrong one is a better answer than that it is not there.
            yield from self._guests()
        if Kind.NODE in kinds:
            yield from self._nodes()
        if Kind.STORAGE in kinds:
            yield from self._storages()

    def _guests(self) -> Iterator[Candidate]:
        for snapshot in self.snapshots():
            for guest in self.live.get(snapshot.ref, snapshot.guests.values()):
                target = target_of(snapshot, guest)
                yield Candidate(target, (target.id, *([target.name.lower()] if target.name else [])), guest)

    def _nodes(self) -> list[Candidate]:
        return [
            Candidate(Target(snapshot.ref, Kind.NODE, node.node, node.node, node.node), (node.node.lower(),), node)
            for snapshot in self.snapshots()
            for node in snapshot.nodes.values()
        ]

    def _storages(self, only: str | None = None) -> Iterator[Candidate]:
        """A shared storage once, at the first node that has it."""
        for snapshot in self.snapshots():
            seen: set[str] = set()
            for key, storage in sorted(snapshot.storages.items()):
                is_other = self.node not in (None, key.node) or only not in (None, key.storage)
                if is_other or (storage.shared and key.storage in seen):
                    continue
                seen.add(key.storage)
                target = Target(snapshot.ref, Kind.STORAGE, key.storage, key.storage, key.node)
                yield Candidate(target, (key.storage.lower(), f"{key.node}:{key.storage}".lower()), storage)

    def _volume(self, volid: str) -> Candidate:
        storage = volid.partition(":")[0]
        found = list(self._storages(storage))
        if not found:
            raise UsageError(f"{volid}: no server has a storage {storage}")
        if len(found) > 1:
            where = ", ".join(sorted({one.target.node for one in found})[:8])
            raise UsageError(f"{volid}: storage {storage} is not shared; say --on-node (and --server): {where}")
        at = found[0].target
        return Candidate(Target(at.ref, Kind.VOLUME, volid, volid, at.node), (volid,))

    def _task(self, word: str) -> Candidate:
        from proxtui.pve.upid import Upid

        upid = Upid(word)
        at = pick(self._nodes(), upid.node, _names, self.fleet, what="node")
        return Candidate(Target(at.target.ref, Kind.TASK, upid, "", upid.node), (upid,))

    def snapshots(self) -> list[Snapshot]:
        """Of the servers that are meant. UsageError when there is none of that name."""
        meant = meant_by(self.server, [one.ref for one in self.fleet.snapshots])
        return [one for one in self.fleet.snapshots if one.ref in meant]

    def _ref(self, what: str) -> ServerRef:
        found = self.snapshots()
        if len(found) > 1:
            known = ", ".join(f"{one.ref.tenant}/{one.ref.server}" for one in found)
            raise UsageError(f"{what}: say --server; there are {known}")
        return found[0].ref


def _names(one: Candidate) -> tuple[str, ...]:
    return one.names


def meant_by(server: str | None, refs: Sequence[ServerRef]) -> Sequence[ServerRef]:
    """Those that ``SERVER`` or ``TENANT/SERVER`` names; all for None. UsageError when there is none of that name."""
    if server is None:
        return refs
    place = server.split("/")
    found = [ref for ref in refs if list(ref)[-len(place) :] == place]
    if not found:
        known = ", ".join(f"{ref.tenant}/{ref.server}" for ref in refs)
        raise UsageError(f"--server: there is no {server!r}; there are {known}")
    return found


def narrowed(config: Config, server: str | None) -> Config:
    """The configuration with only the servers that are meant: no other is asked, nor its password."""
    if server is None:
        return config
    meant = {*meant_by(server, [ServerRef(*place) for place, _server in config.active_servers()])}
    tenants = (
        replace(one, servers=tuple(server for server in one.servers if ServerRef(one.slug, server.name) in meant))
        for one in config.tenants
    )
    return replace(config, tenants=tuple(tenants))
