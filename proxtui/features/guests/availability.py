"""Why a change makes no sense for a guest just now: told beside it, never decided by. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxtui.pve.models import Guest

ASLEEP = "suspended"
"""The lock of a hibernated VM: it is no hindrance to wake it up."""


def locked(guest: Guest) -> str | None:
    """Somebody works on it."""
    return f"is locked ({guest.lock})" if guest.lock else None


def start(guest: Guest) -> str | None:
    """It has to stand still, and to be more than a template."""
    if guest.template:
        return "is a template"
    if guest.status in ("running", "paused"):
        return f"is {guest.status} already" if guest.status == "running" else "is paused: resume it"
    return None if guest.lock == ASLEEP else locked(guest)


def running(guest: Guest) -> str | None:
    """It has to run."""
    if guest.status == "stopped":
        return "is a template" if guest.template else "does not run"
    return locked(guest)


def awake(guest: Guest) -> str | None:
    """It has to run, and to hear what it is asked: a paused VM does not."""
    return "is paused: resume it, or stop it" if guest.status == "paused" else running(guest)


def hibernate(guest: Guest) -> str | None:
    """PVE hibernates no VM that HA looks after: it would be started again."""
    return "is managed by HA" if guest.hastate not in (None, "", "ignored") else running(guest)


def stop(guest: Guest) -> str | None:
    """The hard way also ends what is locked by a task that hangs, so that a lock is no reason."""
    return "does not run" if guest.status == "stopped" else None


def suspend(guest: Guest) -> str | None:
    """It has to run, and not to stand still already."""
    return "is paused already" if guest.status == "paused" else running(guest)


def resume(guest: Guest) -> str | None:
    """Paused or hibernated. A suspended container is stopped, and nothing tells it from others that are."""
    if guest.lock == ASLEEP:
        return None
    if guest.template:
        return "is a template"
    if guest.status == ("stopped" if guest.type == "lxc" else "paused"):
        return locked(guest)
    # The lists of PVE show a paused VM as running; only what it said itself has a word of QEMU.
    is_vague = guest.type == "qemu" and guest.status == "running" and not getattr(guest, "qmpstatus", None)
    return "is not known to be suspended" if is_vague else "is not suspended"


def unlock(guest: Guest) -> str | None:
    """There has to be a lock."""
    return None if guest.lock else "is not locked"


def template(guest: Guest) -> str | None:
    """It has to be stopped, and not to be one already."""
    if guest.template:
        return "is a template already"
    return "has to be stopped" if guest.status in ("running", "paused") else locked(guest)


def delete(guest: Guest) -> str | None:
    """PVE deletes none that runs."""
    return "has to be stopped" if guest.status in ("running", "paused") else locked(guest)


def leave_pool(guest: Guest) -> str | None:
    """It has to be in one."""
    return None if guest.pool else "is in no pool"


def no_template(guest: Guest) -> str | None:
    """Not for templates, nor while somebody works on it."""
    return "is a template" if guest.template else locked(guest)
