"""What the control endpoint can see and do about consoles."""

from __future__ import annotations

from typing import Any

from proxtui.sim.consoles.desk import desk_of
from proxtui.sim.consoles.scenes import SCENES
from proxtui.sim.world import World


def listing(world: World) -> list[dict[str, Any]]:
    """Every worker that did not end yet; ``taken`` once its client came."""
    world.advance()
    return [
        {
            "server": site.name,
            "port": worker.port,
            "path": worker.path,
            "user": worker.user,
            "upid": worker.task.upid,
            "taken": worker.taken,
        }
        for site in world.sites.values()
        if site.desk is not None
        for worker in site.desk.workers.values()
    ]


def change(world: World, values: dict[str, Any]) -> dict[str, Any]:
    """``scene`` for a ``vmid``; ``old``: passwords as before April 2026; ``close``: end the consoles of a ``vmid``.

    Raises ValueError for what cannot be.
    """
    site = world.sites.get(str(values.get("server")))
    if site is None:
        raise ValueError(f"there is no server {values.get('server')!r}; there are: {', '.join(world.sites)}")
    desk = desk_of(site)
    vmid = values.get("vmid")
    if "old" in values:
        desk.old = bool(values["old"])
    if vmid is not None and vmid not in site.guests:
        raise ValueError(f"there is no guest {vmid!r}")
    if "scene" in values:
        if vmid is None or values["scene"] not in SCENES:
            raise ValueError(f"scene goes with a vmid and is one of: {', '.join(SCENES)}")
        desk.chosen[vmid] = values["scene"]
    closed = (
        [worker for worker in desk.workers.values() if worker.path == f"/vms/{vmid}"] if values.get("close") else []
    )
    for worker in closed:
        worker.cut.set()
    return {"old": desk.old, "scenes": desk.chosen, "closed": [worker.port for worker in closed]}
