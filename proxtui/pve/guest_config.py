"""Disks and network interfaces out of a guest's configuration, where PVE keeps each in one property string."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from proxtui.pve.fields import JSON
from proxtui.pve.sanitize import clean

_DISK = re.compile(r"(?:scsi|virtio|sata|ide|efidisk|tpmstate|mp|unused)[0-9]{1,3}|rootfs")
_NIC = re.compile(r"net[0-9]{1,2}")
_SIZE = re.compile(r"(?P<number>[0-9]{1,15}(?:\.[0-9]{1,6})?)(?P<unit>[KMGT]?)")
_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_DIGITS = re.compile(r"[0-9]+")


class GuestDisk(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A disk, mount point or CD drive as configured."""

    key: str
    """``scsi0``, ``rootfs``, ``mp1``, ``unused0``, ..."""
    volume: str | None = None
    """``local:100/vm-100-disk-0.qcow2``, a path of the node, or None for an empty CD drive."""
    storage: str | None = None
    """None for what lies on no storage of PVE."""
    size: int | None = None
    """Bytes, as PVE last noted them."""
    media: Literal["disk", "cdrom"] = "disk"
    mountpoint: str | None = None
    """Where a container mounts it."""
    backup: bool | None = None
    """False: left out of backups. None: the kind's default, yes for disks of VMs and no for mount points."""
    options: Mapping[str, str] = {}
    """Everything else, as PVE spells it."""


class GuestNic(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A network interface as configured."""

    key: str
    """``net0``, ..."""
    name: str | None = None
    """What a container calls it: ``eth0``."""
    model: str | None = None
    """``virtio``, ``e1000``, ... of VMs; ``veth`` of containers."""
    mac: str | None = None
    bridge: str | None = None
    vlan: int | None = None
    ip: str | None = None
    """Of containers: ``10.0.0.5/24``, ``dhcp`` or ``manual``."""
    ip6: str | None = None
    gateway: str | None = None
    gateway6: str | None = None
    firewall: bool = False
    """Whether the guest's firewall filters here."""
    is_down: bool = False
    """Whether its cable is pulled (``link_down``)."""
    rate: str | None = None
    """MB per second."""
    options: Mapping[str, str] = {}
    """Everything else, as PVE spells it."""


def disks_of(config: Mapping[str, JSON]) -> tuple[GuestDisk, ...]:
    """The disks of ``get_vm_config`` or ``get_container_config``, in the order people count; unused ones last."""
    found = (_disk(key, value) for key, value in config.items() if _DISK.fullmatch(key) and isinstance(value, str))
    return tuple(
        sorted(found, key=lambda disk: (disk.key.startswith("unused"), disk.key != "rootfs", _natural(disk.key)))
    )


def nics_of(config: Mapping[str, JSON]) -> tuple[GuestNic, ...]:
    """The network interfaces of ``get_vm_config`` or ``get_container_config``, by number."""
    found = (_nic(key, value) for key, value in config.items() if _NIC.fullmatch(key) and isinstance(value, str))
    return tuple(sorted(found, key=lambda nic: _natural(nic.key)))


def _disk(key: str, text: str) -> GuestDisk:
    options = _properties(text, "volume" if key == "rootfs" or key.startswith("mp") else "file")
    volume = options.pop("volume", None) or options.pop("file", None)
    volume = None if volume == "none" else volume
    backup = options.pop("backup", None)
    return GuestDisk(
        key=key,
        volume=volume,
        storage=None if volume is None or volume.startswith("/") or ":" not in volume else volume.partition(":")[0],
        size=size_of(options.pop("size", "")),
        media="cdrom" if options.pop("media", "disk") == "cdrom" else "disk",
        mountpoint="/" if key == "rootfs" else options.pop("mp", None),
        backup=None if backup is None else backup in _YES,
        options=options,
    )


def _nic(key: str, text: str) -> GuestNic:
    options = _properties(text, "model")
    model = options.pop("model", None) or options.pop("type", None)
    mac = options.pop("macaddr", None) or options.pop("hwaddr", None)
    # VMs write the model and the address as one: virtio=BC:24:11:00:00:01.
    for name in [name for name, value in options.items() if mac is None and _MAC.fullmatch(value)]:
        model, mac = name, options.pop(name)
    vlan = options.pop("tag", "")
    return GuestNic(
        key=key,
        name=options.pop("name", None),
        model=model,
        mac=mac,
        bridge=options.pop("bridge", None),
        vlan=int(vlan) if vlan.isascii() and vlan.isdigit() and len(vlan) <= 4 else None,
        ip=options.pop("ip", None),
        ip6=options.pop("ip6", None),
        gateway=options.pop("gw", None),
        gateway6=options.pop("gw6", None),
        firewall=options.pop("firewall", "0") in _YES,
        is_down=options.pop("link_down", "0") in _YES,
        rate=options.pop("rate", None),
        options=options,
    )


_YES = frozenset({"1", "on", "yes", "true"})


def size_of(text: str) -> int | None:
    """Bytes of ``32G``, ``528K`` or ``4096``."""
    found = _SIZE.fullmatch(text)
    return None if found is None else int(float(found["number"]) * _UNITS[found["unit"]])


def _properties(text: str, first: str) -> dict[str, str]:
    """``a,b=c`` taken apart; what has no name of its own gets ``first``."""
    found: dict[str, str] = {}
    for part in clean(text, limit=8192).split(","):
        name, sign, value = part.partition("=")
        found.setdefault(*((name, value) if sign else (first, name)))
    found.pop("", None)
    return {name: value for name, value in found.items() if value}


def _natural(key: str) -> tuple[str, int]:
    found = _DIGITS.search(key)
    return _DIGITS.sub("", key), int(found[0]) if found else -1
