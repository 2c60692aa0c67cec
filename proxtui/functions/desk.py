"""What functions work over: the configuration that is open, who asks, and the ways to servers, audit and metrics."""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from proxtui.config.ledger import Ledger, ledger_of
from proxtui.config.models import Config, Place, Server
from proxtui.core.model import ServerRef, Snapshot
from proxtui.errors import NotConfigured, NotFoundError, ProxtuiError, UsageError
from proxtui.features.consoles.door import CONNECT_SECONDS
from proxtui.functions.shapes import Source
from proxtui.wiring import open_registrar, open_runtime

if TYPE_CHECKING:
    from proxtui.config.vault.opened import OpenVault
    from proxtui.core.registrar import Registrar
    from proxtui.core.runtime import Runtime


BLIND = "guests cannot be seen: missing privilege VM.Audit"
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """Where one person asks. ``opening`` is handed on to ``open_runtime``: clocks and networks of tests."""

    config: Config
    """What is asked, with limits and roles as they count for this person; as it was opened. Who changed it through a
    function opens another desk to ask what is new."""
    vault: OpenVault | None = None
    """None where variables name the server: that cannot be changed here."""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    read_only: bool = False
    reason: str = ""
    """Why somebody wants it: kept in the audit."""
    opening: Mapping[str, Any] = field(default_factory=dict)
    announce: Callable[[dict[str, Any]], None] | None = None
    """Who calls a function that stays hears its answer here, and the call lasts until its viewer left."""
    viewer_seconds: float = CONNECT_SECONDS
    """How long a console is on offer."""
    diagnose: Any = None
    """What stands for ``proxtui.pve.diagnosis.diagnose`` in a test."""

    @property
    def known(self) -> Config:
        """All that is configured, what is switched off too."""
        return self.vault.config if self.vault is not None else self.config

    @property
    def ledger(self) -> Ledger:
        """Where audit and metrics are."""
        return ledger_of(self.vault or self.config, self.environ)

    def check_tenant(self, tenant: str | None) -> None:
        """NotFoundError unless there is this tenant, or none was said."""
        slugs = [one.slug for one in self.known.tenants]
        if tenant is not None and tenant not in slugs:
            raise NotFoundError(f"there is no tenant {tenant[:80]!a}; there are {', '.join(slugs) or 'none'}")

    def server(self, wanted: str) -> tuple[Place, Server]:
        """The server ``tenant/server``, or ``server`` where only one is called so. NotFoundError, UsageError."""
        meant = [one for one in self.known.servers() if wanted in ("/".join(one[0]), one[0].server)]
        if len(meant) > 1:
            raise UsageError(f"{wanted} could be {', '.join('/'.join(place) for place, _ in meant)}")
        if not meant:
            there = ", ".join("/".join(place) for place, _ in self.known.servers()) or "none"
            raise NotFoundError(f"there is no server {wanted[:80]!a}; there are {there}")
        return meant[0]

    def asked(self, server: str | None, tenant: str | None = None) -> list[ServerRef]:
        """The servers that are meant, of those that are switched on. UsageError for one that is off."""
        self.check_tenant(tenant)
        active = [ServerRef(*place) for place, _ in self.config.active_servers()]
        if server is None:
            return [ref for ref in active if tenant in (None, ref.tenant)]
        ref = ServerRef(*self.server(server)[0])
        if tenant not in (None, ref.tenant):
            raise NotFoundError(f"{'/'.join(ref)} is no server of {tenant}")
        if ref not in active:
            raise UsageError(f"{'/'.join(ref)} is switched off, or this key opens no credentials of it")
        return [ref]

    @asynccontextmanager
    async def runtime(self, refs: Collection[ServerRef]) -> AsyncIterator[Runtime]:
        """The kernel over these servers alone, each asked once. NotConfigured without any."""
        if not refs:
            raise NotConfigured("there is no server to ask")
        tenants = tuple(
            replace(one, servers=tuple(each for each in one.servers if ServerRef(one.slug, each.name) in refs))
            for one in self.config.tenants
        )
        config = replace(self.config, tenants=tenants)
        more = {"vault": self.vault, "record": True} | dict(self.opening)
        async with open_runtime(config, read_only=self.read_only, **more) as runtime:
            await runtime.poller.poll_once()
            await _learn_sight(runtime)
            yield runtime

    @asynccontextmanager
    async def registrar(self) -> AsyncIterator[Registrar]:
        """The one way in which the configuration is changed. NotConfigured where there is no file of ours."""
        if self.vault is None:
            raise NotConfigured("no config.toml is in use: variables and flags are not changed here")
        self.vault.reload()
        more = {name: self.opening[name] for name in ("make_journal",) if name in self.opening}
        async with open_registrar(self.vault, self.environ, read_only=self.read_only, **more) as registrar:
            yield registrar


async def _learn_sight(runtime: Runtime) -> None:
    """``GET /access/permissions`` where no guest was told: who may see none does not know that there is none."""
    from proxtui.pve.sight import sees_guests

    for snapshot in runtime.store.fleet().snapshots:
        if snapshot.taken_at is None or snapshot.guests:
            continue
        try:
            permissions = await runtime.connection(snapshot.ref).learn_permissions()
        except ProxtuiError as error:
            log.info("%s/%s: permissions stay unknown: %s", *snapshot.ref, error)
            continue
        if not sees_guests(permissions):
            runtime.store.sight(snapshot.ref, guests_unseen=True)


def sources_of(snapshots: Collection[Snapshot], missing: Mapping[ServerRef, str] | None = None) -> list[Source]:
    """How each server answered; ``missing`` is what some of them did not tell."""
    told = missing or {}
    return [
        Source(
            tenant_id=one.ref.tenant,
            server_id="/".join(one.ref),
            status=one.state.value,
            error=one.error or told.get(one.ref) or (BLIND if one.guests_unseen else None),
        )
        for one in snapshots
    ]


def refuse_silence(runtime: Runtime) -> None:
    """Raise what the first server failed with, unless one has answered."""
    snapshots = runtime.store.fleet().snapshots
    if any(one.taken_at is not None for one in snapshots):
        return
    for one in snapshots:
        if (cause := runtime.store.failure(one.ref)) is not None:
            raise cause
