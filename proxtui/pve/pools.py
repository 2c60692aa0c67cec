"""Pools: made, described, filled and taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from proxtui.pve import params
from proxtui.pve.asking import Asker
from proxtui.pve.sending import changer
from proxtui.pve.validators import InputValidator

POOLS = "/pools"
T = TypeVar("T")


class PoolTools:
    """Changes pools; each needs Pool.Allocate on ``/pool/{poolid}``. ``ClusterTools`` reads them.

    ``/pools/{poolid}`` knows no pool within another, so the name always goes as a parameter: 8.x and 9.x take that.
    """

    def __init__(self, client: Asker) -> None:
        self._client = client

    async def create_pool(self, poolid: str, comment: str | None = None) -> None:
        """``POST /pools``; PVE refuses (500) a name that is there already."""
        await changer(self._client).post(POOLS, params.PoolParams(poolid=poolid, comment=comment).form())

    async def update_pool(self, poolid: str, comment: str) -> None:
        """``PUT /pools``: another comment; an empty one removes it."""
        await changer(self._client).put(POOLS, params.PoolParams(poolid=poolid, comment=comment).form())

    async def delete_pool(self, poolid: str) -> None:
        """``DELETE /pools``; PVE refuses one that is not empty."""
        await changer(self._client).delete(POOLS, params={"poolid": InputValidator.check_pool(poolid)})

    async def add_to_pool(
        self, poolid: str, vms: Sequence[int] | None = None, storages: Sequence[str] | None = None, move: bool = False
    ) -> None:
        """``PUT /pools``: guests and storages join; ``move`` takes guests out of the pool that they are in.

        Needs the right to change permissions of each, too.
        """
        await self._members(poolid, params.PoolMembersParams(vms=_listed(vms), storages=_listed(storages), move=move))

    async def remove_from_pool(
        self, poolid: str, vms: Sequence[int] | None = None, storages: Sequence[str] | None = None
    ) -> None:
        """``PUT /pools`` with ``delete``: they leave. Rights as ``add_to_pool``."""
        await self._members(poolid, params.PoolMembersParams(vms=_listed(vms), storages=_listed(storages)), leave=True)

    async def _members(self, poolid: str, members: params.PoolMembersParams, *, leave: bool = False) -> None:
        form = {"poolid": InputValidator.check_pool(poolid), **members.form(), "delete": True if leave else None}
        await changer(self._client).put(POOLS, form)


def _listed(items: Sequence[T] | None) -> list[T] | None:
    return None if items is None else list(items)
