"""Read-only as a lock on the wire: what is not a read never leaves, whoever asks and however."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import httpx

from proxtui.errors import ReadOnlyError

_LOGIN = "/api2/json/access/ticket"

READ_ONLY = "read-only"
Lock = Callable[[], str | None]
"""Why no change may be sent now, in a few words; None when one may. Asked anew before each."""


def always() -> str | None:
    """The lock that never opens."""
    return READ_ONLY


def refuse(what: str, why: str = READ_ONLY) -> NoReturn:
    """Refuse ``what`` (an SSH session, a console, a config write): ``ReadOnlyError``."""
    raise ReadOnlyError(f"{why}: {what} is refused, nothing was sent")


def check(method: str, path: str, lock: Lock = always) -> None:
    """``ReadOnlyError`` for every request but a GET and the login, as long as ``lock`` has a reason.

    ``path`` is the whole one, without a query.
    """
    if method == "GET" or (method == "POST" and path == _LOGIN):
        return
    if (why := lock()) is not None:
        refuse(f"{method} {path.removeprefix('/api2/json')}", why)


class LockedTransport(httpx.AsyncBaseTransport):
    """Wraps any transport; while locked it sends no byte of a request that could change something."""

    def __init__(self, inner: httpx.AsyncBaseTransport, lock: Lock = always) -> None:
        self._inner = inner
        self._lock = lock

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.partition(b"?")[0].decode("ascii", "replace")
        check(request.method, path, self._lock)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()
