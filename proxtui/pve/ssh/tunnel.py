"""The one way of a server through its jump hosts: opened when first used, shared by all its connections."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from proxtui.errors import TunnelError
from proxtui.pve.ssh.hops import Hop, Ours

if TYPE_CHECKING:
    from proxtui.pve.ssh.chain import Chain

CHANNEL_SECONDS = 5.0


class Tunnel:
    """Gives sockets to what the last hop can reach. asyncssh is loaded with the first of them.

    There is no listener: each socket is one end of a pair of this process. When a hop dies they all end at once, and
    the next one asked for opens the chain anew. Belongs to one event loop; ``aclose`` ends all its tasks.
    """

    def __init__(self, hops: Sequence[Hop], *, ours: Ours | None = None) -> None:
        self.hops = tuple(hops)
        self._ours = ours
        self._chain: Chain | None = None
        self._opening: asyncio.Task[Chain] | None = None
        self._carriers: set[asyncio.Task[None]] = set()
        self._closed = False
        self.logging_in: Hop | None = None
        """The hop that is asked at the moment; None when none is."""
        self.refused: TunnelError | None = None
        """Why the chain could not be opened when that was tried last; None when it could, or was not tried."""

    async def stand(self) -> None:
        """Log in on every hop, where that is not done yet. ``TunnelError`` when one does not let us on."""
        await self._standing_chain()

    async def open_connection(self, host: str, port: int, *, seconds: float = CHANNEL_SECONDS) -> socket.socket:
        """A connected, non-blocking stream socket; whoever asked closes it. ``TunnelError`` when there is no way.

        ``seconds`` are for the last part only; each hop has its own time for the login.
        """
        from proxtui.pve.ssh.bridge import carry

        chain = await self._standing_chain()
        reader, writer = await chain.channel(host, port, seconds)
        near, far = socket.socketpair()
        with ExitStack() as undo:
            undo.callback(near.close)
            undo.callback(far.close)
            near.setblocking(False)
            far.setblocking(False)
            carrier = asyncio.create_task(carry(near, reader, writer), name=f"channel to {host}:{port}")
            undo.pop_all()
        self._carriers.add(carrier)

        def ended(task: asyncio.Task[None]) -> None:
            # Here and not in the task: one that is cancelled before its first step runs none of its own code.
            self._carriers.discard(task)
            near.close()
            writer.channel.abort()

        carrier.add_done_callback(ended)
        return far

    def loss(self) -> TunnelError | None:
        """Why connections through here just ended, when that was a jump host; None while the chain stands."""
        hop = self._chain.broken if self._chain is not None else None
        if hop is None:
            return None
        from proxtui.pve.ssh.failures import lost

        return lost(hop)

    def drop(self) -> None:
        """End what stands, without a goodbye: the other side has forgotten it. Who asks next opens it anew."""
        chain, self._chain = self._chain, None
        if chain is not None:
            chain.abort()

    async def aclose(self) -> None:
        """End every channel and the chain."""
        self._closed = True
        mine = [*self._carriers, *([self._opening] if self._opening else [])]
        for task in mine:
            task.cancel()
        await asyncio.gather(*mine, return_exceptions=True)
        await self._drop_chain()

    async def _standing_chain(self) -> Chain:
        if self._closed:
            raise TunnelError("the way through the jump hosts is closed", hop=self.hops[0].label, kind="route")
        if self._chain is not None and self._chain.broken is None:
            return self._chain
        if self._opening is None:
            self._opening = asyncio.create_task(self._open(), name=f"jump hosts to {self.hops[-1].label}")
            self._opening.add_done_callback(_heard)
        opening = self._opening
        # Who waits may run out of time and be cancelled; the others, and the next poll, still want the chain.
        await asyncio.wait({opening})
        return opening.result()

    async def _open(self) -> Chain:
        from proxtui.pve.ssh.chain import open_chain

        try:
            await self._drop_chain()
            self._chain = await open_chain(self.hops, self._ours or Ours.of_this_user(), self._asks)
        except TunnelError as error:
            self.refused = error
            raise
        else:
            self.refused = None
            return self._chain
        finally:
            self._opening = self.logging_in = None

    def _asks(self, hop: Hop) -> None:
        self.logging_in = hop

    async def _drop_chain(self) -> None:
        chain, self._chain = self._chain, None
        if chain is not None:
            await chain.aclose()


def _heard(opening: asyncio.Task[Chain]) -> None:
    """Everybody who waited may be gone; asyncio would complain of an error that nobody took."""
    if not opening.cancelled():
        opening.exception()
