"""``POST /nodes/{node}/qemu`` and ``/lxc``: new guests, from nothing, from a template or from an archive."""

from __future__ import annotations

from typing import Any

from proxtui.sim import work, work_create
from proxtui.sim.api import Call, Refused, failed, invalid
from proxtui.sim.drives import find_volume, is_slot
from proxtui.sim.routes.config import assign, check_options, drive_from, with_size
from proxtui.sim.state import Disk, Guest, Volume

OWN = (
    *("vmid", "archive", "ostemplate", "restore", "force", "unique", "pool", "start", "storage", "bwlimit", "password"),
    *("live-restore", "ssh-public-keys", "ignore-unpack-errors", "import-working-storage", "ha-managed", "lock"),
)
"""Parameters that are not options of the new configuration."""


def create(call: Call) -> str:
    """A UPID; what stands in the way is said before, what goes wrong with disks shows in the task."""
    params = call.params
    archive = (
        params.get("archive") if call.kind == "qemu" else params.get("ostemplate") if params.get("restore") else None
    )
    force = bool(params.get("force", False))
    call.quorum()
    pool = params.get("pool")
    if pool is not None and pool not in call.site.pools:
        raise failed(f"pool '{pool}' does not exist")
    if params.get("storage"):
        call.require(f"/storage/{params['storage']}", "Datastore.AllocateSpace")
        call.find_storage(params["storage"])
    _check_allowed(call, pool, archive, force)
    return _restore(call, str(archive), pool, force) if archive else _create(call, pool)


def _check_allowed(call: Call, pool: str | None, archive: str | None, force: bool) -> None:
    vmid = call.params["vmid"]
    if call.may(f"/vms/{vmid}", "VM.Allocate") or (pool and call.may(f"/pool/{pool}", "VM.Allocate")):
        return
    if archive and force and vmid in call.site.guests and call.may(f"/vms/{vmid}", "VM.Backup"):
        return
    raise Refused(403, "Permission check failed")


def _taken(call: Call, text: str) -> None:
    """Raise the 500 of a number that somebody has."""
    other = call.site.guests.get(call.params["vmid"])
    if other is not None:
        name = "VM" if other.kind == "qemu" else "CT"
        raise failed(f"{text} {name} {other.vmid} already exists on node '{other.node}'")


def _create(call: Call, pool: str | None) -> str:
    site, params, vmid = call.site, call.params, call.params["vmid"]
    options = {name: value for name, value in params.items() if name not in OWN}
    template = None
    if call.kind == "lxc":
        template = _template(call)
        options.setdefault("rootfs", f"{params.get('storage', 'local')}:4")
        options.setdefault("swap", 512)
    check_options(call, list(options), None, pool)
    guest = work_create.blank(site, call.node, vmid, call.kind)
    word = work.word(guest)
    _taken(call, f"unable to create {word} {vmid} -")
    broken: str | None = None
    disks: list[Disk] = []
    for name, value in options.items():
        if is_slot(call.kind, name):
            broken = _add_drive(call, guest, disks, name, str(value)) or broken
        else:
            assign(call, guest, name, value)
    if template is not None:
        guest.extra |= {"ostemplate": template.volid, "arch": "amd64"}
        guest.extra.setdefault("ostype", template.volid.partition("/")[2].partition("-")[0])
        guest.ostype = guest.extra["ostype"]
    work_create.appear(site, guest)
    if broken is not None:
        return work_create.refused(site, guest, call.who.name, f"unable to create {word} {vmid} - {broken}").upid
    if call.kind == "qemu":
        order = [disk.slot for disk in disks if disk.counts] + sorted(n for n in options if n.startswith("net"))
        if order:
            guest.extra.setdefault("boot", f"order={';'.join(order)}")
    start = bool(params.get("start", False))
    return work_create.create(site, guest, call.who.name, disks, pool=pool, start=start).upid


def _template(call: Call) -> Volume:
    """The template of a container. Raises the 500 of one that is not there."""
    volid = call.params["ostemplate"]
    call.find_storage(volid.partition(":")[0])
    found = find_volume(call.site, call.node.name, volid)
    if found is None:
        raise failed(f"volume '{volid}' does not exist")
    return found


def _add_drive(call: Call, guest: Guest, disks: list[Disk], name: str, value: str) -> str | None:
    """Add one drive; the text of what the worker will die of, if something is wrong with it."""
    try:
        disk = drive_from(call, guest, name, value, call.params.get("storage"))
    except Refused as refusal:
        if refusal.status != 500 or "does not exist" not in refusal.reason or refusal.reason.startswith("storage"):
            raise
        return refusal.reason
    if disk is None:
        guest.extra[name] = with_size(call, value)
        return None
    # Two new disks of one storage must not get one name.
    while any(other.volid == disk.volid for other in disks):
        disk.name = _next_name(disk.name)
    disks.append(disk)
    return None


def _next_name(name: str) -> str:
    head, _, tail = name.rpartition("-disk-")
    number, dot, suffix = tail.partition(".")
    return f"{head}-disk-{int(number) + 1}{dot}{suffix}"


def _restore(call: Call, volid: str, pool: str | None, force: bool) -> str:
    site, params, vmid = call.site, call.params, call.params["vmid"]
    word = "VM" if call.kind == "qemu" else "CT"
    text = f"unable to restore {word} {vmid} -"
    for name in params:
        if call.kind == "qemu" and is_slot("qemu", name):
            raise invalid(name, "option conflicts with option 'archive'")
    call.find_storage(volid.partition(":")[0])
    archive = find_volume(site, call.node.name, volid)
    if archive is None or archive.content != "backup":
        raise failed(f"volume '{volid}' does not exist")
    old = site.guests.get(vmid)
    if not force:
        _taken(call, text)
    elif old is not None:
        _overwritable(call, old, text)
    guest = work_create.blank(site, call.node, vmid, call.kind)
    given: dict[str, Any] = {name: value for name, value in params.items() if name not in OWN}
    if old is not None:
        site.destroyed[vmid] = old
        guest.pool = old.pool
    work_create.appear(site, guest)
    start = bool(params.get("start", False))
    task = work_create.restore(site, guest, call.who.name, archive, params.get("storage"), pool=pool, start=start)
    if given:
        moment = site.world.now() + site.world.seconds(9.6)
        site.world.at(moment, lambda _: _assign_all(call, guest, given))
    return task.upid


def _overwritable(call: Call, old: Guest, text: str) -> None:
    """Raise what keeps a guest from being replaced by its archive."""
    if old.kind != call.kind or old.node != call.node.name:
        _taken(call, text)
    if old.lock:
        raise failed(f"{text} {work.locked(old)}")
    if str(old.extra.get("protection", 0)) == "1":
        raise failed(f"{text} protection mode enabled")
    if old.running:
        raise failed(f"{text} {'vm' if old.kind == 'qemu' else 'CT'} is running")


def _assign_all(call: Call, guest: Guest, given: dict[str, Any]) -> None:
    for name, value in given.items():
        assign(call, guest, name, value)
