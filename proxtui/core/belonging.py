"""Which cluster an endpoint belongs to: a wrong address must never show one cluster under another's name."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct, field

from proxtui.errors import OtherCluster, PermissionDenied, UnexpectedAnswer

if TYPE_CHECKING:
    from proxtui.pve.asking import Asker

MOST_NAMES = 3
"""Written out in a line."""


class Identity(Struct, frozen=True):
    """What an endpoint says of the cluster behind it."""

    name: str | None
    """Of the cluster; None for a node that stands alone, and where we may not read it."""
    nodes: frozenset[str]
    prints: Mapping[str, str] = field(default_factory=dict)
    """Fingerprint of each node's certificate, where there is no name to compare."""
    stands_alone: bool = False
    """True when it is known that there is no cluster."""

    @property
    def is_poor(self) -> bool:
        """True when only the names of the nodes are known."""
        return self.name is None and not self.prints

    def with_nodes(self, names: frozenset[str]) -> Identity:
        """The same cluster when its nodes are these by now."""
        prints = {name: seen for name, seen in self.prints.items() if name in names}
        return Identity(self.name, names, prints, self.stands_alone)

    def __str__(self) -> str:
        if self.name:
            return f"cluster {self.name}"
        names = ", ".join(sorted(self.nodes)[:MOST_NAMES])
        return f"{'the node' if self.stands_alone else 'the cluster of'} {names}"


async def ask_identity(client: Asker) -> Identity:
    """``GET /cluster/status`` (Sys.Audit on ``/``); without a name, the certificates in ``GET /nodes``."""
    from proxtui.pve.cluster import ClusterTools
    from proxtui.pve.fields import objects, rows_of

    stands_alone = False
    try:
        status = await ClusterTools(client).status()
    except PermissionDenied:
        # /nodes names every node to everybody.
        status = None
    if status is not None:
        if status.name:
            return Identity(status.name, frozenset(member.name for member in status.nodes))
        stands_alone = len(status.nodes) == 1
    rows = [row for row in objects(rows_of(await client.get("/nodes"), "/nodes")) if row is not None]
    told = {name: row.text("ssl_fingerprint") or "" for row in rows if (name := row.node("node")) is not None}
    if not told:
        raise UnexpectedAnswer("it names no node, so nobody knows whose it is", status=200, method="GET", path="/nodes")
    return Identity(None, frozenset(told), {name: seen for name, seen in told.items() if seen}, stands_alone)


def is_same(known: Identity, told: Identity) -> bool:
    """Whether both are one cluster. Nodes come and go, so one in common is enough.

    Two clusters have the same name. Where one of them is not known, a node of the same name counts only when its
    certificate is not seen to be another one: ``pve`` and ``pve1`` are what everybody calls a node.
    """
    common = known.nodes & told.nodes
    if known.name and told.name:
        return known.name == told.name and bool(common)
    if known.name and told.stands_alone:
        return False
    compared = [name for name in common if name in known.prints and name in told.prints]
    return any(known.prints[name] == told.prints[name] for name in compared) if compared else bool(common)


def _refusal(endpoint: str, known: Identity, told: Identity) -> str:
    whose, ours = str(told), str(known)
    if whose == ours:
        # Of one name and yet two: then their nodes, or their certificates, tell them apart.
        whose += f" with other {'nodes' if known.nodes.isdisjoint(told.nodes) else 'certificates'}"
    return f"{endpoint} belongs to {whose}, not {ours}: not used"


class Keeper(Protocol):
    """Remembers the cluster of one server beyond this process: ``known_clusters.KnownCluster``. Its methods block."""

    label: str
    said: str

    def read(self) -> Identity | None:
        """What is remembered."""

    def keep(self, identity: Identity) -> Identity:
        """Remember it; gives what is remembered now."""


class Belonging:
    """The cluster of one configured server: that of the endpoint which answered first, ever where a keeper remembers.

    Servers with several endpoints are asked once at the start, and once each time another endpoint takes over; every
    server before a change that names no guest.
    """

    def __init__(self, keeper: Keeper | None = None) -> None:
        self.identity: Identity | None = None
        self._keeper = keeper
        self._recalled = keeper is None
        self._recalling = asyncio.Lock()
        self._kept: Identity | None = None
        """What the keeper remembers, as far as we know."""

    @property
    def is_poor(self) -> bool:
        """True while at most the names of the nodes are known."""
        return self.identity is None or self.identity.is_poor

    @property
    def said(self) -> str:
        """Why nothing could be remembered, in one line; empty when it could."""
        return self._keeper.said if self._keeper is not None else ""

    async def recall(self) -> None:
        """Take what an earlier start learned, before anything is asked; once."""
        if self._keeper is None:
            return
        # Who comes meanwhile waits: what is not read yet would let any cluster be the first one.
        async with self._recalling:
            if self._recalled:
                return
            self._kept = await asyncio.to_thread(self._keeper.read)
            self._recalled = True
            if self._kept is not None:
                self.identity = self._kept

    async def check(self, client: Asker, endpoint: str) -> None:
        """Ask an endpoint before it is used: ``OtherCluster`` when it is not ours. The first one says what ours is."""
        await self.judge(await ask_identity(client), endpoint)

    async def judge(self, told: Identity, endpoint: str) -> None:
        """The same of an endpoint that was asked already."""
        await self.recall()
        known = self.identity
        if known is not None and not is_same(known, told):
            if not await self._is_accepted(told):
                raise OtherCluster(_refusal(endpoint, known, told) + self._advice, endpoint=endpoint)
            self.identity = told
        elif known is None or known.is_poor:
            self.identity = told

    def note(self, nodes: frozenset[str]) -> None:
        """The endpoint in use named these nodes: they come and go, but never all at once."""
        if self.identity is None:
            self.identity = Identity(None, nodes) if nodes else None
        elif nodes != self.identity.nodes and nodes & self.identity.nodes:
            self.identity = self.identity.with_nodes(nodes)

    async def learn(self, client: Asker) -> None:
        """Ask the endpoint in use while it answers: others are measured by it."""
        told = await ask_identity(client)
        if self.identity is None or (self.identity.is_poor and is_same(self.identity, told)):
            self.identity = told

    async def keep(self) -> bool:
        """Remember it, where it is news. False when another process learned another cluster first: that one counts."""
        if self._keeper is None or self.identity is None or self.identity.is_poor or self.identity == self._kept:
            return True
        identity = self.identity
        standing = await asyncio.to_thread(self._keeper.keep, identity)
        self._kept = standing
        if standing is identity:
            return True
        self.identity = standing
        return False

    async def _is_accepted(self, told: Identity) -> bool:
        """Whether somebody said meanwhile that this is the cluster now: it was forgotten, or learned anew."""
        if self._keeper is None or self._kept is None:
            return False
        standing = await asyncio.to_thread(self._keeper.read)
        # A file that cannot be read has not forgotten anything.
        accepted = not self._keeper.said if standing is None else is_same(standing, told)
        if accepted:
            self._kept = standing
        return accepted

    @property
    def _advice(self) -> str:
        if self._keeper is None:
            return ""
        return f". Was it rebuilt or renamed? `proxtui servers trust {self._keeper.label} --new-cluster`"
