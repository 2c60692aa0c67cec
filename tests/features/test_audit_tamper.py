"""Whoever alters the file is found, and the place is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from proxtui.config.secret import Secret
from proxtui.errors import AuditUnavailable
from proxtui.features.audit.chain import Head
from proxtui.features.audit.keys import keys_of
from proxtui.features.audit.pruning import prune
from proxtui.features.audit.verifying import verify
from tests.features.audits import ACTOR, DAY, Audit, append, audit_in, entry, several

NAMES = 'ts, phase, event, op_id, "user", tenant, server, kind, target, result, body, chain'
SWAP = (
    "UPDATE audit SET seq = -1 WHERE seq = 4",
    "UPDATE audit SET seq = 4 WHERE seq = 5",
    "UPDATE audit SET seq = 5 WHERE seq = -1",
)
INSERT = (
    "UPDATE audit SET seq = -seq - 1 WHERE seq >= 5",
    "UPDATE audit SET seq = -seq WHERE seq < 0",
    f"INSERT INTO audit (seq, {NAMES}, prev, mac) SELECT 5, {NAMES}, prev, mac FROM audit WHERE seq = 4",  # noqa: S608 # a test asks
)
RENUMBER = ("DELETE FROM audit WHERE seq = 5", "UPDATE audit SET seq = seq - 1 WHERE seq > 5")


@pytest.fixture
def audit(tmp_path: Path, database: Secret | None) -> Audit:
    found = audit_in(tmp_path, database)
    found.write(*several(10))
    return found


@pytest.fixture
def file_audit(tmp_path: Path) -> Audit:
    found = audit_in(tmp_path)
    found.write(*several(10))
    return found


def test_what_was_written_is_whole(audit: Audit) -> None:
    verdict = audit.verdict()
    assert verdict.whole
    assert (verdict.rows, verdict.first, verdict.head.seq, verdict.anchor) == (10, 1, 10, 10)


@pytest.mark.parametrize("pages", range(5))
def test_pruning_meanwhile_is_no_alarm(audit: Audit, monkeypatch: pytest.MonkeyPatch, pages: int) -> None:
    monkeypatch.setattr("proxtui.features.audit.verifying.PAGE", 2)
    monkeypatch.setattr("proxtui.features.audit.segments.SEGMENT_ROWS", 8)
    audit.write(*several(3))
    asked = []

    def go_on() -> bool:
        asked.append(0)
        if len(asked) == pages + 1:
            with audit.opened() as store:
                store.db.call_now(lambda: prune(store, audit.times.ts + DAY, ACTOR))
        return True

    with audit.reading() as service:
        verdict = verify(service.db, keys_of(audit.files), go_on=go_on)
    assert verdict.problems == []
    assert audit.rows("min(seq)") != [(1,)]
    # What was not pruned must be there all the same.
    audit.alter(f"DELETE FROM audit WHERE seq = {verdict.head.seq - 1}")  # noqa: S608 # a number of ours
    assert "missing" in audit.problems()[0]


def test_a_walk_can_be_broken_off(audit: Audit) -> None:
    with audit.reading() as service:
        verdict = verify(service.db, keys_of(audit.files), go_on=lambda: False)
    assert (verdict.broken_off, verdict.rows) == (True, 0)
    assert "not checked to its end" in verdict.summary


@pytest.mark.parametrize(
    ("statements", "place"),
    [
        (["UPDATE audit SET body = replace(body, 'alice', 'mallo') WHERE seq = 5"], "row 5 was altered"),
        (["UPDATE audit SET ts = ts + 1 WHERE seq = 5"], "row 5 was altered"),
        (["UPDATE audit SET tenant = 'other' WHERE seq = 5"], "row 5 was altered: tenant"),
        (["UPDATE audit SET body = '[]' WHERE seq = 5"], "row 5 was altered: its text cannot be read"),
        (["UPDATE audit SET mac = 'x' WHERE seq = 5"], "row 5 was altered"),
        (["DELETE FROM audit WHERE seq = 5"], "before row 6 row 5 is missing"),
        (["DELETE FROM audit WHERE seq IN (5, 6)"], "before row 7 rows 5 to 6 are missing"),
        (["DELETE FROM audit WHERE seq < 3"], "before row 3 rows 1 to 2 are missing"),
        (RENUMBER, "row 5 does not follow row 4"),
        (SWAP, "row 4 does not follow row 3"),
        (INSERT, "row 5 does not follow row 4"),
    ],
)
def test_the_place_is_named(audit: Audit, statements: list[str], place: str) -> None:
    audit.alter(*statements)
    assert audit.problems()[0].startswith(place)


def test_a_row_edited_alone_is_the_only_one_named(audit: Audit) -> None:
    audit.alter("UPDATE audit SET body = replace(body, 'alice', 'mallo') WHERE seq = 5")
    assert [problem.seq for problem in audit.verdict().problems] == [5]


def test_a_row_put_at_the_end_is_found(audit: Audit) -> None:
    audit.alter(f"INSERT INTO audit (seq, {NAMES}, prev, mac) SELECT 11, {NAMES}, mac, '00' FROM audit WHERE seq = 10")  # noqa: S608 # a test
    assert audit.problems() == ["row 11 was altered, moved or put in"]


def test_a_cut_tail_is_found_back_to_the_anchor(audit: Audit) -> None:
    audit.alter("DELETE FROM audit WHERE seq > 7")
    assert audit.problems() == ["after row 7 rows 8 to 10 are missing: the anchor knows them"]


def test_a_cut_behind_the_anchor_is_found_by_an_end_that_was_noted_elsewhere(file_audit: Audit, tmp_path: Path) -> None:
    noted = Head(10, file_audit.rows("mac")[-1][0])
    older = tmp_path / "older"
    shutil.copytree(file_audit.files.folder, older)
    file_audit.write(*several(5))
    later = Head(15, file_audit.rows("mac")[-1][0])
    shutil.rmtree(file_audit.files.folder)
    older.rename(file_audit.files.folder)
    assert file_audit.problems(noted) == []
    assert file_audit.problems(later) == [
        "after row 10 rows 11 to 15 are missing: an end that was noted elsewhere knows them"
    ]


def test_nothing_is_added_to_a_cut_chain(audit: Audit) -> None:
    audit.alter("DELETE FROM audit WHERE seq > 7")
    with audit.opened() as store, pytest.raises(AuditUnavailable, match="row 10 is not what was written"):
        append(store, entry())
    assert audit.rows("count(*)") == [(7,)]


def test_a_chain_begun_anew_with_the_same_key_is_found(file_audit: Audit) -> None:
    anchor = file_audit.files.anchor.read_bytes()
    file_audit.files.anchor.unlink()
    file_audit.files.db.unlink()
    file_audit.write(*(entry("guests.stop") for _ in range(12)))
    assert file_audit.verdict().whole
    file_audit.files.anchor.write_bytes(anchor)
    assert file_audit.problems() == ["row 10 is another than the anchor knows: the file was replaced"]


def test_a_file_of_another_chain_is_found(file_audit: Audit, tmp_path: Path) -> None:
    other = audit_in(tmp_path / "other")
    other.write(*several(12))
    shutil.copy(other.files.db, file_audit.files.db)
    found = file_audit.problems()
    assert found[0] == "row 1 was written with another key"
    assert found[-1] == "row 10 is another than the anchor knows: the file was replaced"
    with file_audit.opened() as store, pytest.raises(AuditUnavailable, match="cut or replaced"):
        append(store, entry())


@pytest.mark.parametrize("part", ["db", "key", "anchor"])
def test_a_part_that_is_gone_refuses_changes(audit: Audit, part: str) -> None:
    if part == "db" and audit.files.url is not None:
        audit.alter("DELETE FROM audit")
    else:
        getattr(audit.files, part).unlink()
    with pytest.raises(AuditUnavailable, match="gone"):
        audit.open()
    # It was not made anew, for then nobody would ever know.
    assert part == "db" or not getattr(audit.files, part).exists()
    assert audit.files.url is not None or not getattr(audit.files, part).exists()


def test_an_anchor_that_somebody_else_wrote_is_no_anchor(audit: Audit) -> None:
    text = audit.files.anchor.read_text().replace('"seq":10', '"seq":7')
    audit.files.anchor.write_text(text)
    assert "is not what proxtui wrote" in audit.problems()[0]
    with pytest.raises(AuditUnavailable, match="is not what proxtui wrote"):
        audit.open()


def test_a_damaged_file_is_told_with_its_place(file_audit: Audit) -> None:
    file_audit.write(*several(300))
    data = bytearray(file_audit.files.db.read_bytes())
    # The middle of the file, a page of rows among them; SQLite's own check would call it fine.
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    file_audit.files.db.write_bytes(bytes(data))
    assert not file_audit.verdict().whole


def test_triggers_guard_against_mistakes(file_audit: Audit) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(file_audit.files.db)) as connection:
        for statement in ("UPDATE audit SET user = 'x'", "DELETE FROM audit"):
            with pytest.raises(sqlite3.IntegrityError, match="only added to"):
                connection.execute(statement)
