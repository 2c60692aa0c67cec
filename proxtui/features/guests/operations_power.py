"""Guests switched on and off, and told things from outside."""

from __future__ import annotations

from proxtui.config.models import Role
from proxtui.core.operation import Kind, Risk
from proxtui.features.guests import availability
from proxtui.features.guests.declaring import MODELS, declare

VMS = frozenset({Kind.QEMU})

# HA carries out for itself what is asked of a guest that it looks after, by tasks of its own.
POWER = (
    declare(
        "start",
        "Start",
        "Switch it on.",
        needs="VM.PowerMgmt",
        tasks="qmstart vzstart hastart",
        effect="running",
        key="s",
        unavailable=availability.start,
    ),
    declare(
        "shutdown",
        "Shut down",
        "Ask it to shut down in an orderly way.",
        risk=Risk.DISTURBS,
        needs="VM.PowerMgmt",
        params=f"{MODELS}:ShutdownParams",
        keeps="timeout force_stop",
        tasks="qmshutdown vzshutdown hastop",
        effect="stopped",
        key="d",
        unavailable=availability.awake,
    ),
    declare(
        "reboot",
        "Reboot",
        "Shut it down and start it again; pending changes take effect.",
        risk=Risk.DISTURBS,
        needs="VM.PowerMgmt",
        params=f"{MODELS}:RebootParams",
        keeps="timeout",
        tasks="qmreboot vzreboot",
        key="b",
        unavailable=availability.awake,
    ),
    declare(
        "stop",
        "Stop",
        "Pull the plug: what it did not write to disk is lost.",
        risk=Risk.DISTURBS,
        needs="VM.PowerMgmt",
        params=f"{MODELS}:StopParams",
        keeps="timeout overrule_shutdown",
        tasks="qmstop vzstop hastop",
        effect="stopped",
        key="x",
        unavailable=availability.stop,
    ),
    declare(
        "reset",
        "Reset",
        "Press its reset button: what it did not write to disk is lost.",
        risk=Risk.DISTURBS,
        needs="VM.PowerMgmt",
        tasks="qmreset",
        kinds=VMS,
        key="R",
        unavailable=availability.running,
    ),
    declare(
        "suspend",
        "Suspend",
        "Let it stand still and keep its memory; experimental for containers.",
        risk=Risk.DISTURBS,
        needs="VM.PowerMgmt",
        tasks="qmpause vzsuspend",
        key="P",
        unavailable=availability.suspend,
    ),
    declare(
        "hibernate",
        "Hibernate",
        "Write its memory to a disk and stop it; starting it goes on from there.",
        risk=Risk.DISTURBS,
        needs=("VM.PowerMgmt", "VM.Config.Disk"),
        params=f"{MODELS}:HibernateParams",
        keeps="statestorage",
        tasks="qmsuspend",
        effect="stopped",
        kinds=VMS,
        key="H",
        unavailable=availability.hibernate,
    ),
    declare(
        "resume",
        "Resume",
        "Let it go on after it was suspended.",
        needs="VM.PowerMgmt",
        tasks="qmresume vzresume",
        effect="running",
        key="e",
        unavailable=availability.resume,
    ),
    declare(
        "sendkey",
        "Send key",
        "Press a key at its keyboard.",
        risk=Risk.DISTURBS,
        needs="VM.Console",
        params=f"{MODELS}:SendKeyParams",
        keeps="key",
        kinds=VMS,
        # Consoles have a menu of keys for one VM: this one is for many, and for scripts.
        in_menu=False,
        unavailable=availability.running,
    ),
    # A command line may hold a password, so that the audit knows only that one was given.
    declare(
        "exec",
        "Run a program",
        "Run a program inside the VM by its guest agent, as root or SYSTEM.",
        risk=Risk.DISTURBS,
        role=Role.ADMIN,
        needs="VM.Monitor|VM.GuestAgent.Unrestricted",
        params=f"{MODELS}:AgentExecParams",
        keeps="timeout",
        kinds=VMS,
        unavailable=availability.awake,
    ),
)
