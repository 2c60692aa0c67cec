"""What the login may not see: PVE leaves guests out without a word, and no guest is not the same as none to be seen."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from proxtui.errors import ProxtuiError
from proxtui.pve.sight import sees_guests

if TYPE_CHECKING:
    from proxtui.core.model import Fleet, ServerRef
    from proxtui.core.runtime import Runtime

GUESTS = "guests cannot be seen: missing privilege VM.Audit"
NOTHING = "next to nothing can be seen: the login has no privilege at all"


async def blind_spots(runtime: Runtime, fleet: Fleet) -> Mapping[ServerRef, str]:
    """GUESTS or NOTHING for each server that answered without a guest because the login may see none.

    ``GET /access/permissions`` of such a server, once; when that fails nothing is said of it. The store knows of it
    from then on, so that rows do not count as none what is unknown.
    """
    empty = [snapshot.ref for snapshot in fleet.snapshots if snapshot.taken_at is not None and not snapshot.guests]
    async with asyncio.TaskGroup() as group:
        for ref in empty:
            group.create_task(_learn(runtime, ref))
    found = {}
    for ref in empty:
        permissions = runtime.connection(ref).permissions
        if permissions is not None and not sees_guests(permissions):
            found[ref] = GUESTS if permissions else NOTHING
            runtime.store.sight(ref, guests_unseen=True)
    return found


async def _learn(runtime: Runtime, ref: ServerRef) -> None:
    connection = runtime.connection(ref)
    if connection.permissions is None:
        try:
            await connection.learn_permissions()
        except ProxtuiError:
            # The rows were read all the same; that they may be fewer than there are cannot be told then.
            return
