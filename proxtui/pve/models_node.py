"""What PVE tells of one node beside its state: disks, updates, certificates, subscription, names and time."""

from __future__ import annotations

import msgspec


class NodeDisk(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A disk of ``/nodes/{node}/disks/list``. What PVE calls unknown is None."""

    devpath: str
    """``/dev/nvme0n1``."""
    type: str | None = None
    """``hdd``, ``ssd``, ``nvme``, ``usb``."""
    model: str | None = None
    vendor: str | None = None
    serial: str | None = None
    wwn: str | None = None
    size: int | None = None
    """Bytes."""
    used: str | None = None
    """By what: ``LVM``, ``ZFS``, ``mounted``, ``partitions``, ``BIOS boot``, ..."""
    health: str | None = None
    """What SMART says: ``PASSED``, ``OK``, ``FAILED!``; None when it says nothing."""
    wearout: float | None = None
    """Percent of its life that is left, 100 is new."""
    rpm: int | None = None
    """None for what does not turn, and for what does not tell."""
    gpt: bool | None = None
    mounted: bool | None = None
    osd: int | None = None
    """The number of the Ceph OSD on it."""

    @property
    def is_healthy(self) -> bool | None:
        """None: nobody knows."""
        return is_healthy(self.health)


class SmartAttribute(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A value of an ATA disk, in SMART's own scale: higher is better, ``threshold`` is where it fails."""

    id: int | None = None
    name: str
    value: int | None = None
    worst: int | None = None
    threshold: int | None = None
    raw: str | None = None
    flags: str | None = None
    fail: str | None = None
    """``-`` when all is well; ``past`` or ``NOW`` otherwise."""

    @property
    def failing(self) -> bool:
        """It is below its threshold now."""
        below = self.value is not None and bool(self.threshold) and self.value <= (self.threshold or 0)
        return below or (self.fail or "").lower() in ("now", "failing_now")

    @property
    def failed_once(self) -> bool:
        """It was below its threshold at some time."""
        return (self.fail or "").lower() in ("past", "in_the_past")


class DiskSmart(msgspec.Struct, frozen=True, kw_only=True):
    """``/nodes/{node}/disks/smart``."""

    disk: str
    health: str | None = None
    type: str | None = None
    """``ata`` with attributes, or ``text``."""
    attributes: tuple[SmartAttribute, ...] = ()
    text: str | None = None
    """What smartctl printed, for disks that have no table of attributes (NVMe, SAS)."""
    wearout: float | None = None
    """Percent of its life that is left, 100 is new; told of NVMe disks only."""

    @property
    def is_healthy(self) -> bool | None:
        """None: nobody knows."""
        return is_healthy(self.health)


class NodeUpdate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A package that could be upgraded, as of the last refresh of the package lists."""

    package: str
    version: str | None = None
    old_version: str | None = None
    """None: not installed yet, it comes along."""
    title: str | None = None
    origin: str | None = None
    """``Debian``, ``Proxmox``, ..."""
    section: str | None = None
    priority: str | None = None
    arch: str | None = None
    description: str | None = None


class NodeCertificate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A certificate of a node."""

    filename: str
    """``pve-ssl.pem``, ``pveproxy-ssl.pem`` (an own one, which is then shown to clients), ``pve-root-ca.pem``."""
    subject: str | None = None
    issuer: str | None = None
    fingerprint: str | None = None
    """SHA-256, ``AA:BB:...``."""
    notbefore: int | None = None
    notafter: int | None = None
    """Seconds since the epoch."""
    san: tuple[str, ...] = ()
    key_type: str | None = None
    key_bits: int | None = None

    def days_left(self, now: float) -> int | None:
        """Whole days from ``now`` (seconds since the epoch) to its end; negative afterwards."""
        return None if self.notafter is None else int((self.notafter - now) // 86_400)


class NodeSubscription(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """``/nodes/{node}/subscription``, without its key."""

    status: str | None = None
    """``active``, ``notfound`` (there is none), ``new``, ``invalid``, ``expired`` or ``suspended``."""
    level: str | None = None
    productname: str | None = None
    nextduedate: str | None = None
    """A date as PVE writes it: ``2027-03-31``."""
    regdate: str | None = None
    checktime: int | None = None
    sockets: int | None = None
    message: str | None = None


class NodeDns(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How a node looks up names."""

    search: str | None = None
    servers: tuple[str, ...] = ()


class NodeTime(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The clock of a node."""

    time: int | None = None
    """Seconds since the epoch, UTC."""
    localtime: int | None = None
    """The same, moved by the node's time zone."""
    timezone: str | None = None


def is_healthy(health: str | None) -> bool | None:
    """``PASSED`` and ``OK`` are good; None for unknown."""
    return None if health is None else health.upper() in ("PASSED", "OK")
