"""Tasks: what PVE forks a worker for. They take time, write a log, change something, and may fail."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

from proxtui.sim.state import Guest, Node, Task
from proxtui.sim.world import Site

Act = Callable[[float], None]
Step = tuple[float, str | Act]
"""Seconds after the start, and what happens then: a line in the log, or a change."""


class Late(str):
    """What a task ends with after it did its steps."""

    __slots__ = ()


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
    """Fork a worker that ends after ``seconds``; with ``fails`` it ends at once with that text and changes nothing.

    A :class:`Late` failure comes at the end instead, when all steps are done.
    """
    world = site.world
    task = fork(site, node, kind, subject, user)
    if isinstance(fails, Late):
        task.exit, fails = str(fails), None
    fault = world.faults.take_task(site.name, kind, subject)
    if fault is not None and fault.kind == "task-fail":
        fails = fault.reason or "command failed: exit code 1"
    if fault is not None and fault.kind == "task-warnings":
        steps = [*steps, (seconds / 2, f"WARN: {fault.reason or 'something is not as it should be'}")]
        task.exit = "WARNINGS: 1"
    go = partial(_go, site, task, seconds, steps, fails)
    if fault is not None and fault.kind == "task-hang":
        task.held = (fault.id, go)
    else:
        go(task.start)
    return task


def fork(site: Site, node: Node, kind: str, subject: str, user: str) -> Task:
    """A task that runs until somebody ends it: see :func:`finish`."""
    now = site.world.now()
    node.next_pid += 1 + site.rng.randrange(40)
    pstart = int((now - node.booted) * 100) & 0xFFFFFFFF
    upid = f"UPID:{node.name}:{node.next_pid:08X}:{pstart:08X}:{int(now):08X}:{kind}:{subject}:{user}:"
    task = Task(upid, node.name, node.next_pid, pstart, now, kind, subject, user)
    site.tasks.append(task)
    del site.tasks[:-600]
    site.write_log(node.name, user, "pvedaemon", f"starting task {upid}", at=now)
    return task


def finish(site: Site, task: Task, ends: str = "OK") -> None:
    """End a task of :func:`fork` now, unless somebody killed it before."""
    if not task.killed:
        task.end, task.exit = site.world.now(), ends
        _ended(site, task, task.end)


def _go(site: Site, task: Task, seconds: float, steps: Sequence[Step], fails: str | None, now: float) -> None:
    """Have the steps of a task happen, from ``now`` on."""
    world = site.world
    task.held = None
    task.end = now + world.seconds(0.1 if fails else seconds)
    if fails:
        task.exit = fails
    for after, step in () if fails else steps:
        moment = now + world.seconds(after)
        if isinstance(step, str):
            task.log.append((moment, step))
        else:
            world.at(moment, _unless_killed(task, step))
    world.at(task.end, lambda moment: _ended(site, task, moment))


def release(site: Site, task: Task, ends: str | None = None) -> None:
    """Let a task that a fault holds go on; with ``ends`` it ends now with that text, and changes nothing."""
    if task.held is None:
        return
    _, go = task.held
    if ends is None:
        go(site.world.now())
    else:
        task.held, task.exit, task.end, task.killed = None, ends, site.world.now(), True


def _unless_killed(task: Task, act: Act) -> Act:
    def run(moment: float) -> None:
        if not task.killed:
            act(moment)

    return run


def _ended(site: Site, task: Task, moment: float) -> None:
    if task.killed:
        return
    pri = 6 if task.exit == "OK" else 3
    site.write_log(task.node, task.user, "pvedaemon", f"end task {task.upid} {task.exit}", at=moment, pri=pri)


def word(guest: Guest) -> str:
    return "VM" if guest.kind == "qemu" else "CT"


def type_of(guest: Guest, verb: str) -> str:
    return ("qm" if guest.kind == "qemu" else "vz") + verb


def locked(guest: Guest) -> str | None:
    """The text with which a locked guest refuses."""
    return f"{word(guest)} is locked ({guest.lock})" if guest.lock else None


def power(site: Site, guest: Guest, status: str, qmp: str = "") -> Act:
    def act(moment: float) -> None:
        if status == "running" and not guest.running:
            guest.pid = 2000 + site.rng.randrange(60_000)
            guest.take_up()
        guest.turn(moment, status, qmp)

    return act


def start(site: Site, guest: Guest, user: str, kind: str = "start") -> Task:
    """Start; with ``kind`` ``resume`` the task is called so, as when a hibernated machine is resumed."""
    node = site.nodes[guest.node]
    asleep = guest.lock == "suspended"
    fails = None if asleep else locked(guest)
    if fails is None and guest.template:
        fails = f"you can't start a {'vm' if guest.kind == 'qemu' else 'CT'} if it's a template"
    if fails is None and guest.running:
        fails = f"{word(guest)} {guest.vmid} already running"
    storage = site.storages.get(guest.storage)
    if fails is None and storage is not None and not storage.active:
        fails = f"storage '{guest.storage}' is not online"
    steps: list[Step] = [(0.4, power(site, guest, "running"))]
    if asleep:
        steps += [
            (0.2, "Resuming suspended VM"),
            (0.4, lambda _: wake_up(site, guest)),
            (1.2, "Resumed VM, removing state"),
        ]
    return begin(site, node, type_of(guest, kind), str(guest.vmid), user, seconds=1.4, steps=steps, fails=fails)


def wake_up(site: Site, guest: Guest) -> None:
    """A hibernated machine runs again; the memory that was written to a storage is gone."""
    guest.lock = None
    guest.extra.pop("vmstate", None)
    for volumes in site.volumes.values():
        volumes[:] = [volume for volume in volumes if f"vm-{guest.vmid}-state-suspend" not in volume.volid]
    site.changed()


def stop(site: Site, guest: Guest, user: str, kind: str = "stop") -> Task:
    """The hard way. Stopping what is stopped is OK."""
    effects = [(0.4, power(site, guest, "stopped"))] if guest.running else []
    node = site.nodes[guest.node]
    seconds = 1.3 if guest.running else 0.1
    kind = type_of(guest, kind)
    return begin(site, node, kind, str(guest.vmid), user, seconds=seconds, steps=effects, fails=locked(guest))


def shutdown(site: Site, guest: Guest, user: str, timeout: int = 60, force: bool = False) -> Task:
    """The graceful way; a guest that does not listen lets it run into its timeout, and is stopped with ``force``."""
    node, kind = site.nodes[guest.node], type_of(guest, "shutdown")
    fails = locked(guest)
    if fails is None and not guest.running:
        return begin(site, node, kind, str(guest.vmid), user, seconds=0.1)
    seconds = min(1.5 if guest.kind == "lxc" else 6.0, max(timeout, 0.5))
    if fails is None and not guest.acpi and not force:
        late = "VM quit/powerdown failed - got timeout" if guest.kind == "qemu" else "lxc-stop failed: exit code 1"
        return begin(site, node, kind, str(guest.vmid), user, seconds=timeout, fails=Late(late))
    steps: list[Step] = []
    if fails is None and not guest.acpi:
        seconds = timeout + 1.5
        steps.append((float(timeout), "VM quit/powerdown failed - terminating now with SIGTERM"))
    effects = [*steps, (seconds - 0.3, power(site, guest, "stopped"))]
    return begin(site, node, kind, str(guest.vmid), user, seconds=seconds, steps=effects, fails=fails)


def reboot(site: Site, guest: Guest, user: str) -> Task:
    fails = locked(guest)
    if fails is None and not guest.running:
        fails = f"{word(guest)} {guest.vmid} not running"
    effects = [(4.0, power(site, guest, "stopped")), (4.8, power(site, guest, "running"))]
    node = site.nodes[guest.node]
    kind = type_of(guest, "reboot")
    return begin(site, node, kind, str(guest.vmid), user, seconds=5.5, steps=effects, fails=fails)


def reset(site: Site, guest: Guest, user: str) -> Task:
    fails = locked(guest) or (None if guest.running else f"VM {guest.vmid} not running")
    node = site.nodes[guest.node]
    return begin(site, node, "qmreset", str(guest.vmid), user, seconds=0.3, fails=fails)


def suspend(site: Site, guest: Guest, user: str) -> Task:
    fails = locked(guest) or (None if guest.running else f"{word(guest)} {guest.vmid} not running")
    # A container is written to a disk by CRIU and is gone from the node's memory; nothing in its status tells.
    effects = [(0.2, power(site, guest, "running" if guest.kind == "qemu" else "stopped", "paused"))]
    kind = "qmpause" if guest.kind == "qemu" else "vzsuspend"
    node = site.nodes[guest.node]
    return begin(site, node, kind, str(guest.vmid), user, seconds=0.4, steps=effects, fails=fails)


def resume(site: Site, guest: Guest, user: str) -> Task:
    fails = locked(guest)
    if fails is None and guest.kind == "qemu" and not guest.running:
        fails = f"VM {guest.vmid} not running"
    elif fails is None and guest.kind == "lxc" and guest.qmpstatus != "paused":
        fails = f"command 'lxc-checkpoint -n {guest.vmid} -r --foreground -D /var/lib/vz/dump' failed: exit code 1"
    effects = [(0.2, power(site, guest, "running"))]
    node = site.nodes[guest.node]
    return begin(site, node, type_of(guest, "resume"), str(guest.vmid), user, seconds=0.4, steps=effects, fails=fails)


def stamp(site: Site, after: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(site.world.now() + site.world.seconds(after)))
