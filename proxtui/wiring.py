"""Builds every part and closes it again, in the reverse order."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from proxtui.config.ledger import Ledger, ledger_of
from proxtui.config.models import Config
from proxtui.config.paths import state_folder
from proxtui.core.acting import Acting
from proxtui.core.clock import Clock, SystemClock
from proxtui.core.connecting import AskTotp, connect
from proxtui.core.connection import Connection
from proxtui.core.feature import Feature, load
from proxtui.core.model import ServerRef
from proxtui.core.poller import Poller
from proxtui.core.runtime import Runtime
from proxtui.core.store import Store
from proxtui.errors import NotConfigured
from proxtui.registry import FEATURES

if TYPE_CHECKING:
    from proxtui.config.vault.opened import OpenVault
    from proxtui.core.journal import Journal
    from proxtui.core.recording import Recording
    from proxtui.core.registrar import Registrar


def audit_journal(ledger: Ledger) -> Journal:
    """The audit where this ledger says, under the keys of an open configuration. Loads the database code."""
    files = load("proxtui.features.audit.places:usual_files")(ledger)
    journal: Journal = load("proxtui.features.audit.journal:AuditJournal")(files, vault=ledger.keys)
    return journal


def _backgrounds(config: Config, refs: Iterable[ServerRef]) -> dict[ServerRef, float]:
    """Seconds between polls of servers out of view, where their tenant says so."""
    paces = {tenant.slug: tenant.health_check_ms for tenant in config.tenants}
    return {ref: pace / 1000 for ref in refs if (pace := paces.get(ref.tenant)) is not None}


def _poller(config: Config, connections: Mapping[ServerRef, Connection], store: Store, clock: Clock) -> Poller:
    return Poller(
        list(connections.values()),
        store,
        clock,
        interval=config.settings.interval,
        background_interval=config.settings.background_interval,
        backgrounds=_backgrounds(config, connections),
    )


def _recording(config: Config, clock: Clock) -> Recording:
    """Calls are noted at once; the database code is loaded by its thread, long after the first paint."""
    from proxtui.core.calls import CallLog
    from proxtui.core.recording import Keeper, Recording

    def keeper(tell: Callable[[str], None]) -> Keeper:
        url = ledger_of(config, os.environ).url
        made: Keeper = load("proxtui.features.metrics.keeping:MetricsKeeper")(state_folder(), url, tell=tell)
        return made

    return Recording(CallLog(now=clock.time), clock, keeper)


@asynccontextmanager
async def open_runtime(  # noqa: PLR0913  most of them are for tests
    config: Config,
    *,
    read_only: bool = False,
    clock: Clock | None = None,
    ask_totp: AskTotp | None = None,
    transports: Mapping[ServerRef, Any] | None = None,
    make_journal: Callable[[], Journal] | None = None,
    features: Sequence[Feature] = FEATURES,
    vault: OpenVault | None = None,
    record: bool = False,
) -> AsyncIterator[Runtime]:
    """The kernel over every configured server. It sends nothing by itself: run or ask its poller.

    What changes something is built when first asked for, with its own audit (``make_journal``) and the operations of
    these rooms. ``transports`` replaces the network of single servers in tests. ``vault`` is what the configuration
    was opened from, so that it can be changed: a first server, too. ``record`` keeps in the metrics how each call went.
    Raises NotConfigured without server and vault.
    """
    servers = [(ServerRef(*place), server) for place, server in config.active_servers()]
    if not servers and vault is None:
        raise NotConfigured("no server is configured")
    locked = read_only or config.settings.read_only
    clock = clock or SystemClock()
    store = Store(clock)
    connections: dict[ServerRef, Connection] = {}
    make_journal = make_journal or partial(audit_journal, ledger_of(config, os.environ))
    acting = Acting(
        config, clock, connections, read_only=locked, features=features, make_journal=make_journal, vault=vault
    )
    recording = _recording(config, clock) if record else None
    calls = recording.calls if recording else None
    join = partial(connect, clock=clock, read_only=locked, ask_totp=ask_totp, calls=calls, state=state_folder())
    async with AsyncExitStack() as closing:
        if recording is not None:
            closing.push_async_callback(recording.aclose)
        for ref, server in servers:
            transport = (transports or {}).get(ref)
            connection = join(ref, server, lock=partial(acting.locked, ref), transport=transport)
            closing.push_async_callback(connection.aclose)
            connections[ref] = connection
            store.register(ref, interval=config.settings.interval, unverified_tls=server.trust.mode == "off")
        store.off = tuple(ServerRef(*place) for place in config.off_servers())
        poller = _poller(config, connections, store, clock)
        acting.serve(store, poller)
        # Closed before the connections are: what is under way needs them to the end.
        closing.push_async_callback(acting.aclose)
        if recording is not None:
            recording.start(connections, [ref for ref, server in servers if server.use_learned_timeout])
        yield Runtime(config, store, poller, clock, locked, acting, connections, recording)


@asynccontextmanager
async def open_registrar(
    vault: OpenVault,
    environ: Mapping[str, str],
    *,
    read_only: bool = False,
    key_alone: bool = False,
    make_journal: Callable[[], Journal] | None = None,
) -> AsyncIterator[Registrar]:
    """The way to change an open configuration without a runtime: for commands, which ask no server for it."""
    from proxtui.core.actor import read_actor
    from proxtui.core.complaints import complaints
    from proxtui.core.journal import LateJournal
    from proxtui.core.registrar import Registrar

    async with AsyncExitStack() as closing:
        journal = LateJournal(make_journal or partial(audit_journal, ledger_of(vault, environ)))
        closing.push_async_callback(journal.aclose)
        actor = read_actor(environ, opened_by=vault.slot.label)
        judge = partial(complaints, FEATURES)
        registrar = Registrar(vault, journal, actor, environ, read_only=read_only, key_alone=key_alone, judge=judge)
        closing.push_async_callback(registrar.aclose)
        yield registrar
