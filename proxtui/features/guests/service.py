"""What is asked about one guest while somebody looks at it; never about all of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec

from proxtui.core.asking import Problem, attempt, problem_lines
from proxtui.core.model import GuestKey, ServerRef

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.pve.client import ProxmoxClient
    from proxtui.pve.models import Guest
    from proxtui.pve.rrd import RrdSeries

SLOW_EVERY = 30.0
AGAIN_AFTER = 10.0
"""Seconds. The configuration seldom changes and RRD has one point a minute: not asked at every poll."""


@dataclass(frozen=True, slots=True)
class GuestDetail:
    """What one look at a guest brought. What could not be read is None and has a line in ``problems``."""

    key: GuestKey
    config: dict[str, Any] | None = None
    history: RrdSeries | None = None
    """The last hour, a point a minute."""
    status_problems: tuple[Problem, ...] = ()
    slow_problems: tuple[Problem, ...] = ()
    """Those of the parts that are not read every time."""
    slow_at: float | None = None
    """When configuration and history were read, on the monotonic clock."""

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that could not be read, a line for each reason."""
        return tuple(problem_lines(self.status_problems + self.slow_problems))

    def is_due(self, now: float) -> bool:
        """True when the slow parts are to be read again."""
        wait = AGAIN_AFTER if self.slow_problems else SLOW_EVERY
        return self.slow_at is None or now - self.slow_at >= wait


class GuestService:
    """Reads one guest through the connection of its server."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def detail(self, key: GuestKey, previous: GuestDetail | None = None) -> GuestDetail:
        """Read status, and configuration and history unless ``previous`` is of the same guest and recent.

        GET ``/nodes/N/{qemu,lxc}/V/status/current``, ``config``, ``rrddata?timeframe=hour``. The reading of the
        status goes to the store. Never raises a ``ProxtuiError``: what failed is in ``problems``.
        """
        guest = self.guest(key)
        if guest is None:
            return GuestDetail(key, status_problems=(Problem("guest", "it is gone"),))
        now = self.runtime.clock.monotonic()
        same = previous if previous and previous.key == key else GuestDetail(key)
        client = self.runtime.connection(ServerRef(key.tenant, key.server)).client
        problems: list[Problem] = []
        slow_problems: list[Problem] = []
        if not same.is_due(now):
            await self._read_status(client, key, guest, problems)
            return replace(same, status_problems=tuple(problems))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._read_status(client, key, guest, problems))
            config = group.create_task(attempt("configuration", self._config(client, key, guest.node), slow_problems))
            history = group.create_task(attempt("history", self._history(client, key, guest.node), slow_problems))
        return GuestDetail(
            key,
            config.result() or same.config,
            history.result() or same.history,
            tuple(problems),
            tuple(slow_problems),
            now,
        )

    def guest(self, key: GuestKey) -> Guest | None:
        """The guest as the store knows it now."""
        return self.runtime.store.snapshot(ServerRef(key.tenant, key.server)).guests.get(key)

    async def _read_status(self, client: ProxmoxClient, key: GuestKey, polled: Guest, problems: list[Problem]) -> None:
        asked_at = self.runtime.clock.monotonic()
        reading = await attempt("status", self._status(client, key, polled.node), problems)
        if reading is not None:
            # PVE needs two samples in one worker process for the CPU and says 0 when another worker was asked before:
            # the polled value is the better one.
            reading = msgspec.structs.replace(reading, cpu=None)
            self.runtime.store.overlay(key, reading, taken_at=asked_at)

    async def _status(self, client: ProxmoxClient, key: GuestKey, node: str) -> Guest:
        from proxtui.pve.containers import ContainerTools
        from proxtui.pve.vms import VMTools

        if key.kind == "lxc":
            return await ContainerTools(client).get_container_status(node, key.vmid)
        return await VMTools(client).get_vm_status(node, key.vmid)

    async def _config(self, client: ProxmoxClient, key: GuestKey, node: str) -> dict[str, Any]:
        from proxtui.pve.containers import ContainerTools
        from proxtui.pve.vms import VMTools

        if key.kind == "lxc":
            return await ContainerTools(client).get_container_config(node, key.vmid)
        return await VMTools(client).get_vm_config(node, key.vmid)

    async def _history(self, client: ProxmoxClient, key: GuestKey, node: str) -> RrdSeries:
        from proxtui.pve.containers import ContainerTools
        from proxtui.pve.vms import VMTools

        if key.kind == "lxc":
            return await ContainerTools(client).get_container_rrd(node, key.vmid)
        return await VMTools(client).get_vm_rrd(node, key.vmid)
