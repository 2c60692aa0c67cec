"""``config``: what may be written into the configuration of a guest, and what becomes of it."""

from __future__ import annotations

import re
from typing import Any

from proxtui.sim import work
from proxtui.sim.api import Call, Refused, failed, invalid
from proxtui.sim.drives import (
    allocate,
    cloudinit,
    disks_of,
    find,
    find_volume,
    is_slot,
    options_of,
    own,
    retire,
    settle,
    size_text,
)
from proxtui.sim.routes.guests import writable
from proxtui.sim.routes.params import CONFIG, LXC_MORE, QEMU_MORE
from proxtui.sim.state import GIB, MIB, Disk, Guest, agent_on
from proxtui.sim.views import guest_config
from proxtui.sim.work_create import mac

NEW_DISK = re.compile(r"([^/:\s]+):(\d+(?:\.\d+)?)")
WAITING = re.compile(
    r"cores|sockets|vcpus|memory|cpu|bios|machine|ostype|scsihw|vga|numa\d*|agent|kvm|acpi|args|boot|localtime|smbios1|"
    r"(serial|hostpci)\d+|efidisk0|rng0|watchdog|audio0|tablet"
)
"""What a running machine takes up at its next start."""
LXC_WAITING = re.compile(r"features|tty|console|cmode|arch|ostype|debug|unprivileged")
PRIVILEGES = (
    ("VM.Config.CPU", re.compile(r"cores|cpu|cpulimit|cpuunits|numa\d*|sockets|vcpus|affinity")),
    ("VM.Config.Memory", re.compile(r"memory|balloon|shares|swap")),
    ("VM.Config.Network", re.compile(r"(net|ipconfig)\d+|hostname|nameserver|searchdomain")),
    ("VM.Config.Cloudinit", re.compile(r"cicustom|cipassword|citype|ciupgrade|ciuser|sshkeys")),
    (
        "VM.Config.HWType",
        re.compile(r"acpi|hotplug|kvm|machine|scsihw|smbios1|tablet|vga|watchdog|audio0|(serial|usb)\d+"),
    ),
    ("VM.Config.Disk", re.compile(r"boot|bootdisk|vmstatestorage|rootfs|mp\d+")),
)
ROOT_ONLY = ("args", "lock", "hookscript")


def put_config(call: Call) -> None:
    """Change the configuration; a wrong digest or a lock is a 500."""
    changes, gone, revert = prepare(call)
    apply(call, call.guest, changes, gone, revert)


def post_config(call: Call) -> str:
    """The same, as a task."""
    guest = call.guest
    changes, gone, revert = prepare(call)
    words = [f"-{name} {value}" for name, value in changes.items()] + [f"-delete {name}" for name in gone]
    apply(call, guest, changes, gone, revert)
    steps: list[work.Step] = [(0.05, f"update VM {guest.vmid}: {' '.join(words)}")]
    return work.begin(call.site, call.node, "qmconfig", str(guest.vmid), call.who.name, seconds=0.3, steps=steps).upid


def prepare(call: Call) -> tuple[dict[str, Any], list[str], list[str]]:
    """What is to be set, deleted and reverted. Raises everything that PVE refuses beforehand."""
    given = dict(call.params)
    call.root_only("skiplock")
    given.pop("background_delay", None)
    skip, digest = given.pop("skiplock", False), given.pop("digest", None)
    given.pop("force", None)
    gone, revert = _names(given.pop("delete", "")), _names(given.pop("revert", ""))
    if not given and not gone and not revert:
        raise failed("no options specified")
    _check_names(call, given, "delete", gone)
    _check_names(call, given, "revert", revert)
    check_options(call, [*given, *gone, *revert], call.guest)
    writable(call)
    guest = call.guest
    if digest and digest != guest_config(call.site, guest, current=True)["digest"]:
        if guest.kind == "qemu":
            raise failed("checksum mismatch (file change by other user?)")
        raise failed("detected modified configuration - file changed by other user? Try again.")
    if not skip:
        call.unlocked(guest)
    return given, gone, revert


def _names(text: object) -> list[str]:
    return [name for name in re.split(r"[,; ]+", str(text)) if name]


def _check_names(call: Call, given: dict[str, Any], word: str, names: list[str]) -> None:
    """Options that are to go must be known, and not be set in the same breath."""
    more = QEMU_MORE if call.kind == "qemu" else LXC_MORE
    for name in names:
        known = (
            name in CONFIG[call.kind]
            or more.fullmatch(name)
            or is_slot(call.kind, name)
            or name in ("template", "parent", "vmstate")
        )
        if not known:
            raise invalid(word, f"unknown option '{name}'")
        if name in given:
            raise invalid(word, f"you can't use '-{name}' and -{word} {name}' at the same time")
        if call.kind == "lxc" and word == "delete" and name in ("hostname", "memory", "rootfs"):
            raise invalid(word, f"unable to delete required option '{name}'")


def check_options(call: Call, names: list[str], guest: Guest | None, pool: str | None = None) -> None:
    """Each option needs a privilege of its own. Raises a 403, or the 500 of what only root may set."""
    if call.root:
        return
    vmid = guest.vmid if guest is not None else int(call.params["vmid"])
    paths = [f"/vms/{vmid}"] + ([f"/pool/{pool}"] if pool else [])
    for name in names:
        if name in ROOT_ONLY and not (name == "hookscript" and call.kind == "lxc"):
            raise failed(f"only root can set '{name}' config")
        wanted: tuple[str, ...]
        if is_slot(call.kind, name) and call.kind == "qemu":
            wanted = ("VM.Config.CDROM",) if "cdrom" in str(call.params.get(name, "")) else ("VM.Config.Disk",)
        else:
            wanted = tuple(privilege for privilege, pattern in PRIVILEGES if pattern.fullmatch(name))
            if wanted == ("VM.Config.Cloudinit",):
                wanted = ("VM.Config.Cloudinit", "VM.Config.Network")
        wanted = wanted or ("VM.Config.Options",)
        if not any(call.may(path, *wanted) for path in paths):
            call.require(paths[0], *wanted)


def apply(call: Call, guest: Guest, changes: dict[str, Any], gone: list[str], revert: list[str]) -> None:
    """Carry it out. Raises for disks that cannot be had; the rest was checked before."""
    own(call.site, guest)
    made = {
        name: drive_from(call, guest, name, str(value)) for name, value in changes.items() if is_slot(guest.kind, name)
    }
    for name in revert:
        guest.pending.pop(name, None)
        guest.dropped = [other for other in guest.dropped if other != name]
    for name in gone:
        unset(call, guest, name)
    for name, value in changes.items():
        if name in made:
            put_drive(guest, name, made[name], str(value))
        else:
            assign(call, guest, name, value)
    settle(guest)
    call.site.changed()


def unset(call: Call, guest: Guest, name: str, force: bool = False) -> None:
    """Delete an option; a disk becomes unused first, an unused one is gone for good."""
    disk = find(call.site, guest, name)
    if disk is not None and guest.disks is not None:
        if force or name.startswith("unused") or "media=cdrom" in disk.options:
            guest.disks.remove(disk)
        else:
            retire(guest, disk)
    elif name == "description":
        guest.description = None
    elif name == "tags":
        guest.tags = []
    elif name == "onboot":
        guest.onboot = False
    elif name == "lock":
        guest.lock = None
    elif _waits(guest, name) and name in guest.extra:
        guest.pending.pop(name, None)
        guest.dropped = [*[other for other in guest.dropped if other != name], name]
    else:
        guest.pending.pop(name, None)
        guest.extra.pop(name, None)
        if name == "agent":
            guest.agent = False
        elif name == "cores":
            guest.cores = 1


def _waits(guest: Guest, name: str) -> bool:
    pattern = WAITING if guest.kind == "qemu" else LXC_WAITING
    return guest.running and pattern.fullmatch(name) is not None


def assign(call: Call, guest: Guest, name: str, value: Any) -> None:
    """Set one option, at once or at the next start."""
    value = int(value) if isinstance(value, bool) else value
    if name == "description":
        guest.description = str(value)
    elif name == "tags":
        guest.tags = [tag for tag in re.split(r"[,; ]+", str(value)) if tag]
    elif name in ("name", "hostname"):
        guest.name = str(value)
    elif name == "onboot":
        guest.onboot = bool(value)
    elif name == "lock":
        guest.lock = str(value)
    elif _waits(guest, name):
        guest.pending[name] = str(value) if name == "memory" else value
    elif name == "cores":
        guest.cores = int(value)
    elif name == "memory":
        guest.maxmem = int(value) * MIB
    else:
        _extra(call, guest, name, value)


def _extra(call: Call, guest: Guest, name: str, value: Any) -> None:
    if name == "agent":
        guest.agent = agent_on(value)
    elif name == "ostype":
        guest.ostype = str(value)
    elif name == "cipassword":
        value = "**********"
    elif re.fullmatch(r"net\d+", name):
        value = network(call, guest, str(value))
    guest.extra[name] = value


def network(call: Call, guest: Guest, value: str) -> str:
    """The network with an address in it, where none was given."""
    if re.search(r"([0-9A-Fa-f]{2}:){5}", value):
        return value
    if guest.kind == "qemu":
        model, comma, rest = value.partition(",")
        return f"{model.removeprefix('model=')}={mac(call.site)}{comma}{rest}"
    return f"{value},hwaddr={mac(call.site)},type=veth"


def drive_from(call: Call, guest: Guest, slot: str, value: str, storage: str | None = None) -> Disk | None:
    """The disk that a value means; None for a drive without a volume of its own. Raises what PVE refuses."""
    site = call.site
    volume, options = options_of(value)
    match = NEW_DISK.fullmatch(volume) or (re.fullmatch(r"()(\d+(?:\.\d+)?)", volume) if storage else None)
    kept = ",".join(f"{key}={item}" for key, item in options.items() if key not in ("size", "format", "import-from"))
    if volume.endswith(":cloudinit") and guest.kind == "qemu":
        return cloudinit(site, guest, slot, _room(call, volume.partition(":")[0], "images"))
    if match is not None and "cdrom" not in value:
        where = _room(call, match[1] or str(storage), "images" if guest.kind == "qemu" else "rootdir")
        size = int(float(match[2]) * GIB) or _imported(call, options.get("import-from"))
        return allocate(site, guest, slot, where, size, form=options.get("format"), options=kept)
    if volume in ("none", "cdrom") or "media=cdrom" in value:
        if ":" in volume and find_volume(site, call.node.name, volume) is None:
            raise failed(f"volume '{volume}' does not exist")
        return None
    known = next((disk for disk in disks_of(site, guest) if disk.volid == volume), None)
    if known is None:
        raise failed(f"volume '{volume}' does not exist")
    return Disk(slot, known.storage, known.name, known.size, known.format, kept)


def _imported(call: Call, source: object) -> int:
    found = find_volume(call.site, call.node.name, str(source)) if source else None
    return found.size if found else 4 * MIB


def _room(call: Call, name: str, content: str) -> str:
    """A storage for new volumes. Raises the refusal of one that may not, or cannot, hold them."""
    call.require(f"/storage/{name}", "Datastore.AllocateSpace")
    storage = call.site.storages.get(name)
    if storage is None:
        raise failed(f"storage '{name}' does not exist")
    if content not in storage.content.split(","):
        text = "vm images" if content == "images" else "container directories"
        raise Refused(
            400, "Parameter verification failed.", errors={"storage": f"storage '{name}' does not support {text}"}
        )
    call.find_storage(name)
    return name


def put_drive(guest: Guest, slot: str, disk: Disk | None, value: str) -> None:
    """Put a disk, or a drive for discs, onto its slot; what was there becomes unused."""
    disks = guest.disks if guest.disks is not None else []
    old = next((other for other in disks if other.slot == slot), None)
    guest.extra.pop(slot, None)
    if disk is None:
        guest.extra[slot] = value
    else:
        same = next((other for other in disks if other.volid == disk.volid), None)
        if same is not None:
            disks.remove(same)
        disks.append(disk)
    if old is not None and (disk is None or old.volid != disk.volid) and old in disks:
        if "media=cdrom" in old.options:
            disks.remove(old)
        else:
            retire(guest, old)


def with_size(call: Call, value: str) -> str:
    """A disc's value with the size of its image, as PVE writes it."""
    volume, options = options_of(value)
    found = find_volume(call.site, call.node.name, volume)
    return f"{value},size={size_text(found.size)}" if found and "size" not in options else value
