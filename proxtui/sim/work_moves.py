"""Migration: a guest goes to another node, and its local disks with it."""

from __future__ import annotations

from proxtui.sim import work
from proxtui.sim.drives import disks_of, own, settle
from proxtui.sim.state import MIB, Disk, Guest, Node, Task
from proxtui.sim.world import Site

LOCAL = "Problem found while scanning volumes - can't live migrate attached local disks without with-local-disks option"


def local_disks(site: Site, guest: Guest) -> list[Disk]:
    """Disks on storages that the other nodes do not share."""
    return [disk for disk in disks_of(site, guest) if not site.storages[disk.storage].shared]


def migrate(
    site: Site,
    guest: Guest,
    user: str,
    target: Node,
    *,
    fails: str | None = None,
    storage: str | None = None,
    with_disks: bool = True,
) -> Task:
    """Move a guest. Containers restart on the way; ``fails`` breaks it half way and leaves everything as it was.

    ``storage``: where local disks go to; ``with_disks=False``: a running machine with local disks is refused.
    """
    node, local = site.nodes[guest.node], local_disks(site, guest)
    seconds = 14.0 if guest.running else 4.0
    steps = _log(site, guest, target, local, seconds)

    def lock(moment: float) -> None:
        guest.lock = "migrate"

    def done(moment: float) -> None:
        guest.lock = None
        if fails or not target.online:
            return
        guest.node = target.name
        if local and storage is not None:
            for disk in own(site, guest):
                disk.storage = storage if disk.slot in {moved.slot for moved in local} else disk.storage
            settle(guest)
        if guest.kind == "lxc" and guest.running:
            guest.turn(moment - 1, "stopped")
            guest.turn(moment, "running")
        site.moved()

    refusal = work.locked(guest)
    if refusal is None and guest.running and guest.kind == "qemu" and local and not with_disks:
        refusal = LOCAL
    effects: list[work.Step] = [(0.1, lock), (seconds - 0.3, done)]
    return work.begin(
        site,
        node,
        work.type_of(guest, "migrate") if guest.kind == "lxc" else "qmigrate",
        str(guest.vmid),
        user,
        seconds=seconds,
        steps=[*steps, *effects],
        fails=refusal or (work.Late(fails) if fails else None),
    )


def _log(site: Site, guest: Guest, target: Node, local: list[Disk], seconds: float) -> list[work.Step]:
    """The lines of the log, each with its time before it."""
    name, mem = work.word(guest), guest.maxmem // MIB
    lines = [(0.2, f"starting migration of {name} {guest.vmid} to node '{target.name}' ({target.ip})")]
    lines += [(0.4, f"found local disk '{disk.volid}' (attached)") for disk in local]
    lines += [(0.6, "copying local disk images")] if local and not guest.running else []
    lines += [(2.0, f"successfully imported '{disk.volid}'") for disk in local if not guest.running]
    if guest.running and guest.kind == "qemu":
        lines += [
            (1.5, f"starting VM {guest.vmid} on remote node '{target.name}'"),
            (3.0, "start remote tunnel"),
            (4.0, "ssh tunnel ver 1"),
            (5.0, "starting online/live migration on unix:/run/qemu-server/migrate"),
            (8.0, f"migration active, transferred {mem // 3} MiB of {mem} MiB"),
            (11.0, f"average migration speed: {400 + guest.vmid % 300}.0 MiB/s - downtime {20 + guest.vmid % 60} ms"),
        ]
    elif guest.running:
        lines += [(1.0, f"shutdown CT {guest.vmid}"), (12.0, f"start container on target node '{target.name}'")]
    lines.append((seconds - 0.5, f"migration finished successfully (duration 00:00:{int(seconds) - 1:02d})"))
    return [(after, f"{work.stamp(site, after)} {text}") for after, text in lines]
