"""``vm-console``: a ticket for the screen of a guest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from proxtui.core.operation import Target
from proxtui.core.runtime import Runtime
from proxtui.features.consoles.vm_console import vm_console as offered
from proxtui.functions.desk import Desk
from proxtui.functions.guests import guest_of
from proxtui.functions.shapes import Call, Function, Request, Response, Slug, Vmid, VmType
from proxtui.pve.console import ConsoleTools
from proxtui.pve.paths import API_ROOT


class VmConsole(Request):
    """``vm-console``."""

    node: Slug
    vmid: Vmid
    vm_type: VmType = "qemu"
    server_id: Slug | None = None


class Console(Response):
    """PVE's: good for one connection within ten seconds, with the login as a header; ``password`` is for VncAuth.

    Relayed: good for one viewer of this user, which offers the subprotocol ``ticket``; no password, and no task yet.
    """

    ticket: str
    port: int
    user: str
    upid: str
    websocket_url: str
    proxmox_host: str
    proxmox_port: str
    node: str
    vmid: int
    vm_type: VmType
    password: str


async def vm_console(desk: Desk, asked: VmConsole) -> Console:
    """``POST /nodes/{node}/{type}/{vmid}/vncproxy``, allowed and recorded as consoles are; nothing is connected."""
    async with desk.runtime(desk.asked(asked.server_id)) as runtime:
        target = guest_of(runtime, asked.node, asked.vmid, asked.vm_type)
        if desk.announce is not None:
            return await _relayed(desk.announce, runtime, target, desk.reason)
        async with runtime.consoles.open("vnc", target, desk.reason) as session:
            ticket = await ConsoleTools(session.client).vnc_proxy(asked.node, asked.vmid, asked.vm_type)
            session.upid, session.message = ticket.upid, "the ticket was handed out"
        config = session.client.config
    query = f"port={ticket.port}&vncticket={quote(ticket.ticket, safe='')}"
    return Console(
        ticket=ticket.ticket,
        port=ticket.port,
        user=ticket.user,
        upid=ticket.upid,
        websocket_url=f"wss://{config.endpoint}{API_ROOT}{ticket.path}/vncwebsocket?{query}",
        proxmox_host=config.host,
        proxmox_port=str(config.port),
        node=asked.node,
        vmid=asked.vmid,
        vm_type=asked.vm_type,
        password=ticket.password,
    )


async def _relayed(
    announce: Callable[[dict[str, Any]], None], runtime: Runtime, target: Target, reason: str
) -> Console:
    """The same screen by a WebSocket of ours: PVE is asked once the viewer came, and its ticket stays in here."""
    where = (target.node, target.vmid, target.kind.value, "/".join(target.ref))
    async with offered(runtime, *where, reason=reason) as offer:
        told = Console.model_validate(offer.fields | {"password": ""})
        announce(told.document)
        await offer.used()
    return told


VM_CONSOLE = Function("vm-console", Call(VmConsole, Console, vm_console))
