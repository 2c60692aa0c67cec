"""What PVE tells, as frozen values. Absent and null are None: unknown is never zero."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec


class Guest(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A VM or a container, as ``/cluster/resources`` and the per-guest calls tell it. Sizes in bytes."""

    type: ClassVar[Literal["qemu", "lxc"]]

    vmid: int
    node: str
    status: str = "unknown"
    """``running``, ``stopped``, ``paused`` (read from qmpstatus) or ``unknown``."""
    name: str | None = None
    cpu: float | None = None
    """0..1 of ``maxcpu``."""
    maxcpu: float | None = None
    mem: int | None = None
    maxmem: int | None = None
    memhost: int | None = None
    disk: int | None = None
    """Used bytes of a container's root disk; PVE always says 0 for VMs, kept as None."""
    maxdisk: int | None = None
    uptime: int | None = None
    netin: int | None = None
    netout: int | None = None
    diskread: int | None = None
    diskwrite: int | None = None
    template: bool | None = None
    tags: tuple[str, ...] = ()
    pool: str | None = None
    lock: str | None = None
    hastate: str | None = None

    @property
    def cpus(self) -> float | None:
        """The documented name of ``maxcpu``."""
        return self.maxcpu


class ProxmoxVM(Guest, frozen=True, kw_only=True, gc=False):
    """A QEMU virtual machine."""

    type: ClassVar[Literal["qemu", "lxc"]] = "qemu"

    pid: int | None = None
    qmpstatus: str | None = None


class ProxmoxContainer(Guest, frozen=True, kw_only=True, gc=False):
    """An LXC container."""

    type: ClassVar[Literal["qemu", "lxc"]] = "lxc"


class ProxmoxNode(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A cluster node. Without Sys.Audit only ``node`` and ``status`` are known."""

    node: str
    status: str = "unknown"
    """``online``, ``offline`` or ``unknown``."""
    cpu: float | None = None
    maxcpu: float | None = None
    mem: int | None = None
    maxmem: int | None = None
    disk: int | None = None
    maxdisk: int | None = None
    uptime: int | None = None
    level: str | None = None


class ProxmoxStorage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A storage as one node sees it. Sizes in bytes."""

    storage: str
    node: str | None = None
    type: str | None = None
    """The plugin: ``dir``, ``zfspool``, ``rbd``, ..."""
    content: tuple[str, ...] = ()
    """Sorted: PVE shuffles them."""
    status: str | None = None
    active: bool | None = None
    enabled: bool | None = None
    shared: bool | None = None
    used: int | None = None
    total: int | None = None
    avail: int | None = None
