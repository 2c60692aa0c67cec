"""Asks servers whether they are well, past the poller: every way in turn, until one answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from proxtui.config.models import Place, Server
from proxtui.core.connecting import connect, proxmox_config
from proxtui.errors import AuthenticationError, CertificateError, PermissionDenied, ProxtuiError

if TYPE_CHECKING:
    from proxtui.core.belonging import Identity
    from proxtui.pve.settings import ProxmoxConfig
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
    """The ways to a server that no SSH goes through, in order. InvalidInput when its values cannot be meant."""
    first = [("tailscale", server.tailscale)] if server.tailscale is not None else []
    both = [*first, *(("direct", endpoint) for endpoint in server.endpoints)]
    return [(path, proxmox_config(server, endpoint)) for path, endpoint in both]


async def check(place: Place, server: Server, diagnose: Diagnose | None = None) -> Checked:
    """Ask a server, way by way; never raises for what it finds. A login that was refused once is not sent again."""
    if not server.is_active:
        return Checked(place=place, state="off")
    if server.jumps:
        return await _through_ssh(place, server)
    if diagnose is None:
        from proxtui.pve.diagnosis import diagnose as real

        diagnose = real
    first: Checked | None = None
    refused = ""
    for path, config in ways(server):
        found = await diagnose(config, no_login=refused)
        checked = _judged(place, path, found)
        if checked.state == "online":
            return replace(checked, identity=await _identity(config))
        if any(stage.name == "login" and stage.state == "failed" for stage in found.stages):
            refused = f"it failed on {config.endpoint} and is not sent again"
        first = first or checked
    assert first is not None  # noqa: S101  a server has at least one endpoint
    return first


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
    """The same before a server is added: Untrusted or NotWell unless it answers."""
    checked = await check(place, replace(server, is_active=True), diagnose)
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


async def _identity(config: ProxmoxConfig) -> Identity | None:
    from proxtui.core.belonging import ask_identity
    from proxtui.pve.client import ProxmoxClient

    async with ProxmoxClient(config, read_only=True) as client:
        try:
            return await ask_identity(client)
        except ProxtuiError:
            # It answered a moment ago; that it does not say whose it is makes it no worse.
            return None


async def _through_ssh(place: Place, server: Server) -> Checked:
    """``GET /version`` and ``/cluster/status`` through the jump hosts, endpoint by endpoint."""
    from proxtui.core.belonging import ask_identity
    from proxtui.core.clock import SystemClock
    from proxtui.core.model import ServerRef
    from proxtui.pve.cluster import ClusterTools

    connection = connect(ServerRef(*place), server, SystemClock(), read_only=True)
    first: Checked | None = None
    try:
        for route in connection.routes:
            started = time.perf_counter()
            try:
                version = await ClusterTools(route.client).version()
                ms = (time.perf_counter() - started) * 1000
                identity = await ask_identity(route.client)
            except ProxtuiError as error:
                first = first or _failed(place, route.endpoint, error)
                if isinstance(error, AuthenticationError | PermissionDenied):
                    break
                continue
            return Checked(
                place=place, state="online", path="ssh", endpoint=route.endpoint, ms=round(ms, 1),
                version=version.version, nodes=len(identity.nodes), identity=identity,
            )  # fmt: skip
    finally:
        await connection.aclose()
    assert first is not None  # noqa: S101  a server has at least one endpoint
    return first


def _failed(place: Place, endpoint: str, error: ProxtuiError) -> Checked:
    state: State = "offline"
    if isinstance(error, CertificateError):
        state = "untrusted"
    elif isinstance(error, AuthenticationError | PermissionDenied):
        state = "refused"
    code = error.exit_code if error.exit_code in (10, 11) else 11 if state == "refused" else 10
    return Checked(place=place, state=state, path="ssh", endpoint=endpoint, error=str(error), exit_code=code)
