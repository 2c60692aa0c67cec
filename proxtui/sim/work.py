"""Tasks: what PVE forks a worker for. They take time, write a log, change something, and may fail."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from proxtui.sim.state import Guest, Node, Snapshot, Task, Volume
from proxtui.sim.world import Site

Act = Callable[[float], None]
Step = tuple[float, str | Act]
"""Seconds after the start, and what happens then: a line in the log, or a change."""


def begin(
    site: Site,
    node: Node,
    kind: str,
    subject: str,
    user: str,
    *,
    seconds: float,
    steps: Sequence[Step] = (),
    fails: str | None = None,
) -> Task:
    """Fork a worker that ends after ``seconds``; with ``fails`` it ends at once with that text and changes nothing."""
    world = site.world
    now = world.now()
    node.next_pid += 1 + site.rng.randrange(40)
    pstart = int((now - node.booted) * 100) & 0xFFFFFFFF
    upid = f"UPID:{node.name}:{node.next_pid:08X}:{pstart:08X}:{int(now):08X}:{kind}:{subject}:{user}:"
    task = Task(upid, node.name, node.next_pid, pstart, now, kind, subject, user)
    task.end = now + world.seconds(0.1 if fails else seconds)
    if fails:
        task.exit = fails
    else:
        for after, step in steps:
            moment = now + world.seconds(after)
            if isinstance(step, str):
                task.log.append((moment, step))
            else:
                world.at(moment, _unless_killed(task, step))
    site.tasks.append(task)
    del site.tasks[:-600]
    site.write_log(node.name, user, "pvedaemon", f"starting task {upid}", at=now)
    world.at(task.end, lambda moment: _ended(site, task, moment))
    return task


def _unless_killed(task: Task, act: Act) -> Act:
    def run(moment: float) -> None:
        if not task.killed:
            act(moment)

    return run


def _ended(site: Site, task: Task, moment: float) -> None:
    pri = 6 if task.exit == "OK" else 3
    site.write_log(task.node, task.user, "pvedaemon", f"end task {task.upid} {task.exit}", at=moment, pri=pri)


def _word(guest: Guest) -> str:
    return "VM" if guest.kind == "qemu" else "CT"


def _type(guest: Guest, verb: str) -> str:
    return ("qm" if guest.kind == "qemu" else "vz") + verb


def locked(guest: Guest) -> str | None:
    """The text with which a locked guest refuses."""
    return f"{_word(guest)} is locked ({guest.lock})" if guest.lock else None


def _power(site: Site, guest: Guest, status: str, qmp: str = "") -> Act:
    def act(moment: float) -> None:
        if status == "running" and not guest.running:
            guest.pid = 2000 + site.rng.randrange(60_000)
            guest.take_up()
        guest.turn(moment, status, qmp)

    return act


def start(site: Site, guest: Guest, user: str) -> Task:
    node = site.nodes[guest.node]
    fails = locked(guest)
    if fails is None and guest.template:
        fails = "You can't start a vm if it's a template"
    if fails is None and guest.running:
        fails = f"{_word(guest)} {guest.vmid} already running"
    if fails is None and not site.storages[guest.storage].active:
        fails = f"storage '{guest.storage}' is not online"
    return begin(
        site,
        node,
        _type(guest, "start"),
        str(guest.vmid),
        user,
        seconds=1.4,
        steps=[(0.4, _power(site, guest, "running"))],
        fails=fails,
    )


def stop(site: Site, guest: Guest, user: str) -> Task:
    """The hard way. Stopping what is stopped is OK."""
    effects = [(0.4, _power(site, guest, "stopped"))] if guest.running else []
    node = site.nodes[guest.node]
    seconds = 1.3 if guest.running else 0.1
    kind = _type(guest, "stop")
    return begin(site, node, kind, str(guest.vmid), user, seconds=seconds, steps=effects, fails=locked(guest))


def shutdown(site: Site, guest: Guest, user: str, timeout: int = 60) -> Task:
    """The graceful way; a guest that does not listen lets it run into its timeout."""
    node, kind = site.nodes[guest.node], _type(guest, "shutdown")
    fails = locked(guest)
    if fails is None and not guest.running:
        fails = f"{_word(guest)} {guest.vmid} not running"
    if fails is None and not guest.acpi:
        task = begin(site, node, kind, str(guest.vmid), user, seconds=timeout)
        task.exit = "VM quit/powerdown failed - got timeout"
        return task
    seconds = 1.5 if guest.kind == "lxc" else 6.0
    effects = [(seconds - 0.3, _power(site, guest, "stopped"))]
    return begin(site, node, kind, str(guest.vmid), user, seconds=seconds, steps=effects, fails=fails)


def reboot(site: Site, guest: Guest, user: str) -> Task:
    fails = locked(guest)
    if fails is None and not guest.running:
        fails = f"{_word(guest)} {guest.vmid} not running"
    effects = [(4.0, _power(site, guest, "stopped")), (4.8, _power(site, guest, "running"))]
    node = site.nodes[guest.node]
    kind = _type(guest, "reboot")
    return begin(site, node, kind, str(guest.vmid), user, seconds=5.5, steps=effects, fails=fails)


def reset(site: Site, guest: Guest, user: str) -> Task:
    fails = locked(guest) or (None if guest.running else f"VM {guest.vmid} not running")
    node = site.nodes[guest.node]
    return begin(site, node, "qmreset", str(guest.vmid), user, seconds=0.3, fails=fails)


def suspend(site: Site, guest: Guest, user: str) -> Task:
    fails = locked(guest) or (None if guest.running else f"{_word(guest)} {guest.vmid} not running")
    effects = [(0.2, _power(site, guest, "running", "paused"))]
    kind = "qmpause" if guest.kind == "qemu" else "vzsuspend"
    node = site.nodes[guest.node]
    return begin(site, node, kind, str(guest.vmid), user, seconds=0.4, steps=effects, fails=fails)


def resume(site: Site, guest: Guest, user: str) -> Task:
    fails = locked(guest) or (None if guest.running else f"{_word(guest)} {guest.vmid} not running")
    effects = [(0.2, _power(site, guest, "running"))]
    node = site.nodes[guest.node]
    return begin(site, node, _type(guest, "resume"), str(guest.vmid), user, seconds=0.4, steps=effects, fails=fails)


def snapshot(site: Site, guest: Guest, user: str, name: str, description: str, vmstate: bool = False) -> Task:
    fails = locked(guest)
    if fails is None and any(snap.name == name for snap in guest.snapshots):
        fails = f"snapshot name '{name}' already used"
    if fails is None and site.storages[guest.storage].type in ("lvm", "iscsi"):
        fails = "snapshot feature is not available"

    def lock(moment: float) -> None:
        guest.lock = "snapshot"

    def done(moment: float) -> None:
        guest.lock = None
        guest.snapshots.append(Snapshot(name, description, moment, guest.parent, vmstate))
        guest.parent = name

    log = [(0.2, f"snapshotting 'drive-scsi0' ({guest.storage}:vm-{guest.vmid}-disk-0)")]
    node = site.nodes[guest.node]
    effects = [(0.0, lock), (2.0, done)]
    kind = _type(guest, "snapshot")
    return begin(site, node, kind, str(guest.vmid), user, seconds=2.2, steps=[*log, *effects], fails=fails)


def delete_snapshot(site: Site, guest: Guest, user: str, name: str) -> Task:
    def done(moment: float) -> None:
        gone = next((snap for snap in guest.snapshots if snap.name == name), None)
        if gone is None:
            return
        guest.snapshots.remove(gone)
        for snap in guest.snapshots:
            snap.parent = gone.parent if snap.parent == name else snap.parent
        guest.parent = gone.parent if guest.parent == name else guest.parent

    fails = locked(guest)
    if fails is None and all(snap.name != name for snap in guest.snapshots):
        fails = f"snapshot '{name}' does not exist"
    node, kind = site.nodes[guest.node], _type(guest, "delsnapshot")
    return begin(site, node, kind, str(guest.vmid), user, seconds=2.0, steps=[(1.8, done)], fails=fails)


def rollback(site: Site, guest: Guest, user: str, name: str) -> Task:
    fails = locked(guest)
    if fails is None and all(snap.name != name for snap in guest.snapshots):
        fails = f"snapshot '{name}' does not exist"
    node, kind = site.nodes[guest.node], _type(guest, "rollback")

    def done(moment: float) -> None:
        guest.parent = name

    effects: list[Step] = [(1.0, _power(site, guest, "stopped"))] if guest.running else []
    effects.append((2.8, done))
    return begin(site, node, kind, str(guest.vmid), user, seconds=3.0, steps=effects, fails=fails)


def migrate(site: Site, guest: Guest, user: str, target: Node, *, fails: str | None = None) -> Task:
    """Move a guest. Containers restart on the way; ``fails`` breaks it half way and leaves everything as it was."""
    node = site.nodes[guest.node]
    seconds = 14.0 if guest.running else 4.0
    steps = [
        (0.2, f"starting migration of {_word(guest)} {guest.vmid} to node '{target.name}' ({target.ip})"),
        (1.5, f"starting {_word(guest)} {guest.vmid} on remote node '{target.name}'"),
        (3.0, "start remote tunnel"),
        (4.0, "ssh tunnel ver 1"),
        (5.0, "starting online/live migration on unix:/run/qemu-server/migrate"),
        (8.0, f"migration active, transferred {guest.maxmem // 3 // 1024**2} MiB of {guest.maxmem // 1024**2} MiB"),
        (11.0, f"average migration speed: {400 + guest.vmid % 300}.0 MiB/s - downtime {20 + guest.vmid % 60} ms"),
        (13.5, "migration finished successfully (duration 00:00:13)"),
    ]
    log = [(after, f"{_stamp(site, after)} {text}") for after, text in steps if after < seconds]

    def lock(moment: float) -> None:
        guest.lock = "migrate"

    def done(moment: float) -> None:
        guest.lock = None
        if not fails and target.online:
            guest.node = target.name
            site.moved()

    refusal = locked(guest)
    kind = "qmigrate" if guest.kind == "qemu" else "vzmigrate"
    effects = [(0.1, lock), (seconds - 0.3, done)]
    task = begin(site, node, kind, str(guest.vmid), user, seconds=seconds, steps=[*log, *effects], fails=refusal)
    if fails and not refusal:
        task.exit = fails
    return task


def backup(site: Site, guest: Guest, user: str, storage: str, *, seconds: float = 40.0) -> Task:
    """vzdump of one guest. A full storage makes it fail, as it does on a Sunday night."""
    node, store = site.nodes[guest.node], site.storages[storage]
    gib = guest.maxdisk / 1024**3
    log = [
        (
            0.2,
            f"INFO: starting new backup job: vzdump {guest.vmid} --mode snapshot --compress zstd --storage {storage}",
        ),
        (0.4, f"INFO: Starting Backup of VM {guest.vmid} ({guest.kind})"),
        (0.5, f"INFO: Backup started at {_stamp(site, 0.5)}"),
        (0.6, f"INFO: status = {guest.status}"),
        (0.8, f"INFO: {_word(guest)} Name: {guest.name}"),
    ]
    log += [
        (
            1 + step * seconds / 11,
            f"INFO: {step * 10:3d}% ({gib * step / 10:.1f} GiB of {gib:.1f} GiB), read: 212.4 MiB/s",
        )
        for step in range(1, 10)
    ]
    full = site.used(store, node.name, site.world.now()) >= store.total * 0.98 or not store.active
    fails = locked(guest)

    def lock(moment: float) -> None:
        guest.lock = "backup"

    def done(moment: float) -> None:
        guest.lock = None
        if not full:
            add_backup(site, guest, storage, moment)

    if full:
        log.append((seconds - 0.5, "ERROR: vma_queue_write: write error - No space left on device"))
    else:
        log.append((seconds - 0.3, f"INFO: Finished Backup of VM {guest.vmid}"))
    effects = [(0.3, lock), (seconds - 0.2, done)]
    number = str(guest.vmid)
    task = begin(site, node, "vzdump", number, user, seconds=seconds, steps=[*log, *effects], fails=fails)
    if full and not fails:
        task.exit = "job errors"
    return task


def add_backup(site: Site, guest: Guest, storage: str, moment: float) -> Volume:
    """Put an archive into the storage's content."""
    day = time.gmtime(moment)
    size = int(guest.maxdisk * (0.18 + (guest.vmid * 37 + day.tm_yday * 11) % 97 / 400))
    if site.storages[storage].type == "pbs":
        sort = "vm" if guest.kind == "qemu" else "ct"
        volid = f"{storage}:backup/{sort}/{guest.vmid}/{time.strftime('%Y-%m-%dT%H:%M:%SZ', day)}"
        suffix, verified = f"pbs-{sort}", "failed" if size % 211 == 0 else "ok"
    else:
        suffix, verified = "vma.zst" if guest.kind == "qemu" else "tar.zst", None
        stamp = time.strftime("%Y_%m_%d-%H_%M_%S", day)
        volid = f"{storage}:backup/vzdump-{guest.kind}-{guest.vmid}-{stamp}.{suffix}"
    volume = Volume(
        volid, "backup", suffix, size, moment, guest.vmid, notes=guest.name, subtype=guest.kind, verified=verified
    )
    site.volumes.setdefault(storage, []).append(volume)
    return volume


def _stamp(site: Site, after: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(site.world.now() + site.world.seconds(after)))
