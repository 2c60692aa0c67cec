"""What the gate calls to change a node: one call of the library each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxtui.core.operation import Told
from proxtui.pve.nodes import NodeTools

if TYPE_CHECKING:
    from proxtui.core.operation import Target
    from proxtui.pve.asking import Changer
    from proxtui.pve.params.nodes import (
        BulkMigrateParams,
        BulkStartParams,
        BulkStopParams,
        BulkSuspendParams,
        ServiceParams,
    )
    from proxtui.pve.upid import Upid


async def start_service(client: Changer, target: Target, params: ServiceParams) -> Upid:
    """Gives a task ``srvstart``; the other three likewise."""
    return await NodeTools(client).start_service(target.id, params.service)


async def restart_service(client: Changer, target: Target, params: ServiceParams) -> Upid:
    """Stop, then start."""
    return await NodeTools(client).restart_service(target.id, params.service)


async def reload_service(client: Changer, target: Target, params: ServiceParams) -> Upid:
    """A new configuration."""
    return await NodeTools(client).reload_service(target.id, params.service)


async def stop_service(client: Changer, target: Target, params: ServiceParams) -> Upid:
    """Until somebody starts it."""
    return await NodeTools(client).stop_service(target.id, params.service)


async def start_all(client: Changer, target: Target, params: BulkStartParams) -> Upid:
    """One task for all guests."""
    return await NodeTools(client).start_all(target.id, params.vms, params.force)


async def stop_all(client: Changer, target: Target, params: BulkStopParams) -> Upid:
    """One task for all guests."""
    return await NodeTools(client).stop_all(target.id, params.vms, params.force_stop, params.timeout)


async def suspend_all(client: Changer, target: Target, params: BulkSuspendParams) -> Upid:
    """One task for all VMs."""
    return await NodeTools(client).suspend_all(target.id, params.vms)


async def migrate_all(client: Changer, target: Target, params: BulkMigrateParams) -> Upid:
    """One task for all guests."""
    wanted = params.target, params.vms, params.with_local_disks, params.max_workers
    return await NodeTools(client).migrate_all(target.id, *wanted)


async def reboot(client: Changer, target: Target, _params: None) -> None:
    """PVE answers at once; there is no task."""
    await NodeTools(client).reboot_node(target.id)


async def shutdown(client: Changer, target: Target, _params: None) -> None:
    """PVE answers at once; there is no task."""
    await NodeTools(client).shutdown_node(target.id)


async def wake(client: Changer, target: Target, _params: None) -> Told:
    """Sends a packet, and no more."""
    return Told(f"a wake-on-LAN packet went to {await NodeTools(client).wake_node(target.id)}")
