"""The newest rows of the audit, kept up to date for whoever looks at them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxtui.errors import StoreUnavailable
from proxtui.features.audit.choosing import reading
from proxtui.features.audit.places import AuditFiles
from proxtui.features.audit.rows import AuditRow, audit_row

if TYPE_CHECKING:
    from proxtui.features.audit.service import AuditService

MOST = 2_000
"""Rows that a screen keeps; the command line lists all."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was read: rows, the newest first, and what is wrong, in one line."""

    rows: tuple[AuditRow, ...] = ()
    problem: str = ""
    missing: bool = False
    """True when there is no audit yet."""


class AuditReader:
    """Asks only for what is new. Every method blocks and belongs on a thread."""

    def __init__(self, files: AuditFiles) -> None:
        self.files = files
        self._broken = ""
        self.found = Found(missing=True)

    def refresh(self) -> Found:
        """Read what came since the last time. It never raises for what lies on the disk."""
        old = self.found.rows
        try:
            with reading(self.files) as service:
                if service is None:
                    self.found = Found(missing=True)
                else:
                    self.found = Found((*self._newer(service), *old)[:MOST], self._broken)
        except StoreUnavailable as error:
            self.found = Found(old, str(error))
        return self.found

    def story(self, row: AuditRow) -> list[AuditRow]:
        """All rows of the change that a row belongs to; only itself when there are no others."""
        try:
            with reading(self.files) as service:
                if service is None or not row.entry.op_id:
                    return [row]
                return [audit_row(record, row.now) for record in service.story(row.entry.op_id)]
        except (StoreUnavailable, KeyError, TypeError, ValueError):
            # The table says what is wrong with the file; the row itself is still known.
            return [row]

    def _newer(self, service: AuditService) -> list[AuditRow]:
        from proxtui.features.audit.service import AuditQuery

        now, new = time.time(), []
        after = self.found.rows[0].key if self.found.rows else None
        for record in service.find_now(AuditQuery(after=after, limit=MOST)):
            try:
                new.append(audit_row(record, now))
            except (KeyError, TypeError, ValueError):
                self._broken = f"row {record.seq} is not what proxtui wrote (see proxtui audit verify)"
        return new


def summary_of(rows: Sequence[AuditRow]) -> str:
    """A few words: how many, and whether there are older ones."""
    if len(rows) < MOST:
        return f"{len(rows)} row{'' if len(rows) == 1 else 's'}"
    return f"the newest {MOST} rows"
