"""Snapshots: taking, deleting, and going back to one."""

from __future__ import annotations

import copy

from proxtui.sim import work
from proxtui.sim.drives import FILES, disks_of
from proxtui.sim.state import Guest, Snapshot, Task
from proxtui.sim.world import Site

KEPT = ("cores", "maxmem", "maxdisk", "storage", "extra", "disks", "tags", "description", "name", "agent")
"""What a snapshot keeps of a guest, and a rollback brings back."""


def snapshots_possible(site: Site, guest: Guest) -> bool:
    """Whether every disk lies on a storage, and in a format, that can make snapshots."""
    return not any(
        site.storages[disk.storage].type in ("lvm", "iscsi")
        or (site.storages[disk.storage].type in FILES and disk.format == "raw")
        for disk in disks_of(site, guest)
        if disk.counts
    )


def snapshot(site: Site, guest: Guest, user: str, name: str, description: str, vmstate: bool = False) -> Task:
    fails = work.locked(guest)
    if fails is None and any(snap.name == name for snap in guest.snapshots):
        fails = f"snapshot name '{name}' already used"
    if fails is None and not snapshots_possible(site, guest):
        fails = "snapshot feature is not available"

    if fails is None and guest.template:
        fails = "you can't take a snapshot if it's a template"

    def lock(moment: float) -> None:
        guest.lock = "snapshot"

    def done(moment: float) -> None:
        guest.lock = None
        taken = Snapshot(name, description, moment, guest.parent, vmstate and guest.running)
        taken.config = {key: copy.deepcopy(getattr(guest, key)) for key in KEPT}
        guest.snapshots.append(taken)
        guest.parent = name

    first = next((disk for disk in disks_of(site, guest) if disk.counts), None)
    log = [(0.2, f"snapshotting 'drive-{first.slot}' ({first.volid})")] if first else []
    if vmstate:
        log = [(0.1, f"saving VM state and RAM using storage '{guest.storage}'"), *log]
    node = site.nodes[guest.node]
    effects = [(0.0, lock), (2.0, done)]
    kind = work.type_of(guest, "snapshot")
    return work.begin(site, node, kind, str(guest.vmid), user, seconds=2.2, steps=[*log, *effects], fails=fails)


def delete_snapshot(site: Site, guest: Guest, user: str, name: str) -> Task:
    def lock(moment: float) -> None:
        guest.lock = "snapshot-delete"

    def done(moment: float) -> None:
        guest.lock = None
        gone = next((snap for snap in guest.snapshots if snap.name == name), None)
        if gone is None:
            return
        guest.snapshots.remove(gone)
        for snap in guest.snapshots:
            snap.parent = gone.parent if snap.parent == name else snap.parent
        guest.parent = gone.parent if guest.parent == name else guest.parent

    fails = work.locked(guest)
    if fails is None and all(snap.name != name for snap in guest.snapshots):
        fails = f"snapshot '{name}' does not exist"
    node, kind = site.nodes[guest.node], work.type_of(guest, "delsnapshot")
    return work.begin(
        site, node, kind, str(guest.vmid), user, seconds=2.0, steps=[(0.1, lock), (1.8, done)], fails=fails
    )


def rollback(site: Site, guest: Guest, user: str, name: str, start_after: bool = False) -> Task:
    fails = work.locked(guest)
    if fails is None and all(snap.name != name for snap in guest.snapshots):
        fails = f"snapshot '{name}' does not exist"
    node, kind = site.nodes[guest.node], work.type_of(guest, "rollback")

    snap = next((snap for snap in guest.snapshots if snap.name == name), None)
    runs = start_after or bool(snap and snap.vmstate)

    def lock(moment: float) -> None:
        guest.lock = "rollback"

    def done(moment: float) -> None:
        guest.lock, guest.parent = None, name
        if snap is not None and snap.config:
            for key, value in snap.config.items():
                setattr(guest, key, copy.deepcopy(value))
        if runs:
            work.power(site, guest, "running")(moment)
        site.changed()

    effects: list[work.Step] = [(0.1, lock)]
    if guest.running:
        effects.append((1.0, work.power(site, guest, "stopped")))
    effects.append((2.8, done))
    return work.begin(site, node, kind, str(guest.vmid), user, seconds=3.0, steps=effects, fails=fails)
