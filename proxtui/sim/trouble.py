"""Carrying out the faults of the world, and mending them."""

from __future__ import annotations

import fnmatch
import hashlib

from proxtui.sim.faults import Fault
from proxtui.sim.work import release
from proxtui.sim.world import Site, World


def cause(world: World, fault: Fault) -> None:
    """Make it so. Raises ValueError when the fault names something that is not there."""
    sites = sites_of(world, fault)
    now = world.now()
    for site in sites:
        if fault.kind == "no-quorum":
            site.quorum_lost_since = now
        elif fault.kind == "hostile":
            site.hostile = True
        elif fault.kind == "expire-tickets":
            site.key = hashlib.sha256(site.key).digest()
        elif fault.kind == "revoke-token" and site.announced is not None:
            site.tokens.pop(site.announced.full, None)
    if fault.kind == "node-offline":
        _offline(sites, fault, now)
    elif fault.kind == "lock":
        _lock(sites, fault, fault.lock)


def mend(world: World, fault: Fault) -> None:
    """Undo it, as far as it can be undone."""
    for site in sites_of(world, fault):
        if fault.kind == "task-hang":
            for task in site.tasks:
                if task.held is not None and task.held[0] == fault.id:
                    release(site, task)
        elif fault.kind == "no-quorum":
            site.quorum_lost_since = None
        elif fault.kind == "hostile":
            site.hostile = False
        elif fault.kind == "revoke-token" and site.announced is not None:
            site.tokens[site.announced.full] = site.announced
        elif fault.kind == "node-offline" and fault.node in site.nodes:
            site.nodes[fault.node].offline_since = None
        elif fault.kind == "lock" and fault.vmid in site.guests:
            site.guests[fault.vmid].lock = None
        site.changed()


def sites_of(world: World, fault: Fault) -> list[Site]:
    """The sites that a fault is about. Raises ValueError when there is none."""
    found = [site for site in world.sites.values() if fnmatch.fnmatchcase(site.name, fault.server)]
    if not found:
        raise ValueError(f"there is no server {fault.server!r}; there are: {', '.join(world.sites)}")
    return found


def _offline(sites: list[Site], fault: Fault, now: float) -> None:
    nodes = [site.nodes[fault.node] for site in sites if fault.node in site.nodes]
    if not nodes:
        raise ValueError(f"there is no node {fault.node!r} on {', '.join(site.name for site in sites)}")
    for node in nodes:
        node.offline_since = now
        node.silence = fault.ms / 1000
        node.unreachable = fault.reason or "No route to host"
    for site in sites:
        site.changed()


def _lock(sites: list[Site], fault: Fault, text: str) -> None:
    guests = [site.guests[fault.vmid] for site in sites if fault.vmid in site.guests]
    if not guests:
        raise ValueError(f"there is no guest {fault.vmid} on {', '.join(site.name for site in sites)}")
    for guest in guests:
        guest.lock = text
