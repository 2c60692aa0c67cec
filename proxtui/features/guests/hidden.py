"""Which servers may have guests that the login cannot see: PVE leaves them out without a word. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from proxtui.core.ages import UNSEEN
from proxtui.core.model import Fleet, Scope, ServerRef
from proxtui.pve.sight import lacks_for_guests

if TYPE_CHECKING:
    from proxtui.pve.access import Permissions


def hidden_guests(fleet: Fleet, scope: Scope, permissions_of: Callable[[ServerRef], Permissions | None]) -> list[str]:
    """A line for each server in scope, with the missing privilege; those that see none at all come first."""
    none: list[str] = []
    some: list[str] = []
    for snapshot in fleet.snapshots:
        permissions = permissions_of(snapshot.ref)
        if snapshot.taken_at is None or permissions is None or not scope.covers_server(snapshot.ref):
            continue
        name, lacks = f"{snapshot.ref.tenant} / {snapshot.ref.server}", lacks_for_guests(permissions)
        if snapshot.guests_unseen:
            none.append(f"{name}: {UNSEEN}")
        elif lacks is not None:
            some.append(f"{name}: guests may be hidden: missing privilege {lacks}")
    return none + some
