"""From a configured server to a connection: clients are built when first used, and the HTTP code loaded with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from proxtui.config.models import Endpoint, Server
from proxtui.core.clock import Clock
from proxtui.core.connection import Connection, Route
from proxtui.core.model import ServerRef
from proxtui.pve.limits import Breaker, RateLimiter

if TYPE_CHECKING:
    from proxtui.pve.client import ProxmoxClient
    from proxtui.pve.settings import ProxmoxConfig

AskTotp = Callable[[str], Awaitable[str]]

MAX_REQUESTS = 100
WINDOW_MS = 20_000
"""5 requests a second on average; 100 at once, for one look at a large cluster."""


def proxmox_config(server: Server, endpoint: Endpoint) -> ProxmoxConfig:
    """What the library needs for one endpoint. InvalidInput when the values cannot be meant."""
    from proxtui.pve.settings import ProxmoxConfig

    credentials, trust = server.credentials, server.trust
    return ProxmoxConfig(
        host=f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host,
        port=endpoint.port,
        username=credentials.username,
        password=credentials.password.get_secret_value() if credentials.password else None,
        token_id=credentials.token_id,
        token_secret=credentials.token_secret.get_secret_value() if credentials.token_secret else None,
        realm=credentials.realm,
        verify_ssl=trust.mode != "off",
        timeout=server.deadline_ms,
        fingerprints=trust.fingerprints if trust.mode == "fingerprint" else (),
        ca_file=str(trust.ca_file) if trust.mode == "ca" else None,
    )


def connect(
    ref: ServerRef,
    server: Server,
    clock: Clock,
    *,
    read_only: bool,
    lock: Callable[[], str | None] | None = None,
    ask_totp: AskTotp | None = None,
    transport: Any = None,
) -> Connection:
    """The connection of a server. Nothing is sent, and httpx not loaded, before its first use.

    ``lock`` gives the reason why no change may be sent at the moment, or None; ``read_only`` beats it.
    ``transport`` replaces the network in tests (an ``httpx.AsyncBaseTransport``).
    """

    def route(endpoint: Endpoint) -> Route:
        config = proxmox_config(server, endpoint)

        def build() -> ProxmoxClient:
            from proxtui.pve.client import ProxmoxClient

            limiter = RateLimiter(MAX_REQUESTS, WINDOW_MS, now=clock.monotonic, sleep=clock.sleep)
            return ProxmoxClient(
                config,
                read_only=read_only,
                lock=lock,
                limiter=limiter,
                ask_totp=ask_totp,
                transport=transport,
                now=clock.monotonic,
            )

        return Route(config.endpoint, build, Breaker(now=clock.monotonic))

    return Connection(ref, [route(endpoint) for endpoint in server.endpoints])
