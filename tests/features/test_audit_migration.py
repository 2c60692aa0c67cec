"""An audit of the first version: it is read as it is, and the first row brings it up to date, after a copy."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest

from tests.features.audits import Audit, audit_in, entry, several

FIRST = """CREATE TABLE audit (
    seq INTEGER NOT NULL, ts INTEGER NOT NULL, phase TEXT NOT NULL, event TEXT NOT NULL, op_id TEXT NOT NULL,
    user TEXT NOT NULL, tenant TEXT NOT NULL, server TEXT NOT NULL, kind TEXT NOT NULL, target TEXT NOT NULL,
    result TEXT NOT NULL, body TEXT NOT NULL, prev TEXT NOT NULL, mac TEXT NOT NULL, PRIMARY KEY (seq)) STRICT;
CREATE INDEX audit_event ON audit (event, seq);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;
"""
COLUMNS = 'seq, ts, phase, event, op_id, "user", tenant, server, kind, target, result, body, prev, mac'


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    """Ten rows as the first version kept them."""
    found = audit_in(tmp_path)
    found.write(*several(10))
    rows = found.rows(COLUMNS)
    found.files.db.unlink()
    with closing(sqlite3.connect(found.files.db)) as connection, connection:
        connection.executescript(FIRST)
        connection.executemany(f"INSERT INTO audit VALUES ({', '.join('?' * 14)})", rows)  # noqa: S608 # question marks
        connection.execute("PRAGMA user_version=1")
    found.files.db.chmod(0o600)
    return found


def version(audit: Audit) -> int:
    with closing(sqlite3.connect(audit.files.db)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_who_only_reads_changes_nothing(audit: Audit) -> None:
    before = audit.files.db.read_bytes()
    os.chmod(audit.files.db, 0o400)
    assert audit.verdict().whole
    assert audit.verdict().rows == 10
    assert audit.files.db.read_bytes() == before


def test_the_first_row_brings_it_up_to_date_after_a_copy(audit: Audit) -> None:
    audit.write(entry())
    assert version(audit) == 2
    assert (audit.verdict().whole, audit.verdict().rows) == (True, 11)
    kept = audit.files.db.with_name("audit.db.1.bak")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    with closing(sqlite3.connect(kept)) as connection:
        assert connection.execute("SELECT count(*) FROM audit").fetchone() == (10,)
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    with closing(sqlite3.connect(audit.files.db)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("DELETE FROM audit")


def test_whoever_comes_first_does_it_once(audit: Audit) -> None:
    failed: list[Exception] = []

    def go() -> None:
        try:
            Audit(audit.files).write(entry())
        except Exception as error:  # noqa: BLE001 # shown below
            failed.append(error)

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == []
    assert (audit.verdict().whole, audit.verdict().rows) == (True, 14)
