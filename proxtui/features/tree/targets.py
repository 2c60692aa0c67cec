"""What the lines of the tree stand for, as targets of changes. Pure."""

from __future__ import annotations

from proxtui.core.model import Fleet, GuestKey, NodeKey, ServerRef, StorageKey
from proxtui.core.operation import Kind, Target


def target_of(fleet: Fleet, key: object) -> Target | None:
    """A guest, node, storage or cluster; None for a tenant, and for a guest that is gone."""
    match key:
        case GuestKey(tenant, server, kind, vmid):
            known = fleet.snapshot(ServerRef(tenant, server))
            guest = known.guests.get(key) if known is not None else None
            if guest is None:
                return None
            return Target(ServerRef(tenant, server), Kind(kind), str(vmid), guest.name or "", guest.node)
        case NodeKey(tenant, server, node):
            return Target(ServerRef(tenant, server), Kind.NODE, node, node, node)
        case StorageKey(tenant, server, node, storage):
            return Target(ServerRef(tenant, server), Kind.STORAGE, storage, storage, node)
        case ServerRef(tenant, server):
            return Target(key, Kind.SERVER, "")
    return None
