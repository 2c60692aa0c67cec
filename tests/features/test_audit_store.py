"""Writing the audit: the chain, its files, its anchors, its pieces, and what happens when the disk is full."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from proxtui.core.actor import is_alive, read_actor
from proxtui.core.db import Database
from proxtui.core.journal import Phase, Result
from proxtui.errors import AuditUnavailable, NewerFormat
from proxtui.features.audit import segments
from proxtui.features.audit.anchors import Syslog
from proxtui.features.audit.journal import AuditJournal
from proxtui.features.audit.places import AuditFiles
from proxtui.features.audit.pruning import prune
from proxtui.features.audit.reserve import Reserve
from tests.features.audits import ACTOR, DAY, Audit, append, entry, several


def test_its_files_are_private_even_with_a_loose_umask(file_audit: Audit) -> None:
    before = os.umask(0)
    try:
        file_audit.write(entry())
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in file_audit.files.folder.iterdir()}
    assert set(modes) == {"audit.db", "audit.key", "audit.anchor", "audit.lock", "audit.reserve"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(file_audit.files.folder.stat().st_mode) == 0o700


def test_secrets_stay_out_whatever_brings_them(file_audit: Audit) -> None:
    file_audit.redactor.hide("hunter22")
    token = "PVEAPIToken=root@pam!t=11111111-2222"
    file_audit.write(
        entry(message=f"login with hunter22: {token}", reason="hunter22", params={"password": "hunter22", "a": token}),
        entry(identity=token, target_name="PVEVNC:65F0C1D2::c2VjcmV0c2VjcmV0c2VjcmV0", endpoint="host:8006"),
        entry(message="PVE:root@pam:65F0C1D2::c2VjcmV0c2VjcmV0c2VjcmV0"),
    )
    text = file_audit.files.db.read_bytes()
    assert not [secret for secret in (b"hunter22", b"11111111", b"c2VjcmV0") if secret in text]
    assert b"host:8006" in text


def test_a_password_like_a_user_does_not_hide_the_user_or_the_task(audit: Audit) -> None:
    audit.redactor.hide("root@pam", "alice")
    upid = "UPID:pve1:0003AB12:00F1A2B3:65F0C1D2:qmstart:100:root@pam:"
    audit.write(entry(identity="root@pam", upid=upid))
    with audit.reading() as service:
        record = service.one(1)
    assert record is not None
    assert upid in record.body
    assert record.user == "alice"


def test_the_anchor_moves_every_hundred_rows_every_quarter_and_at_the_end(audit: Audit) -> None:
    with audit.opened() as store:
        for one in several(101):
            append(store, one)
        assert [line.split()[2] for line in audit.told] == ["seq=100"]
        audit.times.boot += 15 * 60 * 1_000_000
        append(store, entry())
        assert [line.split()[2] for line in audit.told] == ["seq=100", "seq=102"]
        append(store, entry())
    assert [line.split()[2] for line in audit.told] == ["seq=100", "seq=102", "seq=103"]
    assert audit.verdict().anchor == 103


def test_the_anchor_never_goes_back(audit: Audit) -> None:
    with audit.opened() as slow:
        append(slow, entry())
        audit.write(*several(5))
    assert audit.verdict().anchor == 6


def test_the_system_log_is_told_where_there_is_one(tmp_path: Path) -> None:
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(tmp_path / "log"))
        assert Syslog(tmp_path / "log")("audit head seq=1 mac=ff")
        assert log.recv(200).startswith(b"<109>proxtui[")
    assert not Syslog(tmp_path / "none")("audit head seq=1 mac=ff")


def test_a_month_or_enough_rows_end_a_piece(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SEGMENT_ROWS", 4)
    audit.write(*several(5))
    audit.times.ts += 20 * DAY
    audit.write(entry(), entry())
    events = [row[0] for row in audit.rows("event")]
    assert [at for at, name in enumerate(events, 1) if name == "audit.segment"] == [5, 7]
    assert audit.verdict().whole


def test_old_pieces_go_and_the_chain_says_so(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    audit.write(*several(20))
    audit.times.ts += 40 * DAY
    audit.write(*several(3))
    audit.times.ts += 405 * DAY
    audit.write(*several(3))
    monkeypatch.setattr("proxtui.features.audit.pruning.CHUNK", 6)
    with audit.opened() as store:
        gone = store.db.call_now(lambda: prune(store, audit.times.ts - 400 * DAY, ACTOR, "retention"))
        # 20 rows and the one that ends their piece; the next piece ended only now.
        assert (gone.first, gone.last, gone.rows) == (1, 21, 21)
        assert store.db.call_now(lambda: prune(store, audit.times.ts - 400 * DAY, ACTOR)).rows == 0
    assert audit.verdict().whole
    assert audit.rows("min(seq)") == [(22,)]
    audit.write(entry())
    assert audit.verdict().whole
    audit.alter("DELETE FROM audit WHERE seq = 22")
    assert audit.problems() == ["before row 23 rows 1 to 22 are missing"]


def test_pruning_that_was_interrupted_is_finished(audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    audit.write(*several(20))
    audit.times.ts += 40 * DAY
    audit.write(entry())
    with audit.opened() as store:
        with monkeypatch.context() as patched:
            patched.setattr("proxtui.features.audit.pruning._delete_some", lambda _connection: 0)
            store.db.call_now(lambda: prune(store, audit.times.ts, ACTOR))
        assert audit.verdict().whole
        store.db.call_now(lambda: prune(store, 0, ACTOR))
    assert audit.rows("min(seq)") == [(22,)]
    assert audit.verdict().whole


class SmallDisk:
    """A disk with so many pages for the database, and more where the reserve was."""

    def __init__(self, db: Database, reserve: Path, pages: int, reserved: int) -> None:
        self.pages = pages
        self._reserve, self._reserved = reserve, reserved
        event.listen(db.engine, "connect", self._limit)

    def _limit(self, connection: Any, _record: object) -> None:
        room = self.pages + (0 if self._reserve.exists() else self._reserved)
        connection.execute(f"PRAGMA max_page_count={room}")


def fill(audit: Audit, reserved: int, store: Any) -> tuple[SmallDisk, int]:
    disk = SmallDisk(store.db, audit.files.reserve, 40, reserved)

    def until_full() -> None:
        for _ in range(1_000):
            append(store, entry(message="x" * 500))

    with pytest.raises(AuditUnavailable, match="is full") as refused:
        until_full()
    assert refused.value.exit_code == 9
    return disk, sum(row[0] == "guests.start" for row in audit.rows("event"))


def test_a_full_disk_refuses_and_says_so_and_goes_on_when_there_is_room(file_audit: Audit) -> None:
    with file_audit.opened() as store:
        disk, kept = fill(file_audit, 10, store)
        events = [row[0] for row in file_audit.rows("event")]
        assert len(events) == kept + 1
        assert events[-1] == "audit.full"
        assert file_audit.verdict().whole
        disk.pages += 100
        append(store, entry())
    assert file_audit.verdict().whole
    assert file_audit.rows("count(*)") == [(kept + 2,)]


def test_on_a_full_disk_the_end_of_what_was_begun_is_still_kept(
    file_audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    with file_audit.opened() as store:
        _disk, kept = fill(file_audit, 20, store)
        monkeypatch.setattr(Reserve, "hold", lambda _self: False)
        append(store, entry(phase=Phase.OUTCOME, op_id="a", result=Result.OK))
        for phase in (Phase.INTENT, Phase.SINGLE):
            with pytest.raises(AuditUnavailable, match="is full"):
                append(store, entry(phase=phase))
    assert [row[0] for row in file_audit.rows("phase")][kept:] == ["single", "outcome"]


LIMITED = """
import resource, sys
from pathlib import Path
from tests.features.audits import append, audit_in, entry
from proxtui.errors import AuditUnavailable
from proxtui.features.audit.service import AuditQuery
audit = audit_in(Path(sys.argv[1]))
audit.write(entry())
size = audit.files.db.stat().st_size
with audit.opened() as store:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 8192, resource.RLIM_INFINITY))
    kept = 1
    try:
        for _ in range(500):
            append(store, entry(message="x" * 900))
            kept += 1
    except AuditUnavailable as error:
        print("refused", error.exit_code)
    with audit.reading() as service:
        print("read", len(list(service.newest(AuditQuery()))) == kept)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    append(store, entry())
print("whole", audit.verdict().whole, audit.verdict().rows == kept + 1)
"""


def test_a_limit_of_the_system_is_survived_as_well(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.splitlines() == ["refused 9", "read True", "whole True True"], done.stderr


def test_a_newer_audit_is_read_and_never_written(audit: Audit) -> None:
    audit.write(entry())
    audit.age(3)
    with audit.opened() as store, pytest.raises(NewerFormat, match="newer proxtui") as refused:
        append(store, entry())
    assert refused.value.exit_code == 6
    assert audit.rows("count(*)") == [(1,)]


def test_another_process_that_keeps_the_lock_is_named(file_audit: Audit, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3
    from contextlib import closing

    monkeypatch.setattr("proxtui.core.db.sqlite.BUSY_SECONDS", 0.05)
    with file_audit.opened() as store:
        append(store, entry())
        with closing(sqlite3.connect(file_audit.files.db, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(AuditUnavailable, match="another process"):
                append(store, entry())
            other.execute("ROLLBACK")
        append(store, entry())


async def test_the_journal_knows_what_never_ended(audit: Audit) -> None:
    journal = AuditJournal(audit.files, lambda _files: audit.open())
    assert await journal.unfinished() == []
    assert await journal.upids_since(0.0) == frozenset()
    assert not audit.files.folder.exists()
    gone = read_actor({})
    here = {"actor": gone}
    dead = {"actor": type(gone)(user="bob", host=gone.host, pid=gone.pid, started=1, boot=gone.boot)}
    for one in (
        entry(phase=Phase.INTENT, op_id="lives", **here),
        entry(phase=Phase.INTENT, op_id="died", **dead),
        entry(phase=Phase.SENT, op_id="died", upid="UPID:x", **dead),
        entry(phase=Phase.INTENT, op_id="ended", **dead),
        entry(phase=Phase.OUTCOME, op_id="ended", result=Result.OK, **dead),
        entry(phase=Phase.INTENT, op_id="early", **dead),
        entry(phase=Phase.SINGLE, op_id="refused", result=Result.DENIED, **dead),
    ):
        await journal.append(one)
    assert await journal.upids_since(0.0) == {"UPID:x"}
    assert await journal.upids_since(audit.times.ts / 1_000_000 + 1) == frozenset()
    found = await journal.unfinished()
    await journal.aclose()
    assert is_alive(gone)
    assert [(one.op_id, one.phase, one.upid) for one in found] == [
        ("died", Phase.SENT, "UPID:x"),
        ("early", Phase.INTENT, ""),
    ]


async def test_of_several_who_find_the_end_of_a_change_one_tells_it(audit: Audit) -> None:
    journals = [AuditJournal(audit.files, lambda _files: audit.open()) for _ in range(3)]
    ids = [str(number) for number in range(5)]
    for op_id in ids:
        await journals[0].append(entry(phase=Phase.INTENT, op_id=op_id))
    found = [entry(phase=Phase.OUTCOME, op_id=op_id, result=Result.OK) for op_id in ids]
    told = [await asyncio.gather(*(journal.finish(one) for journal in journals)) for one in found]
    for journal in journals:
        await journal.aclose()
    assert [sorted(one) for one in told] == [[False, False, True]] * 5
    assert [row[0] for row in audit.rows("phase")] == ["intent"] * 5 + ["outcome"] * 5
    assert audit.problems() == []


async def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = AuditJournal(AuditFiles(tmp_path / "file" / "state"))
    with pytest.raises(AuditUnavailable) as refused:
        await journal.append(entry())
    assert "\n" not in str(refused.value)
    await journal.aclose()
