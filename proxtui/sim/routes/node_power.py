"""What can be done to a node: power, services, and its guests all at once."""

from __future__ import annotations

import re
from collections.abc import Callable

from proxtui.sim import work_nodes
from proxtui.sim.api import Call, failed, invalid
from proxtui.sim.routes.nodes import ABSENT, SERVICES
from proxtui.sim.state import Guest


def command(call: Call) -> None:
    """``reboot`` or ``shutdown``; the node is still there when it answers."""
    work_nodes.power(call.site, call.node, call.params["command"])


def wake(call: Call) -> str:
    """Send a magic packet; the address that it went to. Asked of any node that is up."""
    node = call.site.nodes.get(call.path["node"])
    if node is None:
        raise failed(f"no such cluster node '{call.path['node']}'")
    if node is call.site.entry:
        raise failed(f"'{node.name}' is local node, cannot wake my self!")
    work_nodes.wake(call.site, node)
    return f"BC:24:11:FF:00:{node.nodeid:02X}"


def service(verb: str) -> Callable[[Call], str]:
    def run(call: Call) -> str:
        name = call.path["service"]
        if name not in SERVICES:
            text = f"value '{name}' does not have a value in the enumeration '{', '.join(SERVICES)}'"
            raise invalid("service", text)
        if verb == "stop" and name in ("pveproxy", "pvedaemon", "pve-cluster", "corosync"):
            raise invalid("service", f"Not allowed to stop service '{name}'")
        site, node = call.site, call.node
        task = work_nodes.service(site, node, call.who.name, name, verb)
        if name in ABSENT:
            task.exit = f"command 'systemctl {verb} {name}' failed: exit code 5"
        return task.upid

    return run


def _chosen(call: Call, privilege: str) -> list[Guest]:
    """The guests of ``vms``, or all of the node. Raises a 403 for one that the caller may not touch."""
    held = call.site.held_by(call.node.name)
    if "vms" not in call.params:
        call.require("/", privilege)
        return list(held)
    numbers = [int(part) for part in re.split(r"[,; ]+", call.params["vms"]) if part.isdigit()]
    for number in numbers:
        if not call.may("/", privilege):
            call.require(f"/vms/{number}", privilege)
    return [guest for guest in held if guest.vmid in numbers]


def start_all(call: Call) -> str:
    guests = _chosen(call, "VM.PowerMgmt")
    call.quorum()
    if "vms" not in call.params and not call.params.get("force"):
        guests = [guest for guest in guests if guest.onboot]
    return work_nodes.start_all(call.site, call.node, call.who.name, guests).upid


def stop_all(call: Call) -> str:
    guests = _chosen(call, "VM.PowerMgmt")
    timeout, force = call.params.get("timeout", 180), bool(call.params.get("force-stop", True))
    return work_nodes.stop_all(call.site, call.node, call.who.name, guests, timeout, force).upid


def suspend_all(call: Call) -> str:
    guests = _chosen(call, "VM.PowerMgmt")
    for guest in guests:
        call.require(f"/vms/{guest.vmid}", "VM.Config.Disk")
    return work_nodes.suspend_all(call.site, call.node, call.who.name, guests).upid


def migrate_all(call: Call) -> str:
    guests, name = _chosen(call, "VM.Migrate"), call.params["target"]
    if name == call.node.name:
        raise invalid("target", "target is local node.")
    call.quorum()
    if name not in call.site.nodes:
        raise failed(f"no such cluster node '{name}'")
    with_disks = bool(call.params.get("with-local-disks", False))
    target = call.site.nodes[name]
    return work_nodes.migrate_all(call.site, call.node, call.who.name, guests, target, with_disks).upid
