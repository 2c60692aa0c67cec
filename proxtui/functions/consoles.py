"""``vm-console``: the screen of a guest for a script or noVNC, by a WebSocket of ours."""

from __future__ import annotations

from proxtui.errors import UsageError
from proxtui.features.consoles.vm_console import vm_console as offered
from proxtui.functions.desk import Desk
from proxtui.functions.guests import guest_of
from proxtui.functions.shapes import Call, Function, Request, Response, Slug, Vmid, VmType


class VmConsole(Request):
    """``vm-console``."""

    node: Slug
    vmid: Vmid
    vm_type: VmType = "qemu"
    server_id: Slug | None = None


class Console(Response):
    """Good for one viewer of this user, which offers the subprotocol ``ticket``.

    ``upid`` is empty: PVE is asked once the viewer came, and its own ticket and password stay in this process.
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


async def vm_console(desk: Desk, asked: VmConsole) -> Console:
    """Allowed and recorded as consoles are. Ends with its viewer, or when none came within a minute.

    ``desk.announce`` is called with the answer while the screen is on offer.
    """
    if desk.announce is None:
        raise UsageError("vm-console: lasts as long as its viewer, so somebody has to take its answer meanwhile")
    async with desk.runtime(desk.asked(asked.server_id)) as runtime:
        target = guest_of(runtime, asked.node, asked.vmid, asked.vm_type)
        where = (target.node, target.vmid, target.kind.value, "/".join(target.ref))
        async with offered(runtime, *where, reason=desk.reason) as offer:
            told = Console.model_validate(offer.fields)
            desk.announce(told.document)
            await offer.used(seconds=desk.viewer_seconds)
    return told


VM_CONSOLE = Function("vm-console", Call(VmConsole, Console, vm_console), stays=True)
