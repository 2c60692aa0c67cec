"""``/nodes/{node}/qemu`` and ``/lxc``: lists, configurations, power, snapshots, migration."""

from __future__ import annotations

from typing import Any

from proxtui.sim import work
from proxtui.sim.api import Call, Refused, failed, invalid
from proxtui.sim.state import MIB, Guest, Snapshot
from proxtui.sim.views import Row, guest_config, guest_current, guest_status


def listing(call: Call) -> list[Row]:
    """The guests of one node, live."""
    site = call.site
    return [
        guest_status(site, guest, call.now)
        for guest in site.held_by(call.node.name)
        if guest.kind == call.kind and call.may(f"/vms/{guest.vmid}", "VM.Audit")
    ]


BELOW = ("config", "firewall", "migrate", "pending", "rrddata", "snapshot", "status")


def index(call: Call) -> list[Row]:
    _ = call.guest
    return [{"subdir": name} for name in BELOW]


def power_index(call: Call) -> list[Row]:
    return [{"subdir": name} for name in ("current", *VERBS, "shutdown")]


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


def put_config(call: Call) -> None:
    """Change the configuration; a wrong digest or a lock is a 500."""
    guest, given = call.guest, dict(call.params)
    _writable(call)
    digest = given.pop("digest", None)
    if digest and digest != guest_config(call.site, guest, current=True)["digest"]:
        if guest.kind == "qemu":
            raise failed("checksum mismatch (file change by other user?)")
        raise failed("detected modified configuration - file changed by other user? Try again.")
    if "skiplock" in given:
        raise invalid("skiplock", "Only root may use this option.")
    refusal = work.locked(guest)
    if refusal:
        raise failed(refusal)
    for name in str(given.pop("delete", "")).replace(";", ",").split(","):
        _unset(guest, name.strip())
    for name, value in given.items():
        _set(guest, name, value)
    call.site.changed()


def post_config(call: Call) -> str:
    """The same, as a task."""
    guest = call.guest
    put_config(call)
    return work.begin(call.site, call.node, "qmconfig", str(guest.vmid), call.who.name, seconds=0.3).upid


def _writable(call: Call) -> None:
    if not call.site.quorate:
        file = f"/etc/pve/{call.guest.conf}.tmp.{call.node.next_pid}"
        raise failed(f"unable to open file '{file}' - Permission denied")


def _unset(guest: Guest, name: str) -> None:
    if name == "description":
        guest.description = None
    elif name == "tags":
        guest.tags = []
    elif name == "onboot":
        guest.onboot = False
    else:
        guest.extra.pop(name, None)


def _set(guest: Guest, name: str, value: Any) -> None:
    if name == "description":
        guest.description = str(value)
    elif name == "tags":
        guest.tags = [tag for tag in str(value).replace(",", ";").split(";") if tag]
    elif name in ("name", "hostname"):
        guest.name = str(value)
    elif name == "onboot":
        guest.onboot = bool(value)
    elif name in ("cores", "memory") and guest.running and guest.kind == "qemu":
        # Without hotplug a running machine takes these up at its next start.
        guest.pending[name] = str(value) if name == "memory" else int(value)
    elif name == "cores":
        guest.cores = int(value)
    elif name == "memory":
        guest.maxmem = int(value) * MIB
    else:
        guest.extra[name] = value


def power(verb: str) -> Any:
    """``POST status/VERB``: always a UPID; what is wrong shows in the task."""

    def run(call: Call) -> str:
        site, node, user = call.site, call.node, call.who.name
        guest = site.guest_on(node.name, call.kind, call.vmid)
        if call.params.get("skiplock"):
            raise invalid("skiplock", "Only root may use this option.")
        if verb == "start" and not site.quorate:
            raise failed("cluster not ready - no quorum?")
        if guest is None:
            return _on_nothing(call, verb)
        if verb == "shutdown":
            task = work.shutdown(site, guest, user, call.params.get("timeout", 60))
        else:
            task = VERBS[verb](site, guest, user)
        return task.upid

    return run


VERBS = {
    "start": work.start,
    "stop": work.stop,
    "reboot": work.reboot,
    "reset": work.reset,
    "suspend": work.suspend,
    "resume": work.resume,
}


def _on_nothing(call: Call, verb: str) -> str:
    """A guest that is not on this node: the POST passes, the task fails."""
    folder = "qemu-server" if call.kind == "qemu" else "lxc"
    kind = {"suspend": "pause"}.get(verb, verb) if call.kind == "qemu" else verb
    text = f"Configuration file 'nodes/{call.node.name}/{folder}/{call.vmid}.conf' does not exist"
    task_type = ("qm" if call.kind == "qemu" else "vz") + kind
    return work.begin(call.site, call.node, task_type, str(call.vmid), call.who.name, seconds=0.1, fails=text).upid


def add_snapshot(call: Call) -> str:
    _quorum(call)
    name = call.params["snapname"]
    description = call.params.get("description", "")
    vmstate = bool(call.params.get("vmstate", False))
    return work.snapshot(call.site, call.guest, call.who.name, name, description, vmstate).upid


def delete_snapshot(call: Call) -> str:
    return work.delete_snapshot(call.site, call.guest, call.who.name, call.path["snapname"]).upid


def rollback(call: Call) -> str:
    return work.rollback(call.site, call.guest, call.who.name, call.path["snapname"]).upid


def _quorum(call: Call) -> None:
    if not call.site.quorate:
        raise failed("cluster not ready - no quorum?")


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
    if not site.storages[guest.storage].shared:
        row["local_disks"] = [_local_disk(call, guest)]
    return row


def _local_disk(call: Call, guest: Guest) -> Row:
    """A disk that would have to be copied."""
    volume = str(guest_config(call.site, guest)["scsi0"]).partition(",")[0]
    row: Row = {"volid": volume, "drivename": "scsi0", "size": guest.maxdisk, "replicate": 1, "is_attached": 1}
    row |= dict.fromkeys(("cdrom", "shared", "is_unused", "is_vmstate", "is_tpmstate"), 0)
    if guest.snapshots:
        row["referenced_in_snapshot"] = {snap.name: 1 for snap in guest.snapshots}
    return row


def migrate(call: Call) -> str:
    guest, target = call.guest, call.params["target"]
    if target == guest.node:
        raise invalid("target", "target is local node.")
    node = call.site.nodes.get(target)
    if node is None:
        raise Refused(
            400, "Parameter verification failed.", errors={"target": f"target node '{target}' does not exist"}
        )
    if not node.online:
        raise failed(f"node '{target}' is offline")
    if guest.running and not call.params.get("online") and not call.params.get("restart"):
        raise failed("can't migrate running VM without --online")
    _quorum(call)
    return work.migrate(call.site, guest, call.who.name, node).upid


def vzdump(call: Call) -> str:
    site = call.site
    vmid = call.params["vmid"]
    guest = site.guests.get(vmid)
    call.require(f"/vms/{vmid}", "VM.Backup")
    if guest is None or guest.node != call.node.name:
        return work.begin(site, call.node, "vzdump", str(vmid), call.who.name, seconds=0.3, fails="job errors").upid
    storage = call.params.get("storage", "local")
    if storage not in site.storages:
        raise failed(f"storage '{storage}' does not exist")
    return work.backup(site, guest, call.who.name, storage, seconds=20.0).upid
