"""What is exported besides the poll: versions, quorum and connection metrics, asked slowly; and the page of it all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from proxtui.core.model import ServerRef, SourceState
from proxtui.core.survey import Finding, Survey
from proxtui.errors import ProxtuiError
from proxtui.exporter.openmetrics import Calls, Facts, render

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.pve.client import ProxmoxClient
    from proxtui.pve.models import ClusterStatus, Version

T = TypeVar("T")

log = logging.getLogger(__name__)

ASK_EVERY, LOOK_EVERY = 60.0, 2.0
"""Seconds between two questions to a server, and between two looks whether one is due."""
OLDEST = 2.5 * ASK_EVERY
"""Seconds; an older answer is not exported."""
SHARED_FOR = 1.0
"""Seconds for which several visitors get the same page."""


class Gathering:
    """Of one runtime whose poller runs. ``run`` asks, ``page`` tells."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._versions: Survey[Version] = Survey(_version, self._client, runtime.clock)
        self._clusters: Survey[ClusterStatus] = Survey(_cluster, self._client, runtime.clock)
        self._calls: dict[ServerRef, Calls] = {}
        self._asked: dict[ServerRef, float] = {}
        self._page = b""
        self._page_at: float | None = None
        self._one_at_a_time = asyncio.Lock()

    async def run(self) -> None:
        """Ask every server that answers, again and again, until cancelled."""
        while True:
            await self.ask()
            await self._runtime.clock.sleep(LOOK_EVERY)

    async def ask(self) -> None:
        """Ask those that are due. No ``ProxtuiError`` leaves this."""
        now = self._runtime.clock.monotonic()
        fresh = [one.ref for one in self._runtime.store.fleet().snapshots if one.state is SourceState.FRESH]
        due = [ref for ref in fresh if ref not in self._asked or now - self._asked[ref] >= ASK_EVERY]
        if not due:
            return
        self._asked.update(dict.fromkeys(due, now))
        await self._versions.refresh(due)
        await self._clusters.refresh(due)
        await self._learn_calls()

    async def page(self) -> bytes:
        """The text of now, made on a thread of its own: the poller must not wait for it."""
        async with self._one_at_a_time:
            now = self._runtime.clock.monotonic()
            if self._page_at is None or now - self._page_at >= SHARED_FOR:
                self._page = await asyncio.to_thread(render, self.facts())
                self._page_at = now
            return self._page

    def facts(self) -> Facts:
        """All that is known now."""
        connections, now = self._runtime.connections, self._runtime.clock.monotonic()
        expiries = {ref: connection.active.expired_at for ref, connection in connections.items()}
        return Facts(
            self._runtime.store.fleet(),
            _young(self._versions.findings, now),
            _young(self._clusters.findings, now),
            {ref: connection.requests_sent for ref, connection in connections.items()},
            {ref: at for ref, at in expiries.items() if at is not None},
            dict(self._calls),
        )

    async def _learn_calls(self) -> None:
        recording = self._runtime.recording
        if recording is None:
            return
        try:
            standings: list[Any] = await recording.ask(lambda metrics: metrics.standings(24))
        except ProxtuiError as error:
            # Without them the rest is exported all the same.
            log.warning("no connection metrics: %s", error)
            self._calls = {}
            return
        self._calls = {one.ref: _calls(one.sums) for one in standings if one.ref in self._runtime.connections}

    def _client(self, ref: ServerRef) -> ProxmoxClient:
        return self._runtime.connection(ref).client


def _young(findings: Mapping[ServerRef, Finding[T]], now: float) -> dict[ServerRef, T]:
    return {
        ref: one.value
        for ref, one in findings.items()
        if one.value is not None and one.taken_at is not None and now - one.taken_at <= OLDEST
    }


def _calls(sums: Any) -> Calls:
    average = sums.average_ms
    return Calls(sums.attempts, sums.rate, None if average is None else average / 1000)


async def _version(client: ProxmoxClient) -> Version:
    from proxtui.pve.cluster import ClusterTools

    return await ClusterTools(client).version()


async def _cluster(client: ProxmoxClient) -> ClusterStatus:
    from proxtui.pve.cluster import ClusterTools

    return await ClusterTools(client).status()
