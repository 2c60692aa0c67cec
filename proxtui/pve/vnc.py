"""From a guest to its screen: ticket, socket and login, one after the other and never two at once for one guest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from proxtui.errors import ConsoleRefused
from proxtui.pve.client import ProxmoxClient
from proxtui.pve.console import ConsoleKind, ConsoleTools, open_socket
from proxtui.pve.rfb.client import SHARED, log_in
from proxtui.pve.rfb.streams import ConsoleStream


@asynccontextmanager
async def open_screen(
    client: ProxmoxClient, node: str, vmid: int | None, kind: ConsoleKind, one_at_a_time: asyncio.Lock
) -> AsyncIterator[ConsoleStream]:
    """A screen after SecurityResult and ClientInit, shared with whoever looks already: next comes its ServerInit.

    ``one_at_a_time`` is one lock for each guest: a VM has one password, the last ticket sets it. Another program may
    set it too, so a refused password is tried once more with a fresh ticket. Raises what the steps raise.
    """
    async with AsyncExitStack() as closing:
        async with one_at_a_time:
            try:
                stream = await _logged_in(client, node, vmid, kind, closing)
            except ConsoleRefused:
                stream = await _logged_in(client, node, vmid, kind, closing)
        await stream.write(SHARED)
        yield stream


async def _logged_in(
    client: ProxmoxClient, node: str, vmid: int | None, kind: ConsoleKind, closing: AsyncExitStack
) -> ConsoleStream:
    ticket = await ConsoleTools(client).vnc_proxy(node, vmid, kind)
    stream = ConsoleStream(await open_socket(client, ticket.path, ticket))
    async with AsyncExitStack() as failing:
        failing.push_async_callback(stream.aclose)
        await log_in(stream, ticket.password)
        closing.push_async_exit(failing.pop_all())
    return stream
