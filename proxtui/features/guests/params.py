"""Parameters of changes to a guest where the library's models ask for more: the node and the VMID are its own."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import Field, computed_field, model_validator

from proxtui.errors import InvalidInput
from proxtui.pve.params import ConfigParams, Params
from proxtui.pve.params.backups import BackupChoices, RestoreChoices
from proxtui.pve.params.base import NodeName, Vmid
from proxtui.pve.params.guests_changes import is_unused
from proxtui.pve.params.lists import PoolId, Volid
from proxtui.pve.params.words import Blank

_KIND_OF_ARCHIVE = re.compile(r"(?:^|[:/])vzdump-(qemu|lxc|openvz)-|:backup/(vm|ct)/")
_HARMLESS = re.compile(
    r"agent|arch|balloon|bios|boot|cores|cpu|cpulimit|cpuunits|hostname|hotplug|kvm|machine|memory|name|numa|onboot|ostype"
    r"|pool|protection|scsihw|shares|sockets|startup|storage|swap|tablet|tags|template|unprivileged|vcpus|vga"
    r"|(?:net|scsi|virtio|sata|ide|mp|unused|efidisk|tpmstate)[0-9]{1,3}|rootfs"
)
"""Options whose values the audit may keep. Passwords, keys, notes and QEMU's own arguments are none of them."""


class GuestConfigParams(ConfigParams):
    """Options set and removed. Not an unused disk: that would destroy it, which is asked about in another way."""

    @model_validator(mode="after")
    def _no_disk_destroyed(self) -> Self:
        for name in filter(is_unused, self.delete):
            raise InvalidInput("delete", name, "this would destroy the disk: guests delete-disk does that")
        return self

    @computed_field  # type: ignore[prop-decorator]
    @property
    def changed(self) -> str:
        """What is set, for the audit: ``cores=4 cipassword=***``."""
        return " ".join(
            f"{name}={value if _HARMLESS.fullmatch(name) else '***'}" for name, value in sorted(self.set.items())
        )


class GuestBackupParams(BackupChoices):
    """A backup of one guest, made now: ``POST /nodes/{node}/vzdump``."""


class RestoreOverParams(RestoreChoices):
    """A guest replaced by what is in a backup of its kind."""

    archive: Volid = Field(title="Backup", description="As the storage names it: local:backup/vzdump-qemu-...")

    @property
    def kind(self) -> str:
        """``qemu`` or ``lxc``, as the name of the backup says. ``InvalidInput`` when it does not."""
        found = _KIND_OF_ARCHIVE.search(self.archive)
        if found is None:
            raise InvalidInput("archive", self.archive, "its name does not say whether it is of a VM or a container")
        return "qemu" if found[1] == "qemu" or found[2] == "vm" else "lxc"

    @model_validator(mode="after")
    def _of_a_guest(self) -> Self:
        _ = self.kind  # refused now, and not when it is too late
        return self


class RestoreNewParams(RestoreOverParams):
    """A new guest made out of a backup: ``POST /nodes/{node}/qemu`` or ``.../lxc``."""

    node: NodeName = Field(title="Node", description="Where the guest will be.")
    vmid: Annotated[Vmid | None, Blank] = Field(
        None, title="VMID", description="100 to 999999999; empty for the next free one."
    )
    pool: Annotated[PoolId | None, Blank] = Field(None, title="Pool", description="The pool that it joins.")


class LeavePoolParams(Params):
    """Out of a pool."""

    poolid: PoolId = Field(title="Pool", description="Its name; team/web for one within another.")


class JoinPoolParams(LeavePoolParams):
    """Into a pool."""

    move: bool = Field(False, title="Out of another pool", description="Take it out of the pool that it is in.")
