"""Servers that are wrong, absent or something else: one clear line, the right exit code, never a traceback."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.conftest import Call, Simulator

TOKEN = {"PROXMOX_TOKEN_ID": "a@pve!b", "PROXMOX_TOKEN_SECRET": "0b9a3a4e-1111-2222-3333-444455556666"}
HTML = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nContent-Length: 13\r\n\r\n<html></html>"


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in TOKEN.items():
        monkeypatch.setenv(name, value)


@contextmanager
def plain_server(answer: bytes) -> Iterator[str]:
    """Speaks no TLS: sends ``answer`` to whoever says something, and closes. Gives ``host:port``."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:  # the test is over
                    return
                with peer:
                    peer.recv(4096)
                    peer.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        host, port = listener.getsockname()
        try:
            yield f"{host}:{port}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.mark.usefixtures("token")
def test_unknown_host(call: Call) -> None:
    answer = call("--host", "no-such-host.invalid", "guests", "list")
    assert (answer.code, answer.out) == (10, "")
    assert "no-such-host.invalid" in answer.line


@pytest.mark.usefixtures("token")
def test_refused_port(call: Call) -> None:
    answer = call("--host", f"127.0.0.1:{free_port()}", "guests", "list")
    assert (answer.code, answer.out) == (10, "")
    assert "refused" in answer.line


@pytest.mark.usefixtures("token")
@pytest.mark.parametrize("said", [HTML, b"220 mail.example.com ESMTP\r\n", b""])
def test_a_server_that_speaks_no_tls(call: Call, said: bytes) -> None:
    with plain_server(said) as endpoint:
        answer = call("--host", endpoint, "guests", "list")
    assert (answer.code, answer.out) == (10, "")
    assert "TLS" in answer.line


@pytest.mark.usefixtures("token")
def test_json_names_the_cause_of_each_server(call: Call) -> None:
    port = free_port()
    answer = call("--host", f"127.0.0.1:{port}", "guests", "list", "--json")
    told = json.loads(answer.out)
    (source,) = told["details"].pop("sources")
    assert answer.code == 10
    assert told["details"] == {
        "kind": "NetworkError", "stage": "connect", "endpoint": f"127.0.0.1:{port}", "exit_code": 10,
    }  # fmt: skip
    assert (source["tenant"], source["state"], source["age"]) == ("default", "down", None)
    assert source["error"] == told["error"] == answer.line


@pytest.mark.usefixtures("simulator")
def test_a_certificate_that_is_not_trusted(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXMOX_FINGERPRINT", ":".join(["AB"] * 32))
    answer = call("guests", "list")
    assert (answer.code, answer.out) == (10, "")
    assert "AB:AB:AB" in answer.line
    assert "--fingerprint" in answer.line


@pytest.mark.usefixtures("simulator")
def test_a_wrong_token(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXMOX_TOKEN_SECRET", TOKEN["PROXMOX_TOKEN_SECRET"])
    answer = call("guests", "list")
    assert (answer.code, answer.out) == (11, "")
    assert "check the token" in answer.line
    assert TOKEN["PROXMOX_TOKEN_SECRET"] not in answer.line


@pytest.mark.usefixtures("simulator")
def test_status_of_a_refused_login_is_unknown(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXMOX_TOKEN_SECRET", TOKEN["PROXMOX_TOKEN_SECRET"])
    answer = call("status", "--once")
    assert answer.code == 3
    assert answer.out.startswith("UNKNOWN - 0 of 1 servers answered")


@pytest.mark.usefixtures("token")
def test_status_of_a_dead_server_is_critical(call: Call) -> None:
    answer = call("--host", f"127.0.0.1:{free_port()}", "status", "--once")
    assert answer.code == 2
    assert answer.out.startswith("CRITICAL - 0 of 1 servers answered")


@pytest.mark.parametrize(
    ("kind", "values", "code"),
    [
        ("html", {}, 1),
        ("garbage", {}, 1),
        ("drop-after", {}, 10),
        ("empty", {"body": "{}"}, 1),
        ("status", {"status": 500, "reason": "got no worker"}, 1),
        ("status", {"status": 503, "reason": "Service Unavailable"}, None),
        ("status", {"status": 403, "reason": "Permission check failed (/, Sys.Audit)"}, 12),
        ("status", {"status": 595, "reason": "No route to host"}, 10),
        ("drop", {}, 10),
    ],
)
def test_answers_that_make_no_sense(
    call: Call, simulator: Simulator, kind: str, values: dict[str, object], code: int | None
) -> None:
    with simulator.fault(kind, path="/cluster/resources", **values):
        answer = call("guests", "list")
    assert answer.out == ""
    assert answer.line
    assert answer.code in ((code,) if code else (1, 10))


def test_a_server_that_hangs_ends_at_its_deadline(
    call: Call, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROXMOX_TIMEOUT", "1000")
    with simulator.fault("hang", path="/cluster/resources"):
        answer = call("guests", "list")
    assert answer.code == 10
    assert answer.line
