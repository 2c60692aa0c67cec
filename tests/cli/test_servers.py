"""``proxtui servers`` as a script calls it, over a real simulator: each verb, each refusal, and never a secret."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Answer, Call, Simulator

PIN = ":".join(["AB"] * 32)


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    path = tmp_path / "key"
    path.write_bytes(os.urandom(32))
    path.chmod(0o600)
    monkeypatch.setenv("PROXTUI_KEYFILE", str(path))
    return path


Typed = Callable[..., Answer]


@pytest.fixture
def typed(call: Call) -> Typed:
    """``typed("secret", "servers", "add", ...)``: the first goes to stdin."""

    def run(text: str, *arguments: str) -> Answer:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
            return call(*arguments)

    return run


@pytest.fixture
def add(typed: Typed, key: Path, simulator_process: Simulator) -> Typed:
    """Add the simulator as ``acme/NAME``."""
    said = simulator_process.server

    def run(name: str = "prod", *more: str, secret: str = "", pinned: bool = True) -> Answer:
        pin = ("--fingerprint", said["fingerprint"]) if pinned else ()
        place = ("--tenant", "acme", "--name", name, "--host", said["host"], "--port", str(said["port"]))
        login = ("--token-id", said["token_id"], "--token-secret-stdin")
        return typed(secret or said["token_secret"], "servers", "add", *place, *login, *pin, "--json", *more)

    return run


@pytest.fixture(autouse=True)
def _nothing_secret_is_said(
    capfd: pytest.CaptureFixture[str], call: Call, simulator_process: Simulator, tmp_path: Path, request: Any
) -> Iterator[None]:
    """No secret stands in the audit or in the file, in clear."""
    yield
    secret = simulator_process.server["token_secret"].encode()
    for path in (*tmp_path.rglob("*.db*"), *tmp_path.rglob("config.toml*")):
        assert secret not in path.read_bytes(), path


def events(call: Call) -> list[tuple[str, str, str | None]]:
    rows = json.loads(call("audit", "list", "--json", "--limit", "500").out)["rows"]
    return [(row["event"], row["phase"], row["result"]) for row in reversed(rows)]


def test_the_first_server_makes_the_configuration_and_its_tenant(
    call: Call, add: Typed, simulator_process: Simulator
) -> None:
    answer = add()
    assert answer.code == 0, answer.err
    told = json.loads(answer.out)
    assert (told["tenant"], told["name"], told["trust"], told["status"]) == ("acme", "prod", "fingerprint", "online")
    assert told["token_id"] == simulator_process.server["token_id"]
    assert simulator_process.server["token_secret"] not in answer.out + answer.err
    assert {row["tenant"] for row in json.loads(call("guests", "list", "--json").out)["rows"]} == {"acme"}
    assert [one[:2] for one in events(call) if one[0] != "audit.key"] == [
        ("tenants.create", "intent"),
        ("tenants.create", "outcome"),
        ("servers.add", "intent"),
        ("servers.add", "outcome"),
    ]


def test_an_untrusted_certificate_is_shown_and_gets_no_token(
    call: Call, add: Typed, simulator_process: Simulator
) -> None:
    simulator_process.control("DELETE", "requests")
    answer = add(pinned=False)
    assert answer.code == 10
    pin = simulator_process.server["fingerprint"]
    told = json.loads(answer.out)
    assert told["details"]["certificate"]["fingerprint"] == pin
    (again,) = [line for line in answer.err.splitlines() if "servers add" in line]
    assert f"--fingerprint {pin}" in again
    assert "--token-secret-stdin" in again
    assert "SHA-256" in answer.err
    assert simulator_process.server["token_secret"] not in answer.out + answer.err
    assert simulator_process.control("GET", "requests")["total"] == 0
    assert json.loads(call("servers", "list", "--json").out)["rows"] == []
    assert add().code == 0


def test_nothing_is_added_that_does_not_answer_or_let_us_in(call: Call, add: Typed, typed: Typed) -> None:
    refused = add(secret="00000000-0000-4000-8000-00000000dead")
    assert refused.code == 11
    assert "dead" not in refused.out + refused.err
    silent = ("--tenant", "acme", "--name", "gone", "--host", "127.0.0.1", "--port", "1", "--fingerprint", PIN)
    assert typed("mon@pve!x=abc-def", "servers", "add", *silent, "--token-secret-stdin").code == 10
    unchecked = typed("mon@pve!x=abc-def", "servers", "add", *silent, "--token-secret-stdin", "--unchecked", "--json")
    assert unchecked.code == 0
    assert json.loads(unchecked.out)["token_id"] == "mon@pve!x"
    health = call("servers", "health-check", "--json")
    assert health.code == 10
    assert [row["status"] for row in json.loads(health.out)["rows"]] == ["offline"]


def test_wrong_input_is_2_and_names_the_field(add: Typed, typed: Typed, key: Path) -> None:
    assert add().code == 0
    assert "a server of that name" in add().err
    assert "is there already" in add("again").err
    assert add("again").code == 2
    assert add("Bad Name").code == 2
    common = (
        "servers",
        "add",
        "--tenant",
        "acme",
        "--name",
        "x",
        "--host",
        "pve9",
        "--unchecked",
        "--token-secret-stdin",
    )
    for secret in ("no token at all!", "a@b=c", "user@pve!id=with space"):
        answer = typed(secret, *common)
        assert answer.code == 2
        assert secret not in answer.err
    assert typed("abc", *common, "--token-id", "mon@pve!x=abc").code == 2
    assert typed("mon@pve!x=abc-def", "servers", "add", "--tenant", "nobody", *common[4:]).code == 14


def test_change_switch_and_delete(call: Call, add: Typed, typed: Typed) -> None:
    add()
    changed = call("servers", "update", "prod", "--timeout-ms", "5000", "--tailscale-hostname", "pve.ts.net", "--json")
    told = json.loads(changed.out)
    assert (told["connectionTimeout"], told["tailscaleHostname"], told["useTailscale"]) == (5000, "pve.ts.net", True)
    told = json.loads(
        call("servers", "update", "acme/prod", "--no-tailscale", "--jump", "ops@jump:2222", "--unchecked", "--json").out
    )
    assert (told["tailscaleHostname"], told["jumps"]) == (None, ["ops@jump:2222"])
    told = json.loads(call("servers", "update", "prod", "--no-jump", "--name", "main", "--json").out)
    assert (told["name"], told["jumps"]) == ("main", [])
    assert call("servers", "deactivate", "main").code == 0
    assert json.loads(call("servers", "show", "main", "--json").out)["status"] == "off"
    assert call("guests", "list").code == 2
    assert call("servers", "activate", "main").code == 0
    assert call("servers", "health-check").code == 0
    assert call("servers", "update", "main").code == 2
    assert call("servers", "show", "prod").code == 14
    missing = call("servers", "delete", "NOSUCH")
    assert (missing.code, "there is no server 'NOSUCH'" in missing.line) == (14, True)
    missing = call("servers", "merge", "main", "NOSUCH")
    assert (missing.code, "there is no server 'NOSUCH'" in missing.line) == (14, True)
    assert "needs --yes" in call("servers", "delete", "main").line
    assert "still good in PVE" in call("servers", "delete", "main", "--yes").out
    assert json.loads(call("servers", "list", "--json").out)["rows"] == []
    names = {event for event, _, result in events(call) if result == "ok"}
    assert {"servers.add", "servers.update", "servers.delete"} <= names


def test_list_with_check_as_table_json_and_csv(call: Call, add: Typed) -> None:
    add()
    plain = json.loads(call("servers", "list", "--json").out)["rows"]
    assert plain[0]["status"] is None
    (row,) = json.loads(call("servers", "list", "--check", "--json").out)["rows"]
    assert (row["status"], row["path"], row["error"]) == ("online", "direct", None)
    assert row["ms"] > 0
    assert row["expires"] > 0
    assert "online" in call("servers", "list", "--check").out
    assert call("servers", "list", "--csv").out.startswith("tenant,server,status")
    assert call("servers", "list", "--tenant", "beta").code == 14


def test_trust_is_shown_pinned_and_rotated(call: Call, add: Typed, simulator_process: Simulator) -> None:
    add()
    pin = simulator_process.server["fingerprint"]
    told = json.loads(call("servers", "trust", "prod", "--json").out)
    assert told["seen"][0]["fingerprint"] == pin
    assert told["seen"][0]["is_pinned"] is True
    assert "(pinned)" in call("servers", "trust", "prod").out
    both = json.loads(call("servers", "trust", "prod", "--fingerprint", PIN, "--add", "--json").out)
    assert both["fingerprints"] == [pin, PIN]
    third, fourth = ":".join(["CD"] * 32), ":".join(["EF"] * 32)
    assert call("servers", "trust", "prod", "--fingerprint", third, "--add").code == 0
    assert "at most 3 pins" in call("servers", "trust", "prod", "--fingerprint", fourth, "--add").line
    assert call("servers", "trust", "prod", "--remove", pin).code == 0
    assert call("servers", "health-check").code == 10
    assert "not pinned" in call("servers", "trust", "prod", "--remove", pin).line
    assert call("servers", "trust", "prod", "--system").code == 0
    assert json.loads(call("servers", "show", "prod", "--json").out)["trust"] == "system"
    assert call("servers", "trust", "prod", "--fingerprint", pin).code == 0
    assert call("servers", "health-check").code == 0
    assert call("servers", "trust", "prod", "--fingerprint", "nonsense").code == 2
    assert call("servers", "trust", "prod", "--system", "--remove", pin).code == 2
    assert call("servers", "trust", "prod", "--add").code == 2


def test_the_other_nodes_tell_their_fingerprints_through_the_trusted_one(
    call: Call, add: Typed, simulator_process: Simulator
) -> None:
    add()
    pin = simulator_process.server["fingerprint"]
    told = json.loads(call("servers", "trust", "prod", "--fetch", "--json").out)
    assert told["nodes"]
    assert told["fingerprints"] == [pin]
    told = json.loads(call("servers", "trust", "prod", "--fetch", "--add", "--json").out)
    assert set(told["fingerprints"]) == {pin, *told["nodes"].values()}
    assert call("servers", "trust", "prod", "--fetch", "--system").code == 2
    call("servers", "trust", "prod", "--remove", pin)
    assert call("servers", "trust", "prod", "--fetch").code in (0, 10)


def test_nodes_of_one_cluster_are_named_and_merged(
    call: Call, add: Typed, typed: Typed, simulator_process: Simulator
) -> None:
    add()
    said = simulator_process.server
    second = ("--tenant", "acme", "--name", "other", "--host", "localhost", "--port", str(said["port"]))
    login = ("--fingerprint", said["fingerprint"], "--token-id", said["token_id"], "--token-secret-stdin")
    assert typed(said["token_secret"], "servers", "add", *second, *login).code == 0
    assert "servers merge acme/prod acme/other" in call("servers", "health-check").err
    assert call("servers", "merge", "prod", "other").code == 2
    told = json.loads(call("servers", "merge", "prod", "other", "--yes", "--json").out)
    assert told["endpoints"] == [f"{said['host']}:{said['port']}", f"localhost:{said['port']}"]
    assert call("servers", "show", "other").code == 14
    assert call("servers", "merge", "prod", "prod", "--yes").code == 2


def test_import_tells_each_line(call: Call, key: Path, tmp_path: Path) -> None:
    call("config", "init")
    call("tenants", "create", "Acme")
    file = tmp_path / "servers.csv"
    file.write_text(
        "name,host,port,token,timeout,fingerprint\n"
        f"one,pve1,8006,mon@pve!x=secret-one,10,{PIN}\n"
        "two,pve2,,no-token,10,\n"
        "three,pve1,8006,mon@pve!y=secret-three,10,\n"
        "four,pve4,99999,mon@pve!x=secret-four,10,\n"
        "five,pve5,8006,mon@pve!x=secret-five,long,\n"
        "\n"
        "six,https://pve6:8007,,mon@pve!x=secret-six,7.5,\n",
        encoding="utf-8",
    )
    open_to_all = call("servers", "import", str(file), "--tenant", "acme")
    assert open_to_all.code == 7
    assert "chmod 600" in open_to_all.line
    file.chmod(0o600)
    rehearsed = call("servers", "import", str(file), "--tenant", "acme", "--dry-run", "--json")
    real = call("servers", "import", str(file), "--tenant", "acme", "--json")
    assert (rehearsed.code, real.code) == (2, 2)
    for answer in (rehearsed, real):
        told = json.loads(answer.out)
        assert told["success"] == 2
        assert [one["line"] for one in told["failed"]] == [3, 4, 5, 6]
        assert "secret-" not in answer.out + answer.err
    rows = {row["server"]: row for row in json.loads(call("servers", "list", "--json").out)["rows"]}
    assert set(rows) == {"one", "six"}
    assert json.loads(call("servers", "show", "six", "--json").out)["connectionTimeout"] == 7500
    assert call("servers", "import", str(tmp_path / "none.csv")).code == 2
    file.write_text("name,secret\nx,y\n", encoding="utf-8")
    assert "heading" in call("servers", "import", str(file)).line


def test_another_cluster_is_refused_until_somebody_accepts_it(
    call: Call, add: Typed, simulator_process: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert add("prod", "--more-host", f"localhost:{simulator_process.server['port']}").code == 0
    assert call("servers", "health-check").code == 0
    kept = tmp_path / "state" / "proxtui" / "clusters.json"
    known = json.loads(kept.read_text())
    (entry,) = known["servers"].values()
    ours, entry["name"] = entry["name"], "another"
    kept.write_text(json.dumps(known))
    for answer in (call("servers", "health-check", "--json"), call("guests", "list", "--json")):
        assert answer.code == 10
        assert answer.code == 10
        assert f"belongs to cluster {ours}, not cluster another: not used. Was it rebuilt" in answer.out
        assert "`proxtui servers trust acme/prod --new-cluster`" in answer.out
    assert call("servers", "trust", "prod", "--new-cluster", "--system").code == 2
    assert "says which cluster it is" in call("servers", "trust", "acme/prod", "--new-cluster").out
    assert call("guests", "list").code == 0
    assert json.loads(kept.read_text())["servers"].popitem()[1]["name"] == ours


def test_read_only_and_roles_refuse_and_the_audit_tells_it(
    call: Call, add: Typed, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add()
    assert call("--read-only", "servers", "deactivate", "prod").code == 13
    for name, role in (("ben", "operator"), ("tina", "admin")):
        made = call("users", "add", name, "--role", f"acme={role}", f"--new-keyfile={tmp_path / name}")
        assert made.code == 0, made.err
    monkeypatch.setenv("PROXTUI_KEYFILE", str(tmp_path / "ben"))
    for verb in (("deactivate", "prod"), ("delete", "prod", "--yes"), ("trust", "prod", "--fingerprint", PIN)):
        answer = call("servers", *verb)
        assert answer.code == 13
        assert "role admin in acme" in answer.line
    assert add("second").code in (2, 13)
    monkeypatch.setenv("PROXTUI_KEYFILE", str(tmp_path / "tina"))
    assert call("servers", "update", "prod", "--timeout-ms", "9000").code == 0
    assert call("tenants", "create", "Beta").code == 13
    assert call("settings", "set", "interval=9").code == 13
    assert call("tenants", "update", "acme", "--colour", "#112233").code == 0
    assert call("tenants", "update", "acme", "--name", "Other").code == 13
    monkeypatch.setenv("PROXTUI_KEYFILE", str(key))
    denied = [event for event, phase, result in events(call) if result == "denied" and phase == "single"]
    assert denied.count("servers.update") == 2
    assert {"servers.delete", "tls.pin_changed", "tenants.create", "settings.change", "tenants.update"} <= set(denied)


def test_nobody_to_ask_and_no_configuration_is_one_line(call: Call, key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "proxtui config init" in call("servers", "list").line
    call("config", "init")
    place = ("--tenant", "acme", "--name", "x", "--host", "pve1", "--token-id", "mon@pve!x")
    assert "no terminal to ask on" in call("servers", "add", *place).line
    monkeypatch.delenv("PROXTUI_KEYFILE")
    assert call("servers", "list").code == 2
