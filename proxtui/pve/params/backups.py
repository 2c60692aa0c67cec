"""Backups made now, and guests made out of them."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from proxtui.errors import InvalidInput
from proxtui.pve.params.base import Form, NodeName, Params, StorageName, Text, Vmid, refuse_all
from proxtui.pve.params.lists import PoolId, Vmids, Volid, joined
from proxtui.pve.params.words import Bandwidth, Blank


class BackupChoices(Params):
    """How a backup is made."""

    storage: Annotated[StorageName | None, Blank] = Field(
        None, title="Storage", description="Where it goes; empty for what the node is set to."
    )
    mode: Literal["snapshot", "suspend", "stop"] = Field(
        "snapshot", title="Mode", description="snapshot: it runs on; suspend: it pauses; stop: it is shut down."
    )
    compress: Literal["zstd", "gzip", "lzo", "0"] = Field("zstd", title="Compression", description="0 for none.")
    remove: bool = Field(
        False, title="Prune after it", description="Then remove older backups, as the storage is set to."
    )
    protected: bool = Field(False, title="Protected", description="Neither pruned nor deleted.")
    notes_template: Annotated[Annotated[Text, Field(max_length=1024)] | None, Blank] = Field(
        None, title="Notes", description="May name {{guestname}}, {{vmid}}, {{node}} and {{cluster}}."
    )
    bwlimit: Annotated[Bandwidth | None, Blank] = Field(
        None, title="Bandwidth", description="At most so many KiB/s; 0 for no limit."
    )

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.storage is None and (self.protected or self.notes_template is not None):
            raise InvalidInput("storage", "", "is needed for notes and protection")
        return self


class BackupParams(BackupChoices):
    """``POST /nodes/{node}/vzdump``: one task for guests that are on the node."""

    node: NodeName = Field(title="Node", description="Where the guests are.", exclude=True)
    vmids: Annotated[Vmids | None, Blank] = Field(
        None, title="Guests", description="VMIDs, joined by commas.", serialization_alias="vmid"
    )
    all: bool = Field(False, title="All guests", description="Every guest of the node.")
    exclude: Annotated[Vmids | None, Blank] = Field(
        None, title="All but", description="VMIDs that are left out; only with all."
    )
    pool: Annotated[PoolId | None, Blank] = Field(None, title="Pool", description="Every guest of this pool.")

    def form(self, kind: str = "") -> Form:
        # Unless told otherwise PVE prunes after each backup: one made by hand removes nothing by surprise.
        form = {**super().form(kind), "remove": self.remove}
        for name, vmids in (("vmid", self.vmids), ("exclude", self.exclude)):
            if vmids is not None:
                form[name] = joined(vmids)
        return form

    @model_validator(mode="after")
    def _one_selection(self) -> Self:
        said = [name for name in ("vmids", "all", "pool") if getattr(self, name)]
        faults: list[InvalidInput] = []
        if len(said) != 1:
            rule = "guests, all or a pool: exactly one of the three"
            faults.append(InvalidInput("vmids", joined(self.vmids or ()), rule))
        if self.exclude is not None and not self.all:
            faults.append(InvalidInput("exclude", joined(self.exclude), "only with all"))
        refuse_all(faults)
        return self


class RestoreChoices(Params):
    """How a guest is restored."""

    storage: Annotated[StorageName | None, Blank] = Field(
        None, title="Storage", description="For all of its disks; empty for where they were."
    )
    unique: bool = Field(False, title="Unique", description="Give it new hardware addresses.")
    start: bool = Field(False, title="Start", description="Start it once it is restored.")
    live_restore: bool = Field(
        False, title="Live", description="Start it at once, restore meanwhile.", json_schema_extra={"kind": "qemu"}
    )
    unprivileged: bool | None = Field(
        None, title="Unprivileged", description="Empty: as in the backup.", json_schema_extra={"kind": "lxc"}
    )
    ignore_unpack_errors: bool = Field(
        False, title="Despite errors", description="Go on when a file fails.", json_schema_extra={"kind": "lxc"}
    )
    bwlimit: Annotated[Bandwidth | None, Blank] = Field(
        None, title="Bandwidth", description="At most so many KiB/s; 0 for no limit."
    )


class RestoreParams(RestoreChoices):
    """A guest out of a backup: ``POST /nodes/{node}/qemu`` or ``.../lxc``."""

    node: NodeName = Field(title="Node", description="Where the guest will be.", exclude=True)
    vmid: Vmid = Field(title="VMID", description="Of the guest that is made; with overwrite one that is there.")
    archive: Volid = Field(title="Backup", description="As the storage names it.", exclude=True)
    force: bool = Field(False, title="Overwrite", description="Replace the guest with this VMID and its disks.")
    pool: Annotated[PoolId | None, Blank] = Field(None, title="Pool", description="The pool that it joins.")

    def form(self, kind: str = "qemu") -> Form:
        form = super().form(kind)
        if kind == "lxc":
            return {**form, "ostemplate": self.archive, "restore": True}
        return {**form, "archive": self.archive}
