"""A deleted state folder from the command line: ``audit verify`` names it, ``audit begin`` begins anew on purpose."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from proxtui.features.audit.places import usual_files
from tests.cli.conftest import Call
from tests.cli.vaulted import keyfile_in, usual_seat
from tests.config.vaults import configured
from tests.features.audits import Audit, entry


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr("proxtui.config.paths.syslog_socket", lambda: tmp_path / "no-log")


@pytest.fixture
def key(tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of a configuration that somebody changed once; from now on it is named."""
    path = keyfile_in(tmp_path, "root.key")
    monkeypatch.setenv("PROXTUI_KEYFILE", str(path))
    assert call("config", "init").code == 0
    assert call("config", "set", "settings.interval", "5").code == 0
    return path


def seqs(call: Call) -> list[tuple[int, str]]:
    rows = json.loads(call("audit", "list", "--json").out)["rows"]
    return [(row["seq"], row["event"]) for row in reversed(rows)]


def deleted(call: Call) -> int:
    """The number of the last row of a state folder that is gone now."""
    last = seqs(call)[-1][0]
    shutil.rmtree(usual_files().folder)
    return last


@pytest.mark.usefixtures("key")
def test_verify_says_what_the_configuration_knows(call: Call) -> None:
    before = configured(usual_seat().path)
    whole = json.loads(call("audit", "verify", "--json").out)
    assert (whole["whole"], whole["noted"]) == (True, whole["last"])
    last = deleted(call)
    assert last == whole["last"] + 1
    found = call("audit", "verify")
    assert (found.code, found.out) == (5, f"{usual_files().db} is gone: config.toml knows rows up to {last}\n")
    told = json.loads(call("audit", "verify", "--json").out)
    assert (told["details"]["exit_code"], told["details"]["noted"]) == (5, last)
    assert configured(usual_seat().path) == before


@pytest.mark.usefixtures("key")
def test_nothing_is_changed_before_it_is_begun_anew(call: Call) -> None:
    last = deleted(call)
    refused = call("config", "set", "settings.interval", "6")
    assert refused.code == 9
    assert f"config.toml knows {last} rows" in refused.line
    assert "`proxtui audit begin`" in refused.line
    assert call("audit", "begin", "--yes").code == 2
    assert call("audit", "begin", "--yes", "--reason", " ").code == 2
    assert call("--read-only", "audit", "begin", "--yes", "--reason", "x").code == 13
    # Nobody is there to ask.
    assert call("audit", "begin", "--reason", "x").code == 2
    done = call("audit", "begin", "--yes", "--reason", "the disk was changed", "--json")
    # The row of the key comes before it.
    assert json.loads(done.out) == {"seq": last + 2, "before": last, "aside": ""}
    assert call("config", "set", "settings.interval", "6").code == 0
    assert call("audit", "verify").code == 0
    assert seqs(call)[:2] == [(last + 1, "audit.key"), (last + 2, "audit.begin")]
    shown = call("audit", "show", str(last + 2))
    assert "the disk was changed" in shown.out
    assert f"what was written up to row {last} is not judged any more" in shown.out


@pytest.mark.usefixtures("key")
def test_a_whole_audit_is_not_begun_anew(call: Call) -> None:
    before = seqs(call)
    refused = call("audit", "begin", "--yes", "--reason", "x")
    assert refused.code == 2
    assert refused.line.startswith("there is nothing to begin anew: the audit is whole")
    assert seqs(call) == before


@pytest.mark.usefixtures("key")
def test_a_closed_configuration_still_tells_that_rows_are_gone(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    last = deleted(call)
    monkeypatch.delenv("PROXTUI_KEYFILE")
    found = call("audit", "verify")
    assert (found.code, f"config.toml knows rows up to {last}" in found.out) == (5, True)
    for verb in (("begin", "--reason", "x"), ("prune",)):
        refused = call("audit", *verb, "--yes")
        assert refused.code == 2
        assert refused.line.startswith("config.toml is closed: `proxtui unlock`")
    assert not usual_files().db.exists()


def test_without_a_configuration_it_is_begun_under_the_key_file(call: Call) -> None:
    assert call("audit", "begin", "--yes", "--reason", "x").line.startswith("there is nothing to begin anew")
    Audit(usual_files()).write(entry(), entry())
    usual_files().db.unlink()
    assert call("audit", "verify").code == 5
    assert call("audit", "begin", "--yes", "--reason", "deleted by mistake").code == 0
    assert call("audit", "verify").code == 0
    assert seqs(call)[0] == (3, "audit.begin")
