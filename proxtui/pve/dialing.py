"""What a connection beside HTTP needs of a client: whom to trust, how to sign, which way to go, and the lock."""

from __future__ import annotations

import socket
import ssl

from proxtui.errors import UsageError
from proxtui.pve import tls
from proxtui.pve.auth import Auth
from proxtui.pve.connections import Way
from proxtui.pve.deadline import Deadline
from proxtui.pve.hiding import Hiding
from proxtui.pve.lock import Lock, refuse
from proxtui.pve.settings import ProxmoxConfig


class Dialer:
    """Of one client. A console goes to the endpoint, with the certificate, login and jump hosts of its requests."""

    def __init__(self, config: ProxmoxConfig, auth: Auth, lock: Lock | None, way: Way | None, hiding: Hiding) -> None:
        self.config = config
        self.way = way
        self.hiding = hiding
        self._auth = auth
        self._lock = lock
        self._is_closed = False

    def close(self) -> None:
        """Its client was closed: nothing goes out any more."""
        self._is_closed = True

    def require_open(self) -> None:
        """``UsageError`` once its client was closed: a connection that is opened then is closed by nobody."""
        if self._is_closed:
            raise UsageError(f"the client of {self.config.endpoint} is closed: make a new one")

    def require_unlocked(self, what: str) -> None:
        """``ReadOnlyError`` while the lock has a reason: a console is a change, whatever its request is called."""
        self.require_open()
        if self._lock is not None and (why := self._lock()) is not None:
            refuse(what, why)

    async def headers(self) -> dict[str, str]:
        """What signs a GET; logs in first where that is due. Every error is a ``ProxtuiError``, or TimeoutError."""
        async with Deadline(self.config.timeout / 1000) as deadline:
            return await self._auth.headers("GET", deadline, self._auth.logins)

    @property
    def context(self) -> ssl.SSLContext:
        """The one of the requests: pins are checked before a byte of ours is sent."""
        return tls.context_for(self.config)

    async def open_socket(self, seconds: float) -> socket.socket | None:
        """One through the jump hosts, connected; None where this machine's own network leads there."""
        if self.way is None:
            return None
        return await self.way.open_socket(self.config.host, self.config.port, seconds)
