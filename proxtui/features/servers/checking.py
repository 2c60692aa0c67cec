"""Asks servers whether they are well, past the poller: every way in turn, until one answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from proxtui.config.models import Place, Server
from proxtui.config.paths import state_folder
from proxtui.core.belonging import Belonging, Identity
from proxtui.core.connecting import known_cluster, proxmox_config, through, tunnel_to
from proxtui.core.model import ServerRef
from proxtui.errors import CertificateError, HostKeyError, OtherCluster, ProxtuiError

if TYPE_CHECKING:
    from proxtui.pve.settings import ProxmoxConfig
    from proxtui.pve.ssh.tunnel import Tunnel
    from proxtui.pve.stages import Diagnosis
    from proxtui.pve.tls import CertificateInfo

State = Literal["online", "offline", "untrusted", "refused", "off"]
Diagnose = Callable[..., Awaitable["Diagnosis"]]
"""``proxtui.pve.diagnosis.diagnose``, or what stands for it in a test."""
MOST_AT_ONCE = 8
"""Servers that are asked side by side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """How a server is. What was not reached is None."""

    place: Place
    state: State
    """``untrusted``: nothing was sent to it. ``refused``: the login. ``off``: it is switched off and was not asked."""
    path: str = ""
    """``direct``, ``tailscale`` or ``ssh``: the way that answered, or the first that did not."""
    endpoint: str = ""
    ms: float | None = None
    version: str | None = None
    nodes: int | None = None
    nodes_online: int | None = None
    certificate: CertificateInfo | None = None
    error: str = ""
    advice: str = ""
    exit_code: int = 0
    """As the command line exits: 10 for the network and TLS, 11 for the login, 1 for nodes and quorum."""
    identity: Identity | None = None
    """Which cluster it belongs to, as far as it told."""
    stranger: HostKeyError | None = None
    """A jump host on the way showed a key that is not trusted."""


class Untrusted(CertificateError):
    """The certificate of a new server is not trusted: here it is, and nothing was sent."""

    def __init__(self, checked: Checked) -> None:
        shown = checked.certificate
        super().__init__(checked.error, endpoint=checked.endpoint, seen=shown.fingerprint if shown else None)
        self.shown = shown

    @property
    def certificate(self) -> dict[str, Any]:
        """For programs."""
        shown = self.shown
        if shown is None:
            return {}
        return {
            "subject": shown.subject,
            "issuer": shown.issuer,
            "names": list(shown.names),
            "not_before": shown.not_before.isoformat(),
            "not_after": shown.not_after.isoformat(),
            "fingerprint": shown.fingerprint,
        }


class NotWell(ProxtuiError):
    """A new server could not be reached, or refused the login: it was not added."""

    def __init__(self, checked: Checked) -> None:
        super().__init__(f"{checked.endpoint}: {checked.error}. {checked.advice}".strip())
        self.exit_code = checked.exit_code or 10


def ways(server: Server) -> list[tuple[str, ProxmoxConfig]]:
    """The ways to a server, in order: each with its path. InvalidInput when its values cannot be meant."""
    first = [("tailscale", server.tailscale)] if server.tailscale is not None else []
    both = [*first, *(("ssh" if server.jumps else "direct", endpoint) for endpoint in server.endpoints)]
    return [(path, proxmox_config(server, endpoint)) for path, endpoint in both]


async def check(place: Place, server: Server, diagnose: Diagnose | None = None) -> Checked:
    """Ask a server, way by way; never raises for what it finds. A login that was refused once is not sent again."""
    if not server.is_active:
        return Checked(place=place, state="off")
    if diagnose is None:
        from proxtui.pve.diagnosis import diagnose as real

        diagnose = real
    tunnel = tunnel_to(server)
    try:
        return await _asked(place, server, diagnose, tunnel)
    finally:
        if tunnel is not None:
            await tunnel.aclose()


async def pass_jump_hosts(server: Server) -> None:
    """Log in on the jump hosts, and go no further. TunnelError when one does not let us on; without any, nothing."""
    tunnel = tunnel_to(server)
    if tunnel is None:
        return
    try:
        await tunnel.stand()
    finally:
        await tunnel.aclose()


async def _asked(place: Place, server: Server, diagnose: Diagnose, tunnel: Tunnel | None) -> Checked:
    first: Checked | None = None
    refused = ""
    keeper = known_cluster(state_folder(), ServerRef(*place), server) if len(ways(server)) > 1 else None
    belonging = Belonging(keeper)
    for path, config in ways(server):
        behind = tunnel if path == "ssh" else None
        found = await diagnose(config, no_login=refused, **_network(behind))
        checked = _judged(place, path, found)
        if checked.state == "online":
            checked = await _measured(replace(checked, identity=await _identity(config, behind)), belonging)
            if checked.state == "online":
                return checked
            first = checked
            continue
        if behind is not None and found.verdict == "ssh":
            # The other endpoints are behind the same hosts.
            return first or _stopped(checked, behind)
        if any(stage.name == "login" and stage.state == "failed" for stage in found.stages):
            refused = f"it failed on {config.endpoint} and is not sent again"
        first = first or checked
    assert first is not None  # noqa: S101  a server has at least one endpoint
    return first


async def _measured(checked: Checked, belonging: Belonging) -> Checked:
    """It is well, unless it belongs to another cluster than an earlier start learned."""
    if checked.identity is None:
        return checked
    try:
        await belonging.judge(checked.identity, checked.endpoint)
    except OtherCluster as error:
        return replace(checked, state="offline", error=str(error), advice="", exit_code=error.exit_code)
    await belonging.keep()
    return checked


async def check_all(servers: Sequence[tuple[Place, Server]], diagnose: Diagnose | None = None) -> list[Checked]:
    """Ask these servers side by side; what was found, in their order."""
    slots = asyncio.Semaphore(MOST_AT_ONCE)

    async def one(place: Place, server: Server) -> Checked:
        async with slots:
            return await check(place, server, diagnose)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(place, server)) for place, server in servers]
    return [task.result() for task in tasks]


async def tried(place: Place, server: Server, diagnose: Diagnose | None = None) -> Checked:
    """The same before a server is added: Untrusted, HostKeyError or NotWell unless it answers."""
    checked = await check(place, replace(server, is_active=True), diagnose)
    if checked.stranger is not None:
        raise checked.stranger
    if checked.state == "untrusted":
        raise Untrusted(checked)
    if checked.state != "online":
        raise NotWell(checked)
    return checked


def one_cluster(checks: Iterable[Checked]) -> list[tuple[Place, ...]]:
    """Servers of one tenant that are the same cluster, by its name and its nodes: they can be merged into one."""
    from proxtui.core.belonging import is_same

    groups: list[list[Checked]] = []
    for checked in checks:
        told = checked.identity
        if told is None or not told.name:
            continue
        for group in groups:
            known = group[0]
            if known.place.tenant == checked.place.tenant and known.identity and is_same(known.identity, told):
                group.append(checked)
                break
        else:
            groups.append([checked])
    return [tuple(one.place for one in group) for group in groups if len(group) > 1]


def _judged(place: Place, path: str, found: Diagnosis) -> Checked:
    state: State = "online"
    if found.verdict == "login":
        state = "refused"
    elif found.verdict == "tls" and found.is_trusted is False:
        state = "untrusted"
    elif found.version is None:
        state = "offline"
    return Checked(
        place=place,
        state=state,
        path=path,
        endpoint=found.endpoint,
        ms=found.response_ms,
        version=found.version,
        nodes=found.nodes,
        nodes_online=found.nodes_online,
        certificate=found.certificate,
        error=found.error or "",
        advice="" if found.success else found.advice,
        exit_code=found.exit_code,
    )


def _stopped(checked: Checked, tunnel: Tunnel) -> Checked:
    """What a jump host said, where it was one that showed a wrong key."""
    if not isinstance(tunnel.refused, HostKeyError):
        return checked
    return replace(checked, state="untrusted", stranger=tunnel.refused)


def _network(tunnel: Tunnel | None) -> dict[str, Any]:
    if tunnel is None:
        return {}
    from proxtui.pve.probes import TunnelNetwork

    return {"network": TunnelNetwork(tunnel)}


async def _identity(config: ProxmoxConfig, tunnel: Tunnel | None) -> Identity | None:
    from proxtui.core.belonging import ask_identity
    from proxtui.pve.client import ProxmoxClient

    async with ProxmoxClient(config, read_only=True, backend=through(tunnel)) as client:
        try:
            return await ask_identity(client)
        except ProxtuiError:
            # It answered a moment ago; that it does not say whose it is makes it no worse.
            return None
