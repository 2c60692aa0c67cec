"""The seven numbers of a tenant, as seed B documents them: a pure count over the configuration and the fleet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from proxtui.config.models import Config
from proxtui.core.model import Fleet, ServerRef, Snapshot, SourceState
from proxtui.errors import NotFoundError
from proxtui.pve.models import Guest

RUNNING = frozenset({"running", "paused"})
"""A paused guest holds its memory and goes on where it was: it has not been stopped."""
UNHEARD = frozenset({SourceState.WAITING, SourceState.DOWN, SourceState.FORBIDDEN})
"""The guests of such a server are unknown, also where there are old rows of them."""


@dataclass(frozen=True, slots=True)
class TenantStats:
    """None is unknown. No server, no guest and no user are 0, and known."""

    total_servers: int
    """Those that are asked: an inactive server, or any of an inactive tenant, is none of them."""
    online_servers: int | None
    """Answered, and lately; None while nothing is known of any server."""
    offline_servers: int | None
    """Known not to answer. A server that was not asked yet, is late or refuses the login is neither on nor off."""
    total_vms: int | None
    """VMs and containers without templates, of the servers that are known."""
    running_vms: int | None
    """Paused ones too; None also while nobody knows what runs on any of the nodes."""
    total_users: int
    """People who hold a role in the tenant."""
    recent_connections: int | None
    """Calls to its servers within the last 24 h; None where that is not recorded."""
    unknown_servers: int = 0
    """Neither online nor offline."""
    unseen_servers: int = 0
    """Servers that are not in ``total_vms``; they may have more."""
    may_run_more: bool = False
    """True when ``running_vms`` is a lower bound."""

    def as_json(self) -> dict[str, int | None]:
        """Exactly the documented fields by their documented names."""
        return {
            "totalServers": self.total_servers,
            "onlineServers": self.online_servers,
            "offlineServers": self.offline_servers,
            "totalVMs": self.total_vms,
            "runningVMs": self.running_vms,
            "totalUsers": self.total_users,
            "recentConnections": self.recent_connections,
        }


class GuestCount(NamedTuple):
    """Guests without templates."""

    total: int
    running: int
    untold: int
    """Nobody knows whether these run: their node is offline, or PVE says so itself."""

    @property
    def known_running(self) -> int | None:
        """None when there are guests, and of none of them it is known."""
        return None if self.total and self.untold == self.total else self.running


def count_guests(guests: Iterable[Guest], silent: frozenset[str] = frozenset()) -> GuestCount:
    """``silent``: names of nodes that are offline; PVE repeats what it last heard of their guests."""
    total = running = untold = 0
    for guest in guests:
        if guest.template:
            continue
        total += 1
        if guest.node in silent or guest.status == "unknown":
            untold += 1
        elif guest.status in RUNNING:
            running += 1
    return GuestCount(total, running, untold)


def silent_nodes(snapshot: Snapshot) -> frozenset[str]:
    """Names of the nodes that are offline."""
    return frozenset(key.node for key, node in snapshot.nodes.items() if node.status == "offline")


def tenant_stats(config: Config, fleet: Fleet, tenant: str, *, recent_connections: int | None = None) -> TenantStats:
    """The numbers of the tenant with this slug. NotFoundError when the configuration has none.

    ``recent_connections`` is what the metrics count, for this module asks nobody.
    """
    if all(one.slug != tenant for one in config.tenants):
        raise NotFoundError(f"there is no tenant {tenant[:80]!r}")
    known = {snapshot.ref: snapshot for snapshot in fleet.snapshots}
    servers = [known.get(ServerRef(*place)) for place, _ in config.active_servers() if place.tenant == tenant]
    states = [SourceState.WAITING if one is None else one.state for one in servers]
    online, offline = states.count(SourceState.FRESH), states.count(SourceState.DOWN)
    unknown = len(states) - online - offline
    nothing = bool(states) and unknown == len(states)
    heard = [one for one in servers if one is not None and _is_heard(one)]
    counts = [count_guests(one.guests.values(), silent_nodes(one)) for one in heard]
    whole = GuestCount(*(sum(column) for column in zip(*counts, strict=True))) if counts else GuestCount(0, 0, 0)
    unseen = len(servers) - len(heard)
    blind = bool(servers) and not heard
    return TenantStats(
        total_servers=len(servers),
        online_servers=None if nothing else online,
        offline_servers=None if nothing else offline,
        total_vms=None if blind else whole.total,
        running_vms=None if blind else whole.known_running,
        total_users=sum(tenant in user.roles for user in config.users),
        recent_connections=recent_connections,
        unknown_servers=unknown,
        unseen_servers=unseen,
        may_run_more=bool(unseen or whole.untold),
    )


def _is_heard(snapshot: Snapshot) -> bool:
    return snapshot.taken_at is not None and snapshot.state not in UNHEARD and not snapshot.guests_unseen
