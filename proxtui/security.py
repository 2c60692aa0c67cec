"""The security half of the library: who tried what, kept in the audit, and whether a list allows an operation."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from proxtui.errors import InvalidInput

if TYPE_CHECKING:
    from proxtui.features.audit.chain import Record
    from proxtui.features.audit.store import AuditStore

Outcome = Literal["success", "failure"]
_SUCCESS = ("ok", "warnings")


@dataclass(frozen=True, slots=True)
class SecurityAuditLog:
    """One line of ``get_audit_logs``."""

    timestamp: int
    """Milliseconds since the epoch."""
    operation: str
    user: str
    resource: str
    """What it was done to: ``qemu/100``; empty when that is not known."""
    result: Outcome
    details: str | None = None


class SecurityManager:
    """The audit for programs: blocking calls on the same file as the dashboard's and the command line's.

    ``folder`` is where ``audit.db`` is; the state directory when it is not said. It may be used from several threads.
    Close it when done, or use it as a context manager: the end of the chain is noted then.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._store: AuditStore | None = None
        self._opening = threading.Lock()

    def log_access(self, operation: str, user: str, result: Outcome, details: str | None = None) -> None:
        """Keep an attempt. It is on disk when this returns.

        Raises InvalidInput for an empty operation or another result, AuditUnavailable when it cannot be written.
        """
        from dataclasses import replace

        from proxtui.core.actor import read_actor
        from proxtui.core.journal import AuditEntry, Phase, Result

        if not operation:
            raise InvalidInput("operation", operation, "must not be empty")
        if result not in ("success", "failure"):
            raise InvalidInput("result", result, "must be success or failure")
        entry = AuditEntry(
            event=operation,
            phase=Phase.SINGLE,
            actor=replace(read_actor(os.environ), user=user, method="api"),
            result=Result.OK if result == "success" else Result.FAILED,
            message=details or "",
        )
        store = self._opened()
        store.db.call_now(lambda: store.append(entry))

    def get_audit_logs(self, limit: int | None = None) -> list[SecurityAuditLog]:
        """The last ``limit`` attempts and changes that have a result, the oldest first; 0 or None: all of them.

        Raises AuditUnavailable when they cannot be read, InvalidInput for a negative limit.
        """
        from itertools import islice

        from proxtui.features.audit.choosing import reading
        from proxtui.features.audit.places import AuditFiles, usual_files
        from proxtui.features.audit.service import AuditQuery

        if limit is not None and limit < 0:
            raise InvalidInput("limit", limit, "must not be negative")
        files = usual_files() if self._folder is None else AuditFiles(self._folder)
        with reading(files) as service:
            if service is None:
                return []
            ended = (record for record in service.newest(AuditQuery()) if record.result)
            return [_log_of(record) for record in islice(ended, limit or None)][::-1]

    @staticmethod
    def validate_operation(operation: str, allowed_operations: Collection[str]) -> bool:
        """Whether the list has exactly this operation. An empty list allows nothing."""
        if isinstance(allowed_operations, str):
            # Otherwise "start" would be allowed by the text "restart".
            raise InvalidInput("allowed_operations", allowed_operations, "must be a list of operations")
        return operation in allowed_operations

    def close(self) -> None:
        """Note the end of the chain and let go of the file. A later call opens it again."""
        with self._opening:
            store, self._store = self._store, None
        if store is not None:
            store.close()

    def __enter__(self) -> SecurityManager:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _opened(self) -> AuditStore:
        from proxtui.features.audit.places import AuditFiles, usual_files
        from proxtui.features.audit.store import open_store

        with self._opening:
            if self._store is None:
                self._store = open_store(usual_files() if self._folder is None else AuditFiles(self._folder))
            return self._store


def _log_of(record: Record) -> SecurityAuditLog:
    import json

    message = json.loads(record.body).get("message")
    resource = f"{record.kind}/{record.target}" if record.kind and record.target else record.target or record.kind
    result: Outcome = "success" if record.result in _SUCCESS else "failure"
    return SecurityAuditLog(record.ts // 1000, record.event, record.user, resource, result, message)
