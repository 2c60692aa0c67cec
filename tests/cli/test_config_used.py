"""``config.toml`` instead of variables: opened by every command, and by nothing that was changed outside proxtui."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from proxtui.cli.session import Session
from proxtui.config.models import Role
from proxtui.core.acting import Acting
from proxtui.core.policy import Policy
from tests.cli.conftest import Call, Simulator, spawn
from tests.cli.test_lazy import LOADED
from tests.walks.terminal import Terminal


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("PROXTUI_KEYFILE", str(new_keyfile(tmp_path / "key")))
    return tmp_path / "xdg" / "proxtui" / "config.toml"


def new_keyfile(path: Path) -> Path:
    path.write_bytes(os.urandom(32))
    path.chmod(0o600)
    return path


def server_of(simulator: Simulator, **more: Any) -> dict[str, Any]:
    said = simulator.server
    return {
        "endpoints": [{"host": said["host"], "port": said["port"]}],
        "trust": {"mode": "fingerprint", "fingerprints": [said["fingerprint"]]},
        "credentials": {"token_id": said["token_id"], "token_secret": said["token_secret"]},
        **more,
    }


def put(call: Call, name: str, value: object) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(value).encode())))
        assert call("config", "set", name, "--stdin").code == 0


@pytest.fixture
def filled(call: Call, file: Path, simulator_process: Simulator) -> Path:
    assert call("config", "init", "--label", "anna").code == 0
    put(call, "tenants.acme", {"name": "Acme"})
    put(call, "tenants.acme.servers.prod", server_of(simulator_process))
    return file


def tenants_in(answer: str) -> set[str]:
    return {row["tenant"] for row in json.loads(answer)["rows"]}


def test_a_list_reads_the_servers_of_the_file(call: Call, filled: Path) -> None:
    answer = call("guests", "list", "--json")
    assert (answer.code, answer.err) == (0, "")
    assert tenants_in(answer.out) == {"acme"}


def test_opening_it_loads_no_pydantic(call: Call, filled: Path) -> None:
    environ = {name: os.environ[name] for name in ("XDG_CONFIG_HOME", "PROXTUI_KEYFILE", "XDG_STATE_HOME")}
    answer = spawn("guests", "list", code=LOADED, environ=environ)
    assert answer.code == 0, answer.err
    (told,) = [line for line in answer.err.splitlines() if line.startswith("loaded ")]
    assert "pydantic" not in told
    assert "cryptography" in told


def test_variables_of_a_server_win_and_the_file_is_not_opened(call: Call, filled: Path, simulator: Simulator) -> None:
    filled.write_text("broken", encoding="utf-8")
    answer = call("guests", "list", "--json")
    assert answer.code == 0
    assert tenants_in(answer.out) == {"default"}


def test_each_defect_of_key_and_file_has_its_exit_code(
    call: Call, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = filled.read_bytes()
    monkeypatch.setenv("PROXTUI_KEYFILE", str(new_keyfile(tmp_path / "other")))
    assert call("guests", "list").code == 3
    monkeypatch.setenv("PROXTUI_KEYFILE", str(tmp_path / "key"))
    filled.chmod(0o644)
    assert call("guests", "list").code == 7
    filled.chmod(0o600)
    for damaged, code in ((good[:-9], 4), (good.replace(b"format = 1", b"format = 2"), 6)):
        filled.write_bytes(damaged)
        assert call("guests", "list").code == code
        assert call("guests", "list").line
    filled.write_bytes(good)
    call("config", "set", "tenants.acme.colour", "red")
    filled.write_bytes(good)
    filled.with_name("config.toml.1").write_bytes(good)
    older = call("guests", "list")
    assert older.code == 5
    assert "--generation 1" in older.line
    assert call("config", "restore", "--generation", "1").code == 0
    assert call("guests", "list").code == 0


def test_a_wrong_passphrase_is_3_and_the_right_one_opens(call: Call, filled: Path, tmp_path: Path) -> None:
    def descriptor(text: str) -> str:
        reading, writing = os.pipe()
        os.write(writing, text.encode())
        os.close(writing)
        return f"--passphrase-fd={reading}"

    added = ("config", "add-key", "ben", "--every", "admin", "--new-" + descriptor("correct horse battery")[2:])
    assert call(*added).code == 0
    assert call(descriptor("wrong horse battery"), "guests", "list").code == 3
    assert call(descriptor("correct horse battery"), "guests", "list").code == 0
    assert call(descriptor("correct horse battery"), "config", "check").code == 0
    secret = tmp_path / "secret"
    secret.write_text("correct horse battery\n", encoding="utf-8")
    secret.chmod(0o600)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PROXTUI_KEYFILE")
        patch.setenv("PROXTUI_PASSPHRASE_COMMAND", f"cat {secret}")
        patch.setenv("PROXTUI_SLOT", "ben")
        assert call("guests", "list").code == 0
        patch.setenv("PROXTUI_SLOT", "anna")
        assert call("guests", "list").code == 3
        patch.delenv("PROXTUI_SLOT")
        patch.setenv("PROXTUI_PASSPHRASE_FILE", str(tmp_path / "missing"))
        assert call("guests", "list").code == 2


def test_a_changed_pin_is_refused_and_nobody_is_called(call: Call, filled: Path, simulator_process: Simulator) -> None:
    def connections() -> int:
        return sum(simulator_process.control("GET", "requests")["connections"].values())

    text = filled.read_text(encoding="utf-8")
    # The door through which the simulator is asked opens a connection itself.
    first = connections()
    own = connections() - first
    for changed in (
        text.replace(simulator_process.server["fingerprint"], ":".join(["AB"] * 32)),
        text.replace('mode = "fingerprint"', 'mode = "system"'),
        re.sub(r'(endpoints = "enc:1:[^:]*:.{20})(.)', lambda m: m[1] + ("A" if m[2] != "A" else "B"), text),
    ):
        assert changed != text
        filled.write_text(changed, encoding="utf-8")
        before = connections()
        assert call("guests", "list").code == 5
        assert connections() - before == own


def test_nobody_to_ask_is_one_line(call: Call, filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROXTUI_KEYFILE")
    answer = call("guests", "list")
    assert answer.code == 2
    assert "no terminal to ask on" in answer.line
    assert "PROXTUI_KEYFILE" in answer.line
    assert "needs a terminal" in call().line


def test_without_any_server_the_way_to_one_is_named(call: Call, file: Path) -> None:
    assert "proxtui config init" in call("guests", "list").line
    call("config", "init")
    answer = call("guests", "list")
    assert answer.code == 2
    assert "proxtui servers add" in answer.line


def test_without_any_server_the_dashboard_opens_where_one_is_added(call: Call, file: Path, tmp_path: Path) -> None:
    call("config", "init")
    names = ("XDG_CONFIG_HOME", "PROXTUI_KEYFILE")
    environ = {name: os.environ[name] for name in names} | {"HOME": str(tmp_path)}
    with Terminal([sys.executable, "-m", "proxtui"], environment=environ, columns=120) as terminal:
        terminal.wait_for("Servers  0 servers")
        terminal.wait_for("no server is configured")
        terminal.press("q")
        assert terminal.wait_exit() == 0
    for flag in ("--wall", "--monitor"):
        with Terminal([sys.executable, "-m", "proxtui", flag], environment=environ, columns=120) as terminal:
            terminal.wait_for("proxtui servers add")
            assert terminal.wait_exit() == 2


def test_what_a_key_leaves_closed_is_left_out_with_a_line(
    call: Call, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simulator_process: Simulator
) -> None:
    put(call, "tenants.beta", {"name": "Beta"})
    put(call, "tenants.beta.servers.lab", server_of(simulator_process))
    read_only = server_of(simulator_process)["credentials"]
    put(call, "tenants.acme.servers.seen", server_of(simulator_process, monitor=read_only))
    wall = tmp_path / "wall"
    assert call("config", "add-key", "wall", "--tenant", "acme=monitor", f"--new-keyfile={wall}").code == 0
    monkeypatch.setenv("PROXTUI_KEYFILE", str(wall))
    answer = call("guests", "list", "--json")
    assert answer.code == 0
    assert {(row["tenant"], row["server"]) for row in json.loads(answer.out)["rows"]} == {("acme", "seen")}
    told = answer.err.splitlines()
    assert len(told) == 2
    assert "acme / prod is left out" in told[0]
    assert re.search(r"tenant t_\w+ is left out: this key does not open it", told[1])


def test_an_unchecked_server_without_a_token_keeps_no_other_from_being_read(
    call: Call, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simulator_process: Simulator
) -> None:
    token = server_of(simulator_process)["credentials"]
    put(call, "tenants.acme.servers.seen", server_of(simulator_process, monitor=token))
    put(call, "tenants.acme.servers.open", server_of(simulator_process, trust={"mode": "off"}))
    wall = tmp_path / "wall"
    assert call("config", "add-key", "wall", "--every", "monitor", f"--new-keyfile={wall}").code == 0
    monkeypatch.setenv("PROXTUI_KEYFILE", str(wall))
    answer = call("nodes", "list", "--json")
    assert answer.code == 0
    assert {row["server"] for row in json.loads(answer.out)["rows"]} == {"seen"}


def policy() -> Policy:
    config = Session({}).configured()
    acting = Acting(config, None, {}, read_only=False, features=(), make_journal=None)  # type: ignore[arg-type]
    return Policy(config, acting.actor)


def test_the_key_says_who_acts_and_so_which_role_counts(
    call: Call, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert policy().role("acme") is Role.ADMIN
    put(call, "users.anna", {"roles": {"acme": "operator"}})
    assert policy().role("acme") is Role.OPERATOR
    monkeypatch.setenv("PROXTUI_ROLE", "admin")
    assert policy().role("acme") is Role.OPERATOR
    monkeypatch.setenv("PROXTUI_ROLE", "viewer")
    assert policy().role("acme") is Role.VIEWER
    monkeypatch.delenv("PROXTUI_ROLE")
    call("config", "unset", "users.anna")
    put(call, "users.ben", {"roles": {"acme": "admin"}})
    assert policy().role("acme") is Role.VIEWER
    assert "'anna' is of no configured user" in call("guests", "list").err


def test_a_role_by_variable_counts_where_no_users_are_configured(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXTUI_ROLE", "operator")
    assert policy().role("acme") is Role.OPERATOR


def test_of_file_and_variables_the_stricter_rule_counts(
    call: Call, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(call, "settings.write_mode", "timed")
    put(call, "settings.denied_operations", ["guests.delete"])
    for mode in ("always", "never"):
        monkeypatch.setenv("PROXTUI_WRITE_MODE", mode)
        assert {"timed", mode} <= {rules.write_mode for rules in Session({}).configured().rules("acme")}
    monkeypatch.setenv("PROXTUI_ALLOWED_OPERATIONS", "guests.*")
    monkeypatch.setenv("PROXTUI_DRY_RUN", "true")
    config = Session({"read_only": True}).configured()
    assert config.settings.read_only
    assert {("guests.*",), ("*",)} == {rules.allowed_operations for rules in config.rules("acme")}
    assert ("guests.delete",) in {rules.denied_operations for rules in config.rules("acme")}
    assert any(rules.dry_run for rules in config.rules("acme"))


def test_the_dashboard_asks_for_the_passphrase_first(call: Call, filled: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("correct horse battery", encoding="utf-8")
    with secret.open("rb") as given:
        added = f"--new-passphrase-fd={os.dup(given.fileno())}"
        assert call("config", "add-key", "ben", "--every", "admin", added).code == 0
    environ = {"XDG_CONFIG_HOME": os.environ["XDG_CONFIG_HOME"], "HOME": str(tmp_path)}
    with Terminal([sys.executable, "-m", "proxtui"], environment=environ, columns=120) as terminal:
        terminal.wait_for("Passphrase of the configuration")
        terminal.press("correct horse battery\r")
        terminal.wait_for("dev-git01")
        terminal.press("q")
        assert terminal.wait_exit() == 0
    assert b"correct horse" not in terminal.raw
