"""Disks that grow and move, and memory that goes to a disk."""

from __future__ import annotations

import time

from proxtui.sim import work
from proxtui.sim.drives import allocate, disks_of, find, own, retire, settle
from proxtui.sim.state import MIB, Disk, Guest, Task, Volume
from proxtui.sim.world import Site


def resize(site: Site, guest: Guest, user: str, slot: str, size: int, *, fails: str | None = None) -> Task:
    """Let a disk grow to ``size`` bytes."""

    def done(moment: float) -> None:
        own(site, guest)
        disk = find(site, guest, slot)
        if disk is not None:
            disk.size = size
        settle(guest)
        site.changed()

    node = site.nodes[guest.node]
    return work.begin(site, node, "resize", str(guest.vmid), user, seconds=0.5, steps=[(0.2, done)], fails=fails)


def move(site: Site, guest: Guest, user: str, disk: Disk, storage: str, *, form: str | None, delete: bool) -> Task:
    """Copy a disk to another storage; the old volume stays as ``unusedN`` unless ``delete``."""
    gib = disk.size / 1024**3
    seconds = 10.0
    lines: list[work.Step] = [(0.2, f"create full clone of drive {disk.slot} ({disk.volid})")]
    lines += [
        (1 + part * 0.08, f"transferred {gib * part / 100:.1f} GiB of {gib:.1f} GiB ({part:.2f}%)")
        for part in range(0, 101, 20)
    ]

    def lock(moment: float) -> None:
        guest.lock = "disk"

    def done(moment: float) -> None:
        guest.lock = None if guest.lock == "disk" else guest.lock
        disks = own(site, guest)
        old = find(site, guest, disk.slot)
        if old is None:
            return
        made = allocate(site, guest, old.slot, storage, old.size, form=form or old.format, options=old.options)
        place = disks.index(old)
        disks[place] = made
        if not delete:
            retire(guest, old)
            disks.append(old)
        settle(guest)
        site.changed()

    steps = [*lines, (seconds - 0.3, done)]
    kind = "qmmove" if guest.kind == "qemu" else "move_volume"
    if guest.kind == "lxc":
        steps.append((0.1, lock))
    return work.begin(site, site.nodes[guest.node], kind, str(guest.vmid), user, seconds=seconds, steps=steps)


def reassign(site: Site, guest: Guest, user: str, disk: Disk, other: Guest, slot: str) -> Task:
    """Give a disk to another guest."""

    def done(moment: float) -> None:
        disks = own(site, guest)
        mine = find(site, guest, disk.slot)
        if mine is None:
            return
        disks.remove(mine)
        taken = own(site, other)
        mine.name = allocate(site, other, slot, mine.storage, mine.size, form=mine.format).name
        mine.slot = slot
        taken.append(mine)
        settle(guest)
        settle(other)
        site.changed()

    kind = "qmmove" if guest.kind == "qemu" else "move_volume"
    return work.begin(
        site, site.nodes[guest.node], kind, f"{guest.vmid}-{other.vmid}", user, seconds=0.8, steps=[(0.5, done)]
    )


def hibernate(site: Site, guest: Guest, user: str, storage: str) -> Task:
    """Write the memory to a storage and stop: the machine is ``suspended`` until it is started."""
    day = time.strftime("%Y-%m-%d", time.gmtime(site.world.now()))
    volid = f"{storage}:vm-{guest.vmid}-state-suspend-{day}"
    size = guest.maxmem * 2 + 500 * MIB
    steps: list[work.Step] = [
        (0.2, f"State is using storage '{storage}'"),
        (2.0, f"saved {guest.maxmem // 2 // MIB} MiB of {guest.maxmem // MIB} MiB"),
        (3.5, "State saved, quitting"),
    ]

    def lock(moment: float) -> None:
        guest.lock = "suspending"

    def done(moment: float) -> None:
        own(site, guest)
        guest.lock, guest.extra["vmstate"] = "suspended", volid
        guest.turn(moment, "stopped")
        state = Volume(volid, "images", "raw", size, moment, guest.vmid, used=size // 4)
        site.volumes.setdefault(storage, []).append(state)
        site.changed()

    node, fails = site.nodes[guest.node], work.locked(guest)
    steps += [(0.1, lock), (3.6, done)]
    return work.begin(site, node, "qmsuspend", str(guest.vmid), user, seconds=4.0, steps=steps, fails=fails)


def state_storage(site: Site, guest: Guest) -> str:
    """Where the memory of a guest goes: to a shared storage of its disks, or to any of them."""
    names = [disk.storage for disk in disks_of(site, guest) if disk.counts] or ["local"]
    return next((name for name in names if site.storages[name].shared), names[0])
