"""``/nodes/{node}/qemu`` and ``/lxc``: lists, configurations, power, snapshots, migration."""

from __future__ import annotations

import re

from proxtui.sim import work, work_backup, work_moves, work_nodes, work_snapshots
from proxtui.sim.api import Call, failed, invalid
from proxtui.sim.state import Disk, Guest, Snapshot, conf_path
from proxtui.sim.views import Row, guest_config, guest_current, guest_status


def listing(call: Call) -> list[Row]:
    """The guests of one node, live. ``full`` asks each VM itself, so that paused ones are told."""
    site, full = call.site, bool(call.params.get("full"))
    return [
        guest_status(site, guest, call.now) | ({"qmpstatus": guest.qmpstatus} if full else {})
        for guest in site.held_by(call.node.name)
        if guest.kind == call.kind and call.may(f"/vms/{guest.vmid}", "VM.Audit")
    ]


BELOW = ("config", "firewall", "migrate", "pending", "rrddata", "snapshot", "status")


def index(call: Call) -> list[Row]:
    _ = call.guest
    return [{"subdir": name} for name in BELOW]


def power_index(call: Call) -> list[Row]:
    return [
        {"subdir": name} for name in ("current", "start", "stop", "reboot", "reset", "suspend", "resume", "shutdown")
    ]


def current(call: Call) -> Row:
    return guest_current(call.site, call.guest, call.now)


def config(call: Call) -> Row:
    return guest_config(call.site, call.guest, current=call.params.get("current", False))


def pending(call: Call) -> list[Row]:
    """Every key with its value, and what a restart makes of it; ``delete`` marks what goes then."""
    guest = call.guest
    rows: list[Row] = []
    values = guest_config(call.site, guest, current=True)
    for key in {**values, **guest.pending}:
        row: Row = {"key": key}
        if key in values:
            row["value"] = values[key]
        if key in guest.pending:
            row["pending"] = guest.pending[key]
        if key in guest.dropped:
            row["delete"] = 1
        rows.append(row)
    return rows


def _snapshot(call: Call) -> Snapshot:
    name = call.path["snapname"]
    for snap in call.guest.snapshots:
        if snap.name == name:
            return snap
    raise failed(f"snapshot '{name}' does not exist")


def snapshot_index(call: Call) -> list[Row]:
    _ = call.guest
    return [{"cmd": "rollback"}, {"cmd": "config"}]


def snapshot_config(call: Call) -> Row:
    """The configuration that a snapshot keeps, with its own keys in it."""
    snap = _snapshot(call)
    row = guest_config(call.site, call.guest, current=True)
    for key in ("parent", "lock", "digest"):
        row.pop(key, None)
    row |= {"snaptime": int(snap.time), "description": snap.description}
    if snap.parent:
        row["parent"] = snap.parent
    if snap.vmstate:
        row["vmstate"] = f"{call.guest.storage}:vm-{call.guest.vmid}-state-{snap.name}"
        row["runningmachine"] = "pc-i440fx-9.2+pve1"
    return row


def snapshots(call: Call) -> list[Row]:
    """Every snapshot, and the pseudo entry ``current`` at the end."""
    guest = call.guest
    rows: list[Row] = []
    for snap in guest.snapshots:
        row: Row = {"name": snap.name, "description": snap.description, "snaptime": int(snap.time)}
        if guest.kind == "qemu":
            row["vmstate"] = int(snap.vmstate)
        if snap.parent:
            row["parent"] = snap.parent
        rows.append(row)
    now: Row = {
        "name": "current",
        "description": "You are here!",
        "digest": guest_config(call.site, guest)["digest"],
        "running": int(guest.running),
    }
    if guest.parent:
        now["parent"] = guest.parent
    return [*rows, now]


def add_snapshot(call: Call) -> str:
    call.quorum()
    name = call.params["snapname"]
    if name == "current":
        raise failed("unable to use snapshot name 'current' (reserved name)")
    if call.kind == "qemu" and name == "pending":
        raise failed("unable to use snapshot name 'pending' (reserved name)")
    description = call.params.get("description", "")
    vmstate = bool(call.params.get("vmstate", False))
    guest = guest_or_task(call, "snapshot")
    if isinstance(guest, str):
        return guest
    return work_snapshots.snapshot(call.site, guest, call.who.name, name, description, vmstate).upid


def delete_snapshot(call: Call) -> str:
    guest = guest_or_task(call, "delsnapshot")
    if isinstance(guest, str):
        return guest
    return work_snapshots.delete_snapshot(call.site, guest, call.who.name, call.path["snapname"]).upid


def rollback(call: Call) -> str:
    guest = guest_or_task(call, "rollback")
    if isinstance(guest, str):
        return guest
    start = bool(call.params.get("start", False))
    return work_snapshots.rollback(call.site, guest, call.who.name, call.path["snapname"], start).upid


def put_snapshot_config(call: Call) -> None:
    """Another description."""
    call.unlocked(call.guest)
    snap = _snapshot(call)
    writable(call)
    if "description" in call.params:
        snap.description = call.params["description"]


def writable(call: Call) -> None:
    """Without quorum the configuration's folder cannot be written to."""
    if not call.site.quorate:
        file = f"/etc/pve/{call.guest.conf}.tmp.{call.node.next_pid}"
        raise failed(f"unable to open file '{file}' - Permission denied")


def guest_or_task(call: Call, verb: str) -> Guest | str:
    """The guest; where there is none on this node the call passes all the same, and its task fails: its UPID."""
    guest = call.site.guest_on(call.node.name, call.kind, call.vmid)
    if guest is not None:
        return guest
    text = f"Configuration file '{conf_path(call.kind, call.node.name, call.vmid)}' does not exist"
    kind = ("qm" if call.kind == "qemu" else "vz") + verb
    if verb == "resize":
        kind = verb
    return work.begin(call.site, call.node, kind, str(call.vmid), call.who.name, seconds=0.1, fails=text).upid


def precheck(call: Call) -> Row:
    """``GET migrate``: where it could go."""
    site, guest = call.site, call.guest
    others = [node.name for node in site.nodes.values() if node.name != guest.node and node.online]
    running = int(guest.running)
    if guest.kind == "lxc":
        return {"running": running, "allowed-nodes": others, "not-allowed-nodes": {}}
    row: Row = {"running": running, "local_disks": [], "local_resources": [], "mapped-resources": []}
    row |= {"allowed_nodes": others, "not_allowed_nodes": {}, "mapped-resource-info": {}}
    if site.modern:
        row["has-dbus-vmstate"] = 1
    row["local_disks"] = [_local_disk(guest, disk) for disk in work_moves.local_disks(site, guest)]
    return row


def _local_disk(guest: Guest, disk: Disk) -> Row:
    """A disk that would have to be copied."""
    row: Row = {"volid": disk.volid, "drivename": disk.slot, "size": disk.size, "replicate": 1}
    row |= {"is_attached": int(not disk.slot.startswith("unused")), "is_unused": int(disk.slot.startswith("unused"))}
    row |= {"cdrom": int("media=cdrom" in disk.options)} | dict.fromkeys(("shared", "is_vmstate", "is_tpmstate"), 0)
    if guest.snapshots:
        row["referenced_in_snapshot"] = {snap.name: 1 for snap in guest.snapshots}
    return row


def migrate(call: Call) -> str:
    guest, target = call.guest, call.params["target"]
    if target == guest.node:
        raise invalid("target", "target is local node.")
    node = call.site.nodes.get(target)
    if node is None:
        raise failed(f"no such cluster node '{target}'")
    call.quorum()
    call.unlocked(guest)
    if guest.running and not call.params.get("online") and not call.params.get("restart"):
        if guest.kind == "qemu":
            raise failed("can't migrate running VM without --online")
        raise failed("can't migrate running container without --online or --restart")
    if not node.online:
        raise failed(f"node '{target}' is offline")
    storage = call.params.get("targetstorage", call.params.get("target-storage"))
    if storage == "1":
        storage = None
    if storage is not None:
        call.find_storage(storage, target)
    if guest.ha:
        return work_nodes.request(call.site, guest, call.who.name, "migrate", node).upid
    with_disks = bool(call.params.get("with-local-disks", False))
    moving = work_moves.migrate(call.site, guest, call.who.name, node, storage=storage, with_disks=with_disks)
    return moving.upid


def vzdump(call: Call) -> str:
    """Back up some guests of this node; one alone gives its VMID to the task."""
    site, params = call.site, call.params
    if "vmid" not in params:
        raise invalid("vmid", "property is missing and it is not optional")
    numbers = [int(part) for part in re.split(r"[,; ]+", params["vmid"]) if part.isdigit()]
    for number in numbers:
        call.require(f"/vms/{number}", "VM.Backup")
    storage = params.get("storage", "local")
    if storage not in site.storages:
        raise failed(f"storage '{storage}' does not exist")
    call.require(f"/storage/{storage}", "Datastore.AllocateSpace")
    if "backup" not in site.storages[storage].content.split(","):
        raise failed(f"storage '{storage}' does not support backups")
    found = [site.guest_on(call.node.name, kind, number) for number in numbers for kind in ("qemu", "lxc")]
    guests = [guest for guest in found if guest is not None]
    subject = str(numbers[0]) if len(numbers) == 1 else ""
    if len(guests) < len(numbers):
        text = f"unable to find VM '{numbers[0]}'" if not guests else "job errors"
        return work.begin(site, call.node, "vzdump", subject, call.who.name, seconds=0.3, fails=text).upid
    if len(guests) > 1:
        return work_backup.backup_many(site, call.node, guests, call.who.name, storage).upid
    notes = params.get("notes-template")
    if notes is not None:
        notes = notes.replace("{{guestname}}", guests[0].name).replace("{{vmid}}", subject)
        notes = notes.replace("{{node}}", call.node.name).replace("{{cluster}}", site.cluster or "")
    options = {"mode": params.get("mode", "snapshot"), "notes": notes, "protected": params.get("protected", False)}
    return work_backup.backup(site, guests[0], call.who.name, storage, seconds=20.0, **options).upid
