"""A few changes by the library, for walks through the gate; and the guests of a simulated world as their targets."""

from __future__ import annotations

from typing import Any

from proxtui.config.models import Role
from proxtui.core.feature import Feature
from proxtui.core.model import ServerRef
from proxtui.core.operation import GUESTS, Kind, Operation, Risk, Target
from proxtui.pve import ContainerTools, Upid, VMTools
from proxtui.sim.state import Guest
from proxtui.sim.world import World

HERE = __name__


async def start(client: Any, target: Target, _params: Any) -> Upid:
    if target.kind is Kind.QEMU:
        return await VMTools(client).start_vm(target.node, target.vmid)
    return await ContainerTools(client).start_container(target.node, target.vmid)


async def stop(client: Any, target: Target, _params: Any) -> Upid:
    if target.kind is Kind.QEMU:
        return await VMTools(client).stop_vm(target.node, target.vmid, force=True)
    return await ContainerTools(client).stop_container(target.node, target.vmid, force=True)


def _power(verb: str, effect: str) -> Operation:
    return Operation(
        name=f"guests.{verb}",
        label=verb.title(),
        summary="For tests.",
        kinds=GUESTS,
        risk=Risk.DISTURBS,
        role=Role.OPERATOR,
        privileges=("VM.PowerMgmt",),
        run_by=f"{HERE}:{verb}",
        effect=effect,
    )


START, STOP = _power("start", "running"), _power("stop", "stopped")
OPERATIONS = (START, STOP)
ROOMS = (Feature(name="guests", title="Guests", operations=f"{HERE}:OPERATIONS"),)


def target_of(site: str, guest: Guest) -> Target:
    return Target(ServerRef(site, site), Kind(guest.kind), str(guest.vmid), guest.name, guest.node)


def guests(world: World, site: str, *, running: bool, kind: str = "") -> list[Guest]:
    """Those that can be started or stopped: no templates, no locks, nothing that HA looks after."""
    return [
        guest
        for guest in world.sites[site].guests.values()
        if guest.running is running and not (guest.lock or guest.template or guest.ha) and kind in ("", guest.kind)
    ]
