"""Nodes that reboot, sleep and wake, and what happens to all of their guests at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from proxtui.sim import work, work_disks, work_moves
from proxtui.sim.state import Guest, Node, Task
from proxtui.sim.world import Site

STOPPING, BOOTING = 8.0, 60.0
"""Seconds until a node that was told to go is away, and until one that comes is back."""
MANAGER = 10.0
"""Seconds after which the HA manager does what it was asked for."""


def go_down(site: Site, node: Node) -> None:
    """The node is away; its guests ended with it."""
    now = site.world.now()
    node.offline_since, node.unreachable = now, "No route to host"
    for guest in site.held_by(node.name):
        if guest.running:
            guest.turn(now, "stopped")
    site.changed()


def come_up(site: Site, node: Node) -> None:
    """The node is back; guests with ``onboot`` start."""
    node.offline_since, node.asleep, node.booted = None, False, site.world.now()
    site.changed()
    start_all(site, node, "root@pam", [guest for guest in site.held_by(node.name) if guest.onboot])


def power(site: Site, node: Node, command: str) -> None:
    """``reboot`` or ``shutdown``: the node goes in a moment, and comes back after a reboot."""
    now, world = site.world.now(), site.world
    node.asleep = command == "shutdown"
    world.at(now + world.seconds(STOPPING), lambda _: go_down(site, node))
    if command == "reboot":
        world.at(now + world.seconds(STOPPING + BOOTING), lambda _: come_up(site, node))


def wake(site: Site, node: Node) -> None:
    """A magic packet: what sleeps boots."""
    if not node.online:
        world = site.world
        world.at(world.now() + world.seconds(BOOTING), lambda _: come_up(site, node))


def service(site: Site, node: Node, user: str, name: str, verb: str) -> Task:
    """``srvstart``, ``srvstop``, ``srvrestart`` or ``srvreload``."""

    def done(moment: float) -> None:
        node.services[name] = "dead" if verb == "stop" else "running"

    kind = f"srv{verb}"
    return work.begin(site, node, kind, name, user, seconds=1.0, steps=[(0.5, done)])


def start_all(site: Site, node: Node, user: str, guests: Sequence[Guest]) -> Task:
    wanted = [guest for guest in guests if not guest.running and not guest.template]
    return _each(site, node, user, "startall", wanted, "Starting", lambda guest: work.start(site, guest, user))


def stop_all(site: Site, node: Node, user: str, guests: Sequence[Guest], timeout: int, force: bool) -> Task:
    wanted = [guest for guest in guests if guest.running]

    def act(guest: Guest) -> Task:
        return work.shutdown(site, guest, user, timeout, force)

    return _each(site, node, user, "stopall", wanted, "Stopping", act)


def suspend_all(site: Site, node: Node, user: str, guests: Sequence[Guest]) -> Task:
    wanted = [guest for guest in guests if guest.running and guest.kind == "qemu"]

    def act(guest: Guest) -> Task:
        return work_disks.hibernate(site, guest, user, work_disks.state_storage(site, guest))

    return _each(site, node, user, "suspendall", wanted, "Suspending", act)


def migrate_all(site: Site, node: Node, user: str, guests: Sequence[Guest], target: Node, with_disks: bool) -> Task:
    def act(guest: Guest) -> Task:
        return work_moves.migrate(site, guest, user, target, with_disks=with_disks)

    return _each(site, node, user, "migrateall", guests, "Migrating", act)


def _also(act: Callable[[Guest], Task], guest: Guest, moment: float) -> None:
    act(guest)


def _each(
    site: Site,
    node: Node,
    user: str,
    kind: str,
    guests: Sequence[Guest],
    saying: str,
    act: Callable[[Guest], Task],
) -> Task:
    """One task that begins another for each guest, one after the other, and waits for the last."""
    steps: list[work.Step] = []
    for place, guest in enumerate(guests):
        after = 0.3 + place * 1.0
        steps.append((after, f"{saying} {work.word(guest)} {guest.vmid}"))
        steps.append((after, partial(_also, act, guest)))
    return work.begin(site, node, kind, "", user, seconds=2.0 + len(guests) * 1.5, steps=steps)


def request(site: Site, guest: Guest, user: str, verb: str, target: Node | None = None) -> Task:
    """A managed guest is not started by whoever asks: the HA manager is asked to."""
    service_id = f"{'vm' if guest.kind == 'qemu' else 'ct'}:{guest.vmid}"
    text = f"Requesting HA {verb} for {work.word(guest)} {guest.vmid}"
    kind = f"ha{verb}"
    if target is not None:
        kind, text = "hamigrate", f"Requesting HA migration for {work.word(guest)} {guest.vmid} to node {target.name}"
    task = work.begin(site, site.nodes[guest.node], kind, str(guest.vmid), user, seconds=0.8, steps=[(0.1, text)])
    site.write_log(guest.node, user, "pvedaemon", f"{text} ({service_id})", at=site.world.now())
    if target is not None:
        relocate(site, guest, target)
    else:
        wish(site, guest, "started" if verb == "start" else "stopped")
    return task


def wish(site: Site, guest: Guest, state: str) -> None:
    """Ask the HA manager for a state; it acts in its next rounds."""
    guest.ha = "started" if state == "enabled" else state
    site.changed()

    def act(moment: float) -> None:
        if site.guests.get(guest.vmid) is not guest or not site.nodes[guest.node].online or not site.quorate:
            return
        if guest.ha == "started" and not guest.running:
            work.start(site, guest, "root@pam")
        elif guest.ha in ("stopped", "disabled") and guest.running:
            work.shutdown(site, guest, "root@pam", 60, force=True)

    site.world.at(site.world.now() + site.world.seconds(MANAGER), act)


def relocate(site: Site, guest: Guest, target: Node) -> None:
    """Ask the HA manager to move a guest."""

    def act(moment: float) -> None:
        if site.guests.get(guest.vmid) is guest and target.online and guest.node != target.name and site.quorate:
            work_moves.migrate(site, guest, "root@pam", target)

    site.world.at(site.world.now() + site.world.seconds(MANAGER), act)
