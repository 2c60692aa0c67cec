"""What the gate calls to change what HA does, and pools."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxtui.core.operation import Kind, Told
from proxtui.pve.ha import HaTools
from proxtui.pve.params import HaParams
from proxtui.pve.pools import PoolTools

if TYPE_CHECKING:
    from proxtui.core.operation import Target
    from proxtui.pve.asking import Changer
    from proxtui.pve.params.ha import HaGuestParams, HaTargetParams, HaUpdateParams
    from proxtui.pve.params.pools import PoolCommentParams, PoolLeaveParams, PoolMembersParams, PoolParams


def sid_of(target: Target) -> str:
    """As HA names a guest: ``vm:100``, ``ct:200``."""
    return f"{'vm' if target.kind is Kind.QEMU else 'ct'}:{target.vmid}"


async def ha_add(client: Changer, target: Target, params: HaGuestParams) -> None:
    """From now on HA looks after it."""
    await HaTools(client).add_ha_resource(HaParams(sid=sid_of(target), **params.arguments()))


async def ha_update(client: Changer, target: Target, params: HaUpdateParams) -> None:
    """With the digest of now, so that nobody's change is undone."""
    await HaTools(client).update_ha_resource(sid_of(target), **params.arguments())


async def ha_remove(client: Changer, target: Target, _params: None) -> None:
    """It stays as it is."""
    await HaTools(client).remove_ha_resource(sid_of(target))


async def ha_migrate(client: Changer, target: Target, params: HaTargetParams) -> Told:
    """Says what goes along."""
    return _along(await HaTools(client).migrate_ha(sid_of(target), params.target))


async def ha_relocate(client: Changer, target: Target, params: HaTargetParams) -> Told:
    """Says what goes along."""
    return _along(await HaTools(client).relocate_ha(sid_of(target), params.target))


def _along(others: tuple[str, ...]) -> Told:
    return Told(f"by its rules these go along: {', '.join(others)}" if others else "")


async def pool_create(client: Changer, _target: Target, params: PoolParams) -> None:
    """An empty one."""
    await PoolTools(client).create_pool(params.poolid, params.comment)


async def pool_update(client: Changer, target: Target, params: PoolCommentParams) -> None:
    """An empty comment removes it."""
    await PoolTools(client).update_pool(target.id, params.comment)


async def pool_add(client: Changer, target: Target, params: PoolMembersParams) -> None:
    """Members that are there already stay."""
    await PoolTools(client).add_to_pool(target.id, params.vms, params.storages, params.move)


async def pool_remove(client: Changer, target: Target, params: PoolLeaveParams) -> None:
    """They are in no pool then."""
    await PoolTools(client).remove_from_pool(target.id, params.vms, params.storages)


async def pool_delete(client: Changer, target: Target, _params: None) -> None:
    """PVE refuses one with members."""
    await PoolTools(client).delete_pool(target.id)
