"""Pools and what is in them."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from proxtui.errors import InvalidInput
from proxtui.pve.params.base import Form, Params, Prose
from proxtui.pve.params.lists import PoolId, Storages, Vmids, joined
from proxtui.pve.params.words import Blank


class PoolParams(Params):
    """A pool: ``POST /pools``, ``PUT /pools``."""

    poolid: PoolId = Field(title="Pool", description="Its name; team/web for one within another.")
    comment: Prose | None = Field(None, title="Comment", description="Shown beside it.")


class PoolCommentParams(Params):
    """What is said of a pool that is there already: ``PUT /pools``."""

    comment: Prose = Field(title="Comment", description="Shown beside it; empty removes it.")


class PoolLeaveParams(Params):
    """What leaves a pool: ``PUT /pools`` with ``delete``."""

    vms: Annotated[Vmids | None, Blank] = Field(None, title="Guests", description="VMIDs, joined by commas.")
    storages: Annotated[Storages | None, Blank] = Field(
        None, title="Storages", description="Names, joined by commas.", serialization_alias="storage"
    )

    def form(self, kind: str = "") -> Form:
        form = super().form(kind)
        for name, items in (("vms", self.vms), ("storage", self.storages)):
            if items is not None:
                form[name] = joined(items)
        return form

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.vms is None and self.storages is None:
            raise InvalidInput("vms", "", "guests or storages are needed")
        return self


class PoolMembersParams(PoolLeaveParams):
    """What joins a pool: ``PUT /pools``."""

    move: bool = Field(
        False,
        title="Out of another pool",
        description="Take guests out of the pool that they are in.",
        serialization_alias="allow-move",
    )
