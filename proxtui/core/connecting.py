"""From a configured server to a connection: clients are built when first used, and the HTTP code loaded with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from proxtui.config.models import Endpoint, Server
from proxtui.config.server import JumpHost
from proxtui.core.calls import CallLog
from proxtui.core.clock import Clock
from proxtui.core.connection import Connection, Path, Route
from proxtui.core.model import ServerRef
from proxtui.pve.limits import Breaker, RateLimiter

if TYPE_CHECKING:
    from proxtui.core.known_clusters import KnownCluster
    from proxtui.pve.client import ProxmoxClient
    from proxtui.pve.settings import ProxmoxConfig
    from proxtui.pve.ssh.backend import TunnelBackend
    from proxtui.pve.ssh.tunnel import Tunnel

AskTotp = Callable[[str], Awaitable[str]]

MAX_REQUESTS = 100
WINDOW_MS = 20_000
"""5 requests a second on average; 100 at once, for one look at a large cluster."""


def proxmox_config(server: Server, endpoint: Endpoint, deadline_ms: int | None = None) -> ProxmoxConfig:
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
        timeout=deadline_ms or server.deadline_ms,
        fingerprints=trust.fingerprints if trust.mode == "fingerprint" else (),
        ca_file=str(trust.ca_file) if trust.mode == "ca" else None,
    )


def tunnel_to(server: Server) -> Tunnel | None:
    """The way through the server's jump hosts, not opened yet; None when it has none."""
    if not server.jumps:
        return None
    from proxtui.pve.ssh.hops import Hop
    from proxtui.pve.ssh.tunnel import Tunnel

    def hop(jump: JumpHost) -> Hop:
        return Hop(
            host=jump.host,
            port=jump.port,
            username=jump.username,
            host_keys=jump.host_keys,
            key_file=jump.key_file.expanduser() if jump.key_file else None,
            key_passphrase=jump.key_passphrase.get_secret_value() if jump.key_passphrase else None,
        )

    return Tunnel([hop(jump) for jump in server.jumps])


def through(tunnel: Tunnel | None) -> TunnelBackend | None:
    """The network behind the tunnel for a client; None: this machine's own."""
    if tunnel is None:
        return None
    from proxtui.pve.ssh.backend import TunnelBackend

    return TunnelBackend(tunnel)


def connect(  # noqa: PLR0913  most of them are for tests
    ref: ServerRef,
    server: Server,
    clock: Clock,
    *,
    read_only: bool,
    lock: Callable[[], str | None] | None = None,
    ask_totp: AskTotp | None = None,
    deadline_ms: int | None = None,
    transport: Any = None,
    calls: CallLog | None = None,
    state: FilePath | None = None,
) -> Connection:
    """The connection of a server. Nothing is sent, and httpx not loaded, before its first use.

    ``lock`` gives the reason why no change may be sent at the moment, or None; ``read_only`` beats it.
    ``deadline_ms`` replaces the configured deadline of ordinary calls.
    ``transport`` replaces the network in tests (an ``httpx.AsyncBaseTransport``). ``calls`` hears how each call went.
    In the folder ``state`` it is remembered which cluster a server with several ways to it is.
    """

    tunnel = tunnel_to(server) if transport is None else None

    def route(endpoint: Endpoint, path: Path) -> Route:
        config = proxmox_config(server, endpoint, deadline_ms)

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
                backend=through(tunnel) if path == "ssh" else None,
                now=clock.monotonic,
                observe=calls.observer(ref, config.endpoint, path) if calls is not None else None,
            )

        return Route(config.endpoint, build, Breaker(now=clock.monotonic), path)

    usual: Path = "ssh" if server.jumps else "direct"
    preferred = [route(server.tailscale, "tailscale")] if server.tailscale is not None else []
    routes = [*preferred, *(route(endpoint, usual) for endpoint in server.endpoints)]
    keeper = known_cluster(state, ref, server) if state is not None and len(routes) > 1 else None
    return Connection(ref, routes, tunnel, keeper)


def known_cluster(state: FilePath, ref: ServerRef, server: Server) -> KnownCluster:
    """What is remembered of a server in this folder, beyond this process."""
    from proxtui.core.known_clusters import KnownCluster

    return KnownCluster(state, ref, server)
