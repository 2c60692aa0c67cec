"""Whom to trust at a server: what its certificate is now, and pins that are set, added and taken away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxtui.config.address import parse_fingerprint
from proxtui.config.models import Place, Server
from proxtui.config.paths import state_folder
from proxtui.core.connecting import connect, known_cluster
from proxtui.core.model import ServerRef
from proxtui.errors import InvalidInput, NetworkError, UsageError
from proxtui.features.servers.checking import ways
from proxtui.features.servers.models import ServerChange
from proxtui.features.servers.service import Entry, found, update

if TYPE_CHECKING:
    from proxtui.core.connection import Route
    from proxtui.core.registrar import Registrar
    from proxtui.pve.tls import CertificateInfo

log = logging.getLogger(__name__)

PINS_OF_ONE = 3
"""Pins of an endpoint at the most: the old one, the new one, and one that somebody forgot."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The certificate that an endpoint shows now."""

    endpoint: str
    certificate: CertificateInfo | None
    is_pinned: bool
    error: str = ""


async def look(server: Server) -> list[Seen]:
    """Shake hands with every endpoint and send nothing. Not through SSH: UsageError for a server behind jump hosts."""
    from proxtui.pve.tls import probe_certificate

    if server.jumps:
        raise UsageError(
            f"{server.name} is behind jump hosts: `proxtui servers health-check` tells whom it meets there"
        )
    seen = []
    for _, config in ways(server):
        try:
            shown = await probe_certificate(config.host.strip("[]"), config.port)
        except OSError as error:
            why = str(error.strerror or "") or type(error).__name__
            seen.append(Seen(config.endpoint, None, False, f"no handshake: {why}"))
            continue
        seen.append(Seen(config.endpoint, shown, shown.fingerprint in server.trust.fingerprints))
    return seen


async def fetch(place: Place, server: Server) -> dict[str, str]:
    """The fingerprint of every node of its cluster, by node, told through a connection whose certificate was checked.

    Of the cluster that an earlier start learned: pins of another one would let that in. UsageError where nothing is
    checked; else what the last of its ways failed with.
    """
    from proxtui.core.clock import SystemClock
    from proxtui.pve.fingerprints import fetch_fingerprints

    if server.trust.mode == "off":
        raise UsageError(f"{place.server}: nothing is checked there, so what it tells cannot be trusted")
    connection = connect(ServerRef(*place), server, SystemClock(), read_only=True, state=state_folder())

    async def of(route: Route) -> dict[str, str]:
        if len(connection.routes) > 1:
            await connection.look_at(route)
        return await fetch_fingerprints(route.client)

    try:
        *others, last = connection.routes
        for route in others:
            try:
                return await of(route)
            except NetworkError as error:
                log.info("%s: %s", route.endpoint, error)
        return await of(last)
    finally:
        await connection.aclose()


async def pin(
    registrar: Registrar, name: str, fingerprints: Sequence[str], *, beside: bool = False, nodes: int = 0
) -> Entry:
    """Trust exactly these certificates; ``beside``: those that are pinned already, too, as while one is renewed.

    InvalidInput for more than three for each endpoint (or each of so many ``nodes``) or for no SHA-256, and what
    ``update`` raises.
    """
    entry = found(registrar, name)
    try:
        given = [parse_fingerprint(one) for one in fingerprints]
    except ValueError as error:
        raise InvalidInput("fingerprint", fingerprints[0], str(error)) from None
    kept = entry.server.trust.fingerprints if beside and entry.server.trust.mode == "fingerprint" else ()
    pins = list(dict.fromkeys((*kept, *given)))
    most = PINS_OF_ONE * max(nodes, len(ways(entry.server)))
    if len(pins) > most:
        raise InvalidInput("fingerprint", given[0], f"at most {most} pins for this server: take an old one away first")
    return await update(registrar, name, ServerChange(fingerprints=pins))


async def unpin(registrar: Registrar, name: str, fingerprint: str) -> Entry:
    """Trust this certificate no more. UsageError when it is not pinned or the last one."""
    entry = found(registrar, name)
    try:
        gone = parse_fingerprint(fingerprint)
    except ValueError as error:
        raise InvalidInput("fingerprint", fingerprint, str(error)) from None
    left = [one for one in entry.server.trust.fingerprints if one != gone]
    if len(left) == len(entry.server.trust.fingerprints):
        raise UsageError(f"{name}: that certificate is not pinned")
    if not left:
        raise UsageError(f"{name}: that is the only pin; pin another one first, or use --system or --ca-file")
    return await update(registrar, name, ServerChange(fingerprints=left))


async def trust_authority(registrar: Registrar, name: str, ca_file: str | None) -> Entry:
    """Trust what this authority signed (a PEM file), or None: the authorities of this system."""
    change = ServerChange(ca_file=ca_file) if ca_file else ServerChange(fingerprints=None)
    return await update(registrar, name, change)


async def accept_cluster(registrar: Registrar, name: str) -> Entry:
    """Forget which cluster it was: the endpoint that answers next says so. SaveFailed, and what ``update`` raises."""
    entry = found(registrar, name)
    tenant, server = entry.place
    about = {"name": server, "cluster": "forgotten"}
    await registrar.save("servers.update", [], tenant=tenant, server=server, about=about)
    await asyncio.to_thread(known_cluster(state_folder(), ServerRef(tenant, server), entry.server).forget)
    return entry
