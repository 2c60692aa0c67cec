"""Guests that HA looks after."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from proxtui.errors import InvalidInput
from proxtui.pve.params.base import NodeName, Params, Prose, Whole, obeys
from proxtui.pve.params.lists import Sid
from proxtui.pve.params.words import Blank
from proxtui.pve.rules import CONFIG_ID_RULE
from proxtui.pve.validators import InputValidator

State = Literal["started", "stopped", "disabled", "ignored"]
Tries = Annotated[Annotated[Whole, Field(ge=0, le=1000)] | None, Blank]
GroupName = Annotated[str, obeys(InputValidator.validate_config_id, CONFIG_ID_RULE)]


class _HaSettings(Params):
    # PVE spells these two with underscores.
    max_restart: Tries = Field(
        None,
        title="Restarts",
        description="Tries on one node; PVE's default is 1.",
        serialization_alias="max_restart",
    )
    max_relocate: Tries = Field(
        None,
        title="Relocations",
        description="Tries on other nodes; PVE's default is 1.",
        serialization_alias="max_relocate",
    )
    group: Annotated[GroupName | None, Blank] = Field(
        None, title="Group", description="8.x only: 9.x has rules instead."
    )
    failback: bool | None = Field(
        None, title="Fail back", description="9.x only: go back to a better node once it is there again."
    )
    comment: Annotated[Annotated[Prose, Field(max_length=4096)] | None, Blank] = Field(
        None, title="Comment", description="Shown beside it."
    )


class HaGuestParams(_HaSettings):
    """What HA is to do with a guest that is known already."""

    state: State = Field("started", title="State", description="started, stopped, disabled, or ignored by HA.")


class HaParams(HaGuestParams):
    """A guest that HA is to look after: ``POST /cluster/ha/resources``."""

    sid: Sid = Field(title="Resource", description="vm:100 or ct:200.")


class HaUpdateParams(_HaSettings):
    """What HA does with it: ``PUT /cluster/ha/resources/{sid}``. What is left empty stays as it is."""

    state: Annotated[State | None, Blank] = Field(
        None, title="State", description="started, stopped, disabled, or ignored by HA."
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if all(getattr(self, name) is None for name in type(self).model_fields):
            raise InvalidInput("state", "", "at least one setting is needed")
        return self


class HaTargetParams(Params):
    """The node that it goes to: ``POST /cluster/ha/resources/{sid}/migrate`` or ``relocate``."""

    target: NodeName = Field(title="Target node", description="Where it goes.", serialization_alias="node")
