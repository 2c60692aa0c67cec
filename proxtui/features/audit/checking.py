"""Is the audit what was written? And the row that says that somebody asked, or took it out."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from proxtui.core.actor import read_actor
from proxtui.core.journal import AuditEntry, Phase, Result
from proxtui.errors import AuditUnavailable, NewerFormat
from proxtui.features.audit.anchors import AnchorFile
from proxtui.features.audit.chain import Head
from proxtui.features.audit.choosing import reading
from proxtui.features.audit.keys import KeySource, keys_of
from proxtui.features.audit.noting import WHERE, noted_in_file, noted_in_vault
from proxtui.features.audit.places import AuditFiles
from proxtui.features.audit.store import open_store
from proxtui.features.audit.verifying import Verdict, verify

LONGEST_MESSAGE = 500


def check(
    files: AuditFiles,
    noted: Sequence[Head] = (),
    go_on: Callable[[], bool] = lambda: True,
    *,
    vault: Sequence[bytes] = (),
    config: Path | None = None,
) -> Verdict:
    """Check every row, the anchor and the ends that were ``noted`` elsewhere. It blocks; see ``verify``.

    ``vault``: the keys of an open configuration; without them the rows that they wrote cannot be judged. ``config``:
    the file of a closed one, which still tells how far the audit goes.
    AuditUnavailable when it cannot be read, NewerFormat when only a newer proxtui can check it.
    """
    keys = keys_of(files, vault)
    in_vault = noted_in_vault(files) if config is None else noted_in_file(files, config)
    with reading(files) as service:
        if service is None:
            return _gone(files, keys, noted, in_vault)
        if service.db.newer:
            raise NewerFormat(f"{files.place} is of a newer proxtui: only that one can check it")
        return verify(service.db, keys, noted, go_on, in_vault=in_vault)


def note(
    files: AuditFiles,
    event: str,
    params: Mapping[str, str] | None = None,
    *,
    message: str = "",
    whole: bool = True,
    vault: Sequence[bytes] = (),
    who: str = "",
    first: bool = False,
) -> str:
    """Write a row into the audit, if there is one or it may be its ``first``.

    Why that did not work, in one line, or nothing. ``who``: the label of the key slot of this person.
    """
    if not (first or files.url is not None or files.db.exists()):
        return ""
    entry = AuditEntry(
        event=event,
        phase=Phase.SINGLE,
        actor=read_actor(os.environ, opened_by=who),
        params=params or {},
        result=Result.OK if whole else Result.FAILED,
        message=message[:LONGEST_MESSAGE],
    )
    try:
        store = open_store(files, keys=keys_of(files, vault))
        try:
            store.db.call_now(lambda: store.append(entry))
        finally:
            store.close()
    except (AuditUnavailable, NewerFormat) as error:
        return str(error)
    return ""


def _gone(files: AuditFiles, keys: KeySource, noted: Sequence[Head], in_vault: Head) -> Verdict:
    verdict = Verdict(noted=in_vault.seq or None)
    for layer in (keys, keys.below):
        if layer is not None and layer.exists() and (anchor := AnchorFile(layer.anchor)).exists():
            verdict.anchor = max(anchor.read(*layer.known).seq, verdict.anchor or 0)
    if in_vault.seq:
        verdict.note(0, f"{files.place} is gone: {WHERE} knows rows up to {in_vault.seq}")
    for last in (verdict.anchor or 0, *(head.seq for head in noted)):
        if last:
            verdict.note(0, f"{files.place} is gone: rows up to {last} were written")
    return verdict
