"""Disks of guests: how they stand in a configuration, how their volumes are named, allocated and freed.

A guest of a scenario has one disk that follows from its fields. The first change makes its configuration its own:
:func:`own` writes out what followed, and from then on ``Guest.disks`` and ``Guest.extra`` are all there is.
"""

from __future__ import annotations

import re
from typing import Any

from proxtui.sim.state import GIB, MIB, Disk, Guest, Volume
from proxtui.sim.world import Site

QEMU_SLOT = re.compile(r"(ide[0-3]|sata[0-5]|scsi([12]?\d|30)|virtio(1[0-5]|\d)|efidisk0|tpmstate0|unused\d{1,3})")
LXC_SLOT = re.compile(r"(rootfs|mp\d{1,3}|unused\d{1,3})")
FILES = ("dir", "nfs", "cifs")
"""Types of storages whose volumes are files."""
CLOUDINIT = 4 * MIB


def is_slot(kind: str, name: str) -> bool:
    return (QEMU_SLOT if kind == "qemu" else LXC_SLOT).fullmatch(name) is not None


def size_text(size: int) -> str:
    """``32G``, ``512M`` or ``528K``, as volumes are written in a configuration."""
    if size % GIB == 0:
        return f"{size // GIB}G"
    return f"{size // MIB}M" if size % MIB == 0 else f"{size // 1024}K"


def parse_size(text: str) -> int:
    """Bytes of ``5``, ``32G`` or ``0.5T``."""
    factor = {"K": 1024, "M": MIB, "G": GIB, "T": 1024 * GIB}.get(text[-1:], 0)
    return int(float(text[:-1]) * factor) if factor else int(float(text))


def standard(site: Site, guest: Guest) -> Disk | None:
    """The disk of a guest that nobody changed; None where its disks are its own, or on no storage."""
    if guest.disks is not None or guest.storage not in site.storages:
        return None
    kind = site.storages[guest.storage].type
    prefix = "base" if guest.template else ("subvol" if kind == "zfspool" and guest.kind == "lxc" else "vm")
    name, form = f"{prefix}-{guest.vmid}-disk-0", "subvol" if prefix == "subvol" else "raw"
    if kind in FILES:
        form = "qcow2" if guest.kind == "qemu" else "raw"
        name = f"{guest.vmid}/{name}.{form}"
    if guest.kind == "lxc":
        return Disk("rootfs", guest.storage, name, guest.maxdisk, form)
    options = "iothread=1" if guest.ostype.startswith("win") else "discard=on,iothread=1"
    return Disk("scsi0", guest.storage, name, guest.maxdisk, form, options)


def disks_of(site: Site, guest: Guest) -> list[Disk]:
    """Every volume of a guest's configuration, also the unused ones."""
    if guest.disks is not None:
        return guest.disks
    disk = standard(site, guest)
    return [disk] if disk else []


def text_of(disk: Disk) -> str:
    """The disk's value in the configuration."""
    if disk.slot.startswith("unused"):
        return disk.volid
    return ",".join(filter(None, (disk.volid, disk.options, f"size={size_text(disk.size)}")))


def find(site: Site, guest: Guest, slot: str) -> Disk | None:
    return next((disk for disk in disks_of(site, guest) if disk.slot == slot), None)


def own(site: Site, guest: Guest) -> list[Disk]:
    """Make the guest's configuration its own, and give its disks."""
    if guest.disks is None:
        from proxtui.sim.views import base_config

        kept = ("name", "hostname", "cores", "memory", "agent")
        disks = disks_of(site, guest)
        written = base_config(guest)
        guest.extra = {
            key: value for key, value in written.items() if key not in kept and not is_slot(guest.kind, key)
        } | guest.extra
        if guest.agent:
            guest.extra.setdefault("agent", written.get("agent", "enabled=1"))
        guest.disks = disks
    return guest.disks


def settle(guest: Guest) -> None:
    """Let size and storage of the guest follow its first disk."""
    first = next((disk for disk in guest.disks or [] if disk.counts), None)
    guest.maxdisk = first.size if first else 0
    guest.storage = first.storage if first else ""


def allocate(
    site: Site, guest: Guest, slot: str, storage: str, size: int, *, form: str | None = None, options: str = ""
) -> Disk:
    """A new volume for a guest; its name is the first free one."""
    kind = site.storages[storage].type
    prefix, form = "vm", form or "raw"
    if kind == "zfspool" and guest.kind == "lxc":
        prefix = form = "subvol"
    if kind not in FILES and form != "subvol":
        form = "raw"
    taken = {disk.name.rpartition("/")[2].partition(".")[0] for disk in own(site, guest) if disk.storage == storage}
    taken |= {volume.volid.rpartition("/")[2].rpartition(":")[2] for volume in site.volumes.get(storage, [])}
    number = next(n for n in range(1000) if f"{prefix}-{guest.vmid}-disk-{n}" not in taken)
    name = f"{prefix}-{guest.vmid}-disk-{number}"
    if kind in FILES:
        name = f"{guest.vmid}/{name}.{form}"
    return Disk(slot, storage, name, size, form, options)


def cloudinit(site: Site, guest: Guest, slot: str, storage: str) -> Disk:
    """The small disc that cloud-init reads its settings from."""
    name = f"vm-{guest.vmid}-cloudinit"
    if site.storages[storage].type in FILES:
        return Disk(slot, storage, f"{guest.vmid}/{name}.qcow2", CLOUDINIT, "qcow2", "media=cdrom")
    return Disk(slot, storage, name, CLOUDINIT, "raw", "media=cdrom")


def retire(guest: Guest, disk: Disk) -> None:
    """Take a disk off its slot; the volume stays as ``unusedN``."""
    used = {other.slot for other in guest.disks or []}
    disk.slot = next(f"unused{n}" for n in range(256) if f"unused{n}" not in used)
    disk.options = ""


def clones_of(site: Site, guest: Guest, disk: Disk) -> list[Guest]:
    """The linked clones that live on a template's disk."""
    base = disk.name.rpartition("/")[2]
    return [
        other
        for other in site.guests.values()
        if other is not guest
        and other.disks
        and any(d.storage == disk.storage and f"{base}/" in d.name for d in other.disks)
    ]


def volumes_of(site: Site, guest: Guest) -> list[Volume]:
    """The guest's disks as rows of a storage's content."""
    kind = "images" if guest.kind == "qemu" else "rootdir"
    return [
        Volume(disk.volid, kind, disk.format, disk.size, guest.created, guest.vmid, used=int(disk.size * 0.4))
        for disk in disks_of(site, guest)
    ]


def parent_of(volid: str) -> str | None:
    """The base volume of a linked clone."""
    name = volid.partition(":")[2]
    match = re.match(r"((?:\d+/)?base-\d+-disk-\d+(?:\.\w+)?)/", name)
    return match[1] if match else None


def options_of(value: str) -> tuple[str, dict[str, Any]]:
    """The volume and the options of a value such as ``local:8,format=qcow2,ssd=1``."""
    first, *rest = value.split(",")
    given = dict(part.split("=", 1) for part in rest if "=" in part)
    if "=" in first:
        key, _, first = first.partition("=")
        if key not in ("file", "volume"):
            given[key], first = first, given.pop("file", given.pop("volume", ""))
    return first, given


def find_volume(site: Site, node: str, volid: str) -> Volume | None:
    """A volume that is no disk of a guest: an image, an archive..."""
    storage = volid.partition(":")[0]
    for key in (storage, f"{node}:{storage}"):
        for volume in site.volumes.get(key, []):
            if volume.volid == volid:
                return volume
    return None
