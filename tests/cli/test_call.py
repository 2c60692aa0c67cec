"""``proxtui call`` as a script calls it, and ``proxtui.functions.invoke`` as a program does."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from proxtui.functions import FUNCTIONS, FunctionError, invoke
from tests.cli.conftest import Answer, Call, Simulator
from tests.cli.vaulted import PASSPHRASE, keyfile_in, vault_over, with_key

NO_TOKEN = "root@pam!full=11111111-2222-3333-4444-555555555555"


def refused(answer: Answer, status: int, code: int) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(answer.out)
    assert (set(told), told["details"]["status"], answer.code) == ({"error", "details"}, status, code)
    assert answer.line == told["error"]
    return told


def stdin(monkeypatch: pytest.MonkeyPatch, text: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text)))


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simulator_process: Simulator) -> Path:
    """A configuration over the simulator; gives a keyfile of ben."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    return with_key(vault_over(simulator_process), tmp_path, "ben", "admin")


def test_an_answer_is_json_and_nothing_else(call: Call, simulator: Simulator) -> None:
    answer = call("call", "list-vms", "{}")
    assert (answer.code, answer.err) == (0, "")
    assert len(json.loads(answer.out)["vms"]) == 20


def test_a_body_comes_from_stdin(call: Call, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, b'{"path": "/version"}')
    assert json.loads(call("call", "proxmox-api", "-").out)["data"]["version"].startswith("8.4")


@pytest.mark.parametrize(
    ("name", "body"),
    [("vm-actions", "{}"), ("list-vms", "{"), ("list-vms", "[]"), ("list-vms", '{"x": 1}'), ("tenants", "{}")],
)
def test_a_wrong_request_is_400_before_anything_is_opened(call: Call, name: str, body: str) -> None:
    refused(call("call", name, body), 400, 2)


def test_a_secret_is_refused_as_an_argument_and_never_repeated(call: Call, simulator: Simulator) -> None:
    body = json.dumps({"host": "pve1.example", "port": 8006, "apiToken": NO_TOKEN})
    answer = call("call", "connectivity-test", body)
    told = refused(answer, 400, 2)
    assert "apiToken" in told["error"]
    assert "stdin" in told["error"]
    assert NO_TOKEN.rpartition("=")[2] not in answer.out + answer.err
    nested = json.dumps({"path": "/access/users", "method": "POST", "body": {"userid": "x@pve", "password": "hush"}})
    refused(call("call", "proxmox-api", nested), 400, 2)


def test_a_closed_configuration_is_401(call: Call, vault: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, b"")
    told = refused(call("call", "list-vms"), 401, 11)
    assert "proxtui unlock" in told["error"]
    with pytest.raises(FunctionError) as caught:
        invoke("list-vms", {})
    assert caught.value.status == 401


def test_a_wrong_key_is_401_too(call: Call, vault: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXTUI_KEYFILE", str(keyfile_in(tmp_path, "other")))
    refused(call("call", "tenants", '{"action": "list"}'), 401, 11)


def test_the_lock_is_403(call: Call, simulator: Simulator) -> None:
    one = json.loads(call("call", "list-vms").out)["vms"][0]
    body = {"node": one["node"], "vmid": one["vmid"], "vmType": one["type"], "action": "start"}
    refused(call("--read-only", "call", "vm-actions", json.dumps(body)), 403, 13)


def test_a_privilege_that_the_login_lacks_is_403_and_12(
    call: Call, simulator_process: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    key = with_key(
        vault_over(simulator_process, full={"username": "auditor@pve", "password": "sim-auditor"}),
        tmp_path, "root", "admin",
    )  # fmt: skip
    monkeypatch.setenv("PROXTUI_KEYFILE", str(key))
    body = json.dumps({"path": "/pools", "method": "POST", "body": {"poolid": "mine"}})
    answer = call("call", "proxmox-api", body)
    refused(answer, 403, 12)


def test_what_is_not_there_is_404(call: Call, simulator: Simulator) -> None:
    refused(call("call", "no-such-function"), 404, 14)
    refused(call("call", "list-vms", '{"serverId": "nope"}'), 404, 14)


def test_what_fails_is_500(call: Call, simulator: Simulator) -> None:
    with simulator.fault("status", status=503):
        refused(call("call", "list-vms"), 500, 1)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_tells_its_schema_and_asks_nothing_for_it(call: Call, name: str) -> None:
    told = json.loads(call("call", name, "--schema").out)
    assert (set(told), told["name"]) == ({"name", "request", "response"}, name)
    text = json.dumps(told)
    assert "server_id" not in text
    assert "tenant_id" not in text


def test_an_untrusted_certificate_gets_no_token_and_shows_its_fingerprint(
    call: Call, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = simulator.server
    body = {"host": said["host"], "port": said["port"], "apiToken": f"{said['token_id']}={said['token_secret']}"}
    before = simulator.control("GET", "requests")["total"]
    stdin(monkeypatch, json.dumps(body).encode())
    answer = call("call", "connectivity-test", "-")
    told = json.loads(answer.out)
    assert (answer.code, told["success"], told["version"]) == (0, False, None)
    assert told["fingerprint"] == said["fingerprint"]
    assert simulator.control("GET", "requests")["total"] == before
    stdin(monkeypatch, json.dumps(body | {"fingerprint": said["fingerprint"]}).encode())
    told = json.loads(call("call", "connectivity-test", "-").out)
    assert (told["success"], told["error"]) == (True, None)
    assert told["version"].startswith("8.4")
    assert told["responseTime"] > 0


def test_a_program_opens_the_configuration_by_a_named_key(
    vault: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    word = tmp_path / "word"
    word.write_text(PASSPHRASE)
    word.chmod(0o600)
    monkeypatch.setenv("PROXTUI_PASSPHRASE_FILE", str(word))
    assert [one["id"] for one in invoke("tenants", {"action": "list"})["tenants"]] == ["acme"]
    assert len(invoke("list-vms", {"tenantId": "acme"})["vms"]) == 20


def test_a_program_learns_of_what_is_wrong_before_a_key_is_needed(vault: Path) -> None:
    for name, body, status in (("nope", {}, 404), ("list-vms", {"serverId": 7}, 400)):
        with pytest.raises(FunctionError) as caught:
            invoke(name, body)
        assert caught.value.status == status
