"""Every change to a cluster, declared: what HA does with guests, and pools. All of them are for admins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from proxtui.config.models import Role
from proxtui.core.declaring import declaring
from proxtui.core.operation import GUESTS, Kind, Operation, Risk
from proxtui.features.cluster.records import Record

if TYPE_CHECKING:
    from proxtui.pve.models import Guest
    from proxtui.pve.models_cluster import Pool

POOLS = frozenset({Kind.POOL})


def in_ha(guest: Guest) -> str | None:
    """HA looks after it already."""
    return "is in HA already" if guest.hastate not in (None, "unmanaged") else None


def not_in_ha(guest: Guest) -> str | None:
    """HA knows nothing of it."""
    return "is not in HA" if guest.hastate in (None, "unmanaged") else None


def not_empty(pool: Record[Pool]) -> str | None:
    """PVE deletes only empty pools; storages in it are known to PVE alone."""
    guests = pool.field("guests")
    return f"has {guests} guest{'' if guests == 1 else 's'}" if guests else None


_declare = declaring("cluster", risk=Risk.DISTURBS, role=Role.ADMIN)
"""For admins, and asked about unless it says otherwise."""


def _ha(verb: str, label: str, summary: str, params: str = "", *, new: bool = False) -> Operation:
    """PVE answers at once; HA acts some ten seconds later, by tasks of its own."""
    return _declare(
        f"ha-{verb}",
        label,
        summary,
        kinds=GUESTS,
        needs="Sys.Console",
        acl="/",
        params=params,
        keeps="state max_restart max_relocate group failback target",
        unavailable=in_ha if new else not_in_ha,
    )


def _pool(verb: str, label: str, summary: str, params: str = "", **more: Any) -> Operation:
    return _declare(
        f"pool-{verb}",
        label,
        summary,
        kinds=POOLS,
        needs="Pool.Allocate",
        params=params,
        keeps="vms storages move",
        **more,
    )


OPERATIONS: tuple[Operation, ...] = (
    _ha(
        "add",
        "Add to HA",
        "Let HA look after it: by default it is started, and kept running.",
        "HaGuestParams",
        new=True,
    ),
    _ha("update", "Change in HA", "Change what HA does with it: stopped stops it.", "HaUpdateParams"),
    _ha("remove", "Remove from HA", "Let HA leave it alone, as it is now."),
    _ha("migrate", "Migrate by HA", "Let HA move it to another node, online where it can.", "HaTargetParams"),
    _ha("relocate", "Relocate by HA", "Let HA stop it here and start it on another node.", "HaTargetParams"),
    _declare(
        "pool-create",
        "New pool",
        "Make an empty pool.",
        kinds=POOLS | {Kind.SERVER},
        needs="Pool.Allocate",
        acl="/pool",
        risk=Risk.SAFE,
        params="PoolParams",
        keeps="poolid",
        creates=True,
    ),
    _pool("update", "Comment", "Write another comment for it.", "PoolCommentParams", risk=Risk.SAFE),
    _pool(
        "add",
        "Add members",
        "Let guests and storages join it; who may use the pool may use them then.",
        "PoolMembersParams",
    ),
    _pool("remove", "Remove members", "Let guests and storages leave it.", "PoolLeaveParams"),
    _pool(
        "delete",
        "Delete pool",
        "Delete it; PVE refuses one that is not empty.",
        risk=Risk.DESTROYS,
        unavailable=not_empty,
    ),
)
