"""What is asked about one storage while somebody looks at it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from proxtui.core.asking import Problem, attempt, problem_lines
from proxtui.core.model import Fleet, Scope, ServerRef, StorageKey
from proxtui.core.series import Span
from proxtui.pve.sight import lacks_for_storages

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.pve.access import Permissions
    from proxtui.pve.models import ProxmoxStorage, StorageContent
    from proxtui.pve.rrd import RrdSeries

EVERY = 60.0
AGAIN_AFTER = 10.0
"""Seconds. A list of a large storage costs its node much: not at every poll; sooner when it failed."""
WEEK = Span("week")
NOBODY = "none of its nodes is online"


@dataclass(frozen=True, slots=True)
class StorageDetail:
    """What one look at a storage brought. What could not be read is None and has a line in ``problems``."""

    key: StorageKey
    span: Span = WEEK
    """Of the history."""
    volumes: tuple[StorageContent, ...] | None = None
    unreadable: int = 0
    """Volumes more that PVE told of in a way that makes no sense."""
    status: ProxmoxStorage | None = None
    history: RrdSeries | None = None
    permissions: Permissions | None = None
    problems: tuple[str, ...] = ()
    asked_at: float | None = None
    """On the monotonic clock."""

    def is_due(self, now: float) -> bool:
        """True when all of it is to be read again."""
        wait = AGAIN_AFTER if self.problems else EVERY
        return self.asked_at is None or now - self.asked_at >= wait


class StorageService:
    """Reads one storage through the connection of its server."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime

    async def detail(
        self, key: StorageKey, node: str | None, span: Span, previous: StorageDetail | None = None
    ) -> StorageDetail:
        """Read content, status and history at ``node``, unless ``previous`` is of the same storage and recent.

        GET ``/nodes/N/storage/S/content``, ``status`` and ``rrddata``; and, once, ``/access/permissions``, for PVE
        leaves out silently what we may not see. Never raises a ``ProxtuiError``: what failed is in ``problems``.
        """
        from proxtui.pve.storage import StorageTools

        now = self.runtime.clock.monotonic()
        known = previous if previous is not None and previous.key == key else StorageDetail(key, span)
        if node is None:
            return replace(known, span=span, problems=(f"content, history: {NOBODY}",), asked_at=None)
        ref = ServerRef(key.tenant, key.server)
        tools = StorageTools(self.runtime.connection(ref).client)
        problems: list[Problem] = []
        asked = tools.get_storage_rrd
        if not known.is_due(now):
            if span == known.span:
                return known
            # Another part of the history alone: a list of a large storage costs its node too much for that.
            found = await attempt("history", asked(node, key.storage, span.timeframe, span.cf), problems)
            return replace(known, span=span, history=found, problems=_both(known.problems, problem_lines(problems)))
        async with asyncio.TaskGroup() as group:
            content = group.create_task(attempt("content", tools.list_storage_content(node, key.storage), problems))
            status = group.create_task(attempt("status", tools.get_storage_status(node, key.storage), problems))
            reading = asked(node, key.storage, span.timeframe, span.cf)
            history = group.create_task(attempt("history", reading, problems))
            rights = group.create_task(attempt("rights", self.permissions(ref), problems))
        listing = content.result()
        return StorageDetail(
            key,
            span,
            known.volumes if listing is None else listing.rows,
            known.unreadable if listing is None else listing.invalid,
            status.result() or known.status,
            history.result() or (known.history if span == known.span else None),
            rights.result(),
            tuple(problem_lines(problems)),
            now,
        )

    def limits(self, fleet: Fleet, scope: Scope) -> list[str]:
        """Where storages are left out silently, as far as our rights are known: a line for each server in scope."""
        lines: list[str] = []
        for snapshot in fleet.snapshots:
            permissions = self.runtime.connection(snapshot.ref).permissions
            if scope.covers_server(snapshot.ref) and snapshot.taken_at is not None and permissions is not None:
                lack = lacks_for_storages(permissions)
                where = f"{snapshot.ref.tenant} / {snapshot.ref.server}"
                lines.extend(f"{where}: storages are hidden (missing {one})" for one in [lack] if one)
        return lines

    async def permissions(self, ref: ServerRef) -> Permissions:
        """What we may do on a server: as it is known already, else ``GET /access/permissions``."""
        from proxtui.pve.access import AccessTools

        connection = self.runtime.connection(ref)
        if connection.permissions is None:
            connection.permissions = await AccessTools(connection.client).permissions()
        return connection.permissions


def _both(before: Iterable[str], now: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*before, *now]))
