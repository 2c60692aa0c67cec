"""The simulator without sockets: an httpx transport for tests in the same process."""

from __future__ import annotations

import httpx

from proxtui.sim.app import Request, SimApp
from proxtui.sim.reply import Dropped


class SimTransport(httpx.AsyncBaseTransport):
    """Like ``httpx.ASGITransport``, but with Proxmox's reason phrases and with connections that really break."""

    def __init__(self, app: SimApp) -> None:
        self.app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request to the simulator. Raises ``httpx.RemoteProtocolError`` when a fault drops it."""
        path, _, query = request.url.raw_path.decode("latin-1").partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Request(request.method, path, query, headers, await request.aread())
        try:
            reply = await self.app.answer(asked)
        except Dropped as error:
            raise httpx.RemoteProtocolError(
                "Server disconnected without sending a response.", request=request
            ) from error
        if reply.cut:
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")
        return httpx.Response(
            reply.status,
            headers=reply.head(),
            content=reply.body,
            extensions={"reason_phrase": reply.reason.encode("utf-8", "replace"), "http_version": b"HTTP/1.1"},
        )
