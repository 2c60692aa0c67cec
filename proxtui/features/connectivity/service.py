"""Asks for the second opinion: every way to a server, one after the other, past the poller and its breakers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from proxtui.config.models import Config, Place, Server
from proxtui.core.connecting import proxmox_config, tunnel_to
from proxtui.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from proxtui.pve.probes import Network
    from proxtui.pve.settings import ProxmoxConfig
    from proxtui.pve.stages import Diagnosis, Stage

MOST_AT_ONCE = 8
"""Servers that are tested side by side."""


@dataclass(frozen=True, slots=True)
class Path:
    """One way to a server: what people call it, and where it leads."""

    label: str
    """``pve1:8006``; one way of a server is never called as another."""
    config: ProxmoxConfig
    behind: Server | None = None
    """The server, where its jump hosts lead there."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What is known of one way: the stages so far, and in the end the whole diagnosis."""

    place: Place
    path: str
    stages: tuple[Stage, ...] = ()
    found: Diagnosis | None = None
    by_ssh: bool = False
    """True when jump hosts lead there: a stage more."""


class Diagnose(Protocol):
    """``proxtui.pve.diagnose``, or what stands for it in a test."""

    def __call__(
        self, config: ProxmoxConfig, *, no_login: str, tell: Callable[[Stage], None], network: Network | None = None
    ) -> Awaitable[Diagnosis]: ...


def paths_of(server: Server) -> list[Path]:
    """The ways to a server, Tailscale first. InvalidInput when its values cannot be meant."""
    behind = server if server.jumps else None
    first = [] if server.tailscale is None else [(f"tailscale {server.tailscale.label}", server.tailscale, None)]
    usual = [(endpoint.label, endpoint, behind) for endpoint in server.endpoints]
    return [Path(label, proxmox_config(server, endpoint), hops) for label, endpoint, hops in (*first, *usual)]


def chosen(config: Config, names: Sequence[str]) -> list[tuple[Place, Server]]:
    """The servers of these names (``SERVER`` or ``TENANT/SERVER``), or all where none is given.

    NotFoundError (14) for a name that none has, UsageError (2) for one that several have.
    """
    known = config.servers()
    if not names:
        return known
    found: dict[Place, Server] = {}
    for name in names:
        meant = [one for one in known if name in (one[0].server, "/".join(one[0]))]
        if not meant:
            there = ", ".join("/".join(place) for place, _ in known)
            raise NotFoundError(f"there is no server {name[:80]!r}; there are {there}")
        if len(meant) > 1:
            raise UsageError(f"{name} could be {', '.join('/'.join(place) for place, _ in meant)}")
        found.update(meant)
    return list(found.items())


async def examine(
    place: Place,
    paths: Iterable[Path],
    heard: Callable[[Opinion], None] | None = None,
    diagnose: Diagnose | None = None,
) -> list[Opinion]:
    """Test each way apart. A login that was refused on one is not sent on the next: PVE counts them.

    ``heard`` gets the opinion on a way whenever one of its stages ended.
    """
    if diagnose is None:
        from proxtui.pve.diagnosis import diagnose as real

        diagnose = real
    opinions: list[Opinion] = []
    refused = ""
    for path in paths:
        stages: list[Stage] = []
        begun = Opinion(place, path.label, by_ssh=path.behind is not None)

        def tell(stage: Stage, begun: Opinion = begun, stages: list[Stage] = stages) -> None:
            stages.append(stage)
            if heard is not None:
                heard(replace(begun, stages=tuple(stages)))

        if heard is not None:
            heard(begun)
        async with _way_to(path) as way:
            if way is None:
                found = await diagnose(path.config, no_login=refused, tell=tell)
            else:
                found = await diagnose(path.config, no_login=refused, tell=tell, network=way)
        opinions.append(replace(begun, stages=found.stages, found=found))
        if heard is not None:
            heard(opinions[-1])
        if any(stage.name == "login" and stage.state == "failed" for stage in found.stages):
            refused = f"it failed on {path.label} and is not sent again"
    return opinions


@asynccontextmanager
async def _way_to(path: Path) -> AsyncIterator[Network | None]:
    """The network behind the jump hosts, by logins of its own: those of the poller may stand. None: this machine's."""
    tunnel = tunnel_to(path.behind) if path.behind is not None else None
    if tunnel is None:
        yield None
        return
    from proxtui.pve.probes import TunnelNetwork

    try:
        yield TunnelNetwork(tunnel)
    finally:
        await tunnel.aclose()


async def examine_all(servers: Sequence[tuple[Place, Server]], diagnose: Diagnose | None = None) -> list[Opinion]:
    """Test these servers side by side; opinions in their order."""
    slots = asyncio.Semaphore(MOST_AT_ONCE)
    ways = [(place, paths_of(server)) for place, server in servers]

    async def one(place: Place, paths: Sequence[Path]) -> list[Opinion]:
        async with slots:
            return await examine(place, paths, diagnose=diagnose)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(place, paths)) for place, paths in ways]
    return [opinion for task in tasks for opinion in task.result()]


def worst_code(opinions: Iterable[Opinion]) -> int:
    """The exit code of all together: network before login before what is wrong inside; 0 when all is well."""
    codes = {opinion.found.exit_code for opinion in opinions if opinion.found is not None}
    return next((code for code in (10, 11, 1) if code in codes), 0)
