"""What PVE tells before a change, and what a program in a VM left behind."""

from __future__ import annotations

import msgspec


class LocalDisk(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A disk that only the node of now can reach."""

    volid: str
    size: int | None = None
    """Bytes."""
    cdrom: bool = False
    is_unused: bool = False


class MigrationCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What PVE says of moving a guest, asked beforehand."""

    running: bool | None = None
    allowed: tuple[str, ...] = ()
    """Nodes that it may go to."""
    refused: dict[str, tuple[str, ...]] = {}
    """Node -> why not, in words; for some nodes PVE gives no reason."""
    local_disks: tuple[LocalDisk, ...] = ()
    local_resources: tuple[str, ...] = ()
    """Devices of this node that it uses; they forbid it."""
    mapped_resources: tuple[str, ...] = ()
    """Devices that must be mapped on the other node too."""
    follows: tuple[str, ...] = ()
    """HA resources that move along."""

    def obstacle(self, target: str) -> str | None:
        """Why it cannot go to ``target``; None when PVE sees nothing against it."""
        if self.local_resources:
            return f"it uses {', '.join(self.local_resources)} of this node"
        # PVE names a node in both lists when it has local disks.
        if target in self.allowed or target not in self.refused:
            return None
        return "; ".join(self.refused[target]) or "PVE does not allow this node"

    @property
    def needs_local_disks(self) -> bool:
        """Whether a move while it runs has to copy disks (``with_local_disks``)."""
        return any(not disk.cdrom for disk in self.local_disks)


class AgentVersion(msgspec.Struct, frozen=True, kw_only=True):
    """The guest agent itself."""

    version: str | None = None
    commands: tuple[str, ...] = ()
    """What it is willing to do."""


class AgentFilesystem(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A file system as the VM itself sees it."""

    mountpoint: str
    name: str | None = None
    type: str | None = None
    used: int | None = None
    """Bytes, as ``total``; None where the agent does not say."""
    total: int | None = None


class AgentExecResult(msgspec.Struct, frozen=True, kw_only=True):
    """A program that ended in a VM. Its output is foreign text, cleaned, with its lines kept."""

    pid: int
    exitcode: int | None = None
    """None when a signal ended it."""
    signal: int | None = None
    out: str = ""
    err: str = ""
    out_truncated: bool = False
    """Whether the agent kept only the beginning."""
    err_truncated: bool = False
