"""Which cluster an endpoint belongs to: a wrong address must never show one cluster under another's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

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


class Belonging:
    """The cluster of one configured server: that of the endpoint which answered first, for as long as we run.

    Servers with several endpoints are asked once at the start, and once each time another endpoint takes over; every
    server before a change that names no guest.
    """

    def __init__(self) -> None:
        self.identity: Identity | None = None

    @property
    def is_poor(self) -> bool:
        """True while at most the names of the nodes are known."""
        return self.identity is None or self.identity.is_poor

    async def check(self, client: Asker, endpoint: str) -> None:
        """Ask an endpoint before it is used: ``OtherCluster`` when it is not ours. The first one says what ours is."""
        told, known = await ask_identity(client), self.identity
        if known is not None and not is_same(known, told):
            raise OtherCluster(_refusal(endpoint, known, told), endpoint=endpoint)
        if known is None or known.is_poor:
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
