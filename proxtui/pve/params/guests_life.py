"""Guests copied, moved to another node, and taken away."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from proxtui.errors import InvalidInput
from proxtui.pve.params.base import Form, HostName, NodeName, Params, Prose, StorageName, Vmid, refuse_all
from proxtui.pve.params.lists import PoolId
from proxtui.pve.params.words import Bandwidth, Blank, Seconds, SnapshotName, StorageMap


class CloneParams(Params):
    """A copy: ``POST .../clone``. ``full`` always goes with it: what PVE would take for granted hangs on the guest."""

    newid: Annotated[Vmid | None, Blank] = Field(
        None, title="New VMID", description="100 to 999999999; empty for the next free one."
    )
    name: Annotated[HostName | None, Blank] = Field(None, title="Name", description="Of the copy: a DNS name.")
    full: bool = Field(False, title="Full copy", description="Copy the disks; else only templates can be cloned.")
    target: Annotated[NodeName | None, Blank] = Field(
        None, title="Target node", description="Only when all disks are on shared storage."
    )
    storage: Annotated[StorageName | None, Blank] = Field(
        None, title="Storage", description="Of the copied disks; only for a full copy."
    )
    format: Literal["raw", "qcow2", "vmdk"] | None = Field(
        None,
        title="Format",
        description="Of the copied disks; only for a full copy.",
        json_schema_extra={"kind": "qemu"},
    )
    snapname: Annotated[SnapshotName | None, Blank] = Field(
        None, title="Snapshot", description="Copy this snapshot; empty for now."
    )
    pool: Annotated[PoolId | None, Blank] = Field(None, title="Pool", description="The pool that the copy joins.")
    description: Annotated[Prose | None, Blank] = Field(None, title="Notes", description="Shown beside the copy.")
    bwlimit: Annotated[Bandwidth | None, Blank] = Field(
        None, title="Bandwidth", description="At most so many KiB/s; 0 for no limit."
    )

    @model_validator(mode="after")
    def _full_or_linked(self) -> Self:
        given = [] if self.full else [name for name in ("storage", "format") if getattr(self, name) is not None]
        refuse_all(InvalidInput(name, getattr(self, name), "only for a full copy") for name in given)
        return self

    def form(self, kind: str = "qemu") -> Form:
        form = {**super().form(kind), "full": self.full}
        if kind == "lxc" and "name" in form:
            form["hostname"] = form.pop("name")
        return form


class DeleteParams(Params):
    """A guest and its disks: ``DELETE /nodes/{node}/{kind}/{vmid}``."""

    purge: bool = Field(False, title="Purge", description="Take it out of backup jobs, replication and HA too.")
    destroy_unreferenced_disks: bool = Field(
        False, title="Unreferenced disks", description="Destroy disks of its VMID that its configuration does not name."
    )
    force: bool = Field(
        False, title="Even if it runs", description="Destroy it while it runs.", json_schema_extra={"kind": "lxc"}
    )

    def form(self, kind: str = "qemu") -> Form:
        # What PVE does when it is not told differs between the kinds.
        return {**super().form(kind), "destroy-unreferenced-disks": self.destroy_unreferenced_disks}


class MigrateParams(Params):
    """To another node of the cluster: ``POST .../migrate``."""

    target: NodeName = Field(title="Target node", description="Where it goes.")
    online: bool = Field(
        False, title="Online", description="Move it while it runs.", json_schema_extra={"kind": "qemu"}
    )
    restart: bool = Field(
        False, title="Restart", description="Shut it down, move it, start it.", json_schema_extra={"kind": "lxc"}
    )
    with_local_disks: bool = Field(
        False, title="Local disks", description="Copy disks on local storage too.", json_schema_extra={"kind": "qemu"}
    )
    targetstorage: Annotated[StorageMap | None, Blank] = Field(
        None, title="Target storage", description="One for all disks, or pairs: local:nfs,fast:slow; 1 for the same."
    )
    bwlimit: Annotated[Bandwidth | None, Blank] = Field(
        None, title="Bandwidth", description="At most so many KiB/s; 0 for no limit."
    )
    timeout: Annotated[Seconds | None, Blank] = Field(
        None,
        title="Shutdown within",
        description="Seconds that it has to shut down.",
        json_schema_extra={"kind": "lxc"},
    )

    def form(self, kind: str = "qemu") -> Form:
        form = super().form(kind)
        if kind == "lxc" and "targetstorage" in form:
            form["target-storage"] = form.pop("targetstorage")
        return form
