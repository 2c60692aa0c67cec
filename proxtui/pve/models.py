"""What PVE tells, as frozen values. Absent and null are None: unknown is never zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeAlias

import msgspec
from msgspec import Meta

from proxtui.pve.sanitize import LONGEST_LINE
from proxtui.pve.upid import Upid

# The limits are kept by the decoder of the poll path; a row outside them is read again, field by field.
Text = Annotated[str, Meta(min_length=1, max_length=LONGEST_LINE)]
Line = Annotated[str, Meta(max_length=LONGEST_LINE)]
"""Text that may be empty."""
Number = Annotated[float, Meta(ge=0, le=1e15)]
"""The bounds also keep out "nan" and "inf"."""
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Vmid = Annotated[int, Meta(ge=100, le=999_999_999)]
if TYPE_CHECKING:
    Words: TypeAlias = tuple[str, ...]
else:
    # The decoder may leave PVE's own "a;b" here for a moment; nothing leaves ``resources`` before it is split.
    Words: TypeAlias = Line | tuple[str, ...]

GuestType = Literal["qemu", "lxc"]


class Guest(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag_field="type"):
    """A VM or a container, as ``/cluster/resources`` and the per-guest calls tell it. Sizes in bytes."""

    type: ClassVar[GuestType]

    vmid: Vmid
    node: Text
    status: Text = "unknown"
    """``running``, ``stopped``, ``paused`` (read from qmpstatus) or ``unknown``."""
    name: Text | None = None
    cpu: Number | None = None
    """0..1 of ``maxcpu``."""
    maxcpu: Number | None = None
    mem: Count | None = None
    maxmem: Count | None = None
    memhost: Count | None = None
    disk: Count | None = None
    """Used bytes of a container's root disk; PVE always says 0 for VMs, kept as None."""
    maxdisk: Count | None = None
    uptime: Count | None = None
    netin: Count | None = None
    netout: Count | None = None
    diskread: Count | None = None
    diskwrite: Count | None = None
    template: bool | None = None
    tags: Words = ()
    pool: Text | None = None
    lock: Text | None = None
    hastate: Text | None = None

    @property
    def cpus(self) -> float | None:
        """The documented name of ``maxcpu``."""
        return self.maxcpu


class ProxmoxVM(Guest, frozen=True, kw_only=True, gc=False, tag="qemu"):
    """A QEMU virtual machine."""

    type: ClassVar[GuestType] = "qemu"

    pid: Count | None = None
    qmpstatus: Text | None = None


class ProxmoxContainer(Guest, frozen=True, kw_only=True, gc=False, tag="lxc"):
    """An LXC container."""

    type: ClassVar[GuestType] = "lxc"


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


class Usage(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How much of something is taken, in bytes. ``used`` and ``free`` need not add up to ``total``."""

    used: int | None = None
    total: int | None = None
    free: int | None = None
    avail: int | None = None


class CpuInfo(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The processors of a node."""

    model: str | None = None
    cpus: int | None = None
    cores: int | None = None
    sockets: int | None = None
    mhz: float | None = None


class NodeStatus(ProxmoxNode, frozen=True, kw_only=True):
    """``/nodes/{node}/status``: the flat fields of a node, and the parts that PVE nests."""

    wait: float | None = None
    """0..1 of the processor time spent waiting for disks."""
    loadavg: tuple[float, ...] = ()
    """Over 1, 5 and 15 minutes; empty when unknown."""
    memory: Usage = Usage()
    swap: Usage = Usage()
    rootfs: Usage = Usage()
    cpuinfo: CpuInfo = CpuInfo()
    kversion: str | None = None
    pveversion: str | None = None
    ksm: int | None = None
    """Bytes shared between guests by KSM."""


class Version(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """``/version`` and ``/nodes/{node}/version``: ``version`` is ``8.4.21`` where ``release`` is ``8.4``."""

    version: str | None = None
    release: str | None = None
    repoid: str | None = None


class NodeNetwork(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One interface of ``/nodes/{node}/network``."""

    iface: str
    type: str | None = None
    active: bool | None = None
    autostart: bool | None = None
    method: str | None = None
    cidr: str | None = None
    gateway: str | None = None
    cidr6: str | None = None
    gateway6: str | None = None
    bridge_ports: str | None = None
    comments: str | None = None


class NodeService(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One unit of ``/nodes/{node}/services``."""

    service: str
    name: str | None = None
    desc: str | None = None
    state: str | None = None
    """``running``, ``dead``, ..."""
    active_state: str | None = None
    unit_state: str | None = None


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
    """Never worked out from the other two: reserved blocks make it less than their difference."""


class StorageContent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One volume of ``/nodes/{node}/storage/{storage}/content``. Sizes in bytes, times in seconds since the epoch."""

    volid: str
    content: str | None = None
    format: str | None = None
    size: int | None = None
    used: int | None = None
    ctime: int | None = None
    vmid: int | None = None
    parent: str | None = None
    subtype: str | None = None
    notes: str | None = None
    protected: bool | None = None
    encrypted: bool | None = None
    """Only a backup server tells; None elsewhere."""
    verified: str | None = None
    """What a backup server found when it last checked the backup: ``ok`` or ``failed``; None: never, or elsewhere."""


Outcome = Literal["running", "OK", "WARNINGS", "error"]


class Task(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A task, from its own status or from a list. Times in seconds since the epoch."""

    upid: Upid
    running: bool
    node: str
    type: str
    id: str = ""
    """What it works on, mostly a VMID; empty when PVE names nothing."""
    user: str | None = None
    tokenid: str | None = None
    starttime: int | None = None
    endtime: int | None = None
    """Only in lists, and only once the task has ended."""
    exitstatus: str | None = None
    """``OK``, ``WARNINGS: 2`` or the text of the error; None while it runs."""

    @property
    def status(self) -> Literal["running", "stopped"]:
        """As the task's own status call spells it."""
        return "running" if self.running else "stopped"

    @property
    def outcome(self) -> Outcome:
        """How it went. A task that ended without saying how counts as failed."""
        if self.running:
            return "running"
        if self.exitstatus == "OK":
            return "OK"
        return "WARNINGS" if (self.exitstatus or "").startswith("WARNINGS") else "error"


class TaskLog(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a task's log."""

    lines: tuple[tuple[int, str], ...] = ()
    """Line numbers from 1, and their text."""
    total: int | None = None
    """Lines written so far."""

    @property
    def next_start(self) -> int:
        """The ``start`` that asks for what comes after this piece."""
        return self.lines[-1][0] if self.lines else 0


class ClusterMember(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A node as ``/cluster/status`` sees it."""

    name: str
    nodeid: int | None = None
    ip: str | None = None
    online: bool | None = None
    local: bool | None = None
    level: str | None = None


class ClusterStatus(msgspec.Struct, frozen=True, kw_only=True):
    """``/cluster/status``. A standalone node has neither a name nor a quorum: both are None."""

    name: str | None = None
    quorate: bool | None = None
    version: int | None = None
    nodes: tuple[ClusterMember, ...] = ()
    """Sorted by name."""
