"""Is the audit what was written? And the row that says that somebody asked, or took it out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from proxtui.core.actor import read_actor
from proxtui.core.journal import AuditEntry, Phase, Result
from proxtui.errors import AuditUnavailable, NewerFormat
from proxtui.features.audit.anchors import AnchorFile
from proxtui.features.audit.chain import Head
from proxtui.features.audit.choosing import reading
from proxtui.features.audit.keys import FileKey
from proxtui.features.audit.places import AuditFiles
from proxtui.features.audit.store import open_store
from proxtui.features.audit.verifying import Verdict, verify

LONGEST_MESSAGE = 500


def check(files: AuditFiles, noted: Sequence[Head] = (), go_on: Callable[[], bool] = lambda: True) -> Verdict:
    """Check every row, the anchor and the ends that were ``noted`` elsewhere. It blocks; see ``verify``.

    AuditUnavailable when it cannot be read, NewerFormat when only a newer proxtui can check it.
    """
    keys, anchor = FileKey(files.key), AnchorFile(files.anchor)
    with reading(files) as service:
        if service is None:
            return _gone(files, keys, anchor, noted)
        if service.db.newer:
            raise NewerFormat(f"{files.db} is of a newer proxtui: only that one can check it")
        return verify(service.db, keys, anchor, noted, go_on)


def note(
    files: AuditFiles, event: str, params: Mapping[str, str] | None = None, *, message: str = "", whole: bool = True
) -> str:
    """Write a row about the audit into the audit, if there is one. Why that did not work, in one line, or nothing."""
    if not files.db.exists():
        return ""
    entry = AuditEntry(
        event=event,
        phase=Phase.SINGLE,
        actor=read_actor(os.environ),
        params=params or {},
        result=Result.OK if whole else Result.FAILED,
        message=message[:LONGEST_MESSAGE],
    )
    try:
        store = open_store(files)
        try:
            store.db.call_now(lambda: store.append(entry))
        finally:
            store.close()
    except (AuditUnavailable, NewerFormat) as error:
        return str(error)
    return ""


def _gone(files: AuditFiles, keys: FileKey, anchor: AnchorFile, noted: Sequence[Head]) -> Verdict:
    verdict = Verdict()
    if keys.exists() and anchor.exists():
        verdict.anchor = anchor.read(keys.current()[1]).seq
    for last in (verdict.anchor or 0, *(head.seq for head in noted)):
        if last:
            verdict.note(0, f"{files.db} is gone: rows up to {last} were written")
    return verdict
