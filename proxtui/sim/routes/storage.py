"""``/storage`` and ``/nodes/{node}/storage``."""

from __future__ import annotations

import hashlib

from proxtui.sim.api import Call, failed
from proxtui.sim.drives import parent_of, volumes_of
from proxtui.sim.state import Storage, Volume
from proxtui.sim.views import Row, storage_state

AUDIT = ("Datastore.Audit", "Datastore.AllocateSpace")


def _definition(storage: Storage) -> Row:
    row: Row = {"storage": storage.name, "type": storage.type, "content": storage.content}
    row["digest"] = hashlib.sha1(storage.name.encode(), usedforsecurity=False).hexdigest()
    if storage.shared and storage.type not in ("rbd", "nfs", "pbs"):
        row["shared"] = 1
    if storage.nodes is not None:
        row["nodes"] = ",".join(storage.nodes)
    return row | storage.options


def definitions(call: Call) -> list[Row]:
    wanted = call.params.get("type")
    return [
        _definition(storage)
        for storage in call.site.storages.values()
        if call.may(f"/storage/{storage.name}", *AUDIT) and wanted in (None, storage.type)
    ]


def definition(call: Call) -> Row:
    name = call.path["storage"]
    storage = call.site.storages.get(name)
    if storage is None:
        raise failed(f"storage '{name}' does not exist")
    return _definition(storage)


def on_node(call: Call) -> list[Row]:
    """``/nodes/N/storage``; an inactive one has neither sizes nor a share in use."""
    rows: list[Row] = []
    node = call.node
    for storage in call.site.storages.values():
        here = storage.nodes is None or node.name in storage.nodes
        if not here or not call.may(f"/storage/{storage.name}", *AUDIT):
            continue
        wanted = call.params.get("content")
        if wanted and wanted not in storage.content.split(","):
            continue
        row = state(call, storage) | {"storage": storage.name}
        if storage.active:
            row["used_fraction"] = row["used"] / row["total"]
        rows.append(row)
    return rows


def state(call: Call, storage: Storage) -> Row:
    row: Row = {
        "type": storage.type,
        "content": storage.content,
        "shared": int(storage.shared),
        "enabled": 1,
        "active": int(storage.active),
    }
    return row | storage_state(call.site, storage, call.node, call.now)


def status(call: Call) -> Row:
    return state(call, call.storage)


def index(call: Call) -> list[Row]:
    _ = call.storage
    return [{"subdir": name} for name in ("content", "rrddata", "status")]


def content(call: Call) -> list[Row]:
    """Silently shorter for those who may not see everything: disks and backups need more than Datastore.Audit."""
    storage, node = call.storage, call.node
    if not storage.active:
        raise failed(f"storage '{storage.name}' is not online")
    wanted, vmid = call.params.get("content"), call.params.get("vmid")
    rows = [_volume(volume) for volume in _volumes(call, storage, node.name) if _visible(call, volume)]
    rows = [row for row in rows if wanted in (None, row["content"])]
    return [row for row in rows if vmid is None or row.get("vmid") == vmid]


def _volumes(call: Call, storage: Storage, node: str) -> list[Volume]:
    """Disks are made from the guests that have them; the rest is stored."""
    site = call.site
    volumes = []
    for guest in site.guests.values():
        plain = guest.disks is None
        if (plain and guest.storage != storage.name) or (not storage.shared and guest.node != node):
            continue
        volumes += [volume for volume in volumes_of(site, guest) if volume.volid.startswith(f"{storage.name}:")]
    return volumes + site.volumes.get(storage.name, []) + site.volumes.get(f"{node}:{storage.name}", [])


def _visible(call: Call, volume: Volume) -> bool:
    path = f"/storage/{volume.volid.partition(':')[0]}"
    if call.may(path, "Datastore.Allocate"):
        return True
    if volume.content in ("images", "rootdir"):
        return call.may(f"/vms/{volume.vmid}", "VM.Config.Disk")
    if volume.content == "backup":
        return call.may(path, "Datastore.AllocateSpace") and call.may(f"/vms/{volume.vmid}", "VM.Backup")
    return True


def _volume(volume: Volume) -> Row:
    row: Row = {
        "volid": volume.volid,
        "content": volume.content,
        "format": volume.format,
        "size": volume.size,
        "ctime": int(volume.ctime),
    }
    if volume.content in ("images", "rootdir"):
        row |= {"parent": parent_of(volume.volid), "used": volume.used}
    if volume.vmid is not None:
        row["vmid"] = volume.vmid
    if volume.subtype:
        row["subtype"] = volume.subtype
    if volume.notes:
        row["notes"] = volume.notes
    if volume.protected:
        row["protected"] = 1
    if volume.verified:
        row["verification"] = {
            "state": volume.verified,
            "upid": "UPID:backup:0000051C:0000A7F1:0000002E:6B0201F4:verify",
        }
    return row
