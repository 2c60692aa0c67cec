"""Backups: vzdump and the archives that it leaves."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

from proxtui.sim import work
from proxtui.sim.state import Guest, Node, Task, Volume
from proxtui.sim.world import Site


def backup(
    site: Site,
    guest: Guest,
    user: str,
    storage: str,
    *,
    seconds: float = 40.0,
    mode: str = "snapshot",
    notes: str | None = None,
    protected: bool = False,
) -> Task:
    """vzdump of one guest. A full storage makes it fail, as it does on a Sunday night."""
    node, store = site.nodes[guest.node], site.storages[storage]
    log = _log(site, guest, storage, mode, seconds)
    full = site.used(store, node.name, site.world.now()) >= store.total * 0.98 or not store.active
    fails = work.locked(guest)

    def lock(moment: float) -> None:
        guest.lock = "backup"

    def done(moment: float) -> None:
        guest.lock = None
        if not full:
            made = add_backup(site, guest, storage, moment)
            made.protected = protected
            made.notes = made.notes if notes is None else notes

    if full:
        log.append((seconds - 0.5, "ERROR: vma_queue_write: write error - No space left on device"))
    else:
        log.append((seconds - 0.3, f"INFO: Finished Backup of VM {guest.vmid}"))
    effects: list[work.Step] = [(0.3, lock), (seconds - 0.2, done)]
    number = str(guest.vmid)
    fails = fails or (work.Late("job errors") if full else None)
    steps = [*log, *effects]
    return work.begin(site, node, "vzdump", number, user, seconds=seconds, steps=steps, fails=fails)


def _log(site: Site, guest: Guest, storage: str, mode: str, seconds: float) -> list[work.Step]:
    """What vzdump says of one guest until it ends."""
    gib = guest.maxdisk / 1024**3
    log: list[work.Step] = [
        (
            0.2,
            f"INFO: starting new backup job: vzdump {guest.vmid} --mode {mode} --compress zstd --storage {storage}",
        ),
        (0.4, f"INFO: Starting Backup of VM {guest.vmid} ({guest.kind})"),
        (0.5, f"INFO: Backup started at {work.stamp(site, 0.5)}"),
        (0.6, f"INFO: status = {guest.status}"),
        (0.7, f"INFO: backup mode: {mode}"),
        (0.8, f"INFO: {work.word(guest)} Name: {guest.name}"),
    ]
    return log + [
        (
            1 + step * seconds / 11,
            f"INFO: {step * 10:3d}% ({gib * step / 10:.1f} GiB of {gib:.1f} GiB), read: 212.4 MiB/s",
        )
        for step in range(1, 10)
    ]


def backup_many(site: Site, node: Node, guests: Sequence[Guest], user: str, storage: str) -> Task:
    """vzdump of several guests, one after the other, in one task. What is locked is left out, and the job fails."""
    steps: list[work.Step] = []
    fails, after = None, 0.2
    for guest in guests:
        name = f"{work.word(guest)} {guest.vmid}"
        if guest.lock:
            fails = work.Late("job errors")
            steps.append((after, f"ERROR: Backup of {name} failed - {work.locked(guest)}"))
            continue
        steps.append((after, f"INFO: Starting Backup of VM {guest.vmid} ({guest.kind})"))
        steps.append((after, partial(_lock, guest)))
        after += 10.0
        steps.append((after - 0.5, f"INFO: Finished Backup of VM {guest.vmid}"))
        steps.append((after - 0.5, partial(_finish, site, guest, storage)))
    return work.begin(site, node, "vzdump", "", user, seconds=after + 0.5, steps=steps, fails=fails)


def _lock(guest: Guest, moment: float) -> None:
    guest.lock = "backup"


def _finish(site: Site, guest: Guest, storage: str, moment: float) -> None:
    guest.lock = None
    add_backup(site, guest, storage, moment)


def add_backup(site: Site, guest: Guest, storage: str, moment: float) -> Volume:
    """Put an archive into the storage's content."""
    day = time.gmtime(moment)
    size = int(guest.maxdisk * (0.18 + (guest.vmid * 37 + day.tm_yday * 11) % 97 / 400))
    if site.storages[storage].type == "pbs":
        sort = "vm" if guest.kind == "qemu" else "ct"
        volid = f"{storage}:backup/{sort}/{guest.vmid}/{time.strftime('%Y-%m-%dT%H:%M:%SZ', day)}"
        suffix, verified = f"pbs-{sort}", "failed" if size % 211 == 0 else "ok"
    else:
        suffix, verified = "vma.zst" if guest.kind == "qemu" else "tar.zst", None
        stamp = time.strftime("%Y_%m_%d-%H_%M_%S", day)
        volid = f"{storage}:backup/vzdump-{guest.kind}-{guest.vmid}-{stamp}.{suffix}"
    volume = Volume(
        volid, "backup", suffix, size, moment, guest.vmid, notes=guest.name, subtype=guest.kind, verified=verified
    )
    site.volumes.setdefault(storage, []).append(volume)
    return volume
