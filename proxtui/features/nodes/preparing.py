"""What is known of a node before somebody is asked how to change it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from proxtui.core.model import NodeKey
from proxtui.errors import ProxtuiError
from proxtui.kit.prepared import Prepared

if TYPE_CHECKING:
    from proxtui.core.model import Snapshot
    from proxtui.core.operation import Operation, Target
    from proxtui.core.runtime import Runtime
    from proxtui.pve.models import Guest

NAMED = 6
"""Guests that are named one by one."""
_TOLD = frozenset({"reboot", "shutdown", "stop-all", "suspend-all", "migrate-all"})
"""Verbs that the guests of the node feel."""


def prepared(runtime: Runtime, operation: Operation, targets: Sequence[Target]) -> Prepared | None:
    """For the operations of this room; None for those of others."""
    if operation.room != "nodes":
        return None
    if operation.verb.endswith("-service"):
        return Prepared(suggestions={"service": lambda: _services(runtime, targets[0])})
    notes = tuple(_line(runtime, target) for target in targets) if operation.verb in _TOLD else ()
    if operation.verb != "migrate-all":
        return Prepared(notes=notes)
    return Prepared(suggestions={"target": _others(runtime, targets)}, notes=notes)


async def _services(runtime: Runtime, target: Target) -> Sequence[str]:
    from proxtui.pve.nodes import NodeTools

    try:
        found = await NodeTools(runtime.connection(target.ref).client).get_node_services(target.id)
    except ProxtuiError:
        # A suggestion less; the name can be typed.
        return ()
    return sorted(one.service for one in found if one.service)


def _others(runtime: Runtime, targets: Sequence[Target]) -> list[str]:
    snapshot = runtime.store.fleet().snapshot(targets[0].ref)
    ours = {target.id for target in targets}
    nodes = snapshot.nodes.values() if snapshot is not None else ()
    return sorted(node.node for node in nodes if node.status == "online" and node.node not in ours)


def _line(runtime: Runtime, target: Target) -> str:
    """``3 guests run on pve1: 100 web, 101 db, 102 mail``."""
    snapshot = runtime.store.fleet().snapshot(target.ref)
    if snapshot is None or snapshot.guests_unseen:
        return f"what runs on {target.id} is not known"
    running = _running(snapshot, target.id)
    if not running:
        return f"no guest runs on {target.id}"
    count = len(running)
    named = ", ".join(f"{guest.vmid} {guest.name or ''}".strip() for guest in running[:NAMED])
    more = f" and {count - NAMED} more" if count > NAMED else ""
    return f"{count} guest{'' if count == 1 else 's'} run{'s' if count == 1 else ''} on {target.id}: {named}{more}"


def _running(snapshot: Snapshot, node: str) -> list[Guest]:
    known = snapshot.nodes.get(NodeKey(*snapshot.ref, node))
    if known is not None and known.status == "offline":
        return []
    found = (guest for guest in snapshot.guests.values() if guest.node == node and guest.status == "running")
    return sorted(found, key=lambda guest: guest.vmid)
