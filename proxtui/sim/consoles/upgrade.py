"""The step from HTTP to a WebSocket, with pveproxy's conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from proxtui.sim.api import failed
from proxtui.sim.reply import Dropped, Reply

if TYPE_CHECKING:
    from proxtui.sim.world import Site


def wanted(headers: dict[str, str]) -> bool:
    """Whether the client asks for a WebSocket."""
    return headers.get("upgrade", "").lower() == "websocket"


def switch(site: Site, headers: dict[str, str], port: int) -> Reply:
    """The 101 that opens the console of a port. Raises :class:`Dropped` where nobody listens (any more)."""
    from proxtui.sim.consoles.frames import accept

    version, key = headers.get("sec-websocket-version"), headers.get("sec-websocket-key")
    if version != "13":
        raise failed(f"unsupported websocket-version '{version or ''}'")
    if not key:
        raise failed("missing websocket-key")
    protocols = [name.strip() for name in headers.get("sec-websocket-protocol", "").split(",") if name.strip()]
    if protocols and "binary" not in protocols:
        raise failed(f"unsupported websocket protocol '{protocols[0]}'")
    worker: Any = site.desk.workers.get(port) if site.desk is not None else None
    if worker is None or worker.taken:
        raise Dropped
    worker.taken = True
    lines = [("Upgrade", "websocket"), ("Connection", "upgrade"), ("Sec-WebSocket-Accept", accept(key))]
    if protocols:
        lines.append(("Sec-WebSocket-Protocol", "binary"))
    return Reply(101, "Switching Protocols", headers=lines, door=worker)
