"""The one table of endpoints."""

from __future__ import annotations

from proxtui.sim.api import Route
from proxtui.sim.routes.table_cluster import ACCESS, CLUSTER, STORAGES
from proxtui.sim.routes.table_guests import AGENT, GUESTS, POWERED
from proxtui.sim.routes.table_nodes import NODES, STORES

ROUTES: tuple[Route, ...] = (*ACCESS, *CLUSTER, *STORAGES, *NODES, *STORES, *GUESTS, *AGENT, *POWERED)


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The endpoint for a path, with what its placeholders stand for."""
    for route in ROUTES:
        if route.method == method and (match := route.pattern.fullmatch(path)) is not None:
            values = match.groupdict()
            if "vmid" in values:
                values.setdefault("kind", "lxc" if "/lxc/" in path else "qemu")
            return route, values
    return None
