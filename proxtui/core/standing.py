"""Whether VMs stand still: the lists of PVE call a paused one running, so that the VMs are asked themselves."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from proxtui.core.asking import attempt
from proxtui.core.model import GuestKey, ServerRef
from proxtui.core.operation import Kind, Target

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.pve.client import ProxmoxClient
    from proxtui.pve.models import Guest


async def ask_vms(runtime: Runtime, targets: Iterable[Target]) -> None:
    """Put into the store how these VMs really are. What does not answer stays as it was; raises no ``ProxtuiError``.

    One request for each node: ``status/current`` of a single VM, the full list where several are meant.
    """
    places: defaultdict[tuple[ServerRef, str], list[Target]] = defaultdict(list)
    for target in targets:
        if target.kind is Kind.QEMU:
            places[target.ref, target.node].append(target)
    async with asyncio.TaskGroup() as group:
        for (ref, node), meant in places.items():
            group.create_task(_ask(runtime, ref, node, [target.vmid for target in meant]))


async def _ask(runtime: Runtime, ref: ServerRef, node: str, vmids: Sequence[int]) -> None:
    asked_at = runtime.clock.monotonic()
    client = runtime.connection(ref).client
    found = await attempt("status", _readings(client, node, vmids), [])
    for guest in found or ():
        # Of the CPU only the poll knows enough: a single answer of PVE says 0.
        reading = msgspec.structs.replace(guest, cpu=None)
        runtime.store.overlay(GuestKey(*ref, Kind.QEMU.value, guest.vmid), reading, taken_at=asked_at)


async def _readings(client: ProxmoxClient, node: str, vmids: Sequence[int]) -> Sequence[Guest]:
    from proxtui.pve.vms import VMTools

    if len(vmids) == 1:
        return (await VMTools(client).get_vm_status(node, vmids[0]),)
    from proxtui.pve.fields import objects, rows_of
    from proxtui.pve.paths import path
    from proxtui.pve.readers import vm_of

    where = path("nodes", node, Kind.QEMU.value)
    rows = objects(rows_of(await client.get(where, params={"full": True}), where))
    guests = (vm_of(row, node) for row in rows if row is not None)
    return [guest for guest in guests if guest is not None and guest.vmid in vmids]
