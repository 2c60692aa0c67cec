"""``proxtui db``, and every command of the audit, over the PostgreSQL that variables or the configuration name."""

from __future__ import annotations

import io
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from proxtui.config.paths import config_file
from proxtui.config.vault import slots, unlocking
from proxtui.features.audit.places import AuditFiles, usual_files
from tests.cli.conftest import Call
from tests.cli.vaulted import PASSPHRASE, usual_seat, with_key
from tests.config.vaults import CHEAP
from tests.features.audits import Audit, run, several
from tests.features.metricses import MIDNIGHT, called, opened
from tests.postgres import Postgres, needs_postgres


@pytest.fixture(autouse=True)
def _no_system_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("proxtui.config.paths.syslog_socket", lambda: tmp_path / "no-log")


@needs_postgres
def test_the_audit_moves_from_its_file_to_the_server(
    call: Call, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    Audit(usual_files()).write(*several(12))
    assert call("db", "copy").code == 2
    url = postgres.database()
    monkeypatch.setenv("PROXTUI_DATABASE_URL", url.get_secret_value())
    assert json.loads(call("db", "info", "--json").out)["databases"][0]["exists"] is False
    assert call("audit", "list").line.startswith("there is no audit yet")
    assert call("--read-only", "db", "copy").code == call("--read-only", "db", "migrate").code == 13
    done = json.loads(call("db", "copy", "--json").out)["audit"]
    assert (done["rows"], done["copied"], done["there"]) == (12, 12, 0)
    again = call("db", "copy")
    assert "0 copied now, 12 were there" in again.out, again.err
    assert call("audit", "verify").code == 0
    assert len(json.loads(call("audit", "list", "--json").out)["rows"]) == 13
    assert call("audit", "show", "3").code == 0
    assert len(call("audit", "export").out.splitlines()) == 15
    assert call("audit", "prune", "--dry-run").code == 0
    known = json.loads(call("db", "info", "--json").out)["databases"][0]
    assert (known["shared"], known["rows"], known["version"]) == (True, 14, known["newest"])
    assert known["chains"] == [known["chain"]] == [done["chain"]]
    assert json.loads(call("audit", "list", "--chain", "no-such", "--json").out)["rows"] == []
    assert call("db", "migrate").out.splitlines()[0] == "audit: version 2 -> 2"
    run(url, "UPDATE proxtui_schema SET version = 9")
    assert call("db", "migrate").code == 6
    run(url, "SET session_replication_role = replica", "DELETE FROM audit WHERE seq = 5")
    assert call("audit", "verify").code == 6


@needs_postgres
def test_the_address_is_sealed_and_shown_nowhere(
    call: Call, postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = unlocking.create(usual_seat(), "anna", slots.new_passphrase(PASSPHRASE), cost=CHEAP)
    monkeypatch.setenv("PROXTUI_KEYFILE", str(with_key(vault, tmp_path, "job", "admin")))
    url = postgres.database()
    address = url.get_secret_value().replace("ours@", "ours:hunter22@")
    refused = call("config", "set", "settings.database_url", json.dumps(address))
    assert refused.code == 2
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(address.encode())))
    made = call("config", "set", "settings.database_url", "--stdin")
    assert made.code == 0, made.err
    text = config_file().read_text()
    assert "hunter22" not in text
    assert str(postgres.folder) not in text
    for words in (["config", "show"], ["config", "show", "--json"], ["settings", "show", "--json"], ["db", "info"]):
        shown = call(*words)
        assert shown.code == 0, shown.err
        assert "hunter22" not in shown.out + shown.err
    info = json.loads(call("db", "info", "--json").out)["databases"][0]
    assert (info["chain"], info["place"]) == (vault.file_id, f"postgresql://ours@{address.partition('@')[2]}")
    # The change after it is told where the address says.
    assert call("settings", "set", "interval=5").code == 0
    assert run(url, "SELECT DISTINCT chain FROM audit") == [(vault.file_id,)]
    assert call("audit", "verify").code == 0
    monkeypatch.delenv("PROXTUI_KEYFILE")
    assert "proxtui unlock" in call("audit", "list").line


def test_without_the_server_changes_are_refused_in_one_line(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psycopg")
    monkeypatch.setenv("PROXTUI_DATABASE_URL", f"postgresql://a:hunter22@/x?host={tmp_path}")
    for words in (["audit", "verify"], ["db", "migrate"], ["db", "info"]):
        answer = call(*words)
        assert answer.code == 10, words
        assert "hunter22" not in answer.line
    monkeypatch.setenv("PROXTUI_DATABASE_URL", "mysql://a:hunter22@b/c")
    wrong = call("audit", "list")
    assert (wrong.code, "hunter22" in wrong.line) == (2, False)


def test_an_old_file_is_brought_up_to_date(call: Call) -> None:
    assert call("db", "migrate").out == "there is nothing yet\n"
    audit = Audit(AuditFiles(usual_files().folder))
    audit.write(*several(2))
    assert "2 rows" in call("db", "info").out
    assert call("db", "migrate").out == "audit: version 2 -> 2\n"


def metrics_of(folder: Path, count: int) -> None:
    """Calls that this machine recorded into its file."""
    with closing(opened(folder)) as metrics:
        metrics.record([called(MIDNIGHT - at) for at in range(count)])


@needs_postgres
def test_the_metrics_move_with_the_audit_and_are_there_once(
    call: Call, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxtui.features.metrics.copying.CHUNK", 10)
    Audit(usual_files()).write(*several(3))
    metrics_of(usual_files().folder, 25)
    url = postgres.database()
    monkeypatch.setenv("PROXTUI_DATABASE_URL", url.get_secret_value())
    first = call("db", "copy")
    assert first.err.splitlines() == ["proxtui: metrics: 10 of 25 (40 %)", "proxtui: metrics: 20 of 25 (80 %)"]
    assert first.out.splitlines()[1] == "metrics: 25 calls, 25 copied now, 0 were there"
    assert first.out.splitlines()[0].endswith("verified")
    again = json.loads(call("db", "copy", "--json").out)
    assert again["metrics"] == {"rows": 25, "copied": 0, "there": 25}
    assert again["audit"]["copied"] == 0
    assert run(url, "SELECT count(*) FROM metric_calls") == [(25,)]
    assert run(url, "SELECT sum(attempts) FROM metric_hours") == [(25,)]
    known = {one["name"]: one for one in json.loads(call("db", "info", "--json").out)["databases"]}
    assert (known["metrics"]["rows"], known["metrics"]["shared"]) == (25, True)
    assert call("metrics", "errors").code == 0


@needs_postgres
def test_metrics_alone_are_copied_too(call: Call, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXTUI_DATABASE_URL", postgres.database().get_secret_value())
    refused = call("db", "copy")
    assert (refused.code, "nothing to copy" in refused.line) == (14, True)
    metrics_of(usual_files().folder, 2)
    done = json.loads(call("db", "copy", "--json").out)
    assert done == {"audit": None, "metrics": {"rows": 2, "copied": 2, "there": 0}}


@needs_postgres
@pytest.mark.parametrize("name", ["audit", "metrics"])
@pytest.mark.parametrize("where", ["file", "server"])
def test_nothing_is_copied_from_or_into_what_is_newer(
    call: Call, postgres: Postgres, monkeypatch: pytest.MonkeyPatch, name: str, where: str
) -> None:
    folder = usual_files().folder
    Audit(usual_files()).write(*several(3))
    metrics_of(folder, 2)
    url = postgres.database()
    monkeypatch.setenv("PROXTUI_DATABASE_URL", url.get_secret_value())
    assert call("db", "migrate").code == 0
    if where == "server":
        run(url, f"UPDATE proxtui_schema SET version = 9 WHERE name = '{name}'")  # noqa: S608 # a name of ours
    else:
        with closing(sqlite3.connect(folder / f"{name}.db")) as connection:
            connection.execute("PRAGMA user_version=9")
    answer = call("db", "copy")
    assert answer.code == 6
    assert "version 9, of a newer proxtui than this one" in answer.line
    assert "nothing was copied" in answer.line
    assert run(url, "SELECT (SELECT count(*) FROM audit) + (SELECT count(*) FROM metric_calls)") == [(0,)]


@needs_postgres
def test_an_audit_that_does_not_prove_itself_at_its_end_is_said(
    call: Call, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    Audit(usual_files()).write(*several(3))
    url = postgres.database()
    monkeypatch.setenv("PROXTUI_DATABASE_URL", url.get_secret_value())
    assert call("db", "copy").code == 0
    run(url, "SET session_replication_role = replica", "UPDATE audit SET body = replace(body, 'alice', 'mallo')")
    answer = call("db", "copy")
    assert answer.code == 9
    assert "is not what was written" in answer.line
    assert str(postgres.folder) in answer.line
