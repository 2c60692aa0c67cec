"""What a login may see: an empty list can mean that nothing is there, or that nothing may be seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxtui.pve.sight import sees_guests

if TYPE_CHECKING:
    from proxtui.pve.access import Permissions


@dataclass(frozen=True, slots=True)
class Sight:
    """True where there is something that may be seen, or where nobody knows better."""

    guests: bool = True
    storages: bool = True
    every_task: bool = True
    """False: the list of tasks has only those of the login itself."""


ALL = Sight()


def sight_of(permissions: Permissions | None) -> Sight:
    """Out of what the login may do; everything while that is unknown."""
    if permissions is None:
        return ALL
    held = {privilege for privileges in permissions.paths.values() for privilege in privileges}
    return Sight(
        sees_guests(permissions),
        bool(held & {"Datastore.Audit", "Datastore.AllocateSpace"}),
        permissions.allows("/", "Sys.Audit"),
    )
