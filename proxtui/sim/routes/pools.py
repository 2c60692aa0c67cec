"""``/pools``: made, filled and removed. 8.x and 9.x know both ways to name one: in the path and as ``poolid``."""

from __future__ import annotations

import re

from proxtui.sim.api import Call, failed, invalid


def _name(call: Call) -> str:
    return str(call.path.get("poolid") or call.params.get("poolid"))


def _lock(call: Call, what: str) -> None:
    if not call.site.quorate:
        raise failed(f"{what} pool failed: cfs-lock 'file-user_cfg' error: no quorum!")


def _items(text: object) -> list[str]:
    return [item for item in re.split(r"[,; ]+", str(text)) if item]


def create(call: Call) -> None:
    name = _name(call)
    call.require(f"/pool/{name}", "Pool.Allocate")
    _lock(call, "create")
    if name in call.site.pools:
        raise failed(f"create pool failed: pool '{name}' already exists")
    call.site.pools[name] = call.params.get("comment", "")
    call.site.changed()


def update(call: Call) -> None:
    """Comment and members; ``delete`` takes the members out, ``allow-move`` takes them from another pool."""
    name, site = _name(call), call.site
    call.require(f"/pool/{name}", "Pool.Allocate")
    _lock(call, "update")
    if name not in site.pools:
        raise failed(f"update pools failed: pool '{name}' does not exist")
    away = bool(call.params.get("delete", False))
    for text in _items(call.params.get("vms", "")):
        if not text.isdigit():
            raise invalid("vms", f"invalid format - type check ('integer') failed - got '{text}'\n")
        _member(call, name, int(text), away)
    inside = site.pool_storages.setdefault(name, [])
    for storage in _items(call.params.get("storage", "")):
        call.require(f"/storage/{storage}", "Permissions.Modify", "Datastore.Allocate")
        if away != (storage in inside):
            state = "is not a member" if away else "is already a member"
            raise failed(f"update pools failed: Storage '{storage}' {state}")
        (inside.remove if away else inside.append)(storage)
    if "comment" in call.params:
        site.pools[name] = call.params["comment"]
    site.changed()


def _member(call: Call, name: str, vmid: int, away: bool) -> None:
    call.require(f"/vms/{vmid}", "Permissions.Modify", "VM.Allocate")
    guest = call.site.guests.get(vmid)
    if guest is None:
        raise failed(f"update pools failed: VM {vmid} does not exist")
    if away:
        if guest.pool != name:
            raise failed(f"update pools failed: VM {vmid} is not a member")
        guest.pool = None
        return
    if guest.pool == name:
        raise failed(f"update pools failed: VM {vmid} is already a member of pool '{name}'")
    if guest.pool and not call.params.get("allow-move"):
        text = f"VM {vmid} belongs already to pool '{guest.pool}' and 'allow-move' is not set"
        raise failed(f"update pools failed: {text}")
    guest.pool = name


def delete(call: Call) -> None:
    name, site = _name(call), call.site
    call.require(f"/pool/{name}", "Pool.Allocate")
    _lock(call, "delete")
    if name not in site.pools:
        raise failed(f"delete pool failed: pool '{name}' does not exist")
    for vmid in sorted(guest.vmid for guest in site.guests.values() if guest.pool == name):
        raise failed(f"delete pool failed: pool '{name}' is not empty (contains VM {vmid})")
    for storage in site.pool_storages.get(name, []):
        raise failed(f"delete pool failed: pool '{name}' is not empty (contains storage '{storage}')")
    del site.pools[name]
    site.pool_storages.pop(name, None)
    site.changed()
