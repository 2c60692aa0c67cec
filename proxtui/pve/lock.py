"""Read-only as a lock on the wire: what is not a read never leaves, whoever asks and however."""

from __future__ import annotations

from typing import NoReturn

import httpx

from proxtui.errors import ReadOnlyError

_LOGIN = "/api2/json/access/ticket"


def refuse(what: str) -> NoReturn:
    """Refuse ``what`` (an SSH session, a console, a config write): ``ReadOnlyError``."""
    raise ReadOnlyError(f"read-only: {what} is refused, nothing was sent")


def check(method: str, path: str) -> None:
    """``ReadOnlyError`` for every request but a GET and the login. ``path`` is the whole one, without a query."""
    if method == "GET" or (method == "POST" and path == _LOGIN):
        return
    refuse(f"{method} {path.removeprefix('/api2/json')}")


class LockedTransport(httpx.AsyncBaseTransport):
    """Wraps any transport; opens no connection and sends no byte for a request that could change something."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.partition(b"?")[0].decode("ascii", "replace")
        check(request.method, path)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()
