"""Guests made from others, made templates, and destroyed."""

from __future__ import annotations

from proxtui.sim import work, work_create
from proxtui.sim.api import Call, Refused, failed
from proxtui.sim.drives import disks_of
from proxtui.sim.routes.guests import writable
from proxtui.sim.state import Guest, Node


def clone(call: Call) -> str:
    """A UPID of the source. Everything that can be refused is refused before."""
    site, params = call.site, call.params
    _may_allocate(call)
    pool, snapname, storage = params.get("pool"), params.get("snapname"), params.get("storage")
    target = _target(call, storage)
    if pool is not None and pool not in site.pools:
        raise failed(f"pool '{pool}' does not exist")
    call.quorum()
    source = _source(call)
    call.unlocked(source)
    if snapname and all(snap.name != snapname for snap in source.snapshots):
        raise failed(f"snapshot '{snapname}' does not exist")
    full = bool(params["full"]) if "full" in params else not source.template
    if not full:
        for name in ("storage", "format"):
            if name in params:
                raise failed(f"parameter '{name}' not allowed for linked clones")
    _check_disks(call, source, full, target)
    _free(call, params["newid"])
    guest = work_create.blank(site, call.node, params["newid"], source.kind)
    guest.name = (
        params.get("name")
        or params.get("hostname")
        or (f"Copy-of-VM-{source.name}" if source.kind == "qemu" else source.name)
    )
    guest.description = params.get("description")
    work_create.appear(site, guest)
    user = call.who.name
    return work_create.clone(
        site, source, guest, user, full=full, storage=storage, pool=pool, target=target or call.node
    ).upid


def _may_allocate(call: Call) -> None:
    newid, pool = call.params["newid"], call.params.get("pool")
    if not (pool and call.may(f"/pool/{pool}", "VM.Allocate")):
        call.require(f"/vms/{newid}", "VM.Allocate")


def _target(call: Call, storage: str | None) -> Node | None:
    """The other node, if there is to be one. Raises for one that is not there or that does not share the storage."""
    name = call.params.get("target")
    if name is not None and name not in call.site.nodes:
        raise failed(f"no such cluster node '{name}'")
    other = call.site.nodes[name] if name is not None and name != call.node.name else None
    if storage is not None:
        found = call.find_storage(storage)
        if other is not None:
            call.find_storage(storage, other.name)
            if not found.shared:
                raise failed(f"can't clone to non-shared storage '{storage}'")
    return other


def _source(call: Call) -> Guest:
    guest = call.site.guest_on(call.node.name, call.kind, call.vmid)
    if guest is None and call.kind == "qemu":
        raise failed(f"unable to find configuration file for VM {call.vmid} on node '{call.node.name}'")
    return call.guest


def _check_disks(call: Call, source: Guest, full: bool, target: Node | None) -> None:
    shared = True
    for disk in disks_of(call.site, source):
        if disk.slot.startswith("unused"):
            continue
        storage = call.params.get("storage") or disk.storage
        shared = shared and call.site.storages[disk.storage].shared
        call.require(f"/storage/{storage}", "Datastore.AllocateSpace")
        linked = source.template or "snapname" in call.params
        if not full and "media=cdrom" not in disk.options and not linked:
            if source.kind == "qemu":
                raise failed(f"Linked clone feature is not supported for drive '{disk.slot}'")
            raise failed(f"Linked clone feature for '{disk.volid}' is not available")
        if full and source.kind == "lxc" and source.running and "snapname" not in call.params:
            raise failed("Cannot do full clones on a running container without snapshots")
    if target is not None and not shared:
        word = work.word(source)
        raise failed(f"can't clone {word} to node '{target.name}' ({word} uses local storage)")


def _free(call: Call, vmid: int) -> None:
    other = call.site.guests.get(vmid)
    if other is None:
        return
    word = "VM" if other.kind == "qemu" else "CT"
    if call.kind == "qemu" and other.kind == "qemu" and other.node == call.node.name:
        raise failed(f"unable to create VM {vmid}: config file already exists")
    raise failed(f"{word} {vmid} already exists on node '{other.node}'")


def template(call: Call) -> str | None:
    """A UPID for a machine; containers become templates at once."""
    guest = call.guest
    word = work.word(guest)
    call.unlocked(guest)
    if guest.snapshots:
        raise failed(f"unable to create template, because {word} contains snapshots")
    if guest.template:
        raise failed("you can't convert a template to a template")
    if guest.running:
        raise failed(f"you can't convert a {word} to template if {'VM' if word == 'VM' else 'the CT'} is running")
    writable(call)
    if guest.kind == "lxc":
        work_create.make_template(call.site, guest)
        return None
    steps: list[work.Step] = [(0.5, lambda _: work_create.make_template(call.site, guest))]
    user = call.who.name
    return work.begin(call.site, call.node, "qmtemplate", str(guest.vmid), user, seconds=1.0, steps=steps).upid


def destroy(call: Call) -> str:
    """A UPID, where nothing stands in the way."""
    guest, purge = call.guest, bool(call.params.get("purge", False))
    call.root_only("skiplock")
    word = work.word(guest)
    if not call.site.quorate:
        raise failed("cluster not ready - no quorum?")
    if str(guest.extra.get("protection", 0)) == "1":
        raise failed(f"can't remove {word} {guest.vmid} - protection mode enabled")
    if guest.kind == "lxc":
        call.unlocked(guest)
    if not purge:
        _named_elsewhere(call, guest)
    force = bool(call.params.get("force", False))
    if guest.running and guest.kind == "qemu":
        raise failed(f"VM {guest.vmid} is running - destroy failed")
    if guest.running and not force:
        raise failed(f"unable to destroy CT {guest.vmid} - container is running")
    return work_create.destroy(call.site, guest, call.who.name, purge=purge, force=force).upid


def _named_elsewhere(call: Call, guest: Guest) -> None:
    """Raise for a guest that HA or replication still names."""
    if guest.ha:
        text = f"unable to remove {work.word(guest)} {guest.vmid}"
        raise failed(f"{text} - used in HA resources and purge parameter not set.")
    for job in call.site.replication:
        if job.guest == guest.vmid:
            raise Refused(
                500, f"There is a replication job '{job.id}' for guest '{guest.vmid}' - Please remove that first."
            )
