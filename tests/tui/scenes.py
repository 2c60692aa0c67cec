"""A fleet that always looks the same, with everything in it that a screen has to show."""

from __future__ import annotations

import math

from proxtui.core.model import Fleet, ServerRef, Snapshot, SourceState
from proxtui.pve.models import Guest, ProxmoxNode
from tests.features.fakes import FakeClient
from tests.features.fleets import GIB, container, fleet, node, snapshot, storage, vm

BERLIN = ServerRef("acme", "berlin")
LAB = ServerRef("acme", "lab")
PARIS = ServerRef("zeta", "paris")
NAMES = ("web", "shop", "mail", "db", "cache", "git", "dns", "backup", "monitor", "wiki")
START = 1_795_300_000


def wave(at: float) -> float:
    """0..1, never the same twice in a row, always the same for the same number."""
    return (math.sin(at * 1.7) + math.sin(at * 0.31) + 2) / 4


def guest(at: int) -> Guest:
    """The guest with this number; every kind of state comes up."""
    status = "stopped" if at % 7 == 3 else "paused" if at % 17 == 5 else "running"
    known = {
        "name": f"{NAMES[at % 10]}-{at:02}.example.org" if at % 9 == 4 else f"{NAMES[at % 10]}{at:02}",
        "node": f"pve{at % 3 + 1}",
        "status": status,
        "cpu": wave(at) if status != "stopped" else 0.0,
        "mem": int(wave(at + 3) * 8 * GIB) if status != "stopped" else 0,
        "maxmem": 8 * GIB,
        "uptime": 3_700 * (at + 1) if status != "stopped" else 0,
        "tags": (("prod",) if at % 2 else ()) + (("db",) if at % 5 == 3 else ()),
        "pool": "gold" if at % 4 == 1 else None,
        "lock": "backup" if at % 13 == 6 else None,
        "hastate": "started" if at % 6 == 1 else None,
    }
    if at % 3 == 2:
        return container(200 + at, **known, disk=int(wave(at + 7) * 20 * GIB), maxdisk=20 * GIB)
    return vm(100 + at, **known, template=at % 19 == 11)


def nodes() -> tuple[ProxmoxNode, ...]:
    """Two that work and one that does not."""
    off = ProxmoxNode(node="pve3", status="offline", maxcpu=16, maxmem=64 * GIB)
    return (node("pve1", cpu=0.93), node("pve2", cpu=0.18, mem=50 * GIB), off)


def scene() -> Fleet:
    """Two tenants: a cluster with a dead node, a server that waits, and one that is well."""
    storages = tuple(storage(name, f"pve{at}") for at in (1, 2) for name in ("local", "ceph"))
    berlin = snapshot(BERLIN, tuple(guest(at) for at in range(30)), nodes(), storages)
    paris = snapshot(PARIS, (vm(100, name="boutique", node="pve"),), (node("pve"),), (storage("local", "pve"),))
    return fleet(berlin, Snapshot(LAB, state=SourceState.WAITING), paris)


def client() -> FakeClient:
    """Answers about VM 100 and node pve1 of Berlin."""
    minutes = [START + 60 * at for at in range(70)]
    traffic = [{"netin": 80_000 * wave(at), "netout": 20_000 * wave(at + 9)} for at in range(70)]
    loads = [{"cpu": wave(at / 9), "mem": 3 * GIB + int(wave(at / 20) * GIB), "maxmem": 8 * GIB} for at in range(70)]
    disks = [{"diskread": 5e6 * wave(at / 3), "diskwrite": 1e6 * wave(at)} for at in range(70)]
    parts = zip(minutes, traffic, loads, disks, strict=True)
    history = [{"time": time, **net, **load, **disk} for time, net, load, disk in parts]
    history[-1] = {"time": minutes[-1]}
    node_history = [{**point, "memused": point.get("mem"), "memtotal": 8 * GIB, "loadavg": 2.5} for point in history]
    base, machine = "/nodes/pve1", "/nodes/pve1/qemu/100"
    config = {
        "cores": 4,
        "sockets": 2,
        "cpu": "host",
        "memory": "8192",
        "balloon": 2048,
        "scsi0": "ceph:vm-100-disk-0,size=32G",
        "ide2": "none,media=cdrom",
        "net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=30",
        "ostype": "l26",
        "boot": "order=scsi0;net0",
        "onboot": 1,
        "agent": "enabled=1",
        "tags": "prod;web",
        "description": "The shop's web server.\nAsk team-shop before a restart.",
    }
    status = {
        "loadavg": ["14.93", "9.20", "6.11"],
        "wait": 0.012,
        "memory": {"total": 64 * GIB, "used": 48 * GIB},
        "swap": {"total": 8 * GIB, "used": GIB},
        "rootfs": {"total": 100 * GIB, "used": 10 * GIB},
        "cpuinfo": {"cpus": 16, "sockets": 2, "model": "AMD EPYC 7302"},
        "kversion": "Linux 6.8.12-4-pve",
        "uptime": 90_000,
    }
    return FakeClient(
        **{
            f"{machine}/status/current": {"vmid": 100, "status": "running", "qmpstatus": "running", "uptime": 3_700},
            f"{machine}/config": config,
            f"{machine}/rrddata": history,
            f"{base}/status": status,
            f"{base}/version": {"version": "9.2.11", "release": "9.2"},
            f"{base}/rrddata": node_history,
        }
    )
