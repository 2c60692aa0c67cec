"""One configured server: its endpoints in order, each with a client and a breaker, one of them in use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from msgspec import Struct

from proxtui.core.model import ServerRef
from proxtui.errors import AuthenticationError, PermissionDenied, ProxtuiError, RateLimitError

if TYPE_CHECKING:
    from proxtui.pve.access import Permissions
    from proxtui.pve.client import ProxmoxClient
    from proxtui.pve.limits import Breaker
    from proxtui.pve.resources import Inventory


class Route(Struct, eq=False):
    """One endpoint of a server."""

    endpoint: str
    """``host:port``."""
    build: Callable[[], ProxmoxClient]
    """Makes the client when it is first needed."""
    breaker: Breaker
    failed: bool = False
    """True from a failure to the next answer of any endpoint of the server."""
    _client: ProxmoxClient | None = None

    @property
    def client(self) -> ProxmoxClient:
        if self._client is None:
            self._client = self.build()
        return self._client

    @property
    def requests_sent(self) -> int:
        return 0 if self._client is None else self._client.requests_sent

    async def aclose(self) -> None:
        """Close the client, if there ever was one."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


class Connection:
    """All ways to one server. Nothing is shared with another server: not the client, limiter or breaker."""

    def __init__(self, ref: ServerRef, routes: Sequence[Route]) -> None:
        self.ref = ref
        self.routes = tuple(routes)
        self.active = self.routes[0]
        self._refused = False
        self.permissions: Permissions | None = None
        """What the login may do; None until it was asked."""

    @property
    def client(self) -> ProxmoxClient:
        """The client of the endpoint in use."""
        return self.active.client

    @property
    def requests_sent(self) -> int:
        """Requests of all endpoints so far, logins too."""
        return sum(route.requests_sent for route in self.routes)

    async def inventory(self) -> Inventory:
        """Everything of the cluster in one ``GET /cluster/resources``."""
        from proxtui.pve.cluster import ClusterTools

        return await ClusterTools(self.client).inventory()

    async def learn_permissions(self) -> Permissions:
        """``GET /access/permissions``, kept for as long as the connection lives."""
        from proxtui.pve.access import AccessTools

        self.permissions = await AccessTools(self.client).permissions()
        return self.permissions

    def choose(self) -> bool:
        """Take the first endpoint that may be asked now, the one in use before the others. False: none may."""
        if self._refused:
            return False
        chosen = next((route for route in self._from_active() if route.breaker.allows()), None)
        self.active = chosen or self.active
        return chosen is not None

    def allowed_at(self, now: float) -> float | None:
        """When an endpoint may be asked at the earliest; None: not before ``reset``."""
        if self._refused:
            return None
        times = [now if route.breaker.state == "closed" else route.breaker.retry_at for route in self.routes]
        return min((at for at in times if at is not None), default=None)

    def answered(self) -> None:
        """The endpoint in use did what it should."""
        self.active.breaker.succeeded()
        for route in self.routes:
            route.failed = False

    def failed(self, error: ProxtuiError) -> None:
        """The endpoint in use failed: the next attempt goes to the next endpoint, where another one may help."""
        self.active.breaker.failed(error)
        if isinstance(error, AuthenticationError):
            # The other endpoints know the same users: asking them too would only count as more bad logins.
            self._refused = True
        elif not isinstance(error, PermissionDenied | RateLimitError):
            self.active.failed = True
            others = self._from_active()[1:]
            self.active = next((route for route in others if route.breaker.state == "closed"), self.active)

    @property
    def has_spare(self) -> bool:
        """True when an endpoint failed and the one that is next has not: no need to wait long."""
        return not self.active.failed and any(route.failed for route in self.routes)

    def reset(self) -> None:
        """Somebody asked for another attempt now: forget what the breakers remember."""
        self._refused = False
        for route in self.routes:
            route.breaker.reset()

    async def aclose(self) -> None:
        """Close every client, the others too when one raises."""
        async with AsyncExitStack() as stack:
            for route in self.routes:
                stack.push_async_callback(route.aclose)

    def _from_active(self) -> tuple[Route, ...]:
        at = self.routes.index(self.active)
        return self.routes[at:] + self.routes[:at]
