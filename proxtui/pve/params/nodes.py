"""Nodes: their services, and all of their guests at once."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from proxtui.pve.params.base import Form, NodeName, Params, Whole
from proxtui.pve.params.lists import Service, Vmids, joined
from proxtui.pve.params.words import Blank


class ServiceParams(Params):
    """A service of a node: ``POST /nodes/{node}/services/{service}/...``."""

    service: Service = Field(title="Service", description="As PVE names it: pveproxy, pvedaemon.", exclude=True)


class _BulkParams(Params):
    vms: Annotated[Vmids | None, Blank] = Field(
        None, title="Guests", description="VMIDs, joined by commas; empty for all of the node."
    )

    def form(self, kind: str = "") -> Form:
        form = super().form(kind)
        if self.vms is not None:
            form["vms"] = joined(self.vms)
        return form


class BulkStartParams(_BulkParams):
    """Guests of a node, in their order at boot: ``POST /nodes/{node}/startall``."""

    force: bool = Field(False, title="All of them", description="Start those too that do not start at boot.")


class BulkStopParams(_BulkParams):
    """Guests of a node, in the reverse order: ``POST /nodes/{node}/stopall``."""

    timeout: Annotated[Annotated[Whole, Field(ge=0, le=7200)] | None, Blank] = Field(
        None, title="Timeout", description="Seconds that each has to shut down; empty for PVE's 180."
    )
    force_stop: bool = Field(True, title="Then stop it", description="Stop hard what still runs then.")


class BulkSuspendParams(_BulkParams):
    """VMs of a node, their memory saved to disk: ``POST /nodes/{node}/suspendall``."""


class BulkMigrateParams(_BulkParams):
    """Guests of a node, to another: ``POST /nodes/{node}/migrateall``."""

    target: NodeName = Field(title="Target node", description="Where they go.")
    with_local_disks: bool = Field(False, title="Local disks", description="Copy disks on local storage too.")
    max_workers: Annotated[Annotated[Whole, Field(ge=1, le=64)] | None, Blank] = Field(
        None,
        title="At once",
        description="So many at the same time; empty for what the datacenter's options say.",
        serialization_alias="maxworkers",
    )
