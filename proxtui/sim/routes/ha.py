"""``/cluster/ha``: what the HA managers watch over."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator

from proxtui.sim.api import Call, failed
from proxtui.sim.policy import HaGroup
from proxtui.sim.state import Guest, Node
from proxtui.sim.views import Row
from proxtui.sim.world import Site

DEAD_AFTER = 30.0
"""Seconds after which a manager's last sign of life counts as old."""
FENCED_AFTER = 60.0
"""Seconds until the others begin to fence a node that went away."""


def index(call: Call) -> list[Row]:
    names = ("status", "resources", "groups", "rules") if call.site.modern else ("status", "resources", "groups")
    return [{"id": name} for name in names]


def sid(guest: Guest) -> str:
    return f"{'vm' if guest.kind == 'qemu' else 'ct'}:{guest.vmid}"


def managed(call: Call) -> list[Guest]:
    return sorted((guest for guest in call.site.guests.values() if guest.ha), key=sid)


def state_of(call: Call, guest: Guest) -> str:
    """The manager's state of a service; a node that went away is fenced first."""
    node = call.site.nodes[guest.node]
    if node.offline_since is not None and call.now - node.offline_since > FENCED_AFTER and call.site.quorate:
        return "fence"
    return guest.ha or "ignored"


def wish_of(guest: Guest) -> str:
    """What HA was asked to make of a guest."""
    return guest.ha if guest.ha in ("stopped", "disabled", "ignored") else "started"


def _seen(call: Call, node: Node) -> float:
    """The manager's last sign of life on a node."""
    ends = [moment for moment in (node.offline_since, call.site.quorum_lost_since) if moment is not None]
    return min([call.now - call.now % 5, *ends])


def _stamp(call: Call, name: str, moment: float, word: str) -> str:
    word = "old timestamp - dead?" if call.now - moment > DEAD_AFTER else word
    return f"{name} ({word}, {time.asctime(time.gmtime(moment))})"


def current(call: Call) -> list[Row]:
    """``status/current``: quorum, the managers, and every service."""
    site, entry = call.site, call.site.entry
    guests = managed(call)
    text = "OK" if site.quorate else "No quorum!"
    quorum: Row = {"id": "quorum", "type": "quorum", "node": entry.name, "status": text}
    rows = [quorum | {"quorate": int(site.quorate)}]
    if site.modern:
        state = "armed" if guests else "standby"
        row = {"id": "fencing", "type": "fencing", "node": entry.name, "armed-state": state}
        rows.append(row | {"status": f"{state} (CRM watchdog {'active' if guests else 'standby'})"})
    if guests:
        rows += _managers(call, guests)
    return rows + [_service(call, guest) for guest in guests]


def _managers(call: Call, guests: list[Guest]) -> Iterator[Row]:
    """The master, and the local manager of each node."""
    master = next((node for node in call.site.nodes.values() if node.online), call.site.entry)
    seen = _seen(call, master)
    row: Row = {"id": "master", "type": "master", "node": master.name, "timestamp": int(seen)}
    yield row | {"status": _stamp(call, master.name, seen, "active")}
    busy = {guest.node for guest in guests}
    for node in sorted(call.site.nodes.values(), key=lambda node: node.name):
        seen = _seen(call, node)
        row = {"id": f"lrm:{node.name}", "type": "lrm", "node": node.name, "timestamp": int(seen)}
        yield row | {"status": _stamp(call, node.name, seen, "active" if node.name in busy else "idle")}


def _service(call: Call, guest: Guest) -> Row:
    name, state = sid(guest), state_of(call, guest)
    row: Row = {
        "id": f"service:{name}",
        "sid": name,
        "type": "service",
        "node": guest.node,
        "state": state,
        "crm_state": state,
        "request_state": wish_of(guest),
        "status": f"{name} ({guest.node}, {state})",
        "max_restart": (guest.ha_options or {}).get("max_restart", 1),
        "max_relocate": (guest.ha_options or {}).get("max_relocate", 1),
    }
    if call.site.modern:
        row["failback"] = 1
    elif guest.ha_group:
        row["group"] = guest.ha_group
    return row


def manager_status(call: Call) -> Row:
    site = call.site
    guests = managed(call)
    states = {node.name: "online" if node.online else "unknown" for node in site.nodes.values()} if guests else {}
    manager: Row = {"node_status": states}
    row: Row = {"quorum": {"node": site.entry.name, "quorate": str(int(site.quorate))}, "manager_status": manager}
    if guests:
        master = next((node for node in site.nodes.values() if node.online), site.entry)
        services = {sid(guest): {"node": guest.node, "state": state_of(call, guest)} for guest in guests}
        manager |= {"master_node": master.name, "timestamp": int(_seen(call, master)), "service_status": services}
        row["lrm_status"] = {
            node.name: {"mode": "active", "state": "active", "timestamp": int(_seen(call, node)), "results": {}}
            for node in site.nodes.values()
        }
    return row


def _digest(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def resource_digest(site: Site) -> str:
    """What stands for the present content of the file of resources."""
    managed_now = [
        (sid(guest), guest.ha, guest.ha_group, guest.ha_options) for guest in site.guests.values() if guest.ha
    ]
    return _digest(f"{site.name}/{managed_now}")


def resources(call: Call) -> list[Row]:
    digest = resource_digest(call.site)
    rows: list[Row] = []
    for guest in managed(call):
        kind = sid(guest)[:2]
        row: Row = {"sid": sid(guest), "type": kind, "state": wish_of(guest), "digest": digest}
        row |= {"max_restart": 1, "max_relocate": 1} if guest.ha_options is None else guest.ha_options
        if call.site.modern:
            row.setdefault("failback", 1)
        elif guest.ha_group:
            row["group"] = guest.ha_group
        if call.params.get("type") in (None, kind):
            rows.append(row)
    return rows


def groups(call: Call) -> list[Row]:
    """Gone in 9.x, which says so with a 500."""
    if call.site.modern:
        raise failed("cannot index groups: ha groups have been migrated to rules")
    digest = _digest(f"{call.site.name}/groups")
    return [_group(group) | {"digest": digest} for group in call.site.ha_groups]


def _group(group: HaGroup) -> Row:
    row: Row = {"group": group.name, "type": "group", "nodes": ",".join(group.nodes), "nofailback": 0}
    row["restricted"] = int(group.strict)
    return row | ({"comment": group.comment} if group.comment else {})


def rules(call: Call) -> list[Row]:
    """9.x: groups as node-affinity rules, and one rule that keeps two databases apart."""
    digest = _digest(f"{call.site.name}/rules")
    guests = managed(call)
    rows: list[Row] = []
    for group in call.site.ha_groups:
        members = [sid(guest) for guest in guests if guest.ha_group == group.name]
        row: Row = {"rule": f"ha-group-{group.name}", "type": "node-affinity", "nodes": ",".join(group.nodes)}
        row |= {"strict": int(group.strict), "resources": ",".join(members), "digest": digest, "order": len(rows) + 1}
        if members:
            rows.append(row | ({"comment": group.comment} if group.comment else {}))
    if len(guests) > 1:
        apart = ",".join(sid(guest) for guest in guests[:2])
        row = {"rule": "apart", "type": "resource-affinity", "affinity": "negative", "resources": apart}
        rows.append(row | {"digest": digest, "order": len(rows) + 1})
    return [row for row in rows if call.params.get("type") in (None, row["type"])]
