"""``list-vms`` and ``vm-actions``."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Literal, get_args

from proxtui.core.model import Fleet, ServerRef
from proxtui.core.operation import Kind, Target
from proxtui.core.run import Run, RunState
from proxtui.core.runtime import Runtime
from proxtui.errors import NotFoundError, ProxtuiError, UsageError
from proxtui.functions.desk import Desk, refuse_silence, sources_of
from proxtui.functions.shapes import Call, Function, Request, Response, Slug, Source, Vmid, VmType
from proxtui.pve.models import Guest
from proxtui.pve.paths import path
from proxtui.pve.readers import is_paused

if TYPE_CHECKING:
    from proxtui.pve.client import ProxmoxClient

Status = Literal["running", "stopped", "paused", "unknown"]
PATIENCE = 15.0
"""Seconds for which the end of a task is waited for; most are over by then."""


class ListVms(Request):
    """``list-vms``: of one server, of the servers of a tenant, or of all."""

    server_id: Slug | None = None
    tenant_id: Slug | None = None


class Vm(Response):
    """A VM or a container. Sizes in bytes, ``cpu`` 0..1 of ``maxcpu``, ``uptime`` in seconds; null is unknown."""

    vmid: int
    name: str
    status: Status
    type: VmType
    node: str
    cpu: float | None
    maxcpu: float | None
    mem: int | None
    maxmem: int | None
    disk: int | None
    maxdisk: int | None
    uptime: int | None
    template: bool
    tenant_id: str
    server_id: str


class VmList(Response):
    """``sources`` tells which servers did not answer: their guests are missing here."""

    vms: list[Vm]
    sources: list[Source]


class VmAction(Request):
    """``vm-actions``: stop pulls the plug, shutdown asks the guest."""

    node: Slug
    vmid: Vmid
    action: Literal["start", "stop", "reset", "shutdown", "suspend", "resume"]
    vm_type: VmType = "qemu"
    server_id: Slug | None = None


class ActionResult(Response):
    """``success`` is false when the task failed while it was waited for."""

    success: bool
    upid: str | None
    message: str | None


async def list_vms(desk: Desk, asked: ListVms) -> VmList:
    """``GET /cluster/resources`` of each server, and ``/nodes/{node}/qemu`` of nodes with running VMs."""
    refs = desk.asked(asked.server_id, asked.tenant_id)
    if not refs:
        return VmList(vms=[], sources=[])
    async with desk.runtime(refs) as runtime:
        refuse_silence(runtime)
        fleet = runtime.store.fleet()
        paused, missing = await _paused(runtime, fleet)
        vms = [
            _vm(snapshot.ref, guest, paused)
            for snapshot in fleet.snapshots
            for guest in sorted(snapshot.guests.values(), key=lambda guest: guest.vmid)
        ]
        return VmList(vms=vms, sources=sources_of(fleet.snapshots, missing))


def _vm(ref: ServerRef, guest: Guest, paused: Collection[tuple[ServerRef, int]]) -> Vm:
    status: Any = "paused" if (ref, guest.vmid) in paused else guest.status
    names = ("cpu", "maxcpu", "mem", "maxmem", "disk", "maxdisk", "uptime")
    return Vm(
        vmid=guest.vmid,
        name=guest.name or "",
        status=status if status in get_args(Status) else "unknown",
        type=guest.type,
        node=guest.node,
        template=bool(guest.template),
        tenant_id=ref.tenant,
        server_id="/".join(ref),
        **{name: getattr(guest, name) for name in names},
    )


async def _paused(runtime: Runtime, fleet: Fleet) -> tuple[set[tuple[ServerRef, int]], dict[ServerRef, str]]:
    """The VMs that stand still, which ``/cluster/resources`` calls running; and what nodes did not tell it."""
    running: dict[tuple[ServerRef, str], set[int]] = {}
    for snapshot in fleet.snapshots:
        for guest in snapshot.guests.values():
            # Also those that seem busy: what the cluster tells of a processor is up to ten seconds old.
            if guest.type == "qemu" and guest.status == "running":
                running.setdefault((snapshot.ref, guest.node), set()).add(guest.vmid)
    found: set[tuple[ServerRef, int]] = set()
    missing: dict[ServerRef, str] = {}

    async def one(ref: ServerRef, node: str, vmids: set[int]) -> None:
        try:
            states = await _states(runtime.connection(ref).client, node, vmids)
        except ProxtuiError as error:
            missing[ref] = f"which VMs of {node} are paused is not known: {error}"
            return
        found.update((ref, vmid) for vmid in vmids if is_paused(states.get(vmid)))

    async with asyncio.TaskGroup() as group:
        for (ref, node), vmids in sorted(running.items()):
            group.create_task(one(ref, node, vmids))
    return found, missing


async def _states(client: ProxmoxClient, node: str, vmids: Collection[int]) -> dict[int, str]:
    """What QEMU says of VMs of one node: in its list, as both releases document; else each is asked by itself."""
    rows = await client.get(path("nodes", node, "qemu"), params={"full": 1})
    listed = rows if isinstance(rows, list) else []
    found = {
        int(row["vmid"]): row["qmpstatus"]
        for row in listed
        if isinstance(row, dict) and str(row.get("vmid", "")).isdigit() and isinstance(row.get("qmpstatus"), str)
    }
    for vmid in sorted(set(vmids) - found.keys()):
        row = await client.get(path("nodes", node, "qemu", str(vmid), "status", "current"))
        if isinstance(row, dict) and isinstance(row.get("qmpstatus"), str):
            found[vmid] = row["qmpstatus"]
    return found


async def vm_action(desk: Desk, asked: VmAction) -> ActionResult:
    """``POST /nodes/{node}/{type}/{vmid}/status/{action}``, by the gate."""
    async with desk.runtime(desk.asked(asked.server_id)) as runtime:
        target = guest_of(runtime, asked.node, asked.vmid, asked.vm_type)
        operation = runtime.catalogue.all()[f"guests.{asked.action}"]
        await runtime.gate.reconcile(runtime.connections)
        run = await ended(await runtime.gate.submit(operation, target, reason=desk.reason))
        return ActionResult(success=went_well(run), upid=str(run.upid) if run.upid else None, message=run.line)


def guest_of(runtime: Runtime, node: str, vmid: int, kind: VmType) -> Target:
    """The guest that is meant. NotFoundError, UsageError where several servers have one, or what all failed with."""
    refuse_silence(runtime)
    found = [
        (snapshot.ref, guest)
        for snapshot in runtime.store.fleet().snapshots
        for guest in snapshot.guests.values()
        if (guest.vmid, guest.node, guest.type) == (vmid, node, kind)
    ]
    if len(found) > 1:
        raise UsageError(f"{len(found)} servers have {kind} {vmid} on {node}: say serverId")
    if not found:
        raise NotFoundError(f"there is no {kind} {vmid} on node {node[:80]!a}")
    ref, guest = found[0]
    return Target(ref, Kind(kind), str(vmid), guest.name or "", node)


async def ended(run: Run) -> Run:
    """Wait a moment for the end of its task. Raises what it ended with where PVE did not take it."""
    try:
        async with asyncio.timeout(PATIENCE):
            await run.wait()
    except TimeoutError:
        # It runs on without us: the audit says so, and the next look at it finds its end.
        return run
    if run.error is not None and (run.upid is None or run.state is RunState.UNKNOWN):
        raise run.error
    return run


def went_well(run: Run) -> bool:
    """Also while its task runs on."""
    return run.is_good or not run.has_ended


LIST_VMS = Function("list-vms", Call(ListVms, VmList, list_vms))
VM_ACTIONS = Function("vm-actions", Call(VmAction, ActionResult, vm_action))
