"""One configured server: its endpoints in order, each with a client and a breaker, one of them in use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from proxtui.core.belonging import Belonging, Keeper
from proxtui.core.clock import Clock
from proxtui.core.model import ServerRef, Trouble
from proxtui.core.racing import within
from proxtui.errors import (
    AuthenticationError,
    NetworkError,
    PermissionDenied,
    ProxtuiError,
    RateLimitError,
)

if TYPE_CHECKING:
    from proxtui.pve.access import Permissions
    from proxtui.pve.client import ProxmoxClient
    from proxtui.pve.limits import Breaker
    from proxtui.pve.resources import Inventory
    from proxtui.pve.ssh.tunnel import Tunnel

Path = Literal["direct", "tailscale", "ssh"]

FIRST_LOOK_BACK, LONGEST_LOOK_BACK = 15.0, 300.0
"""Seconds between two looks whether the preferred path answers again; twice as long after each that found nothing."""


LOOK = 1.5
"""Seconds for an endpoint to show whose it is, where somebody else waits for it."""


class Route(Struct, eq=False):
    """One endpoint of a server."""

    endpoint: str
    """``host:port``."""
    build: Callable[[], ProxmoxClient]
    """Makes the client when it is first needed."""
    breaker: Breaker
    path: Path = "direct"
    failed: bool = False
    """True from a failure to the next answer of any endpoint of the server."""
    trouble: str = ""
    """Why it is not asked again before somebody acts; empty when nothing is the matter."""
    deadline_ms: int | None = None
    """Another usual deadline than the configured one."""
    is_ours: bool = False
    """True once it told that it belongs to the cluster of the server."""
    _client: ProxmoxClient | None = None

    @property
    def client(self) -> ProxmoxClient:
        if self._client is None:
            self._client = self.build()
            if self.deadline_ms is not None:
                self._client.timeout = self.deadline_ms
        return self._client

    def take_deadline(self, milliseconds: int) -> None:
        """Use this as the usual deadline from now on."""
        self.deadline_ms = milliseconds
        if self._client is not None:
            self._client.timeout = milliseconds

    @property
    def requests_sent(self) -> int:
        return 0 if self._client is None else self._client.requests_sent

    @property
    def expired_at(self) -> float | None:
        """Seconds since the epoch at which the certificate that the server shows expires; None while none was seen."""
        return None if self._client is None else self._client.certificate_expires

    def note(self, error: ProxtuiError) -> None:
        """Keep what it failed with, when that closed it until somebody acts."""
        if self.breaker.state == "open" and self.breaker.retry_at is None:
            self.trouble = str(error)

    async def drop_idle(self) -> None:
        """Close connections that nothing travels on."""
        if self._client is not None:
            await self._client.drop_idle()

    async def aclose(self) -> None:
        """Close the client, if there ever was one."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()


class Connection:
    """All ways to one server. Nothing is shared with another server: not the client, limiter or breaker.

    ``active`` is the only endpoint that anything is read from or changed through. Another one takes its place only by
    ``choose`` or ``take``, after it told that it belongs to the same cluster (``belonging.is_same``).
    """

    def __init__(
        self, ref: ServerRef, routes: Sequence[Route], tunnel: Tunnel | None = None, keeper: Keeper | None = None
    ) -> None:
        self.ref = ref
        self.tunnel = tunnel
        """The way through jump hosts, where there are any: shared by its routes, and closed after them."""
        self.routes = tuple(routes)
        self.active = self.routes[0]
        self.since: float | None = None
        """``Clock.monotonic`` when another endpoint took over; None: it was never needed."""
        self.belonging = Belonging(keeper)
        self._wanted = self.active
        self._refused = False
        self._look_back_at = 0.0
        self._pause = FIRST_LOOK_BACK
        self.permissions: Permissions | None = None
        """What the login may do; None until it was asked."""

    @property
    def client(self) -> ProxmoxClient:
        """The client of the endpoint in use."""
        return self.active.client

    @property
    def path(self) -> Path:
        """The way that requests go now."""
        return self.active.path

    @property
    def requests_sent(self) -> int:
        """Requests of all endpoints so far, logins too."""
        return sum(route.requests_sent for route in self.routes)

    async def inventory(self, route: Route | None = None) -> Inventory:
        """Everything of the cluster in one ``GET /cluster/resources``; another ``route`` is looked at first.

        So is the one in use, once, where an earlier start learned which cluster the server is.
        """
        from proxtui.pve.cluster import ClusterTools

        asked = route or self.active
        is_unseen = len(self.routes) > 1 and not asked.is_ours and not self.belonging.is_poor
        if asked is not self.active or is_unseen:
            await self.look_at(asked)
        return await ClusterTools(asked.client).inventory()

    async def learn_permissions(self) -> Permissions:
        """``GET /access/permissions``, kept for as long as the connection lives."""
        from proxtui.pve.access import AccessTools

        self.permissions = await AccessTools(self.client).permissions()
        return self.permissions

    async def choose(self, now: float, clock: Clock | None = None) -> bool:
        """Take the first endpoint that may be asked now, in the order in which they come next. False: none may.

        One that takes over is asked for its cluster first: what that fails with is counted here, and raised. With a
        ``clock`` it gets ``LOOK`` seconds for it while there is still another one to ask.
        """
        if self._refused:
            return False
        at = self.routes.index(self._wanted)
        in_order = self.routes[at:] + self.routes[:at]
        chosen = next((route for route in in_order if route.breaker.allows()), None)
        if chosen is None:
            return False
        if chosen is not self.active:
            others = [route for route in self.spares if route is not chosen]
            try:
                if clock is None or not others:
                    await self.look_at(chosen)
                else:
                    await within(clock, LOOK, self.look_at(chosen))
            except TimeoutError:
                late = f"{chosen.endpoint} did not say whose it is within {LOOK:g} s"
                error = NetworkError(late, stage="deadline", endpoint=chosen.endpoint)
                self.failed(error, chosen)
                raise error from None
            except ProxtuiError as error:
                self.failed(error, chosen)
                raise
            self.take(chosen, now)
        self._wanted = self.active
        return True

    async def look_at(self, route: Route) -> None:
        """Ask an endpoint which cluster it belongs to: ``OtherCluster`` when it is not ours."""
        await self.belonging.check(route.client, route.endpoint)
        route.is_ours = True

    def take(self, route: Route, now: float) -> None:
        """Use this endpoint from now on. It was looked at."""
        preferred = self.routes[0].path
        if self.active.path == preferred != route.path:
            # A path that comes and goes is looked for less and less often; one that held for long is a new story.
            if self.since is not None and now - self.since < LONGEST_LOOK_BACK:
                self._pause = min(LONGEST_LOOK_BACK, self._pause * 2)
            else:
                self._pause = FIRST_LOOK_BACK
            self._look_back_at = now + self._pause
        self.active = self._wanted = route
        self.since = now

    def worth_a_look(self, now: float) -> Route | None:
        """An endpoint of the preferred path that should be tried again now; another endpoint of one path is as good."""
        first = self.routes[0]
        if self.active.path == first.path or now < self._look_back_at or first.trouble or self._refused:
            return None
        self._look_back_at = now + self._pause
        self._pause = min(LONGEST_LOOK_BACK, self._pause * 2)
        return first

    @property
    def spares(self) -> tuple[Route, ...]:
        """Endpoints that may be asked beside the one in use, when that one is slow; in their order."""
        return tuple(
            route
            for route in self.routes
            if route is not self.active and route.breaker.state == "closed" and not route.failed
        )

    def troubles(self, today: float) -> tuple[Trouble, ...]:
        """What works all the same, and somebody should look at. ``today`` is in seconds since the epoch."""
        found = tuple(Trouble(route.trouble, is_bad=True) for route in self.routes if route.trouble)
        if self.belonging.said:
            found = (*found, Trouble(self.belonging.said))
        expired = self.active.expired_at
        if expired is None or today < expired:
            return found
        line = f"the certificate of {self.active.endpoint} has expired; it is trusted by its fingerprint"
        return (*found, Trouble(line))

    def allowed_at(self, now: float) -> float | None:
        """When an endpoint may be asked at the earliest; None: not before ``reset``."""
        if self._refused:
            return None
        times = [now if route.breaker.state == "closed" else route.breaker.retry_at for route in self.routes]
        return min((at for at in times if at is not None), default=None)

    def answered(self) -> None:
        """The endpoint in use did what it should."""
        self.active.breaker.succeeded()
        self.active.trouble = ""
        for route in self.routes:
            route.failed = False

    def failed(self, error: ProxtuiError, failing: Route | None = None) -> None:
        """An endpoint failed, the one in use unless another is said: the next attempt goes to the next one.

        Only where another one may help.
        """
        route = failing or self.active
        route.breaker.failed(error)
        if isinstance(error, AuthenticationError) and route is self.active:
            # The other endpoints know the same users: asking them too would only count as more bad logins.
            self._refused = True
        elif not isinstance(error, PermissionDenied | RateLimitError):
            route.failed = True
            route.note(error)
            at = self.routes.index(route)
            others = self.routes[at + 1 :] + self.routes[:at]
            self._wanted = next((other for other in others if other.breaker.state == "closed"), route)

    def lost(self, route: Route, error: ProxtuiError) -> None:
        """An endpoint that was only tried beside the one in use failed: nobody has to go elsewhere for it."""
        route.breaker.failed(error)
        route.failed = True
        route.note(error)

    @property
    def has_spare(self) -> bool:
        """True when an endpoint failed and the one that is next has not: no need to wait long."""
        return not self._wanted.failed and any(route.failed for route in self.routes)

    def reset(self) -> None:
        """Somebody asked for another attempt now: forget what the breakers remember."""
        self._refused = False
        self._look_back_at, self._pause = 0.0, FIRST_LOOK_BACK
        for route in self.routes:
            route.breaker.reset()
            route.trouble = ""

    async def drop_idle(self) -> None:
        """Close connections that nothing travels on: the machine slept, and the other side has forgotten them.

        The way through jump hosts ends, too: a dead one would be noticed after half a minute only.
        """
        if self.tunnel is not None:
            self.tunnel.drop()
        for route in self.routes:
            await route.drop_idle()

    async def aclose(self) -> None:
        """Close every client, the others too when one raises."""
        async with AsyncExitStack() as stack:
            if self.tunnel is not None:
                stack.push_async_callback(self.tunnel.aclose)
            for route in self.routes:
                stack.push_async_callback(route.aclose)
