"""The console of a guest for a script or noVNC: ten fields that name a WebSocket of ours, good for one viewer."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from proxtui.core.operation import Kind, Target
from proxtui.core.redact import redact
from proxtui.errors import InvalidInput, NotFoundError
from proxtui.features.consoles.door import CONNECT_SECONDS
from proxtui.features.consoles.peers import is_mine
from proxtui.features.consoles.service import Story, carry

if TYPE_CHECKING:
    from proxtui.core.consoles import ConsoleSession
    from proxtui.core.runtime import Runtime
    from proxtui.pve.websocket_door import Check, WebSocketDoor

KINDS: Final = ("qemu", "lxc")


@dataclass(slots=True)
class VmConsole:
    """An offer: print ``fields``, then wait in ``used``."""

    fields: dict[str, Any]
    """``ticket port user upid websocketUrl proxmoxHost proxmoxPort node vmid vmType``; the first two and the URL are
    the relay's own, ``upid`` is empty: PVE is asked only when somebody came."""
    _session: ConsoleSession
    _door: WebSocketDoor

    async def used(self, *, seconds: float = CONNECT_SECONDS, joined: Callable[[], None] = lambda: None) -> Story:
        """Until the one viewer came and went. ``ConsoleError`` when none came in time, or it broke."""
        waiting, viewer = await self._door.viewer(seconds)
        joined()
        return await carry(self._session, waiting, viewer)


@asynccontextmanager
async def vm_console(
    runtime: Runtime,
    node: str,
    vmid: int,
    vm_type: str = "qemu",
    server_id: str = "",
    *,
    reason: str = "",
    origins: Sequence[str] = (),
    check: Check = is_mine,
) -> AsyncIterator[VmConsole]:
    """Offer the screen of a guest at ``ws://127.0.0.1:PORT/vnc-relay?node=&vmid=&vmType=&serverId=``.

    A viewer offers the subprotocols ``binary`` and the ticket, and an Origin among ``origins``, or that of the port.
    ``server_id`` is ``TENANT/SERVER`` or ``SERVER``; empty where there is one server. The guest is looked up in what
    was polled. Raises ``InvalidInput``, ``NotFoundError``, and what ``ConsoleDesk.open`` raises.
    """
    from proxtui.pve.websocket_door import opened_websocket_door

    target = target_of(runtime, node, vmid, vm_type, server_id)
    token = secrets.token_urlsafe(16)
    redact.hide(token)
    query = {"node": node, "vmid": str(vmid), "vmType": vm_type, "serverId": server_id}
    async with (
        runtime.consoles.open("vnc", target, reason) as session,
        opened_websocket_door(token, query, origins=origins, check=check) as door,
    ):
        config = session.client.config
        fields = {
            "ticket": token,
            "port": door.port,
            "user": config.full_token_id or config.userid,
            "upid": "",
            "websocketUrl": door.url,
            "proxmoxHost": config.host,
            "proxmoxPort": str(config.port),
            "node": node,
            "vmid": vmid,
            "vmType": vm_type,
        }
        yield VmConsole(fields, session, door)


def target_of(runtime: Runtime, node: str, vmid: int, vm_type: str, server_id: str) -> Target:
    """The guest that is meant, as it was when the servers were read."""
    if vm_type not in KINDS:
        raise InvalidInput("vmType", vm_type, f"needs one of {', '.join(KINDS)}")
    *tenant, server = server_id.split("/")
    found = [
        Target(snapshot.ref, Kind(vm_type), str(vmid), guest.name or "", guest.node)
        for snapshot in runtime.store.fleet().snapshots
        if not server_id or (snapshot.ref.server == server and tenant in ([], [snapshot.ref.tenant]))
        for key, guest in snapshot.guests.items()
        if (key.kind, key.vmid, guest.node) == (vm_type, vmid, node)
    ]
    if len(found) > 1:
        raise InvalidInput("serverId", server_id, "several servers have such a guest: write TENANT/SERVER")
    if not found:
        raise NotFoundError(f"there is no {vm_type} {vmid} on node {node}" + (f" of {server_id}" if server_id else ""))
    return found[0]
