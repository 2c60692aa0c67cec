"""What the form of a change begins with: the guest as it is, what could be chosen, and what a check beforehand says."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from proxtui.core import text
from proxtui.core.operation import Kind, Operation, Target
from proxtui.errors import InvalidInput, ProxtuiError
from proxtui.features.guests import preparing_config as configured
from proxtui.features.guests.looking import Look
from proxtui.kit.prepared import Prepared, Suggest

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.pve.models_change import MigrationCheck
    from proxtui.pve.models_guest import GuestSnapshot

Given = Mapping[str, Any]
BRIDGE = "bridge=vmbr0"


async def prepare(runtime: Runtime, operation: Operation, targets: Sequence[Target], given: Given) -> Prepared:
    """For one guest all that is known of it; for many what they have in common. Raises ``ProxtuiError``."""
    look = Look(runtime, targets[0])
    way = _WAYS.get(operation.verb)
    if len(targets) > 1:
        return _for_many(look, operation)
    return Prepared() if way is None else await way(look, given)


def _for_many(look: Look, operation: Operation) -> Prepared:
    if operation.verb == "migrate":
        known = look.snapshot.nodes.items()
        nodes = sorted(key.node for key, node in known if node.status == "online")
        return Prepared({"online": True, "restart": True}, suggestions={"target": nodes})
    if operation.verb == "backup":
        return Prepared(suggestions={"storage": look.storages("backup")})
    if operation.verb == "snapshot":
        return Prepared({"snapname": _snapshot_name(look)})
    return Prepared(suggestions={"poolid": look.pools()})


# Made.


async def _new(look: Look, content: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """What new guests have in common: values to begin with, those that are fixed, and suggestions."""
    storages = look.storages(content)
    fixed = {"node": look.node} if look.node else {}
    nodes = look.nodes()
    initial = {"vmid": await look.next_id(), "storage": next(iter(storages), None)}
    if not fixed and nodes:
        initial["node"] = nodes[0]
    return initial, fixed, {"node": nodes, "storage": storages, "pool": look.pools()}


async def _create_vm(look: Look, _given: Given) -> Prepared:
    initial, fixed, words = await _new(look, "images")
    initial |= {"net0": f"virtio,{BRIDGE}", "disk": "32", "memory": 2048}
    return Prepared(initial, fixed, {**words, "iso": look.volumes("iso")})


async def _create_ct(look: Look, _given: Given) -> Prepared:
    initial, fixed, words = await _new(look, "rootdir")
    initial["net0"] = f"name=eth0,{BRIDGE},ip=dhcp"
    return Prepared(initial, fixed, {**words, "ostemplate": look.volumes("vztmpl")})


async def _restore(look: Look, _given: Given) -> Prepared:
    initial, fixed, words = await _new(look, "images")
    # Where the disks were is a better answer than any.
    initial.pop("storage")
    return Prepared(initial, fixed, {**words, "archive": look.volumes("backup")})


async def _clone(look: Look, _given: Given) -> Prepared:
    guest = look.guest
    is_template = guest is not None and bool(guest.template)
    name = look.target.name

    async def snapshots() -> Sequence[str]:
        try:
            return [one.name for one in await look.snapshots()]
        except ProxtuiError:
            return ()

    return Prepared(
        {"newid": await look.next_id(), "name": f"{name}-copy" if name else "", "full": not is_template},
        suggestions={
            "target": look.nodes(),
            "storage": look.storages("rootdir" if look.target.kind is Kind.LXC else "images"),
            "pool": look.pools(),
            "snapname": snapshots,
        },
        notes=() if is_template else ("only templates can be cloned without copying their disks",),
    )


# Moved.


async def _migrate(look: Look, _given: Given) -> Prepared:
    check = await look.check()
    guest = look.guest
    is_running = guest is not None and guest.status not in ("stopped", "unknown")
    nodes = look.nodes()
    free = nodes if check is None else [node for node in nodes if check.obstacle(node) is None]
    if not nodes:
        return Prepared(refusal="there is no other node online")
    initial: dict[str, Any] = {"target": free[0] if len(free) == 1 else "", "online": is_running, "restart": is_running}
    if check is not None:
        initial["with_local_disks"] = check.needs_local_disks and is_running

    async def ask_again(params: Any) -> tuple[str, ...]:
        found = await look.check(params.target)
        obstacle = None if found is None else found.obstacle(params.target)
        if obstacle is not None:
            raise InvalidInput("target", params.target, obstacle)
        return (f"to node {params.target}", *(() if found is None else _disks_that_go(found)))

    return Prepared(
        initial,
        suggestions={"target": free or nodes, "targetstorage": look.storages("images")},
        notes=() if check is None else tuple(migration_notes(check, nodes)),
        refusal=f"it uses {', '.join(check.local_resources)} of this node" if check and check.local_resources else "",
        look=ask_again,
    )


def migration_notes(check: MigrationCheck, nodes: Sequence[str]) -> list[str]:
    """What stands against the move, node by node, and what goes along."""
    refused = [f"{node}: {why}" for node in nodes if (why := check.obstacle(node)) is not None]
    mapped = [f"must be mapped there too: {', '.join(check.mapped_resources)}"] if check.mapped_resources else []
    follows = [f"goes along: {', '.join(check.follows)}"] if check.follows else []
    return [*refused, *_disks_that_go(check), *mapped, *follows]


def _disks_that_go(check: MigrationCheck) -> tuple[str, ...]:
    disks = [disk for disk in check.local_disks if not disk.cdrom]
    return (f"local disks are copied: {', '.join(f'{one.volid} {text.size(one.size)}' for one in disks)}",) * bool(
        disks
    )


# Kept.


def _snapshot_name(look: Look) -> str:
    return time.strftime("s%Y%m%d-%H%M", time.localtime(look.runtime.clock.time()))


async def _snapshot(look: Look, _given: Given) -> Prepared:
    name = _snapshot_name(look)
    return Prepared({"snapname": name}, suggestions={"snapname": [name, "before-update", "before-change"]})


async def _of_snapshot(look: Look, given: Given) -> Prepared:
    """For one that is there already: which there are, and what is known of the one that is meant."""
    found = await look.snapshots()
    if not found:
        return Prepared(refusal="it has no snapshots")
    meant = next((one for one in found if one.name == given.get("snapname")), None)
    current = next((one.name for one in found if one.is_current), found[-1].name)
    now = look.runtime.clock.time()
    notes = [snapshot_note(one, now) for one in ([meant] if meant is not None else found)]
    initial = {"snapname": current, "description": (meant.description or "") if meant is not None else ""}
    return Prepared(initial, suggestions={"snapname": [one.name for one in reversed(found)]}, notes=tuple(notes))


def snapshot_note(one: GuestSnapshot, now: float) -> str:
    """``before-update: 3d ago, with memory``; ``now`` is ``Clock.time``."""
    parts = [f"{text.age(max(0.0, now - one.snaptime))} ago" if one.snaptime is not None else "of an unknown time"]
    parts += ["with memory"] if one.vmstate else []
    return f"{one.name}: {', '.join(parts)}"


async def _backup(look: Look, _given: Given) -> Prepared:
    storages = look.storages("backup")
    return Prepared({"storage": next(iter(storages), "")}, suggestions={"storage": storages})


async def _restore_over(look: Look, given: Given) -> Prepared:
    lost = "its disks and its configuration are replaced; its snapshots are lost"
    if "archive" in given:
        return Prepared(notes=(str(given["archive"]), lost), suggestions={"storage": look.storages("images")})
    words: dict[str, Suggest] = {"archive": look.volumes("backup"), "storage": look.storages("images")}
    return Prepared(notes=(lost,), suggestions=words)


_WAYS: Mapping[str, Callable[[Look, Given], Awaitable[Prepared]]] = {
    "create-vm": _create_vm,
    "create-ct": _create_ct,
    "restore": _restore,
    "clone": _clone,
    "migrate": _migrate,
    "snapshot": _snapshot,
    "rollback": _of_snapshot,
    "delete-snapshot": _of_snapshot,
    "edit-snapshot": _of_snapshot,
    "backup": _backup,
    "restore-over": _restore_over,
    **configured.WAYS,
}
