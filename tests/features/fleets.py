"""Small fleets made by hand, for tests of rows and screens."""

from __future__ import annotations

from typing import Any

from proxtui.core.model import Fleet, GuestKey, NodeKey, ServerRef, Snapshot, SourceState, StorageKey
from proxtui.pve.models import Guest, ProxmoxContainer, ProxmoxNode, ProxmoxStorage, ProxmoxVM

GIB = 1024**3
NOW = 1000.0
ACME = ServerRef("acme", "berlin")
ZETA = ServerRef("zeta", "paris")


def vm(vmid: int, **known: Any) -> ProxmoxVM:
    """A VM of which everything is known, but for what ``known`` says otherwise."""
    usual = {
        "node": "pve1",
        "status": "running",
        "name": f"vm{vmid}",
        "cpu": 0.25,
        "maxcpu": 4,
        "mem": 1 * GIB,
        "maxmem": 4 * GIB,
        "maxdisk": 32 * GIB,
        "uptime": 7_500,
        "template": False,
    }
    return ProxmoxVM(vmid=vmid, **{**usual, **known})


def container(vmid: int, **known: Any) -> ProxmoxContainer:
    """A container of which everything is known, but for what ``known`` says otherwise."""
    usual = {"node": "pve1", "status": "running", "name": f"ct{vmid}", "cpu": 0.01, "maxcpu": 1, "uptime": 90}
    sizes = {"mem": GIB // 4, "maxmem": GIB, "disk": 2 * GIB, "maxdisk": 8 * GIB}
    return ProxmoxContainer(vmid=vmid, **{**usual, **sizes, **known})


def node(name: str, **known: Any) -> ProxmoxNode:
    """A node that is online, but for what ``known`` says otherwise."""
    usual = {"status": "online", "cpu": 0.5, "maxcpu": 16, "uptime": 90_000}
    sizes = {"mem": 48 * GIB, "maxmem": 64 * GIB, "disk": 10 * GIB, "maxdisk": 100 * GIB}
    return ProxmoxNode(node=name, **{**usual, **sizes, **known})


def storage(name: str, on: str = "pve1", **known: Any) -> ProxmoxStorage:
    """A storage that is 64 % full."""
    return ProxmoxStorage(storage=name, **{"node": on, "used": 64 * GIB, "total": 100 * GIB, **known})


def snapshot(
    ref: ServerRef = ACME,
    guests: tuple[Guest, ...] = (),
    nodes: tuple[ProxmoxNode, ...] = (),
    storages: tuple[ProxmoxStorage, ...] = (),
    **known: Any,
) -> Snapshot:
    """A fresh snapshot that is two seconds old, but for what ``known`` says otherwise."""
    return Snapshot(
        ref,
        **{"state": SourceState.FRESH, "taken_at": NOW - 2, **known},
        guests={GuestKey(*ref, guest.type, guest.vmid): guest for guest in guests},
        nodes={NodeKey(*ref, one.node): one for one in nodes},
        storages={StorageKey(*ref, one.node or "", one.storage): one for one in storages},
    )


def fleet(*snapshots: Snapshot, now: float = NOW) -> Fleet:
    """A fleet at ``NOW``."""
    return Fleet(snapshots, now)


def two_tenants() -> Fleet:
    """Two tenants that both have a VM 100 on a node ``pve1``."""
    berlin = snapshot(
        ACME,
        (
            vm(100, name="web1", tags=("prod", "web")),
            vm(101, node="pve2", status="stopped"),
            container(200, name="dns"),
        ),
        (node("pve1"), node("pve2")),
        (storage("local"), storage("local", "pve2")),
    )
    paris = snapshot(ZETA, (vm(100, name="shop"),), (node("pve1"),), (storage("local"),))
    return fleet(berlin, paris)
