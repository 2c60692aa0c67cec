"""Beginning the audit anew on purpose, where it is gone or not what was written: the chain goes on and says so.

The first new row has the number after the last one that anybody knows of. What is left of the old rows stays.
"""

from __future__ import annotations

import time
from typing import NamedTuple

from sqlalchemy import Connection, insert

from proxtui.core.actor import Actor
from proxtui.core.db import Database, lock, open_database, scope_of
from proxtui.core.journal import AuditEntry, Phase, Result
from proxtui.core.redact import redact
from proxtui.errors import AuditUnavailable, SaveFailed, StoreUnavailable
from proxtui.features.audit.anchors import AnchorFile, locked
from proxtui.features.audit.chain import Head, Record, linked, redacted
from proxtui.features.audit.keys import KeySource
from proxtui.features.audit.noting import VaultNote, noted_in_vault
from proxtui.features.audit.places import AuditFiles
from proxtui.features.audit.segments import BEGUN, key_entry
from proxtui.features.audit.store import newest, system_stamp
from proxtui.features.audit.tables import SCHEMA, audit


class Begun(NamedTuple):
    """The row that says so, the last row of before, and the name that a file got which could not be read."""

    seq: int
    before: int
    aside: str = ""


def begin(files: AuditFiles, keys: KeySource, actor: Actor, reason: str) -> Begun:
    """Write the row, and let every noted end be that. It blocks. AuditUnavailable, NewerFormat."""
    try:
        files.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(files.lock):
            db, aside = _opened(files)
            try:
                return _begun(db, files, keys, actor, reason)._replace(aside=aside)
            finally:
                db.close()
    except OSError as error:
        raise AuditUnavailable(f"the audit: cannot use {files.folder}: {error.strerror or error}") from error
    except SaveFailed as error:
        raise AuditUnavailable(f"the audit: {error}") from error
    except AuditUnavailable:
        raise
    except StoreUnavailable as error:
        raise AuditUnavailable(str(error), why=error.why) from error


def _opened(files: AuditFiles) -> tuple[Database, str]:
    """The database, made where there is none; a file that is no database gets out of its way and is kept."""
    chain = files.chain(make=True)
    try:
        return open_database(SCHEMA, files.db, files.url, scope=chain), ""
    except StoreUnavailable as error:
        if error.why != "damaged" or files.url is not None:
            raise
    aside = files.db.with_name(time.strftime("audit.%Y%m%dT%H%M%SZ.db", time.gmtime()))
    files.db.rename(aside)
    return open_database(SCHEMA, files.db, files.url, scope=chain), aside.name


def _begun(db: Database, files: AuditFiles, keys: KeySource, actor: Actor, reason: str) -> Begun:
    db.refuse_newer()
    if not keys.exists():
        keys.make()
    layers = [keys, *([keys.below] if keys.below else [])]
    known = [noted_in_vault(files), *(_anchored(one) for one in layers)]
    key_id, key = keys.current()

    def work(connection: Connection) -> tuple[Head, Head]:
        lock(connection, f"proxtui audit {scope_of(connection)}")
        before = head = max(newest(connection), *known, key=lambda one: one.seq)
        told = {"to": str(before.seq), "mac": before.mac}
        says = f"begun anew: what was written up to row {before.seq} is not judged any more"
        entry = AuditEntry(
            event=BEGUN, phase=Phase.SINGLE, actor=actor, params=told, reason=reason, result=Result.OK, message=says
        )  # fmt: skip
        taking_over = key_entry(connection, key_id, head, actor) if keys.takes_over else None
        stamp = system_stamp()
        for one in (*([taking_over] if taking_over else []), redacted(entry, redact)):
            record = linked(one, head, stamp, key_id=key_id, key=key, chain=scope_of(connection) or "")
            connection.execute(insert(audit).values({name: getattr(record, name) for name in Record.__slots__}))
            head = record.head
        return before, head

    before, head = db.transact(work)
    for one in layers:
        AnchorFile(one.anchor).write(head, one.current()[1])
    note = VaultNote(files)
    note.tell(head)
    note.write()
    return Begun(head.seq, before.seq)


def _anchored(keys: KeySource) -> Head:
    """What an anchor knows; nothing where it is gone or not ours: that may be why somebody begins anew."""
    try:
        return AnchorFile(keys.anchor).read(*keys.known)
    except AuditUnavailable:
        return Head()
