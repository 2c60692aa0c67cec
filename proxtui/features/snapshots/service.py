"""Asks every guest of a server for its snapshots: PVE has no list of all of them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxtui.core.asking import Problem, reason
from proxtui.errors import AuthenticationError, NetworkError, PermissionDenied, ProxtuiError

if TYPE_CHECKING:
    from proxtui.pve.client import ProxmoxClient
    from proxtui.pve.models import Guest
    from proxtui.pve.models_guest import GuestSnapshot

AT_ONCE = 4
"""Guests of one server that are asked at the same time."""


@dataclass(frozen=True, slots=True)
class SnapshotsFound:
    """The snapshots of one server."""

    snapshots: tuple[tuple[Guest, GuestSnapshot], ...]
    problems: tuple[Problem, ...] = ()
    """Guests that could not be asked, and why."""


async def ask_snapshots(client: ProxmoxClient) -> SnapshotsFound:
    """The snapshots of all guests that the login sees, four guests at a time; needs VM.Audit.

    ``GET /cluster/resources``, then ``GET /nodes/N/{qemu,lxc}/ID/snapshot`` for each that is no template (a template
    cannot have any). The guests of a node that does not answer are not tried one by one. Raises what the guests
    failed with when none could be asked, PermissionDenied when none may be seen (``GET /access/permissions``).
    """
    from proxtui.pve import ClusterTools

    inventory = await ClusterTools(client).inventory()
    if not inventory.guests:
        await _refuse_blindness(client)
    offline = {node.node: f"node {node.node} is offline" for node in inventory.nodes if node.status == "offline"}
    round_ = _Round(client, offline)
    guests = sorted((guest for guest in inventory.guests if not guest.template), key=lambda guest: guest.vmid)
    async with asyncio.TaskGroup() as group:
        for guest in guests:
            group.create_task(round_.ask(guest))
    if round_.error is not None and len(round_.problems) == len(guests):
        raise round_.error
    return SnapshotsFound(tuple(round_.found), tuple(round_.problems))


async def _refuse_blindness(client: ProxmoxClient) -> None:
    from proxtui.pve import AccessTools

    permissions = await AccessTools(client).permissions()
    if not any("VM.Audit" in held for held in permissions.paths.values()):
        refused = PermissionDenied("no guest can be seen")
        refused.privilege = "VM.Audit"
        raise refused


class _Round:
    """One round of questions to the guests of a server."""

    def __init__(self, client: ProxmoxClient, silent: dict[str, str]) -> None:
        self.found: list[tuple[Guest, GuestSnapshot]] = []
        self.problems: list[Problem] = []
        self.error: ProxtuiError | None = None
        """The first failure."""
        self._client = client
        self._silent = silent
        """Nodes that do not answer, and why."""
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def ask(self, guest: Guest) -> None:
        """Ask one guest, in its turn."""
        from proxtui.pve import ContainerTools, VMTools

        tools = VMTools(self._client) if guest.type == "qemu" else ContainerTools(self._client)
        async with self._slots:
            if guest.node in self._silent:
                self._miss(guest, self._silent[guest.node])
                return
            try:
                listing = await tools.list_snapshots(guest.node, guest.vmid)
            except ProxtuiError as error:
                self.error = self.error or error
                if isinstance(error, NetworkError | AuthenticationError):
                    self._silent[guest.node] = reason(error)
                self._miss(guest, reason(error))
            else:
                self.found += [(guest, snapshot) for snapshot in listing]
                if listing.invalid:
                    self._miss(guest, f"{listing.invalid} snapshots could not be read")

    def _miss(self, guest: Guest, why: str) -> None:
        self.problems.append(Problem(f"{guest.vmid} {guest.name or ''}".strip(), why))
