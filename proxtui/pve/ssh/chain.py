"""The SSH connections from hop to hop: opened one through the other, and closed all together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import asyncssh

from proxtui.errors import TunnelError
from proxtui.pve.ssh import failures
from proxtui.pve.ssh.hops import Hop, Ours
from proxtui.pve.ssh.keys import login_options, why_refused
from proxtui.pve.ssh.trust import ALL_KINDS, HostTrust, trust_in

LOGIN_SECONDS = 20.0
"""For one hop, from the first packet to the end of the login: sshd may look up names and ask others."""
KEEPALIVE_SECONDS = 15.0
KEEPALIVES_MISSED = 2
_WINDOW = 512 * 1024
"""The most that a channel holds of what nobody read yet."""
_GOODBYE_SECONDS = 1.0
_NO_SUCH_KEY = (asyncssh.KeyExchangeFailed, asyncssh.ConnectionLost, ConnectionResetError, BrokenPipeError)
"""How a host answers that has no key of the asked kind: sshd hangs up as soon as it sees that."""

log = logging.getLogger(__name__)
# It tells each connection and channel at INFO.
logging.getLogger("asyncssh").setLevel(logging.WARNING)


class _Watch(asyncssh.SSHClient):
    """Judges the host key of one connection, and tells when the connection ends."""

    def __init__(self, trust: HostTrust) -> None:
        self._trust = trust
        self.shown: asyncssh.SSHKey | None = None
        self.is_lost = False
        self.on_loss: Callable[[], None] | None = None

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Asked for keys that are not among the trusted ones."""
        self.shown = key
        return self._trust.accepts(key)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        if self.on_loss is not None:
            self.on_loss()


class Link:
    """The connection to one hop."""

    def __init__(self, hop: Hop, watch: _Watch, connection: asyncssh.SSHClientConnection) -> None:
        self.hop = hop
        self.watch = watch
        self.connection = connection


class Chain:
    """All links, the nearest hop first. A broken link ends the others at once, and with them every channel."""

    def __init__(self, links: Sequence[Link]) -> None:
        self._links = links
        self._blamed: Hop | None = None
        for link in links:
            link.watch.on_loss = self._break

    @property
    def broken(self) -> Hop | None:
        """The hop whose connection ended first, the nearest of several; None while all stand."""
        return self._blamed or next((link.hop for link in self._links if link.watch.is_lost), None)

    @property
    def end(self) -> asyncssh.SSHClientConnection:
        """The connection to the last hop."""
        return self._links[-1].connection

    async def channel(
        self, host: str, port: int, seconds: float
    ) -> tuple[asyncssh.SSHReader[bytes], asyncssh.SSHWriter[bytes]]:
        """A direct-tcpip channel to where the last hop sees ``host``. ``TunnelError`` when there is none."""
        last = self._links[-1]
        try:
            async with asyncio.timeout(seconds):
                return await last.connection.open_connection(host, port, encoding=None, window=_WINDOW)
        except (OSError, asyncssh.Error) as error:
            raise failures.no_way(host, port, self.broken or last.hop, error, seconds) from error

    async def aclose(self) -> None:
        """Close every link, the farthest first."""
        for link in self._links:
            link.watch.on_loss = None
        await _close([link.connection for link in self._links])

    def abort(self) -> None:
        """End every link at once, and with them every channel."""
        for link in self._links:
            link.watch.on_loss = None
            link.connection.abort()

    def _break(self) -> None:
        """With a link those behind it end too, and in any order: who is to blame is seen when all have told."""
        for link in self._links:
            link.watch.on_loss = None
        asyncio.get_running_loop().call_soon(self._end_all)

    def _end_all(self) -> None:
        self._blamed = self.broken
        for link in self._links:
            link.connection.abort()


async def open_chain(hops: Sequence[Hop], ours: Ours, asks: Callable[[Hop], None] = lambda _hop: None) -> Chain:
    """Log in on each hop through the one before it; ``asks`` hears of each as its turn comes.

    ``TunnelError`` names the hop that did not let us on.
    """
    links: list[Link] = []
    async with AsyncExitStack() as opened:
        for hop in hops:
            asks(hop)
            link = await _link(hop, links[-1] if links else None, ours)
            opened.push_async_callback(_close, [link.connection])
            links.append(link)
        opened.pop_all()
    chain = Chain(links)
    if (hop_lost := chain.broken) is not None:
        await chain.aclose()
        raise failures.lost(hop_lost)
    return chain


async def _link(hop: Hop, before: Link | None, ours: Ours) -> Link:
    trust = await asyncio.to_thread(trust_in, hop, ours)
    login = await login_options(hop, ours)
    shown: asyncssh.SSHKey | None = None
    why: Exception = asyncssh.ConnectionLost("no attempt was made")
    for kinds in trust.by_kind:
        watch = _Watch(trust)
        try:
            return Link(hop, watch, await _connect(hop, watch, trust, before, {**login, **_only(kinds)}))
        except asyncssh.HostKeyNotVerifiable as error:
            shown, why = watch.shown or shown, error
        except _NO_SUCH_KEY as error:
            shown, why = watch.shown or shown, error
        except asyncssh.PermissionDenied as error:
            raise failures.refused_login(hop, await why_refused(hop, ours)) from error
        except (OSError, ValueError, asyncssh.Error) as error:
            raise await _translated(hop, before, ours, error) from error
    raise await _refusal(hop, before, trust, shown, why)


async def _translated(hop: Hop, before: Link | None, ours: Ours, error: Exception) -> TunnelError:
    if isinstance(error, asyncssh.DisconnectError) and "authentication failures" in error.reason.lower():
        return failures.refused_login(hop, f"too many keys were tried; name a key_file ({error.reason})")
    return failures.unreachable(hop, before.hop if before else None, error, LOGIN_SECONDS)


async def _refusal(
    hop: Hop, before: Link | None, trust: HostTrust, shown: asyncssh.SSHKey | None, why: Exception
) -> TunnelError:
    """What to tell; where the host has no key of the kind that is known, look first which one it has."""
    shown = shown or await _look(hop, before, trust)
    if isinstance(why, asyncssh.HostKeyNotVerifiable):
        return failures.untrusted(hop, trust, shown, why.reason)
    if shown is not None and shown.get_fingerprint() not in trust.expected:
        return failures.untrusted(hop, trust, shown, "")
    return failures.unreachable(hop, before.hop if before else None, why, LOGIN_SECONDS)


async def _look(hop: Hop, before: Link | None, trust: HostTrust) -> asyncssh.SSHKey | None:
    """The key that the host shows to somebody who trusts none: no login follows."""
    nobody = HostTrust(trust.source)
    watch = _Watch(nobody)
    try:
        stranger = await _connect(hop, watch, nobody, before, _only(ALL_KINDS))
    except (OSError, asyncssh.Error) as error:
        log.info("jump host %s: %s", hop.label, error)
    else:
        stranger.abort()
    return watch.shown


def _only(kinds: Sequence[str]) -> dict[str, Any]:
    return {"server_host_key_algs": list(kinds)} if kinds else {}


async def _connect(
    hop: Hop, watch: _Watch, trust: HostTrust, before: Link | None, options: dict[str, Any]
) -> asyncssh.SSHClientConnection:
    """One attempt. Nothing of ``~/.ssh/config`` counts, and our agent is never offered to the other side."""
    return await asyncssh.connect(
        hop.host,
        hop.port,
        tunnel=before.connection if before else (),
        config=None,
        client_factory=lambda: watch,
        known_hosts=trust.for_asyncssh,
        username=hop.login,
        preferred_auth="publickey",
        agent_forwarding=False,
        gss_auth=False,
        gss_kex=False,
        x509_trusted_certs=None,
        pkcs11_provider=None,
        connect_timeout=LOGIN_SECONDS,
        login_timeout=LOGIN_SECONDS,
        keepalive_interval=KEEPALIVE_SECONDS,
        keepalive_count_max=KEEPALIVES_MISSED,
        **options,
    )


async def _close(connections: Sequence[asyncssh.SSHClientConnection]) -> None:
    for connection in reversed(connections):
        connection.close()
    for connection in reversed(connections):
        try:
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await connection.wait_closed()
        except TimeoutError:
            log.info("a jump host does not say goodbye")
            connection.abort()
