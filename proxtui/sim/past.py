"""What happened before the world began: finished tasks, so that no list starts empty."""

from __future__ import annotations

from proxtui.sim.build import backup_store
from proxtui.sim.state import Guest, Task
from proxtui.sim.world import Site

HISTORY = 70
"""Tasks of the last two days on a site."""
FAULTS = (
    ("qmstart", "start failed: QEMU exited with code 1"),
    ("vzdump", "job errors"),
    ("qmshutdown", "VM quit/powerdown failed - got timeout"),
    ("qmigrate", "migration aborted"),
    ("vzstart", "startup for container '{id}' failed"),
    ("qmsnapshot", "VM is locked (backup)"),
)
SECONDS = {"vzdump": 420.0, "qmigrate": 35.0, "qmshutdown": 12.0}


def remember(site: Site) -> None:
    """Give a site the tasks of its last two days, oldest first."""
    rng = site.rng
    guests = [guest for guest in site.guests.values() if not guest.template]
    moments = sorted(site.world.born - rng.uniform(120, 2 * 86400) for _ in range(HISTORY))
    for moment in moments:
        guest = rng.choice(guests)
        verb = rng.choice(("start", "stop", "shutdown", "snapshot", "dump", "dump", "dump", "migrate", "reboot"))
        exit_ = "OK"
        kind = _kind(guest, verb)
        if rng.random() < 0.08:
            kind, exit_ = rng.choice(FAULTS)
        elif kind == "vzdump" and rng.random() < 0.1:
            exit_ = "WARNINGS: 1"
        _past_task(site, guest, kind, moment, exit_)


def failures(site: Site) -> None:
    """One recent failure of every sort."""
    guests = [guest for guest in site.guests.values() if not guest.template]
    for number, (kind, text) in enumerate(FAULTS):
        wanted = "lxc" if kind.startswith("vzs") else "qemu"
        guest = [guest for guest in guests if guest.kind == wanted][number]
        _past_task(site, guest, kind, site.world.born - 900 + number * 90, text)


def _kind(guest: Guest, verb: str) -> str:
    if verb == "dump":
        return "vzdump"
    if verb == "migrate":
        return "qmigrate" if guest.kind == "qemu" else "vzmigrate"
    return ("qm" if guest.kind == "qemu" else "vz") + verb


def _past_task(site: Site, guest: Guest, kind: str, moment: float, exit_: str) -> None:
    node = site.nodes[guest.node]
    if kind.startswith("vz") and kind != "vzdump" and guest.kind == "qemu":
        kind = "qm" + kind.removeprefix("vz")
    elif kind.startswith("qm") and guest.kind == "lxc":
        kind = "vz" + kind.removeprefix("qm").replace("igrate", "migrate")
    user = "root@pam" if kind == "vzdump" else site.rng.choice(("admin@pve!proxtui", "admin@pve", "root@pam"))
    pid = 1000 + site.rng.randrange(60_000)
    pstart = int(max(0.0, moment - node.booted) * 100) & 0xFFFFFFFF
    exit_ = exit_.format(id=guest.vmid)
    upid = f"UPID:{node.name}:{pid:08X}:{pstart:08X}:{int(moment):08X}:{kind}:{guest.vmid}:{user}:"
    end = moment + SECONDS.get(kind, 2.0) * site.rng.uniform(0.5, 1.6)
    task = Task(upid, node.name, pid, pstart, moment, kind, str(guest.vmid), user, end=end, exit=exit_)
    if kind == "vzdump":
        task.log = [
            (moment, f"INFO: starting new backup job: vzdump {guest.vmid} --storage {backup_store(site)}"),
            (moment, f"INFO: Starting Backup of VM {guest.vmid} ({guest.kind})"),
            (end, f"INFO: Finished Backup of VM {guest.vmid}"),
        ]
    site.tasks.append(task)
    site.write_log(node.name, user, "pvedaemon", f"starting task {upid}", at=moment)
    site.write_log(node.name, user, "pvedaemon", f"end task {upid} {exit_}", at=end, pri=6 if exit_ == "OK" else 3)
