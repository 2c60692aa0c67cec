"""An audit in a folder of the test's own: entries, opening, and the hands of somebody who alters the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from proxtui.config.models import Role
from proxtui.config.secret import Secret
from proxtui.core.actor import Actor
from proxtui.core.journal import AuditEntry, Phase
from proxtui.core.redact import Redactor
from proxtui.features.audit.chain import Head, Stamp
from proxtui.features.audit.keys import keys_of
from proxtui.features.audit.opening import looked_at
from proxtui.features.audit.places import AuditFiles
from proxtui.features.audit.service import AuditService
from proxtui.features.audit.store import AuditStore, open_store
from proxtui.features.audit.verifying import Verdict, verify

ACTOR = Actor(user="alice", role=Role.OPERATOR, os_user="alice", uid=1000, pid=1, host="elsewhere")
DAY = 86_400 * 1_000_000
NOON = 1_795_348_800_000_000
"""2026-11-22 12:00 UTC."""


def entry(event: str = "guests.start", phase: Phase = Phase.SINGLE, **more: Any) -> AuditEntry:
    return AuditEntry(**{"event": event, "phase": phase, "actor": ACTOR, **more})


@dataclass
class Times:
    """A clock that a test turns."""

    ts: int = NOON
    boot: int = 0

    def __call__(self) -> Stamp:
        self.ts += 1
        return Stamp(self.ts, self.boot)


@dataclass
class Audit:
    """The files of one audit and what the system's log was told."""

    files: AuditFiles
    times: Times = field(default_factory=Times)
    redactor: Redactor = field(default_factory=Redactor)
    told: list[str] = field(default_factory=list)

    def open(self) -> AuditStore:
        return open_store(self.files, told=self._tell, stamp=self.times, redactor=self.redactor)

    @contextmanager
    def opened(self) -> Iterator[AuditStore]:
        store = self.open()
        try:
            yield store
        finally:
            store.close()

    def write(self, *entries: AuditEntry) -> None:
        """Append, note the end, close."""
        with self.opened() as store:
            for one in entries:
                append(store, one)

    @contextmanager
    def reading(self) -> Iterator[AuditService]:
        with looked_at(self.files) as db:
            assert db is not None
            yield AuditService(db)

    def verdict(self, *noted: Head) -> Verdict:
        with self.reading() as service:
            return verify(service.db, keys_of(self.files), noted)

    def problems(self, *noted: Head) -> list[str]:
        return [one.what for one in self.verdict(*noted).problems]

    def alter(self, *statements: str) -> None:
        """What somebody does who has the file, and knows SQL."""
        if self.files.url is not None:
            run(self.files.url, "SET session_replication_role = replica", *statements)
            return
        with closing(sqlite3.connect(self.files.db)) as connection, connection:
            for trigger in ("audit_no_update", "audit_no_delete"):
                connection.execute(f"DROP TRIGGER IF EXISTS {trigger}")
            for statement in statements:
                connection.execute(statement)

    def rows(self, columns: str = "*") -> list[tuple[Any, ...]]:
        if self.files.url is not None:
            order = "" if "(" in columns else "ORDER BY seq"
            return run(self.files.url, f"SELECT {columns} FROM audit {order}")  # noqa: S608 # a test asks
        with closing(sqlite3.connect(self.files.db)) as connection:
            return connection.execute(f"SELECT {columns} FROM audit ORDER BY seq").fetchall()  # noqa: S608 # a test asks

    def age(self, version: int) -> None:
        """Let it be of this version."""
        if self.files.url is not None:
            run(self.files.url, f"UPDATE proxtui_schema SET version = {version}")  # noqa: S608 # a number
        else:
            self.alter(f"PRAGMA user_version={version}")

    def _tell(self, line: str) -> bool:
        self.told.append(line)
        return True


def run(url: Secret, *statements: str) -> list[tuple[Any, ...]]:
    """What somebody does who has the password, and knows SQL."""
    import psycopg

    with psycopg.connect(url.get_secret_value(), autocommit=True) as connection:
        found: list[tuple[Any, ...]] = []
        for statement in statements:
            answer = connection.execute(statement.encode())
            found = answer.fetchall() if answer.description else []
        return found


def append(store: AuditStore, one: AuditEntry) -> None:
    store.db.call_now(lambda: store.append(one))


def audit_in(folder: Path, url: Secret | None = None) -> Audit:
    return Audit(AuditFiles(folder / "state", url))


def several(count: int) -> list[AuditEntry]:
    return [entry(target_id=str(100 + number), target_kind="qemu") for number in range(count)]


def by(user: str, one: AuditEntry) -> AuditEntry:
    return replace(one, actor=replace(one.actor, user=user))
