"""Who sits at this terminal, as far as the system can tell. Read once; what a user can set is kept as a claim."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from proxtui.config.models import Role

_PROC = Path("/proc/self")
_UNSET = 2**32 - 1
"""What the kernel says of a process that no login started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person at a terminal."""

    user: str
    """The local user of proxtui; until somebody unlocks a configuration of their own, the user of the system."""
    role: Role = Role.ADMIN
    """In the tenant that is asked about."""
    method: str = "os"
    """How that is known."""
    os_user: str = ""
    uid: int = 0
    loginuid: int | None = None
    """Survives ``su`` and ``sudo``, and the user cannot set it; None where the system keeps none."""
    session: int | None = None
    """The system's number of the login session."""
    tty: str = ""
    pid: int = 0
    started: int = 0
    """Clock ticks from boot to the start of the process: with ``pid`` and ``boot`` it names one process for ever."""
    boot: str = ""
    """The kernel's id of this boot."""
    host: str = ""
    ssh_claimed: str = ""
    """``SSH_CONNECTION``: the user could have set it."""


def read_actor(environ: Mapping[str, str], *, opened_by: str = "") -> Actor:
    """The actor of this process; ``opened_by`` is the label of the key slot that opened the configuration."""
    user = _os_user()
    return Actor(
        user=opened_by or user,
        method="key" if opened_by else "os",
        os_user=user,
        uid=os.getuid(),
        loginuid=_number("loginuid"),
        session=_number("sessionid"),
        tty=_tty(),
        pid=os.getpid(),
        started=started_at(os.getpid()) or 0,
        boot=boot_id(),
        host=socket.gethostname(),
        ssh_claimed=environ.get("SSH_CONNECTION", "")[:200],
    )


def started_at(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None when there is none with that number."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    # The name of the program stands in brackets and may contain any character.
    return int(stat.rpartition(")")[2].split()[19])


def boot_id() -> str:
    """The kernel's name for the time since the last boot; empty where it has none."""
    return _text(Path("/proc/sys/kernel/random/boot_id"))


def is_alive(actor: Actor) -> bool:
    """Whether the process of this actor still runs on this machine.

    A process of another machine that shares the disk counts as alive: nobody here can tell.
    """
    if actor.host != socket.gethostname():
        return True
    if actor.boot and actor.boot != boot_id():
        return False
    return started_at(actor.pid) == actor.started


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # An account without a name, as in some containers.
        return str(os.getuid())


def _tty() -> str:
    try:
        return os.ttyname(0)
    except OSError:
        return ""


def _number(name: str) -> int | None:
    text = _text(_PROC / name)
    return int(text) if text.isdigit() and int(text) != _UNSET else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
