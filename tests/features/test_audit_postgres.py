"""Many processes on one PostgreSQL: a chain for each configuration, and nothing lost whatever happens to the server."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from proxtui.config.secret import Secret
from proxtui.core.db import Database
from proxtui.core.journal import Phase
from proxtui.errors import AuditUnavailable, StoreUnavailable
from proxtui.features.audit.checking import check
from proxtui.features.audit.copying import copied
from proxtui.features.audit.journal import AuditJournal
from proxtui.features.audit.keys import keys_of
from proxtui.features.audit.opening import looked_at
from proxtui.features.audit.places import AuditFiles
from proxtui.features.audit.service import AuditQuery, AuditService
from proxtui.features.audit.store import AuditStore, open_store
from tests.features.audits import Audit, append, audit_in, entry, run, several
from tests.postgres import Postgres, needs_postgres

pytestmark = needs_postgres
KEYS = {"v_one": bytes(range(32)), "v_two": bytes(range(32, 64))}
WRITER = """
import sys
from tests.features.audits import append, by, entry
from tests.features.test_audit_postgres import opened
folder, url, vault, name, count = sys.argv[1:]
store = opened(folder, url, vault)
print("ready", flush=True)
for number in range(int(count)):
    append(store, by(name, entry(target_id=str(number))))
    print(number, flush=True)
store.close()
"""


def files_of(folder: str, url: str, vault: str = "") -> AuditFiles:
    return AuditFiles(Path(folder), Secret(url), vault)


def opened(folder: str, url: str, vault: str = "") -> AuditStore:
    files = files_of(folder, url, vault)
    keys = keys_of(files, (KEYS[vault],) if vault else ())
    return open_store(files, keys=keys, told=lambda _line: True)


@pytest.fixture
def url(postgres: Postgres) -> Secret:
    return postgres.database()


def test_eight_processes_two_vaults_and_a_restart(tmp_path: Path, url: Secret, postgres: Postgres) -> None:
    address, count = url.get_secret_value(), 500
    running: list[subprocess.Popen[str]] = []
    for number in range(8):
        vault = list(KEYS)[number % 2]
        # Two machines for each vault: what one notes on its disk the other does not know.
        folder = str(tmp_path / f"host{number // 4}")
        words = [sys.executable, "-c", WRITER, folder, address, vault, f"user{number}", str(count)]
        running.append(subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    first = running[0].stdout
    assert first is not None
    for line in first:
        if line.strip() == "50":
            break
    postgres.stop()
    postgres.start()
    said = [process.communicate(timeout=100) for process in running]
    assert [process.returncode for process in running] == [0] * 8, [err for _out, err in said]
    for vault, key in KEYS.items():
        verdict = check(files_of(str(tmp_path / "host0"), address, vault), vault=(key,))
        # The first row of each tells which key is used.
        assert (verdict.problems, verdict.rows, verdict.whole) == ([], 4 * count + 1, True)
    asked = """SELECT "user", count(*), count(DISTINCT target) FROM audit WHERE event = 'guests.start' GROUP BY 1"""
    rows = run(url, asked)
    assert sorted(rows) == [(f"user{number}", count, count) for number in range(8)]


def test_each_chain_is_alone_and_who_has_all_of_them_sees_all(tmp_path: Path, url: Secret) -> None:
    address = url.get_secret_value()
    for vault in KEYS:
        store = opened(str(tmp_path), address, vault)
        append(store, entry(f"of.{vault}"))
        store.close()
    files = files_of(str(tmp_path), address, "v_one")
    with looked_at(files) as db:
        assert db is not None
        service = AuditService(db)
        assert [one.event for one in service.newest(AuditQuery())] == ["of.v_one", "audit.key"]
        assert service.chains() == ["v_one", "v_two"]
        assert [one.event for one in service.newest(AuditQuery(chain="v_two"))] == ["of.v_two", "audit.key"]
    # The rows of one vault under the name of another prove nothing.
    run(
        url,
        "SET session_replication_role = replica",
        "DELETE FROM audit WHERE chain = 'v_one'",
        "UPDATE audit SET chain = 'v_one'",
    )
    assert check(files, vault=(KEYS["v_one"],)).problems


def test_triggers_guard_against_mistakes(tmp_path: Path, url: Secret) -> None:
    import psycopg

    audit_in(tmp_path, url).write(entry())
    for statement in ("UPDATE audit SET seq = 2", "DELETE FROM audit", "TRUNCATE audit"):
        with pytest.raises(psycopg.errors.RaiseException, match="only added to"):
            run(url, statement)


async def test_without_the_server_nothing_is_changed(tmp_path: Path) -> None:
    files = AuditFiles(tmp_path / "state", Secret(f"postgresql://ours:hunter22@/x?host={tmp_path}"))
    journal = AuditJournal(files)
    with pytest.raises(AuditUnavailable) as refused:
        await journal.append(entry(phase=Phase.INTENT, op_id="1"))
    assert refused.value.exit_code == 10
    assert "hunter22" not in str(refused.value)
    assert "\n" not in str(refused.value)
    await journal.aclose()


def test_a_second_machine_notes_the_end_that_it_finds(tmp_path: Path, url: Secret) -> None:
    address = url.get_secret_value()
    for host in ("one", "two"):
        store = opened(str(tmp_path / host), address, "v_one")
        append(store, entry())
        store.close()
    for host in ("one", "two"):
        verdict = check(files_of(str(tmp_path / host), address, "v_one"), vault=(KEYS["v_one"],))
        assert (verdict.whole, verdict.rows) == (True, 3)
    run(url, "SET session_replication_role = replica", "DELETE FROM audit WHERE seq = 3")
    store = opened(str(tmp_path / "two"), address, "v_one")
    with pytest.raises(AuditUnavailable, match="not what was written"):
        append(store, entry())
    store.close()


def test_a_copy_proves_the_same_and_can_be_repeated(
    tmp_path: Path, url: Secret, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxtui.features.audit.copying.CHUNK", 10)
    here = audit_in(tmp_path)
    here.write(*several(25))
    there = Audit(AuditFiles(here.files.folder, url), here.times)
    assert copied(here.files, there.files)[:3] == (25, 25, 0)
    assert there.verdict().whole
    assert copied(here.files, there.files)[:3] == (25, 0, 25)
    # What came into the file later goes the same way, and what breaks off is gone on with.
    here.write(*several(5))
    assert copied(here.files, there.files)[:3] == (30, 5, 25)
    there.write(*several(3))
    assert copied(here.files, there.files)[:3] == (30, 0, 30)
    verdict = there.verdict()
    assert (verdict.whole, verdict.rows, verdict.anchor) == (True, 33, 33)
    assert [row[0] for row in run(url, "SELECT mac FROM audit ORDER BY seq")][:30] == [
        row[0] for row in here.rows("mac")
    ]
    here.write(entry())
    with pytest.raises(AuditUnavailable, match="another chain"):
        copied(here.files, there.files)


def test_nothing_is_copied_of_a_file_that_was_altered(tmp_path: Path, url: Secret) -> None:
    here = audit_in(tmp_path)
    here.write(*several(5))
    here.alter("UPDATE audit SET body = replace(body, 'alice', 'mallo') WHERE seq = 3")
    with pytest.raises(AuditUnavailable, match="nothing was copied"):
        copied(here.files, AuditFiles(here.files.folder, url))
    assert run(url, "SELECT count(*) FROM pg_tables WHERE tablename = 'audit'") == [(0,)]


@pytest.mark.parametrize("when", ["before the commit", "after the commit"])
def test_an_answer_that_is_lost_costs_no_row_and_doubles_none(
    tmp_path: Path, url: Secret, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    run_once: Callable[..., Any] = Database._run
    lost: list[str] = []
    store = opened(str(tmp_path), url.get_secret_value(), "v_one")
    append(store, entry(target_id="first"))

    class Gone(Exception):
        pass

    def lossy(self: Database, work: Callable[[Connection], Any], *, writes: bool) -> Any:
        def breaks_off(connection: Connection) -> Any:
            done = work(connection)
            if when == "before the commit" and not lost:
                lost.append(when)
                raise Gone
            return done

        try:
            done = run_once(self, breaks_off if writes else work, writes=writes)
        except Gone:
            raise StoreUnavailable("the server went away", why="gone") from None
        if writes and not lost:
            lost.append(when)
            raise StoreUnavailable("the server went away; nobody knows whether it was written", why="unknown")
        return done

    monkeypatch.setattr(Database, "_run", lossy)
    append(store, entry(target_id="second"))
    monkeypatch.undo()
    append(store, entry(target_id="third"))
    store.close()
    assert lost == [when]
    rows = run(url, "SELECT target FROM audit WHERE event = 'guests.start' ORDER BY seq")
    assert [row[0] for row in rows] == ["first", "second", "third"]
    assert check(files_of(str(tmp_path), url.get_secret_value(), "v_one"), vault=(KEYS["v_one"],)).whole


def test_what_is_acknowledged_is_committed(tmp_path: Path, url: Secret) -> None:
    """Another connection sees it as soon as the writer goes on: nothing is said of a transaction that is still open."""
    store = opened(str(tmp_path), url.get_secret_value(), "v_one")
    for number in range(5):
        append(store, entry(target_id=str(number)))
        assert run(url, "SELECT count(*) FROM audit WHERE event = 'guests.start'") == [(number + 1,)]
    store.close()
