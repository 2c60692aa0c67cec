"""What PVE tells of one guest beside its state: snapshots, pending changes, firewall, agent."""

from __future__ import annotations

from typing import Literal

import msgspec


class GuestSnapshot(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A snapshot of a VM or container."""

    name: str
    description: str | None = None
    """May have several lines."""
    snaptime: int | None = None
    """Seconds since the epoch."""
    vmstate: bool | None = None
    """Whether the memory is in it; None for containers, which have none to keep."""
    parent: str | None = None
    """The snapshot that it was made on top of; None for the first."""
    is_current: bool = False
    """True for the one that the guest of now stands on: the parent of PVE's pseudo snapshot ``current``."""


class PendingChange(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An option of a guest that will change when the guest is next stopped and started."""

    key: str
    value: str | None = None
    """What holds now; None when the option is not set."""
    pending: str | None = None
    """What will hold; None when it will be removed."""
    delete: bool = False
    """Whether the option will be removed."""


class FirewallState(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The firewall of a guest. It filters where the cluster's firewall is on too, at interfaces with ``firewall=1``."""

    enabled: bool = False
    policy_in: str | None = None
    """``ACCEPT``, ``REJECT`` or ``DROP``; None: not set, which PVE reads as DROP."""
    policy_out: str | None = None
    """None: not set, which PVE reads as ACCEPT."""
    macfilter: bool | None = None
    ipfilter: bool | None = None
    dhcp: bool | None = None
    log_level_in: str | None = None
    log_level_out: str | None = None
    rules: int | None = None
    """How many rules it has."""
    active_rules: int | None = None
    """How many of them are switched on."""


class GuestInterface(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A network interface as the guest itself sees it."""

    name: str
    mac: str | None = None
    addresses: tuple[str, ...] = ()
    """IPv4 and IPv6, without their prefix lengths."""
    networks: tuple[str, ...] = ()
    """The same with them: ``10.0.0.5/24``."""


AgentState = Literal["running", "absent", "silent", "stopped"]


class AgentInfo(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the QEMU guest agent says."""

    state: AgentState
    """``running``; ``absent``: not configured; ``silent``: configured but no answer; ``stopped``: the VM is off."""
    osname: str | None = None
    """As people read it: ``Debian GNU/Linux 12 (bookworm)``."""
    kernel: str | None = None
    addresses: tuple[str, ...] = ()
    """Of all interfaces, IPv4 first; without loopback and link-local ones."""
    interfaces: tuple[GuestInterface, ...] = ()
