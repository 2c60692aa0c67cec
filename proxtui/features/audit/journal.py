"""The gate's journal on the audit: opened with the first entry, not before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from proxtui.core.actor import is_alive
from proxtui.core.journal import AuditEntry
from proxtui.features.audit.keys import keys_of
from proxtui.features.audit.opening import looked_at
from proxtui.features.audit.places import AuditFiles, usual_files
from proxtui.features.audit.service import AuditService
from proxtui.features.audit.store import AuditStore, open_store

T = TypeVar("T")


class AuditJournal:
    """See ``proxtui.core.journal.Journal``. ``aclose`` when done: it notes the end of the chain."""

    def __init__(
        self,
        files: AuditFiles | None = None,
        opener: Callable[[AuditFiles], AuditStore] | None = None,
        *,
        vault: Sequence[bytes] = (),
    ) -> None:
        """``vault``: the audit's keys of an open configuration (``Config.audit_keys``)."""
        self._files = files or usual_files()
        self._opener = opener or (lambda files: open_store(files, keys=keys_of(files, vault)))
        self._store: AuditStore | None = None
        self._opening = asyncio.Lock()

    async def append(self, entry: AuditEntry) -> None:
        """Write it. It is on disk when this returns; AuditUnavailable or NewerFormat when it is not."""
        store = await self._opened()
        await store.db.call(lambda: store.append(entry))

    async def finish(self, entry: AuditEntry) -> bool:
        """Write the outcome of a change unless it has one; False when another process was quicker."""
        store = await self._opened()
        return await store.db.call(lambda: store.finish(entry))

    async def unfinished(self) -> Sequence[AuditEntry]:
        """The last entry of every change that has no outcome and whose process is gone, oldest first."""
        entries = await asyncio.to_thread(self._asked, AuditService.unfinished)
        return [entry for entry in entries or () if not is_alive(entry.actor)]

    async def upids_since(self, since: float) -> frozenset[str]:
        """The tasks that are known to belong to a change, of what was written since then."""
        return await asyncio.to_thread(self._asked, lambda service: service.upids_since(since)) or frozenset()

    async def aclose(self) -> None:
        """Note the end of the chain and close."""
        store, self._store = self._store, None
        if store is not None:
            await asyncio.to_thread(store.close)

    async def _opened(self) -> AuditStore:
        async with self._opening:
            if self._store is None:
                self._store = await asyncio.to_thread(self._opener, self._files)
            return self._store

    def _asked(self, question: Callable[[AuditService], T]) -> T | None:
        """The answer; None where nothing was ever written."""
        with looked_at(self._files) as db:
            return None if db is None else question(AuditService(db))
