"""Snapshots, pending changes, firewall and interfaces of a guest, out of rows that may be wrong in any way."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_address

import msgspec

from proxtui.pve.fields import Row, objects, rows_of
from proxtui.pve.listing import Listing
from proxtui.pve.models_guest import FirewallState, GuestInterface, GuestSnapshot, PendingChange
from proxtui.pve.validators import InputValidator

NOW = "current"
"""What PVE calls the state of now in a list of snapshots."""
_SNAPSHOT = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


def snapshots_of(data: object, where: str) -> Listing[GuestSnapshot]:
    """The list of ``/snapshot``, oldest first, without its pseudo entry ``current``, whose parent is marked."""
    rows = list(objects(rows_of(data, where)))
    now = next((row for row in rows if row is not None and row.text("name") == NOW), Row({}))
    real = [row for row in rows if row is None or row.text("name") != NOW]
    found = [_snapshot(row) if row is not None else None for row in real]
    parent = now.text("parent")
    kept = [
        msgspec.structs.replace(snapshot, is_current=snapshot.name == parent)
        for snapshot in found
        if snapshot is not None
    ]
    kept.sort(key=lambda snapshot: (snapshot.snaptime or 0, snapshot.name))
    return Listing(tuple(kept), invalid=len(found) - len(kept))


def _snapshot(row: Row) -> GuestSnapshot | None:
    name = row.text("name")
    if name is None or not _SNAPSHOT.fullmatch(name):
        return None
    return GuestSnapshot(
        name=name,
        description=row.prose("description"),
        snaptime=row.moment("snaptime"),
        vmstate=row.flag("vmstate"),
        parent=row.text("parent"),
    )


def pending_of(row: Row) -> PendingChange | None:
    """A line of ``/pending``, whether it changes or not."""
    key = row.text("key")
    if key is None:
        return None
    # 2 is a removal by force.
    delete = bool(row.integer("delete"))
    return PendingChange(key=key, value=row.prose("value"), pending=row.prose("pending"), delete=delete)


def is_change(change: PendingChange) -> bool:
    """PVE lists every option; most of them stay as they are."""
    return change.delete or change.pending is not None


def firewall_of(options: Row, rules: list[Row | None]) -> FirewallState:
    """The options of a guest's firewall, and its rules counted."""
    return FirewallState(
        # Absent is PVE's way to say no here.
        enabled=options.flag("enable") or False,
        policy_in=options.text("policy_in"),
        policy_out=options.text("policy_out"),
        macfilter=options.flag("macfilter"),
        ipfilter=options.flag("ipfilter"),
        dhcp=options.flag("dhcp"),
        log_level_in=options.text("log_level_in"),
        log_level_out=options.text("log_level_out"),
        rules=len(rules),
        active_rules=sum(1 for rule in rules if rule is not None and rule.flag("enable")),
    )


def interface_of(row: Row) -> GuestInterface | None:
    """An interface, as LXC and as the guest agent tell it."""
    name = row.text("name")
    if name is None:
        return None
    listed = [Row(item) for item in row.items("ip-addresses") if isinstance(item, dict)]
    networks = [_network(item.text("ip-address"), item.text("prefix")) for item in listed]
    if not networks:
        # 8.0 and older know no list of a container's addresses.
        networks = [_network(*(row.text(key) or "").split("/", 1)) for key in ("inet", "inet6")]
    kept = tuple(dict.fromkeys(network for network in networks if network is not None))
    return GuestInterface(
        name=name,
        mac=row.text("hardware-address") or row.text("hwaddr"),
        addresses=tuple(dict.fromkeys(network.partition("/")[0] for network in kept)),
        networks=kept,
    )


def reachable(interfaces: Iterable[GuestInterface]) -> tuple[str, ...]:
    """The addresses of all of them at which somebody else could ask: no loopback, no link-local; IPv4 first."""
    every = dict.fromkeys(address for interface in interfaces for address in interface.addresses)
    kept = [ip_address(address) for address in every]
    kept = [address for address in kept if not (address.is_loopback or address.is_link_local)]
    return tuple(str(address) for address in sorted(kept, key=lambda address: address.version))


def _network(address: str | None, prefix: str | None = None) -> str | None:
    # Windows names the interface behind a percent sign.
    plain = (address or "").partition("%")[0]
    if not InputValidator.validate_ip_address(plain):
        return None
    return f"{plain}/{prefix}" if prefix is not None and prefix.isascii() and prefix.isdigit() else plain
