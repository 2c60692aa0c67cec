"""``POST status/VERB``: what is wrong is said at once, or shows in the task, as PVE decided verb by verb."""

from __future__ import annotations

from collections.abc import Callable

from proxtui.sim import work, work_disks, work_nodes
from proxtui.sim.api import Call, failed
from proxtui.sim.routes.guests import guest_or_task
from proxtui.sim.state import Guest

VERBS = {
    "start": work.start,
    "stop": work.stop,
    "reboot": work.reboot,
    "reset": work.reset,
    "suspend": work.suspend,
    "resume": work.resume,
}


def power(verb: str) -> Callable[[Call], str]:
    """The endpoint of one verb; its answer is a UPID."""

    def run(call: Call) -> str:
        call.root_only("skiplock", "keepActive", "nocheck")
        found = call.site.guest_on(call.node.name, call.kind, call.vmid)
        _refuse(call, verb, found)
        if verb == "start":
            call.quorum()
        guest = guest_or_task(call, "pause" if (verb, call.kind) == ("suspend", "qemu") else verb)
        return guest if isinstance(guest, str) else _begin(call, verb, guest)

    return run


def _begin(call: Call, verb: str, guest: Guest) -> str:
    site, user, params = call.site, call.who.name, call.params
    if guest.ha and guest.ha != "ignored" and verb in ("start", "stop", "shutdown"):
        return work_nodes.request(site, guest, user, "start" if verb == "start" else "stop").upid
    if params.get("skiplock"):
        guest.lock = None
    if verb == "shutdown":
        force = bool(params.get("forceStop", False))
        if force and guest.qmpstatus == "paused":
            return work.stop(site, guest, user, kind="shutdown").upid
        return work.shutdown(site, guest, user, params.get("timeout", 60), force).upid
    if verb == "suspend" and params.get("todisk"):
        return _hibernate(call, guest)
    if verb == "resume" and guest.lock == "suspended":
        return work.start(site, guest, user, kind="resume").upid
    return VERBS[verb](site, guest, user).upid


def _refuse(call: Call, verb: str, guest: Guest | None) -> None:
    """What PVE says before it forks a worker; a machine that is started or stopped once more passes."""
    running = guest is not None and guest.running
    name = f"{'VM' if call.kind == 'qemu' else 'CT'} {call.vmid}"
    paused = guest is not None and guest.qmpstatus == "paused" and call.kind == "qemu"
    if paused and (verb == "reboot" or (verb == "shutdown" and not call.params.get("forceStop"))):
        raise failed("VM is paused - cannot shutdown")
    if call.kind == "lxc" and verb in ("start", "resume"):
        if running:
            raise failed(f"{name} already running")
        return
    needs = (
        ("reboot", "reset", "suspend", "resume") if call.kind == "qemu" else ("stop", "shutdown", "reboot", "suspend")
    )
    asleep = verb == "resume" and guest is not None and guest.lock == "suspended"
    if verb in needs and not running and not asleep:
        raise failed(f"{'VM ' + str(call.vmid) if verb == 'reboot' else name} not running")


def _hibernate(call: Call, guest: Guest) -> str:
    if guest.ha:
        raise failed("Cannot suspend HA managed VM to disk")
    call.require(f"/vms/{guest.vmid}", "VM.Config.Disk")
    storage = call.params.get("statestorage") or work_disks.state_storage(call.site, guest)
    call.find_storage(storage)
    call.require(f"/storage/{storage}", "Datastore.AllocateSpace")
    return work_disks.hibernate(call.site, guest, call.who.name, storage).upid
