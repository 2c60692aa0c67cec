"""The end of the audit in the configuration: a deleted state folder is found, and begun anew on purpose."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from proxtui.config.vault.edits import Put
from proxtui.config.vault.files import locked
from proxtui.config.vault.opened import OpenVault, Seat
from proxtui.config.vault.unlocking import restore
from proxtui.core.actor import read_actor
from proxtui.core.journal import AuditEntry, Phase
from proxtui.errors import AuditUnavailable
from proxtui.features.audit.beginning import Begun, begin
from proxtui.features.audit.chain import Head, Record, linked
from proxtui.features.audit.checking import check
from proxtui.features.audit.keys import FileKey, keys_of
from proxtui.features.audit.places import AuditFiles
from proxtui.features.audit.pruning import prune
from proxtui.features.audit.segments import BEGUN, KEY, PRUNED
from proxtui.features.audit.store import open_store, system_stamp
from proxtui.features.audit.verifying import Verdict
from tests.config.vaults import ROOT_KEY, by, fill, new_vault, opened, seat_in
from tests.postgres import Postgres, needs_postgres

from .audits import ACTOR, Audit, append, entry, run

WRITER = """
import sys
from pathlib import Path
from tests.config.vaults import seat_in, shared
from tests.features.audits import append, entry
from tests.features.test_audit_noted import store_of
folder = Path(sys.argv[1])
store = store_of(folder, shared(seat_in(folder, wait=60.0)))
for number in range(int(sys.argv[2])):
    append(store, entry(target_id=str(number)))
store.close()
"""


def files_of(folder: Path, vault: OpenVault | None) -> AuditFiles:
    return AuditFiles(folder / "state", ends=vault.ends if vault is not None else None)


def store_of(folder: Path, vault: OpenVault | None):  # type: ignore[no-untyped-def]
    files = files_of(folder, vault)
    keys = vault.audit_keys if vault is not None else ()
    return open_store(files, keys=keys_of(files, keys), told=lambda _line: True)


def write(folder: Path, vault: OpenVault | None, count: int = 1) -> None:
    store = store_of(folder, vault)
    try:
        for _ in range(count):
            append(store, entry())
    finally:
        store.close()


def verdict(folder: Path, vault: OpenVault | None, config: Path | None = None) -> Verdict:
    keys: Sequence[bytes] = vault.audit_keys if vault is not None else ()
    return check(files_of(folder, vault), vault=keys, config=config)


def begun(folder: Path, vault: OpenVault, reason: str = "the disk broke") -> Begun:
    files = files_of(folder, vault)
    return begin(files, keys_of(files, vault.audit_keys), read_actor({}), reason)


def noted(folder: Path, seat: Seat) -> int:
    known = opened(seat).ends.known(files_of(folder, None).name)
    return known.seq if known else 0


@pytest.fixture
def seat(tmp_path: Path) -> Seat:
    return seat_in(tmp_path)


@pytest.fixture
def vault(seat: Seat) -> OpenVault:
    return fill(new_vault(seat))


def test_it_is_noted_at_the_end_every_hundred_rows_and_with_every_save(
    tmp_path: Path, seat: Seat, vault: OpenVault
) -> None:
    write(tmp_path, vault, 3)
    # The row that tells of the key is the first one.
    assert noted(tmp_path, seat) == 4
    store = store_of(tmp_path, vault)
    try:
        for _ in range(95):
            append(store, entry())
        assert noted(tmp_path, seat) == 4
        append(store, entry())
        assert noted(tmp_path, seat) == 100
        append(store, entry())
        assert noted(tmp_path, seat) == 100
        vault.save(Put(("settings", "interval"), 5.0))
        assert noted(tmp_path, seat) == 101
    finally:
        store.close()
    found = verdict(tmp_path, opened(seat))
    assert (found.whole, found.noted, found.anchor) == (True, 101, 101)
    assert "config.toml row 101" in found.summary


def test_a_deleted_state_folder_is_found_and_nothing_begins_silently(
    tmp_path: Path, seat: Seat, vault: OpenVault
) -> None:
    write(tmp_path, vault, 3)
    shutil.rmtree(tmp_path / "state")
    again = opened(seat)
    found = verdict(tmp_path, again)
    assert [one.what for one in found.problems] == [
        f"{tmp_path / 'state' / 'audit.db'} is gone: config.toml knows rows up to 4"
    ]
    # The same for who has no key: then it is only what the file says.
    assert verdict(tmp_path, None, seat.path).problems
    assert verdict(tmp_path, None).whole
    with pytest.raises(AuditUnavailable, match=r"is gone, and config.toml knows 4 rows.*proxtui audit begin"):
        write(tmp_path, again)
    # A row without the key (a wrong passphrase) begins one, and hides nothing.
    write(tmp_path, None)
    found = verdict(tmp_path, again)
    assert "after row 1 rows 2 to 4 are missing: config.toml knows them" in [one.what for one in found.problems]
    with pytest.raises(AuditUnavailable, match="row 4 is not what was written"):
        write(tmp_path, again)


def test_a_cut_behind_all_anchors_is_found(tmp_path: Path, seat: Seat, vault: OpenVault) -> None:
    write(tmp_path, vault, 2)
    kept = tmp_path / "kept"
    shutil.copytree(tmp_path / "state", kept)
    write(tmp_path, vault, 3)
    shutil.rmtree(tmp_path / "state")
    kept.rename(tmp_path / "state")
    again = opened(seat)
    assert [one.what for one in verdict(tmp_path, again).problems] == [
        "after row 3 rows 4 to 6 are missing: config.toml knows them"
    ]
    with pytest.raises(AuditUnavailable, match="row 6 is not what was written"):
        write(tmp_path, again)


def test_another_audit_in_its_place_is_found(tmp_path: Path, seat: Seat, vault: OpenVault) -> None:
    write(tmp_path, vault, 2)
    shutil.rmtree(tmp_path / "state")
    # Under the same keys, by somebody who forgot that the end was noted.
    files = AuditFiles(tmp_path / "state")
    store = open_store(files, keys=keys_of(files, vault.audit_keys), told=lambda _line: True)
    for _ in range(8):
        append(store, entry())
    store.close()
    problems = [one.what for one in verdict(tmp_path, opened(seat)).problems]
    assert problems == ["row 3 is another than config.toml knows: the file was replaced"]


def test_an_earlier_configuration_is_no_alarm(tmp_path: Path, seat: Seat, vault: OpenVault) -> None:
    write(tmp_path, vault, 2)
    vault.save(Put(("settings", "interval"), 5.0))
    write(tmp_path, vault, 4)
    restore(seat, 1)
    again = opened(seat)
    assert noted(tmp_path, seat) == 3
    assert verdict(tmp_path, again).whole
    write(tmp_path, again)
    assert noted(tmp_path, seat) == 8


def test_another_machine_has_an_audit_of_its_own(
    tmp_path: Path, seat: Seat, vault: OpenVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, vault, 2)
    shutil.rmtree(tmp_path / "state")
    monkeypatch.setattr("proxtui.config.paths.machine_name", lambda: "another")
    again = opened(seat)
    write(tmp_path, again)
    assert (verdict(tmp_path, again).whole, noted(tmp_path, seat)) == (True, 2)


def test_where_the_file_cannot_be_written_the_anchor_has_to_do(
    tmp_path: Path, seat: Seat, vault: OpenVault, caplog: pytest.LogCaptureFixture
) -> None:
    held = seat_in(tmp_path, wait=0.05)
    reader = opened(held)
    with locked(seat.path), caplog.at_level("INFO"):
        write(tmp_path, reader, 2)
    assert "is not noted in config.toml" in caplog.text
    assert noted(tmp_path, seat) == 0
    found = verdict(tmp_path, opened(seat))
    assert (found.whole, found.anchor, found.noted) == (True, 3, None)


def test_what_could_not_be_noted_is_tried_once_more_at_the_end(tmp_path: Path, seat: Seat, vault: OpenVault) -> None:
    reader = opened(seat_in(tmp_path, wait=0.05))
    store = store_of(tmp_path, reader)
    with locked(seat.path):
        for _ in range(99):
            append(store, entry())
    assert noted(tmp_path, seat) == 0
    store.close()
    assert noted(tmp_path, seat) == 100


def test_who_begins_anew_says_why_and_the_numbers_go_on(tmp_path: Path, seat: Seat, vault: OpenVault) -> None:
    write(tmp_path, vault, 3)
    shutil.rmtree(tmp_path / "state")
    again = opened(seat)
    assert begun(tmp_path, again) == Begun(6, 4)
    audit = Audit(files_of(tmp_path, again))
    assert audit.rows("seq, event") == [(5, KEY), (6, BEGUN)]
    body = json.loads(audit.rows("body")[1][0])
    assert (body["reason"], body["params"]["to"]) == ("the disk broke", "4")
    assert noted(tmp_path, seat) == 6
    write(tmp_path, again, 2)
    found = verdict(tmp_path, opened(seat))
    assert (found.problems, found.begun, found.first, found.head.seq) == ([], 6, 6, 8)
    assert "begun anew with row 6" in found.summary
    # And it is watched over as before.
    audit.alter("DELETE FROM audit WHERE seq > 7")
    assert not verdict(tmp_path, opened(seat)).whole
    shutil.rmtree(tmp_path / "state")
    assert verdict(tmp_path, opened(seat)).problems


def test_what_is_left_of_a_cut_or_altered_audit_is_kept(tmp_path: Path, seat: Seat, vault: OpenVault) -> None:
    write(tmp_path, vault, 6)
    audit = Audit(files_of(tmp_path, vault))
    audit.alter("DELETE FROM audit WHERE seq > 4", "UPDATE audit SET user = 'eve' WHERE seq = 2")
    begun(tmp_path, vault)
    assert audit.rows("seq, user")[1] == (2, "eve")
    assert [seq for (seq,) in audit.rows("seq")] == [1, 2, 3, 4, 8]
    write(tmp_path, opened(seat))
    assert verdict(tmp_path, opened(seat)).whole
    audit.alter("UPDATE audit SET user = 'eve' WHERE seq = 9")
    assert [one.seq for one in verdict(tmp_path, opened(seat)).problems] == [9]


def test_a_dashboard_that_runs_goes_on_after_a_new_beginning(tmp_path: Path, seat: Seat, vault: OpenVault) -> None:
    write(tmp_path, vault, 2)
    store = store_of(tmp_path, vault)
    Audit(files_of(tmp_path, vault)).alter("DELETE FROM audit WHERE seq = 3")
    with pytest.raises(AuditUnavailable, match="row 3"):
        append(store, entry())
    begun(tmp_path, opened(seat))
    append(store, entry())
    store.close()
    assert verdict(tmp_path, opened(seat)).whole


def test_a_file_that_is_no_database_is_put_aside(tmp_path: Path, seat: Seat, vault: OpenVault) -> None:
    write(tmp_path, vault, 3)
    (tmp_path / "state" / "audit.db").write_bytes(b"no database" * 1_000)
    with pytest.raises(AuditUnavailable):
        write(tmp_path, opened(seat))
    done = begun(tmp_path, opened(seat))
    assert (tmp_path / "state" / done.aside).read_bytes().startswith(b"no database")
    write(tmp_path, opened(seat))
    assert verdict(tmp_path, opened(seat)).whole


def test_a_lost_key_or_anchor_can_be_left_behind(tmp_path: Path, seat: Seat, vault: OpenVault) -> None:
    write(tmp_path, None, 2)
    write(tmp_path, vault, 3)
    for name in ("audit.key", "audit.anchor", "audit.vault.anchor"):
        (tmp_path / "state" / name).unlink()
        with pytest.raises(AuditUnavailable, match="is gone"):
            write(tmp_path, opened(seat))
        begun(tmp_path, opened(seat))
        write(tmp_path, opened(seat))
        assert verdict(tmp_path, opened(seat)).whole


@pytest.mark.parametrize("event", [PRUNED, BEGUN])
def test_who_has_only_the_account_excuses_nothing(event: str, tmp_path: Path, seat: Seat, vault: OpenVault) -> None:
    """They have the key file, and read the noted end: a row under that key that says that all is as it should be."""
    write(tmp_path, vault, 3)
    known = opened(seat).ends.known(files_of(tmp_path, None).name)
    assert known is not None
    shutil.rmtree(tmp_path / "state")
    files = files_of(tmp_path, None)
    write(tmp_path, None)
    audit = Audit(files)
    audit.alter("DELETE FROM audit")
    key_id, key = FileKey(files.key, files.anchor).current()
    said = {"first": "1", "to": str(known.seq), "rows": str(known.seq), "mac": known.mac}
    told = AuditEntry(event=event, phase=Phase.SINGLE, actor=ACTOR, params=said)
    forged = linked(told, Head(*known), system_stamp(), key_id=key_id, key=key)
    with closing(sqlite3.connect(files.db)) as connection, connection:
        names = Record.__slots__
        marks = ", ".join("?" * len(names))
        connection.execute(
            f"INSERT INTO audit ({', '.join(names)}) VALUES ({marks})",  # noqa: S608 # our own names
            [getattr(forged, name) for name in names],
        )
    told_of = [one.what for one in verdict(tmp_path, opened(seat)).problems]
    assert "row 5 says that rows are gone, and was written without the key of config.toml" in told_of
    assert any("rows 1 to 4 are missing" in what for what in told_of)
    assert verdict(tmp_path, None, seat.path).problems


def test_what_the_configuration_pruned_may_be_missing(tmp_path: Path, seat: Seat, vault: OpenVault) -> None:
    write(tmp_path, vault, 3)
    audit = Audit(files_of(tmp_path, vault))
    store = store_of(tmp_path, vault)
    append(store, entry("audit.segment"))
    append(store, entry())
    found = store.db.call_now(lambda: prune(store, system_stamp().ts + 1, ACTOR))
    store.close()
    assert (found.first, found.last) == (1, 5)
    assert [seq for (seq,) in audit.rows("seq")] == [6, 7]
    assert verdict(tmp_path, opened(seat)).whole


@needs_postgres
def test_the_end_in_a_shared_database_is_noted_as_well(
    tmp_path: Path, seat: Seat, vault: OpenVault, postgres: Postgres
) -> None:
    url = postgres.database()

    def shared_by(mine: OpenVault) -> AuditFiles:
        return AuditFiles(tmp_path / "state", url, mine.file_id, mine.ends)

    files = shared_by(vault)
    store = open_store(files, keys=keys_of(files, vault.audit_keys), told=lambda _line: True)
    append(store, entry())
    store.close()
    run(url, "SET session_replication_role = replica", "DELETE FROM audit")
    shutil.rmtree(tmp_path / "state")
    files = shared_by(again := opened(seat))
    keys = keys_of(files, again.audit_keys)
    problems = [one.what for one in check(files, vault=again.audit_keys).problems]
    assert any("missing: config.toml knows them" in what for what in problems), problems
    with pytest.raises(AuditUnavailable, match=r"config\.toml knows 2 rows"):
        open_store(files, keys=keys)
    assert begin(files, keys, read_actor({}), "restored").before == 2
    again = opened(seat)
    assert check(shared_by(again), vault=again.audit_keys).whole


def test_four_processes_append_and_note_one_chain(tmp_path: Path, seat: Seat, vault: OpenVault) -> None:
    by(ROOT_KEY, seat.path.parent)
    running = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), "150"], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    said = [process.communicate(timeout=100) for process in running]
    assert [process.returncode for process in running] == [0] * 4, said
    found = verdict(tmp_path, opened(seat))
    assert (found.problems, found.rows, found.noted) == ([], 601, 601)
