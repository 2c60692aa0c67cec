"""How long a guest has been locked: PVE tells no time of a lock, but the task that took it has one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from proxtui.pve.models import Guest, Task

TASKS_OF: Mapping[str, tuple[str, ...]] = {
    "backup": ("vzdump",),
    "clone": ("qmclone", "vzclone"),
    "create": ("qmcreate", "vzcreate", "qmrestore", "vzrestore"),
    "disk": ("qmmove", "move_volume", "resize", "vzmove"),
    "migrate": ("qmigrate", "vzmigrate", "hamigrate"),
    "rollback": ("qmrollback", "vzrollback"),
    "snapshot": ("qmsnapshot", "vzsnapshot"),
    "snapshot-delete": ("qmdelsnapshot", "vzdelsnapshot"),
    "suspending": ("qmsuspend",),
    "suspended": ("qmsuspend",),
}


class Locker(NamedTuple):
    """The task that took the lock, as far as anybody can tell."""

    since: int
    """Seconds since the epoch."""
    running: bool


def locker(guest: Guest, tasks: Iterable[Task]) -> Locker | None:
    """The newest task that takes such a lock on this guest, one that runs before all others; None: no such task."""
    kinds = TASKS_OF.get(guest.lock or "", ())
    fitting = [task for task in tasks if task.type in kinds and task.starttime and _is_about(task, guest)]
    best = max(fitting, key=lambda task: (task.running, task.starttime or 0), default=None)
    return None if best is None else Locker(best.starttime or 0, best.running)


def _is_about(task: Task, guest: Guest) -> bool:
    # A backup job over many guests names none of them.
    return task.id == str(guest.vmid) or (not task.id and task.type == "vzdump" and task.node == guest.node)
