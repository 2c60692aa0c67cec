"""``proxtui audit``: no server is asked, none need be configured."""

from __future__ import annotations

import csv
import io
import json
import stat
from pathlib import Path

import pytest

from proxtui.core.journal import Phase, Result
from proxtui.features.audit.places import usual_files
from tests.cli.conftest import Call, spawn
from tests.features.audits import DAY, Audit, Times, append, by, entry

START = {"tenant": "acme", "server": "berlin", "target_kind": "qemu", "target_id": "100", "target_name": "web"}


@pytest.fixture(autouse=True)
def _no_system_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("proxtui.config.paths.syslog_socket", lambda: tmp_path / "no-log")


@pytest.fixture
def audit(_clean_environment: None) -> Audit:
    import time

    found = Audit(usual_files(), Times(time.time_ns() // 1000 - 3_600_000_000))
    with found.opened() as store:
        append(store, entry(phase=Phase.INTENT, op_id="0192-one", **START))
        append(store, entry(phase=Phase.OUTCOME, op_id="0192-one", result=Result.OK, message="\x1b[2Jdone", **START))
        append(store, by("=bob", entry("guests.stop", result=Result.DENIED)))
    return found


def test_without_an_audit_there_is_nothing_to_list_or_to_verify(call: Call) -> None:
    listed = call("audit", "list", "--json")
    assert (listed.code, json.loads(listed.out)) == (0, {"rows": [], "sources": []})
    assert listed.line.startswith("there is no audit yet")
    assert (call("audit", "verify").code, call("audit", "show", "1").code, call("audit", "export").code) == (0, 14, 14)
    assert call("audit", "prune", "--yes").code == 14
    # Looking makes nothing.
    assert not usual_files().folder.exists()


@pytest.mark.usefixtures("audit")
def test_lists_take_filters_columns_and_formats(call: Call) -> None:
    rows = json.loads(call("audit", "list", "--json").out)["rows"]
    assert [row["seq"] for row in rows] == [3, 2, 1]
    assert (rows[1]["event"], rows[1]["target"], rows[1]["name"], rows[1]["result"]) == (
        *("guests.start", "100", "web", "ok"),
    )

    def seqs(*options: str) -> list[str]:
        answer = call("audit", "list", "--csv", "--columns", "seq", *options)
        assert answer.code == 0, answer.err
        return answer.out.split()[1:]

    assert seqs("--action", "guests.start") == ["2", "1"]
    assert seqs("--result", "denied") == seqs("--user", "=bob") == ["3"]
    assert seqs("--guest", "100", "--server", "berlin", "--limit", "1") == ["2"]
    assert seqs("--offset", "2") == seqs("--filter", "status:intent") == ["1"]
    assert seqs("--filter", "web !intent", "--limit", "1", "--sort", "seq") == ["2"]
    assert seqs("--filter", "user:*", "--limit", "1", "--offset", "1") == ["2"]
    assert seqs("--since", "2h", "--sort", "seq") == ["1", "2", "3"]
    assert seqs("--since", "1m") == seqs("--until", "2h") == []
    assert "'=bob" in call("audit", "list", "--csv").out
    assert "\x1b" not in call("audit", "list").out


@pytest.mark.usefixtures("audit")
@pytest.mark.parametrize(
    "options",
    [
        ["--since", "soon"],
        ["--result", "fine"],
        ["--limit", "0"],
        ["--filter", "cpu>4"],
        ["--columns", "x"],
        ["--nope"],
    ],
)
def test_what_makes_no_sense_exits_two(call: Call, options: list[str]) -> None:
    assert call("audit", "list", *options).code == 2


@pytest.mark.usefixtures("audit")
def test_one_row_is_shown_with_its_change(call: Call) -> None:
    shown = call("audit", "show", "2")
    assert shown.code == 0
    assert "the whole change" in shown.out
    assert "\x1b" not in shown.out
    assert call("audit", "show", "0192-one").out == shown.out
    row = json.loads(call("audit", "show", "2", "--json").out)["rows"][0]
    assert (row["story"], row["actor"]["user"], row["tenant"]) == ([1, 2], "alice", "acme")
    for unknown in ("4", "99999999999999999999", "", "-1x"):
        assert call("audit", "show", "--", unknown).code == 14


def test_verify_names_the_place(call: Call, audit: Audit) -> None:
    whole = call("audit", "verify", "--json")
    assert (whole.code, json.loads(whole.out)["whole"], json.loads(whole.out)["rows"]) == (0, True, 3)
    audit.alter("UPDATE audit SET body = replace(body, 'web', 'db1') WHERE seq = 2")
    found = call("audit", "verify")
    assert (found.code, found.out) == (5, "row 2 was altered, moved or put in\n")
    assert found.line == "the audit is not what was written: row 2 was altered, moved or put in"
    told = json.loads(call("audit", "verify", "--json").out)
    assert told["details"]["exit_code"] == 5
    # Each look is itself a row, also of what is not whole any more.
    rows = json.loads(call("audit", "list", "--action", "audit.verify", "--json").out)["rows"]
    assert [row["result"] for row in rows] == ["failed", "failed", "ok"]
    assert "row 2 was altered" in rows[0]["message"]
    assert told["details"]["problems"] == [{"seq": 2, "what": "row 2 was altered, moved or put in"}]


def test_a_file_that_is_gone_or_of_another_version_is_no_empty_audit(call: Call, audit: Audit) -> None:
    audit.alter("PRAGMA user_version=9")
    assert call("audit", "list").code == 0
    assert call("audit", "verify").code == 6
    assert call("audit", "prune", "--yes").code == 6
    audit.files.key.rename(audit.files.folder / "key")
    audit.alter("PRAGMA user_version=1")
    assert call("audit", "verify").code == 9
    (audit.files.folder / "key").rename(audit.files.key)
    audit.files.db.unlink()
    assert call("audit", "verify").code == 5
    audit.files.db.write_bytes(b"no database" * 1_000)
    assert call("audit", "list").code == 9


def test_an_export_is_itself_a_row_and_its_end_an_anchor(call: Call, audit: Audit, tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    assert call("audit", "export", "--output", str(path)).code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [json.loads(line).get("seq") for line in path.read_text().splitlines()] == [1, 2, 3, 4, 4]
    assert call("audit", "export", "-o", str(path)).code == 2
    rows = list(csv.DictReader(io.StringIO(call("audit", "export", "--format", "csv", "--user", "=bob").out)))
    assert [(row["user"], row["event"]) for row in rows] == [("'=bob", "guests.stop")]
    assert call("audit", "export", "--format", "syslog").out.startswith("<110>1 ")
    assert call("audit", "verify", "--anchor", str(path)).code == 0
    with audit.reading() as service:
        kept = service.one(6)
    assert kept is not None
    assert '"params":{"format":"csv","user":"=bob"}' in kept.body
    audit.alter("DELETE FROM audit WHERE seq > 3")
    assert "rows 4" in call("audit", "verify", "--anchor", str(path)).out


def test_pruning_asks_and_says_what_went(call: Call, audit: Audit) -> None:
    audit.times.ts -= 500 * DAY
    with audit.opened() as store:
        append(store, entry())
    audit.times.ts += 500 * DAY
    with audit.opened() as store:
        append(store, entry())
    events = [row[0] for row in audit.rows("event")]
    # Of another month each: the clock was set back in between.
    assert events.count("audit.segment") == 2
    planned = json.loads(call("audit", "prune", "--dry-run", "--json").out)
    assert (planned["dry_run"], planned["rows"] > 0) == (True, True)
    assert len(audit.rows()) == len(events)
    assert call("audit", "prune").code == 2
    done = call("audit", "prune", "--yes", "--reason", "retention", "--json")
    assert json.loads(done.out) == planned | {"dry_run": False}
    assert audit.rows("min(seq)") == [(planned["last"] + 1,)]
    assert call("audit", "verify").code == 0


def test_help_loads_no_database() -> None:
    code = (
        "import sys\nfrom proxtui.cli.main import main\ntry:\n    main(sys.argv[1:])\nfinally:\n"
        "    print('loaded', [n for n in ('sqlalchemy', 'pydantic', 'sqlite3') if n in sys.modules], file=sys.stderr)\n"
    )
    for verb in ([], ["list"], ["verify"], ["export"]):
        answer = spawn("audit", *verb, "--help", code=code)
        assert (answer.code, answer.err.strip()) == (0, "loaded []")
