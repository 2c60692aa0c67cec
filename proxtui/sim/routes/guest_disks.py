"""Disks of one guest: resize, move, unlink; and what may be done with them."""

from __future__ import annotations

from proxtui.sim import work, work_disks, work_snapshots
from proxtui.sim.api import Call, failed, invalid
from proxtui.sim.drives import disks_of, find, is_slot, own, parse_size, settle
from proxtui.sim.routes.config import unset
from proxtui.sim.routes.guests import guest_or_task, writable
from proxtui.sim.state import Disk, Guest
from proxtui.sim.views import Row, guest_config

MODIFIED = "detected modified configuration - file changed by other user? Try again."


def resize(call: Call) -> str:
    """A machine's task finds out what is wrong; with a container it is said at once."""
    call.root_only("skiplock")
    slot, text = _slot(call, "disk"), call.params["size"]
    guest = guest_or_task(call, "resize") if call.kind == "qemu" else call.guest
    if isinstance(guest, str):
        return guest
    disk = find(call.site, guest, slot)
    size = parse_size(text.lstrip("+")) + (disk.size if disk and text.startswith("+") else 0)
    if guest.kind == "lxc":
        call.unlocked(guest)
        _same(call, guest)
        if disk is None:
            raise failed(f"unable to parse volume of '{slot}'")
        if size < disk.size:
            raise failed("unable to shrink disk size")
        if size == disk.size:
            raise failed("disk is already at specified size")
        return work_disks.resize(call.site, guest, call.who.name, slot, size).upid
    fails = _why_not(call, guest, disk, slot, size)
    return work_disks.resize(call.site, guest, call.who.name, slot, size, fails=fails).upid


def _why_not(call: Call, guest: Guest, disk: Disk | None, slot: str, size: int) -> str | None:
    digest = call.params.get("digest")
    if digest and digest != guest_config(call.site, guest, current=True)["digest"]:
        return "checksum missmatch (file change by other user?)"
    if guest.lock:
        return work.locked(guest)
    if disk is None and slot in guest.extra:
        return "you can't resize a cdrom"
    if disk is None:
        return f"disk '{slot}' does not exist"
    if "media=cdrom" in disk.options:
        return "you can't resize a cdrom"
    return "shrinking disks is not supported" if size < disk.size else None


def _slot(call: Call, name: str) -> str:
    """A slot of this kind of guest. Raises the 400 of a name that is none."""
    slot = str(call.params[name])
    if not is_slot(call.kind, slot):
        names = "ide0, ide1, ide2, ide3, scsi0, scsi1" if call.kind == "qemu" else "rootfs, mp0, mp1, mp2"
        raise invalid(name, f"value '{slot}' does not have a value in the enumeration '{names}, ...'")
    return slot


def _same(call: Call, guest: Guest, name: str = "digest") -> None:
    digest = call.params.get(name)
    if digest and digest != guest_config(call.site, guest, current=True)["digest"]:
        raise failed(MODIFIED)


def move(call: Call) -> str:
    """``move_disk`` and ``move_volume``: to another storage, or to another guest."""
    machine = call.kind == "qemu"
    slot = _slot(call, "disk" if machine else "volume")
    storage, other = call.params.get("storage"), call.params.get("target-vmid")
    if storage and other:
        raise failed("either set storage or target-vmid, but not both")
    if other is not None:
        return _reassign(call, slot, other)
    if storage is None:
        what = "'storage' or 'target-vmid' option must be set"
        raise invalid("target-vmid" if machine else "storage", what)
    guest = call.guest
    call.unlocked(guest)
    if not machine and guest.running:
        raise failed("cannot move volumes of a running container")
    _same(call, guest)
    disk = _movable(call, guest, slot)
    call.require(f"/storage/{storage}", "Datastore.AllocateSpace")
    call.find_storage(storage)
    form, old = call.params.get("format"), disk.name.rpartition(".")[2]
    if machine and disk.storage == storage and (not form or form == old or "." not in disk.name):
        raise failed("you can't move to the same storage with same format")
    delete = bool(call.params.get("delete", False))
    if delete and guest.snapshots:
        raise failed(f"you can't move a {'disk' if machine else 'volume'} with snapshots and delete the source")
    return work_disks.move(call.site, guest, call.who.name, disk, storage, form=form, delete=delete).upid


def _movable(call: Call, guest: Guest, slot: str) -> Disk:
    disk = find(call.site, guest, slot)
    if disk is not None and "media=cdrom" not in disk.options:
        return disk
    if disk is not None or slot in guest.extra:
        raise failed("you can't move a cdrom")
    raise failed(f"{'disk' if guest.kind == 'qemu' else 'volume'} '{slot}' does not exist")


def _reassign(call: Call, slot: str, number: int) -> str:
    guest = call.guest
    word = work.word(guest)
    other = call.site.guest_on(call.node.name, call.kind, number)
    if other is None:
        raise failed(f"could not find {word} {number}")
    call.require(f"/vms/{number}", "VM.Config.Disk")
    call.unlocked(guest)
    call.unlocked(other)
    if guest.template or other.template:
        raise failed(f"Can't move {'disks' if word == 'VM' else 'volumes'} from or to template {word}")
    disk = _movable(call, guest, slot)
    there = str(call.params.get("target-disk") or call.params.get("target-volume") or slot)
    if find(call.site, other, there) is not None or there in other.extra:
        what = "disk" if word == "VM" else "volume"
        raise failed(f"Target {what} key '{there}' is already in use for {word} '{number}'")
    return work_disks.reassign(call.site, guest, call.who.name, disk, other, there).upid


def unlink(call: Call) -> None:
    """Take disks off their slots; with ``force`` their volumes go too."""
    guest = call.guest
    writable(call)
    call.unlocked(guest)
    names = [name for name in call.params["idlist"].replace(";", ",").split(",") if name]
    own(call.site, guest)
    for name in names:
        if not is_slot("qemu", name):
            raise invalid("idlist", f"invalid format - invalid configuration ID '{name}'\n")
    for name in names:
        unset(call, guest, name, bool(call.params.get("force", False)))
    settle(guest)
    call.site.changed()


def feature(call: Call) -> Row:
    """Whether a guest can be snapshot, cloned (linked) or copied, and on which nodes."""
    guest, site = call.guest, call.site
    wanted = call.params["feature"]
    able = {
        "snapshot": work_snapshots.snapshots_possible(site, guest),
        "clone": guest.template or "snapname" in call.params,
        "copy": True,
    }[wanted]
    row: Row = {"hasFeature": int(able)}
    if guest.kind == "qemu":
        shared = all(site.storages[disk.storage].shared for disk in disks_of(site, guest))
        row["nodes"] = list(site.nodes) if shared else [guest.node]
    return row


CLOUDINIT = ("cicustom", "cipassword", "ciuser", "ciupgrade", "citype", "nameserver", "searchdomain", "sshkeys", "name")


def cloudinit_pending(call: Call) -> list[Row]:
    """The options that cloud-init reads."""
    guest = call.guest
    values = guest_config(call.site, guest, current=True)
    names = [name for name in values if name in CLOUDINIT or name.startswith("ipconfig")]
    return [{"key": name, "value": values[name]} for name in names]


def cloudinit_regenerate(call: Call) -> None:
    guest = call.guest
    call.unlocked(guest)
    if all("cloudinit" not in disk.name for disk in disks_of(call.site, guest)):
        raise failed("no cloudinit drive found")
