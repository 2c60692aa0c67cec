"""The one table of endpoints."""

from __future__ import annotations

import re

from proxtui.sim.api import Route
from proxtui.sim.routes.table_changes import CLUSTER_CHANGES, NODE_CHANGES, STORE_CHANGES
from proxtui.sim.routes.table_cluster import ACCESS, CLUSTER, STORAGES
from proxtui.sim.routes.table_consoles import CONSOLES
from proxtui.sim.routes.table_guest_changes import AGENT_CHANGES, GUEST_CHANGES, NEW, POWERED
from proxtui.sim.routes.table_guests import AGENT, GUESTS
from proxtui.sim.routes.table_nodes import NODES, STORES

READING = (*ACCESS, *CLUSTER, *STORAGES, *NODES, *STORES, *GUESTS, *AGENT)
CHANGING = (*CLUSTER_CHANGES, *NODE_CHANGES, *STORE_CHANGES, *NEW, *GUEST_CHANGES, *AGENT_CHANGES, *POWERED, *CONSOLES)
ROUTES: tuple[Route, ...] = (*READING, *CHANGING)


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The endpoint for a path, with what its placeholders stand for."""
    for route in ROUTES:
        if route.method == method and (match := route.pattern.fullmatch(path)) is not None:
            values = match.groupdict()
            values.setdefault("kind", "lxc" if re.search("/lxc(/|$)", path) else "qemu")
            return route, values
    return None
