"""One volume of a storage, and what pruning would leave of the archives."""

from __future__ import annotations

import re
import time

from proxtui.sim import work
from proxtui.sim.api import Call, failed, forbidden
from proxtui.sim.drives import disks_of, own, settle
from proxtui.sim.state import Disk, Guest, Volume
from proxtui.sim.views import Row

KEEP = {"keep-last": "", "keep-hourly": "%Y%m%d%H", "keep-daily": "%Y%m%d", "keep-weekly": "%G%V"}
KEEP |= {"keep-monthly": "%Y%m", "keep-yearly": "%Y"}
"""The options of ``prune-backups``, each with what makes two archives be of one period."""


def _volid(call: Call) -> str:
    volid = call.path["volume"]
    return volid if ":" in volid else f"{call.storage.name}:{volid}"


def _found(call: Call) -> tuple[list[Volume], Volume] | None:
    storage, volid = call.storage, _volid(call)
    for key in (storage.name, f"{call.node.name}:{storage.name}"):
        for volume in call.site.volumes.get(key, []):
            if volume.volid == volid:
                return call.site.volumes[key], volume
    return None


def _disk(call: Call) -> tuple[Guest, Disk] | None:
    for guest in call.site.guests.values():
        for disk in disks_of(call.site, guest):
            if disk.volid == _volid(call):
                return guest, disk
    return None


def _may(call: Call, volume: Volume | None) -> None:
    """Deleting needs Datastore.Allocate; for archives of a guest that one may back up, less."""
    path = f"/storage/{call.storage.name}"
    mine = volume is not None and volume.content == "backup" and call.may(f"/vms/{volume.vmid}", "VM.Backup")
    if mine and call.may(path, "Datastore.AllocateSpace"):
        return
    if not call.may(path, "Datastore.Allocate"):
        raise forbidden(path, "Datastore.Allocate")


def attributes(call: Call) -> Row:
    """``GET content/VOLUME``."""
    found, mine = _found(call), _disk(call)
    folder = str(call.storage.options.get("path", "/dev")).rstrip("/")
    path = f"{folder}/{_volid(call).partition(':')[2]}"
    if mine is not None:
        disk = mine[1]
        return {"path": path, "size": disk.size, "used": int(disk.size * 0.4), "format": disk.format}
    if found is None:
        raise failed(f"volume '{_volid(call)}' does not exist")
    volume = found[1]
    row: Row = {"path": path, "size": volume.size, "used": volume.size, "format": volume.format}
    if volume.notes:
        row["notes"] = volume.notes
    return row | ({"protected": 1} if volume.protected else {})


def change(call: Call) -> None:
    """Notes and protection of an archive."""
    found = _found(call)
    if found is None:
        raise failed(f"volume '{_volid(call)}' does not exist")
    volume = found[1]
    _may(call, volume)
    if volume.content != "backup":
        raise failed(f"'{call.storage.type}' storage does not support 'notes' for '{volume.content}' volumes")
    if "notes" in call.params:
        volume.notes = call.params["notes"] or None
    if "protected" in call.params:
        volume.protected = bool(call.params["protected"])


def delete(call: Call) -> str:
    """Remove a volume, as a task. A protected archive, and a disk that is in use, stay."""
    site, storage, volid = call.site, call.storage, _volid(call)
    found, mine = _found(call), _disk(call)
    _may(call, found[1] if found else None)
    fails = None
    if mine is not None and not mine[1].slot.startswith("unused"):
        raise failed(f"cannot remove volume '{volid}' - in use by guest '{mine[0].vmid}'")
    if found is not None and found[1].protected:
        fails = f"volume '{volid}' is protected"
    elif found is None and mine is None:
        fails = f"volume '{volid}' does not exist"

    def done(moment: float) -> None:
        if found is not None and found[1] in found[0]:
            found[0].remove(found[1])
        if mine is not None:
            guest, disk = mine
            guest.disks = [other for other in own(site, guest) if other.volid != disk.volid]
            settle(guest)
        site.changed()

    steps: list[work.Step] = [(0.3, done), (0.3, f"Removed volume '{volid}'")]
    user = call.who.name
    return work.begin(site, call.node, "imgdel", storage.name, user, seconds=0.5, steps=steps, fails=fails).upid


def _rules(text: str | None) -> dict[str, int]:
    pairs = [part.split("=", 1) for part in (text or "keep-all=1").split(",") if "=" in part]
    return {name: int(value) for name, value in pairs if value.isdigit()}


def prune_check(call: Call) -> None:
    """Without a VMID the whole storage is meant."""
    if not call.may(f"/storage/{call.path['storage']}", "Datastore.Allocate"):
        call.require(f"/storage/{call.path['storage']}", "Datastore.AllocateSpace")


def preview(call: Call) -> list[Row]:
    """Every archive, and whether it would be kept."""
    rows: list[Row] = []
    for volume, mark in _marked(call):
        row: Row = {
            "volid": volume.volid,
            "ctime": int(volume.ctime),
            "mark": mark,
            "type": volume.subtype or "unknown",
        }
        rows.append(row | ({"vmid": volume.vmid} if volume.vmid else {}))
    return rows


def _marked(call: Call) -> list[tuple[Volume, str]]:
    storage, params = call.storage, call.params
    rules = _rules(params.get("prune-backups") or storage.options.get("prune-backups"))
    groups: dict[tuple[int | None, str | None], list[Volume]] = {}
    for key in (storage.name, f"{call.node.name}:{storage.name}"):
        for volume in call.site.volumes.get(key, []):
            if volume.content != "backup" or params.get("vmid") not in (None, volume.vmid):
                continue
            if params.get("type") in (None, volume.subtype):
                groups.setdefault((volume.vmid, volume.subtype), []).append(volume)
    return [pair for volumes in groups.values() for pair in _of_group(volumes, rules)]


def _of_group(volumes: list[Volume], rules: dict[str, int]) -> list[tuple[Volume, str]]:
    """The archives of one guest: newest first, each rule keeps the first of each of its periods."""
    newest = sorted(volumes, key=lambda volume: -volume.ctime)
    marks = {id(volume): "protected" for volume in newest if volume.protected}
    everything = bool(rules.get("keep-all")) or not any(rules.values())
    for name, form in KEEP.items():
        covered = {_period(v, form) for v in newest if marks.get(id(v)) == "keep"}
        left = rules.get(name, 0)
        for volume in newest:
            period = _period(volume, form)
            if id(volume) in marks or left <= 0 or (form and period in covered):
                continue
            marks[id(volume)] = "keep"
            covered.add(period)
            left -= 1
    rest = "keep" if everything else "remove"
    return [(volume, marks.get(id(volume), rest)) for volume in volumes]


def _period(volume: Volume, form: str) -> str:
    return time.strftime(form, time.gmtime(volume.ctime)) if form else volume.volid


def prune(call: Call) -> str:
    """Remove what the preview marks, as a task."""
    site, storage = call.site, call.storage
    vmid = call.params.get("vmid")
    if vmid is None and not call.may(f"/storage/{storage.name}", "Datastore.Allocate"):
        raise forbidden(f"/storage/{storage.name}", "Datastore.Allocate")
    if vmid is not None:
        call.require(f"/vms/{vmid}", "VM.Backup")
    gone = [volume for volume, mark in _marked(call) if mark == "remove"]

    def done(moment: float) -> None:
        for volumes in site.volumes.values():
            volumes[:] = [volume for volume in volumes if volume not in gone]

    steps: list[work.Step] = [(0.2, f"INFO: removing backup '{volume.volid}'") for volume in gone]
    steps.append((0.5, done))
    subject = re.sub(r"[:\s/]", "_", f"{storage.name}")
    user = call.who.name
    return work.begin(site, call.node, "prunebackups", subject, user, seconds=1.0, steps=steps).upid
