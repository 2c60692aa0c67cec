"""What a simulated cluster is made of. Plain data; sizes in bytes, times in seconds since the epoch."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

GIB = 1024**3
MIB = 1024**2


@dataclass(slots=True)
class Load:
    """How busy a thing is; ``physics`` turns it into numbers at any moment."""

    cpu: float = 0.05
    """Share of its CPUs on an average day, 0..1."""
    memory: float = 0.5
    """Share of its memory once warm, 0..1."""
    daily: float = 0.4
    """How strongly office hours show, 0..1."""
    offset: int = 0
    """Where in the common noise table this thing starts; makes neighbours differ."""
    bursts: float = 0.08
    """Share of half hours with a burst of work."""
    net_in: float = 20_000.0
    net_out: float = 12_000.0
    disk_read: float = 40_000.0
    disk_write: float = 60_000.0
    """Bytes per second on an average day."""


@dataclass(slots=True, frozen=True)
class PowerChange:
    """From ``at`` on the guest was in ``status``, ``running`` or ``stopped``; ``qmp`` is ``paused`` while suspended.

    A suspended container is ``stopped``: its memory lies on a disk.
    """

    at: float
    status: str
    qmp: str = ""


@dataclass(slots=True)
class Snapshot:
    name: str
    description: str
    time: float
    parent: str | None = None
    vmstate: bool = False
    config: dict[str, Any] | None = None
    """What a rollback brings back; None for those of the scenario, which differ from the present in nothing."""


@dataclass(slots=True)
class Disk:
    """One volume that a guest's configuration names."""

    slot: str
    """``scsi0``, ``rootfs``, ``mp1``, ``unused0``..."""
    storage: str
    name: str
    """The volume below its storage: ``vm-100-disk-0``, ``100/vm-100-disk-0.qcow2``, ``base-9-disk-0/vm-103-disk-0``."""
    size: int
    format: str = "raw"
    options: str = ""
    """What stands between volume and size: ``discard=on,iothread=1``, ``mp=/data``, ``media=cdrom``."""

    @property
    def volid(self) -> str:
        return f"{self.storage}:{self.name}"

    @property
    def counts(self) -> bool:
        """False for what is attached to nothing, and for the disc that cloud-init reads."""
        return not self.slot.startswith("unused") and "media=cdrom" not in self.options


@dataclass(slots=True)
class Guest:
    """A virtual machine (``qemu``) or a container (``lxc``)."""

    vmid: int
    kind: str
    name: str
    node: str
    cores: int
    maxmem: int
    maxdisk: int
    storage: str
    created: float
    load: Load
    power: list[PowerChange]
    tags: list[str] = field(default_factory=list)
    pool: str | None = None
    template: bool = False
    lock: str | None = None
    description: str | None = None
    ostype: str = "l26"
    onboot: bool = False
    agent: bool = False
    acpi: bool = True
    ha: str | None = None
    mac: str = "BC:24:11:00:00:00"
    uuid: str = ""
    vlan: int | None = None
    pid: int = 0
    extra: dict[str, Any] = field(default_factory=dict)
    """Config keys that somebody set and that mean nothing to the simulation."""
    pending: dict[str, Any] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    """Config keys that go at the next start."""
    snapshots: list[Snapshot] = field(default_factory=list)
    parent: str | None = None
    """The snapshot that the present goes back to."""
    firewall: bool = False
    agent_up: bool = True
    """False: the agent is configured, and nothing answers inside."""
    ha_group: str | None = None
    ha_options: dict[str, Any] | None = None
    """``max_restart``, ``max_relocate``, ``comment`` as somebody set them; None: what every service has here."""
    disks: list[Disk] | None = None
    """None: one disk, and a configuration as all guests of the scenario have it. See :mod:`proxtui.sim.drives`."""
    frozen: bool = False
    """True between the agent's freeze and thaw."""
    runs: dict[int, Any] = field(default_factory=dict)
    """What the agent was told to run, by its process ID."""

    @property
    def id(self) -> str:
        return f"{self.kind}/{self.vmid}"

    @property
    def status(self) -> str:
        return self.power[-1].status

    @property
    def qmpstatus(self) -> str:
        return self.power[-1].qmp or self.status

    @property
    def running(self) -> bool:
        return self.status == "running"

    def power_at(self, moment: float) -> PowerChange | None:
        """The state at ``moment``; None before the guest existed."""
        for change in reversed(self.power):
            if change.at <= moment:
                return change
        return None

    def started_at(self, moment: float) -> float | None:
        """When the run that lasts at ``moment`` began; None when it was not running."""
        start = None
        for change in reversed(self.power):
            if change.at > moment:
                continue
            if change.status != "running":
                break
            start = change.at
        return start

    def take_up(self) -> None:
        """A start makes true what was pending."""
        for name, value in self.pending.items():
            if name == "cores":
                self.cores = int(value)
            elif name == "memory":
                self.maxmem = int(value) * MIB
            else:
                self.extra[name] = value
            if name == "agent":
                self.agent = agent_on(value)
        for name in self.dropped:
            self.extra.pop(name, None)
        self.pending, self.dropped = {}, []

    def turn(self, at: float, status: str, qmp: str = "") -> None:
        """Change the power state. Only the last ten changes are remembered."""
        self.power.append(PowerChange(at, status, qmp))
        del self.power[:-10]

    @property
    def conf(self) -> str:
        """The path that PVE names when this guest's file is missing."""
        return conf_path(self.kind, self.node, self.vmid)


def agent_on(value: Any) -> bool:
    """Whether an ``agent`` option switches the guest agent on: ``1``, ``enabled=1,fstrim_cloned_disks=1``."""
    return str(value).partition(",")[0].rpartition("=")[2] in ("1", "on", "yes", "true")


def conf_path(kind: str, node: str, vmid: int) -> str:
    folder = "qemu-server" if kind == "qemu" else "lxc"
    return f"nodes/{node}/{folder}/{vmid}.conf"


@dataclass(slots=True)
class Node:
    name: str
    nodeid: int
    ip: str
    cpus: int
    sockets: int
    model: str
    mhz: str
    maxmem: int
    rootfs: int
    booted: float
    load: Load
    asleep: bool = False
    """True: it was shut down, and comes up only when somebody wakes it."""
    services: dict[str, str] = field(default_factory=dict)
    """Services that were started or stopped, with the state that they are in since."""
    fingerprint: str = ""
    pem: str = ""
    """The certificate that it serves; empty where nothing is served."""
    certified_until: float = 0.0
    """When its own certificate ends; 0: in two years."""
    sick_disk: bool = False
    """One of its disks says that it is failing."""
    offline_since: float | None = None
    unreachable: str = "No route to host"
    silence: float = 0.0
    """Seconds until a request for it is given up, while it is offline."""
    next_pid: int = 0x2A00

    @property
    def online(self) -> bool:
        return self.offline_since is None


@dataclass(slots=True)
class Storage:
    name: str
    type: str
    content: str
    total: int
    used: float
    """Share in use when the world began, 0..1."""
    shared: bool = False
    nodes: tuple[str, ...] | None = None
    """None: on every node."""
    growth: float = 0.004
    """Share of ``total`` that fills up per day, until the backups are pruned at night."""
    options: dict[str, Any] = field(default_factory=dict)
    """What its definition holds besides: path, pool, server..."""
    active: bool = True
    offset: int = 0


@dataclass(slots=True)
class Volume:
    """One thing in a storage's content list."""

    volid: str
    content: str
    format: str
    size: int
    ctime: float
    vmid: int | None = None
    used: int | None = None
    notes: str | None = None
    subtype: str | None = None
    protected: bool = False
    verified: str | None = None
    """``ok`` or ``failed`` on a Proxmox Backup Server."""


@dataclass(slots=True)
class Task:
    upid: str
    node: str
    pid: int
    pstart: int
    start: float
    type: str
    id: str
    user: str
    """``user@realm`` or ``user@realm!token``, as it stands in the UPID."""
    log: list[tuple[float, str]] = field(default_factory=list)
    """Lines with the moment at which they appear; may lie in the future."""
    end: float | None = None
    """When it ends; may lie in the future. None: nobody knows yet."""
    exit: str = "OK"
    killed: bool = False
    held: Any = None
    """While a fault holds it: what lets it go on."""
    on_kill: Any = None
    """Called without arguments when somebody ends it: a console has a connection to end too."""

    @property
    def userid(self) -> str:
        return self.user.partition("!")[0]

    @property
    def tokenid(self) -> str | None:
        return self.user.partition("!")[2] or None

    def done(self, now: float) -> bool:
        return self.end is not None and self.end <= now

    def lines(self, now: float) -> list[str]:
        """What the log shows at ``now``, with its last line once the task ended."""
        lines = [text for at, text in self.log if at <= now]
        if not self.done(now):
            return lines
        if self.exit == "OK":
            last = "TASK OK"
        elif self.exit.startswith("WARNINGS:"):
            last = f"TASK {self.exit}"
        else:
            last = f"TASK ERROR: {self.exit}"
        return [*lines, last]


@dataclass(slots=True)
class User:
    userid: str
    password: str
    comment: str | None = None
    email: str | None = None
    enable: bool = True
    totp: str | None = None
    """The one code that passes; a simulator has no phone."""
    recovery: list[str | None] = field(default_factory=list)
    """Recovery keys; a used one becomes None."""
    expire: int = 0
    """When the account ends, seconds since the epoch; 0: never."""
    firstname: str | None = None
    lastname: str | None = None


@dataclass(slots=True)
class Token:
    userid: str
    name: str
    secret: str
    privsep: bool = True
    comment: str | None = None

    @property
    def full(self) -> str:
        return f"{self.userid}!{self.name}"


@dataclass(slots=True, frozen=True)
class Acl:
    path: str
    ugid: str
    """A user, a token, or a group with ``@`` before its name."""
    role: str
    propagate: bool = True


@dataclass(slots=True)
class LogEntry:
    """A line of the cluster log."""

    uid: int
    node: str
    time: float
    user: str
    tag: str
    pid: int
    pri: int
    msg: str


def digest_of(config: dict[str, Any]) -> str:
    """The SHA-1 that PVE would report for a configuration."""
    text = json.dumps(config, sort_keys=True, default=str)
    return hashlib.sha1(text.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()
