"""Every change to a node, declared: services for operators; power, and all of its guests at once, for admins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxtui.config.models import Role
from proxtui.core.declaring import declaring
from proxtui.core.operation import Kind, Operation, Risk

if TYPE_CHECKING:
    from proxtui.pve.models import ProxmoxNode


def offline(node: ProxmoxNode) -> str | None:
    """It has to be there to do anything."""
    return "is offline" if node.status == "offline" else None


def awake(node: ProxmoxNode) -> str | None:
    """Waking is for nodes that are off."""
    return "is online already" if node.status == "online" else None


_declare = declaring("nodes", kinds=frozenset({Kind.NODE}), risk=Risk.DISTURBS, role=Role.ADMIN, unavailable=offline)
"""For admins, and asked about unless it says otherwise."""


def _service(
    verb: str, label: str, summary: str, *, risk: Risk = Risk.DISTURBS, role: Role = Role.OPERATOR
) -> Operation:
    return _declare(
        f"{verb}-service",
        label,
        summary,
        needs="Sys.Modify",
        risk=risk,
        role=role,
        params="ServiceParams",
        keeps="service",
        tasks=f"srv{verb}",
    )


OPERATIONS: tuple[Operation, ...] = (
    _service("start", "Start service", "Start one of its services.", risk=Risk.SAFE),
    _service("restart", "Restart service", "Stop one of its services and start it again."),
    _service("reload", "Reload service", "Let one of its services read its configuration anew.", risk=Risk.SAFE),
    _service("stop", "Stop service", "Stop one of its services, until somebody starts it.", role=Role.ADMIN),
    # Who may power only some guests may still name them: PVE looks at each then.
    _declare(
        "start-all",
        "Start all guests",
        "Start the guests that start at boot, in their order, or those that are named.",
        needs="VM.PowerMgmt",
        acl="/",
        params="BulkStartParams",
        keeps="vms force",
        tasks="startall",
    ),
    _declare(
        "stop-all",
        "Stop all guests",
        "Shut down every guest that runs, or those that are named; by default hard when they take too long.",
        needs="VM.PowerMgmt",
        acl="/",
        risk=Risk.DESTROYS,
        params="BulkStopParams",
        keeps="vms timeout force_stop",
        tasks="stopall",
    ),
    _declare(
        "suspend-all",
        "Hibernate all VMs",
        "Write the memory of every VM to a disk and stop it, or of those that are named.",
        needs="VM.PowerMgmt",
        acl="/",
        params="BulkSuspendParams",
        keeps="vms",
        tasks="suspendall",
    ),
    _declare(
        "migrate-all",
        "Migrate all guests",
        "Drain it: move every guest to another node, or those that are named.",
        needs="VM.Migrate",
        acl="/",
        params="BulkMigrateParams",
        keeps="vms target with_local_disks max_workers",
        tasks="migrateall",
        key="g",
    ),
    # Power has no task: PVE answers that it will, and then the node is gone.
    _declare(
        "reboot",
        "Reboot node",
        "Shut down its guests, then restart the machine.",
        needs="Sys.PowerMgmt",
        risk=Risk.DESTROYS,
    ),
    _declare(
        "shutdown",
        "Shut down node",
        "Shut down its guests, then switch the machine off.",
        needs="Sys.PowerMgmt",
        risk=Risk.DESTROYS,
    ),
    _declare(
        "wake",
        "Wake node",
        "Let another node of the cluster send it a wake-on-LAN packet; whether it wakes is not told.",
        needs="Sys.PowerMgmt",
        risk=Risk.SAFE,
        unavailable=awake,
        key="w",
    ),
)
