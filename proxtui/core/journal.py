"""What the gate asks of the audit: an entry that is on disk before anything is sent. The store of it is a room's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from proxtui.core.actor import Actor
from proxtui.errors import AuditUnavailable, ProxtuiError


class Phase(StrEnum):
    """Which part of the story an entry tells."""

    INTENT = "intent"
    """Before anything is sent."""
    SENT = "sent"
    """PVE answered; with the UPID when a task runs on."""
    OUTCOME = "outcome"
    """The end, as far as anybody will ever know."""
    SINGLE = "single"
    """A story of one line: a refusal, an unlock, an export."""


class Result(StrEnum):
    """How it went."""

    OK = "ok"
    WARNINGS = "warnings"
    FAILED = "failed"
    DENIED = "denied"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line of the audit, without what the chain adds (number, time, the link to the line before)."""

    event: str
    """Dotted: the name of an operation, or ``audit.export``, ``write.open``, ..."""
    phase: Phase
    actor: Actor
    op_id: str = ""
    """UUID (version 7) that the entries of one change share."""
    tenant: str = ""
    server: str = ""
    endpoint: str = ""
    """``host:port`` that was asked."""
    identity: str = ""
    """PVE user or token id, never the secret."""
    method: str = ""
    """HTTP method of what was sent last for it; empty as long as nothing was."""
    path: str = ""
    """Its kind of path: ``/nodes/{node}/qemu/{vmid}/status/start``, never a value."""
    target_kind: str = ""
    target_id: str = ""
    target_name: str = ""
    target_node: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    """Only what the operation lists as audited; of the rest ``***``."""
    dry_run: bool = False
    result: Result | None = None
    """None in an intent, and where a task still runs."""
    status: int = 0
    """HTTP status of a refusal by PVE; 0 when there was none."""
    upid: str = ""
    message: str = ""
    """What PVE said, in one clean line."""
    reason: str = ""
    """Why somebody wanted it: what ``:write`` or ``--reason`` was told."""
    duration_ms: int | None = None


class Journal(Protocol):
    """Where entries go. ``AuditUnavailable`` when one cannot be written: then nothing is changed."""

    async def append(self, entry: AuditEntry) -> None:
        """Write it. It is on disk when this returns."""

    async def finish(self, entry: AuditEntry) -> bool:
        """Write the outcome of a change unless it has one; False when another process was quicker."""

    async def unfinished(self) -> Sequence[AuditEntry]:
        """The last entry of every change that has no outcome and whose process is gone, oldest first."""

    async def upids_since(self, since: float) -> frozenset[str]:
        """The tasks that are known to belong to a change, of what was written since then (seconds since the epoch)."""

    async def aclose(self) -> None:
        """Note the end and close; nothing is written afterwards."""


class LateJournal:
    """A journal that is made for its first entry: its store takes longer to load than a screen to paint."""

    def __init__(self, make: Callable[[], Journal]) -> None:
        self._make = make
        self._journal: Journal | None = None
        self._making = asyncio.Lock()

    async def append(self, entry: AuditEntry) -> None:
        """``AuditUnavailable`` for whatever keeps the entry from the disk."""
        with _as_unavailable():
            await (await self._made()).append(entry)

    async def finish(self, entry: AuditEntry) -> bool:
        """See ``Journal.finish``."""
        with _as_unavailable():
            return await (await self._made()).finish(entry)

    async def unfinished(self) -> Sequence[AuditEntry]:
        """See ``Journal.unfinished``."""
        return await (await self._made()).unfinished()

    async def upids_since(self, since: float) -> frozenset[str]:
        """See ``Journal.upids_since``."""
        return await (await self._made()).upids_since(since)

    async def aclose(self) -> None:
        """Close it, if it was ever made."""
        journal, self._journal = self._journal, None
        if journal is not None:
            await journal.aclose()

    async def _made(self) -> Journal:
        async with self._making:
            if self._journal is None:
                self._journal = await asyncio.to_thread(self._make)
            return self._journal


@contextmanager
def _as_unavailable() -> Iterator[None]:
    try:
        yield
    except AuditUnavailable:
        raise
    except ProxtuiError as error:
        raise AuditUnavailable(str(error)) from error
