"""From state to the rows that PVE answers with: keys and Perl's types as recorded from 8.4 and 9.2."""

from __future__ import annotations

from typing import Any

from proxtui.sim.drives import disks_of, text_of
from proxtui.sim.physics import STILL, Reading
from proxtui.sim.state import MIB, Guest, Node, Storage, digest_of
from proxtui.sim.world import Site

Row = dict[str, Any]
PRESSURES = (
    "pressurecpufull",
    "pressurecpusome",
    "pressureiofull",
    "pressureiosome",
    "pressurememoryfull",
    "pressurememorysome",
)


def reading_at(site: Site, guest: Guest, moment: float) -> Reading:
    return STILL if guest.template else site.world.weather.reading(guest, moment)


def tags_of(site: Site, guest: Guest) -> str | None:
    """``a;b``; 9.x sorts them."""
    if not guest.tags:
        return None
    return ";".join(sorted(guest.tags) if site.modern else guest.tags)


def filesystem(guest: Guest) -> int:
    """The size a running container sees: a little less than its disk."""
    return int(guest.maxdisk * 0.9506) // 4096 * 4096


def guest_report(site: Site, guest: Guest, moment: float) -> Row | None:
    """What pvestatd told the cluster of a guest at ``moment``; None when it did not exist yet."""
    change = guest.power_at(moment)
    if change is None:
        return None
    reading = reading_at(site, guest, moment)
    row: Row = {
        "cpu": reading.cpu,
        "disk": reading.disk,
        "diskread": reading.diskread,
        "diskwrite": reading.diskwrite,
        "maxcpu": guest.cores,
        "maxdisk": filesystem(guest) if guest.kind == "lxc" and change.status == "running" else guest.maxdisk,
        "maxmem": guest.maxmem,
        "mem": reading.mem,
        "name": guest.name,
        "netin": reading.netin,
        "netout": reading.netout,
        "status": change.status,
        "template": int(guest.template),
        "uptime": reading.uptime,
    }
    if site.modern:
        row["memhost"] = int(reading.mem * 1.04) if guest.kind == "qemu" else 0
    return row


def pressure_of(guest: Guest, reading: Reading) -> Row:
    """9.x only. Containers answered with null when this was recorded."""
    if guest.kind == "lxc":
        return dict.fromkeys(PRESSURES)
    some = round(max(0.0, reading.cpu - 0.7) * 20, 2)
    values = (0, some, 0, round(some / 4, 2), 0, 0)
    return dict(zip(PRESSURES, values, strict=True))


def guest_status(site: Site, guest: Guest, now: float, *, reading: Reading | None = None) -> Row:
    """A row of ``/nodes/N/qemu`` or ``/nodes/N/lxc``: the truth of this moment."""
    live = reading or reading_at(site, guest, now)
    row: Row = {
        "vmid": guest.vmid,
        "name": guest.name,
        "status": guest.status,
        "cpu": live.cpu,
        "cpus": guest.cores,
        "disk": live.disk,
        "maxdisk": filesystem(guest) if guest.kind == "lxc" and guest.running else guest.maxdisk,
        "mem": live.mem,
        "maxmem": guest.maxmem,
        "netin": live.netin,
        "netout": live.netout,
        "uptime": live.uptime,
    }
    if guest.kind == "lxc":
        row |= {"type": "lxc", "swap": 0, "maxswap": 512 * MIB if guest.extra.get("swap", 512) else 0}
        row |= {"diskread": live.diskread, "diskwrite": live.diskwrite}
    elif "serial0" in guest.extra:
        row["serial"] = 1
    row |= _marks(site, guest)
    if site.modern and guest.kind == "qemu":
        row["memhost"] = int(live.mem * 1.04)
    if site.modern and guest.running:
        row |= pressure_of(guest, live)
    return row


def _marks(site: Site, guest: Guest) -> Row:
    """What is there only when it is set."""
    row: Row = {}
    tags = tags_of(site, guest)
    if tags:
        row["tags"] = tags
    if guest.running:
        row["pid"] = guest.pid
    if guest.lock:
        row["lock"] = guest.lock
    if guest.template:
        row["template"] = 1
    return row


def guest_current(site: Site, guest: Guest, now: float) -> Row:
    """``status/current``."""
    live = reading_at(site, guest, now)
    row = guest_status(site, guest, now, reading=live)
    row["ha"] = {"managed": 1, "state": guest.ha, "group": ""} if guest.ha else {"managed": 0}
    if guest.kind == "lxc":
        return row
    row["qmpstatus"] = guest.qmpstatus
    if guest.agent:
        row["agent"] = 1
    if guest.running:
        row["nics"] = {f"tap{guest.vmid}i0": {"netin": live.netin, "netout": live.netout}}
        row |= {"diskread": live.diskread, "diskwrite": live.diskwrite}
    return row


def guest_config(site: Site, guest: Guest, *, current: bool = False) -> Row:
    """``config``: what is set; pending values are merged in unless ``current``."""
    row = base_config(guest) | guest.extra
    row |= {disk.slot: text_of(disk) for disk in disks_of(site, guest)}
    for key, value in (
        ("description", guest.description),
        ("tags", tags_of(site, guest)),
        ("lock", guest.lock),
        ("parent", guest.parent),
    ):
        if value is not None:
            row[key] = value
    if guest.onboot:
        row["onboot"] = 1
    if guest.template:
        row["template"] = 1
    row["digest"] = digest_of(row | {"[PENDING]": guest.pending, "delete": guest.dropped} | _sections(guest))
    if current:
        return row
    return {key: value for key, value in (row | guest.pending).items() if key not in guest.dropped}


def _sections(guest: Guest) -> Row:
    """What stands in the file of a guest below its configuration of now: each snapshot has a section."""
    return {
        f"[{one.name}]": {"description": one.description, "parent": one.parent, "snaptime": int(one.time)}
        for one in guest.snapshots
    }


def base_config(guest: Guest) -> Row:
    """What follows from the fields of a guest; little where its configuration is its own."""
    if guest.disks is None:
        return _qemu_config(guest) if guest.kind == "qemu" else _lxc_config(guest)
    if guest.kind == "lxc":
        return {"hostname": guest.name, "cores": guest.cores, "memory": guest.maxmem // MIB}
    # A machine that was given no name has none in its configuration; lists call it after its number.
    name = {} if guest.name == f"VM {guest.vmid}" else {"name": guest.name}
    return name | {"cores": guest.cores, "memory": str(guest.maxmem // MIB)}


def _qemu_config(guest: Guest) -> Row:
    vlan = f",tag={guest.vlan}" if guest.vlan else ""
    row: Row = {
        "name": guest.name,
        "boot": "order=scsi0;net0",
        "cores": guest.cores,
        "sockets": 1,
        "cpu": "x86-64-v2-AES",
        "numa": 0,
        "memory": str(guest.maxmem // MIB),
        "ostype": guest.ostype,
        "scsihw": "virtio-scsi-single",
        "net0": f"virtio={guest.mac},bridge=vmbr0,firewall=1{vlan}",
        "meta": f"creation-qemu=9.2.0,ctime={int(guest.created)}",
        "smbios1": f"uuid={guest.uuid}",
        "vmgenid": guest.uuid[::-1].replace("-", "")[:8] + guest.uuid[8:],
    }
    if guest.agent:
        row["agent"] = "enabled=1"
    return row


def _lxc_config(guest: Guest) -> Row:
    vlan = f",tag={guest.vlan}" if guest.vlan else ""
    return {
        "hostname": guest.name,
        "arch": "amd64",
        "cores": guest.cores,
        "memory": guest.maxmem // MIB,
        "swap": 512,
        "ostype": guest.ostype,
        "unprivileged": 1,
        "features": "nesting=1",
        "net0": f"name=eth0,bridge=vmbr0,hwaddr={guest.mac},ip=dhcp{vlan},type=veth",
    }


def node_load(site: Site, node: Node, moment: float) -> tuple[float, int]:
    """Share of the CPUs and bytes of memory that a node uses at ``moment``: its guests and itself."""
    weather = site.world.weather
    cores, memory = weather.cpu(node.load, moment) * node.cpus, node.load.memory * node.maxmem
    for guest in site.held_by(node.name):
        if guest.template:
            continue
        start = guest.started_at(moment)
        if start is not None:
            cores += weather.cpu(guest.load, moment) * guest.cores * 0.85
            memory += guest.maxmem * weather.memory(guest.load, moment, moment - start)
    return min(0.999, cores / node.cpus), min(int(node.maxmem * 0.98), int(memory))


def node_root(node: Node) -> int:
    """Bytes in use on the root file system."""
    return int(node.rootfs * (0.11 + 0.05 * (node.nodeid % 4)))


def node_report(site: Site, node: Node, moment: float) -> Row:
    """What pvestatd told the cluster of a node at ``moment``."""
    cpu, mem = node_load(site, node, moment)
    return {
        "cpu": cpu,
        "mem": mem,
        "disk": node_root(node),
        "uptime": int(moment - node.booted),
        "maxcpu": node.cpus,
        "maxmem": node.maxmem,
        "maxdisk": node.rootfs,
    }


def reported(site: Site, node: Node, moment: float) -> Row:
    """The node's report of ``moment``, computed once."""
    key = ("report", node.name)
    known = site.world_cache.get(key)
    if known is None or known[0] != moment:
        known = site.world_cache[key] = (moment, node_report(site, node, moment))
    return dict(known[1])


def storage_state(site: Site, storage: Storage, node: Node, now: float) -> Row:
    """``total``, ``used``, ``avail`` of a storage on a node."""
    if not storage.active:
        return {"total": 0, "used": 0, "avail": 0}
    used = site.used(storage, node.name, now)
    return {"total": storage.total, "used": used, "avail": storage.total - used}
