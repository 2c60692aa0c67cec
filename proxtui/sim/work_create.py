"""Guests that come and go: created, restored, cloned, made templates, destroyed."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Sequence
from typing import Any

from proxtui.sim import work
from proxtui.sim.drives import allocate, clones_of, disks_of, own, settle, text_of
from proxtui.sim.state import MIB, Disk, Guest, Load, Node, PowerChange, Task, Volume
from proxtui.sim.world import Site


def mac(site: Site) -> str:
    """A network address that nobody has yet."""
    return "BC:24:11:" + ":".join(f"{site.rng.randrange(256):02X}" for _ in range(3))


def blank(site: Site, node: Node, vmid: int, kind: str) -> Guest:
    """A guest that was just thought of: locked, without a disk, and in nobody's way."""
    now = site.world.now()
    load = Load(cpu=0.03, memory=0.35, offset=site.rng.randrange(1024), bursts=0.02)
    name = f"VM {vmid}" if kind == "qemu" else f"CT{vmid}"
    guest = Guest(
        vmid,
        kind,
        name,
        node.name,
        1,
        512 * MIB,
        0,
        "",
        now,
        load,
        [PowerChange(now, "stopped")],
        lock="create",
        disks=[],
    )
    guest.mac, guest.uuid = mac(site), str(uuid.UUID(int=site.rng.getrandbits(128)))
    if kind == "qemu":
        guest.extra = {
            "meta": f"creation-qemu=9.2.0,ctime={int(now)}",
            "smbios1": f"uuid={guest.uuid}",
            "vmgenid": str(uuid.UUID(int=site.rng.getrandbits(128))),
        }
    return guest


def appear(site: Site, guest: Guest) -> None:
    site.guests[guest.vmid] = guest
    site.forget(guest.vmid)


def vanish(site: Site, guest: Guest) -> None:
    """The guest is gone, with its disks."""
    if site.guests.get(guest.vmid) is guest:
        del site.guests[guest.vmid]
    site.forget(guest.vmid)


def create(site: Site, guest: Guest, user: str, disks: Sequence[Disk], *, pool: str | None, start: bool) -> Task:
    """Allocate the disks of a new guest, and let it go."""
    seconds = 1.0 if guest.kind == "qemu" else 3.0
    lines: list[work.Step] = []
    for disk in disks:
        lines.append((0.2, f"Formatting '{disk.volid}', size={disk.size}"))
        if guest.kind == "qemu":
            lines.append((0.3, f"{disk.slot}: successfully created disk '{text_of(disk)}'"))
    if guest.kind == "lxc":
        template = guest.extra.pop("ostemplate", "")
        lines += [(0.8, "Creating filesystem with 4k blocks"), (1.0, f"extracting archive '{template}'")]
        lines += [
            (2.2, "Detected container architecture: amd64"),
            (2.4, "Creating SSH host key 'ssh_host_ed25519_key'"),
        ]

    def write(moment: float) -> None:
        if guest.disks is not None:
            guest.disks += list(disks)
        settle(guest)
        site.changed()

    ready = _ready(site, guest, user, pool, start)
    steps = [*lines, (0.4, write), (seconds - 0.2, ready)]
    kind = work.type_of(guest, "create")
    return work.begin(site, site.nodes[guest.node], kind, str(guest.vmid), user, seconds=seconds, steps=steps)


def _ready(site: Site, guest: Guest, user: str, pool: str | None, start: bool) -> work.Act:
    def act(moment: float) -> None:
        guest.lock = None
        guest.pool = pool or guest.pool
        site.changed()
        if start:
            work.start(site, guest, user)

    return act


def refused(site: Site, guest: Guest, user: str, text: str) -> Task:
    """A creation whose worker dies at once: nothing is left of the guest."""
    kind = work.type_of(guest, "create")
    task = work.begin(site, site.nodes[guest.node], kind, str(guest.vmid), user, seconds=0.3, fails=text)
    vanish(site, guest)
    return task


def restore(
    site: Site, guest: Guest, user: str, archive: Volume, storage: str | None, *, pool: str | None, start: bool
) -> Task:
    """Fill a guest from an archive. What it was is taken from the guest that the archive is of."""
    source = site.guests.get(archive.vmid or 0)
    if source is None or source is guest:
        source = site.destroyed.get(archive.vmid or 0)
    gib = (source.maxdisk if source else archive.size) / 1024**3
    steps: list[work.Step] = [(0.2, f"restore {'vma' if guest.kind == 'qemu' else 'tar'} archive: {archive.volid}")]
    steps += [(0.5 + n * 0.8, f"progress {n * 10}% (read {int(gib * n * 107_374_182)} bytes)") for n in range(1, 11)]

    def fill(moment: float) -> None:
        target = storage or (source.storage if source else "") or _any_store(site, guest)
        _copy(site, source, guest, target, fresh=False)

    seconds = 10.0
    steps += [(0.4, fill), (9.0, "rescan volumes..."), (9.7, _ready(site, guest, user, pool, start))]
    kind = work.type_of(guest, "restore")
    return work.begin(site, site.nodes[guest.node], kind, str(guest.vmid), user, seconds=seconds, steps=steps)


def _any_store(site: Site, guest: Guest) -> str:
    wanted = "images" if guest.kind == "qemu" else "rootdir"
    return next(name for name, store in site.storages.items() if wanted in store.content.split(","))


def _copy(
    site: Site, source: Guest | None, guest: Guest, storage: str | None, *, fresh: bool, full: bool = True
) -> None:
    """Give a guest the settings and disks of another; ``fresh``: with a name and addresses of its own."""
    if source is None:
        guest.disks = [allocate(site, guest, "scsi0" if guest.kind == "qemu" else "rootfs", str(storage), 8 * 1024**3)]
        settle(guest)
        return
    given = dict(guest.extra)
    disks = [copy.copy(disk) for disk in disks_of(site, source) if not disk.slot.startswith("unused")]
    shadow = copy.copy(source)
    own(site, shadow)
    guest.extra = copy.deepcopy(shadow.extra) | (given if fresh else {})
    guest.extra.pop("vmstate", None)
    guest.cores, guest.maxmem, guest.ostype, guest.agent = source.cores, source.maxmem, source.ostype, source.agent
    guest.acpi, guest.agent_up, guest.load = source.acpi, source.agent_up, copy.copy(source.load)
    guest.tags, guest.vlan = list(source.tags), source.vlan
    guest.description = guest.description or source.description
    if not fresh:
        guest.name = source.name
    guest.disks = []
    for disk in disks:
        made = allocate(
            site, guest, disk.slot, storage or disk.storage, disk.size, form=disk.format, options=disk.options
        )
        if "cloudinit" in disk.name:
            made.name = disk.name.replace(f"vm-{source.vmid}-", f"vm-{guest.vmid}-")
        elif not full:
            made.name = f"{disk.name}/{made.name}"
        guest.disks.append(made)
    settle(guest)
    site.changed()


def clone(
    site: Site,
    source: Guest,
    guest: Guest,
    user: str,
    *,
    full: bool,
    storage: str | None,
    pool: str | None,
    target: Node,
) -> Task:
    """Copy a guest; without ``full`` its disks are layers above those of the template."""
    if guest.kind == "lxc":
        source.lock = "disk"
    else:
        guest.lock = "clone"
    seconds = 12.0 if full else 1.5
    how = "full" if full else "linked"
    steps: list[work.Step] = []
    for disk in disks_of(site, source):
        what = f"drive {disk.slot}" if guest.kind == "qemu" else f"mountpoint {disk.slot}"
        steps.append((0.2, f"create {how} clone of {what} ({disk.volid})"))
        gib = disk.size / 1024**3
        parts = range(0, 101, 20) if full and guest.kind == "qemu" else ()
        steps += [(0.5 + p / 10, f"transferred {gib * p / 100:.1f} GiB of {gib:.1f} GiB ({p:.2f}%)") for p in parts]

    def fill(moment: float) -> None:
        _copy(site, source, guest, storage, fresh=True, full=full)
        guest.extra |= _new_addresses(site, guest)

    def done(moment: float) -> None:
        if source.lock == "disk":
            source.lock = None
        guest.lock, guest.pool, guest.node = None, pool, target.name
        site.changed()

    steps += [(0.3, fill), (seconds - 0.2, done)]
    kind = work.type_of(guest, "clone")
    return work.begin(site, site.nodes[source.node], kind, str(source.vmid), user, seconds=seconds, steps=steps)


def _new_addresses(site: Site, guest: Guest) -> dict[str, Any]:
    """The networks of a clone, each with an address of its own."""
    found: dict[str, Any] = {}
    for key, value in guest.extra.items():
        if key.startswith("net"):
            old = next((word for word in str(value).replace("=", ",").split(",") if word.count(":") == 5), None)
            found[key] = str(value).replace(old, mac(site)) if old else value
    if guest.kind == "qemu":
        found["smbios1"] = f"uuid={guest.uuid}"
        found["vmgenid"] = str(uuid.UUID(int=site.rng.getrandbits(128)))
    return found


def make_template(site: Site, guest: Guest) -> None:
    """From now on others are cloned from it: its disks are bases."""
    for disk in own(site, guest):
        if "media=cdrom" not in disk.options:
            disk.name = disk.name.replace(f"vm-{guest.vmid}-", f"base-{guest.vmid}-").replace("subvol-", "base-")
    guest.template = True
    site.forget(guest.vmid)


def destroy(site: Site, guest: Guest, user: str, *, purge: bool, force: bool = False) -> Task:
    """Remove a guest and its disks; ``purge``: from jobs, replication and HA as well."""
    fails = work.locked(guest) if guest.kind == "qemu" else None
    for disk in disks_of(site, guest) if guest.template else ():
        if clones_of(site, guest, disk):
            fails = fails or f"base volume '{disk.volid}' is still in use by linked cloned"
    steps: list[work.Step] = []
    if force and guest.running:
        steps += [
            (0.1, f"forced to stop CT {guest.vmid} before destroying!"),
            (0.5, work.power(site, guest, "stopped")),
        ]
    if purge:
        steps.append((0.8, f"purging {work.word(guest)} {guest.vmid} from related configurations.."))
        if guest.ha:
            steps.append((0.9, f"NOTE: removed {work.word(guest)} {guest.vmid} from HA resource configuration."))

    def done(moment: float) -> None:
        guest.pool = None
        site.destroyed[guest.vmid] = guest
        if purge:
            guest.ha = guest.ha_group = None
            site.replication[:] = [job for job in site.replication if job.guest != guest.vmid]
            for job in site.jobs:
                job.vmids = tuple(vmid for vmid in job.vmids if vmid != guest.vmid)
        for volumes in site.volumes.values():
            volumes[:] = [v for v in volumes if v.vmid != guest.vmid or v.content not in ("images", "rootdir")]
        vanish(site, guest)

    steps.append((1.0, done))
    kind = work.type_of(guest, "destroy")
    node = site.nodes[guest.node]
    return work.begin(site, node, kind, str(guest.vmid), user, seconds=1.2, steps=steps, fails=fails)
