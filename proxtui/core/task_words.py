"""What PVE calls its tasks, in plain words. Pure."""

from __future__ import annotations

from typing import Final

_GUEST_VERBS: Final = {
    "create": "create",
    "start": "start",
    "stop": "stop",
    "shutdown": "shutdown",
    "reset": "reset",
    "reboot": "reboot",
    "suspend": "suspend",
    "pause": "pause",
    "resume": "resume",
    "snapshot": "snapshot",
    "delsnapshot": "delete snapshot",
    "rollback": "roll back",
    "clone": "clone",
    "template": "make template",
    "destroy": "destroy",
    "migrate": "migrate",
    "restore": "restore",
    "config": "configure",
    "move": "move disk",
    "mount": "mount",
    "umount": "unmount",
}
_OTHERS: Final = {
    "vzdump": "back up",
    "resize": "resize disk",
    "move_volume": "move volume",
    "vncproxy": "console",
    "vncshell": "shell",
    "termproxy": "terminal",
    "spiceproxy": "SPICE console",
    "spiceshell": "SPICE shell",
    "imgcopy": "copy image",
    "imgdel": "delete image",
    "download": "download",
    "pull_file": "pull file",
    "prunebackups": "prune backups",
    "aptupdate": "refresh packages",
    "startall": "start all guests",
    "stopall": "stop all guests",
    "suspendall": "suspend all guests",
    "migrateall": "migrate all guests",
    "hamigrate": "HA migrate",
    "hashutdown": "HA shutdown",
    "hastart": "HA start",
    "hastop": "HA stop",
    "srvstart": "start service",
    "srvstop": "stop service",
    "srvrestart": "restart service",
    "srvreload": "reload service",
    "clustercreate": "create cluster",
    "clusterjoin": "join cluster",
    "acmenewcert": "order certificate",
    "acmerenew": "renew certificate",
    "acmerevoke": "revoke certificate",
    "reloadnetworkall": "reload network",
    "srvreloadnetwork": "reload network",
    "zfscreate": "create ZFS pool",
    "lvmcreate": "create LVM",
    "lvmthincreate": "create LVM thin pool",
    "dircreate": "create directory",
    "wipedisk": "wipe disk",
    "auth-realm-sync": "sync realm",
    "push_file": "push file",
}
_KINDS: Final = {"qm": ("VM", "qemu"), "vz": ("CT", "lxc")}


def words_of(task_type: str) -> str:
    """``VM start`` for ``qmstart``; an unknown type stays as PVE spells it."""
    if task_type in _OTHERS:
        return _OTHERS[task_type]
    if kind_of(task_type) and (verb := _GUEST_VERBS.get(_spelled(task_type)[2:])):
        return f"{_KINDS[task_type[:2]][0]} {verb}"
    return f"Ceph {task_type.removeprefix('ceph')}" if task_type.startswith("ceph") else task_type


def kind_of(task_type: str) -> str | None:
    """``qemu`` or ``lxc`` when the type says which; None for all others, also for backups."""
    kind = _KINDS.get(task_type[:2]) if task_type not in _OTHERS else None
    return kind[1] if kind else None


def _spelled(task_type: str) -> str:
    """PVE calls it ``qmigrate``, but ``vzmigrate``."""
    return "qmmigrate" if task_type == "qmigrate" else task_type
