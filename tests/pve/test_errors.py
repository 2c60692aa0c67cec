"""Which error an answer or a broken connection becomes, and the one line it says."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from proxtui.errors import (
    ApiError,
    AuthenticationError,
    ConflictError,
    GuestLocked,
    InvalidInput,
    NetworkError,
    NodeUnreachable,
    NotFoundError,
    OutcomeUnknown,
    PermissionDenied,
    UnexpectedAnswer,
    ValidationError,
)
from proxtui.pve.answers import Reply, reason_text, refusal
from proxtui.pve.client import ProxmoxClient
from proxtui.pve.hiding import Hiding
from proxtui.pve.settings import ProxmoxConfig

from .conftest import SECRET, Bench
from .servers import answer


def refused(status: int, reason: str, body: bytes = b"", **fields: Any) -> ApiError:
    return refusal(Reply(status, reason, body, **fields), "GET", "/nodes/pve1", Hiding())


@pytest.mark.parametrize(
    ("status", "reason", "kind", "code"),
    [
        (401, "No ticket", AuthenticationError, 11),
        (401, "permission denied - invalid PVE ticket", AuthenticationError, 11),
        (403, "Permission check failed (/vms/100, VM.PowerMgmt)", PermissionDenied, 12),
        (400, "Parameter verification failed.", ValidationError, 1),
        (595, "Connection refused", NodeUnreachable, 10),
        (596, "Connection timed out", NodeUnreachable, 10),
        (599, "Too many redirections", NodeUnreachable, 10),
        (500, "Configuration file 'nodes/pve1/qemu-server/999.conf' does not exist", NotFoundError, 14),
        (500, "storage 'nope' does not exist", NotFoundError, 14),
        (500, 'Agent error: Failed to execute child process "x" (No such file or directory)', ApiError, 1),
        (500, "no such user ('anna@pve')", NotFoundError, 14),
        (500, "no such file '/foo'", NotFoundError, 14),
        (500, "hostname lookup 'nope' failed - failed to get address info for: nope", NotFoundError, 14),
        (500, "VM is locked (backup)", GuestLocked, 1),
        (500, "CT is locked (snapshot)", GuestLocked, 1),
        (500, "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout", GuestLocked, 1),
        (500, "checksum mismatch (file change by other user?)", ConflictError, 1),
        (500, "detected modified configuration - file changed by other user? Try again.", ConflictError, 1),
        (500, "cluster not ready - no quorum?", ApiError, 1),
        (500, "cfs-lock 'file-user_cfg' error: got lock request timeout", ApiError, 1),
        (501, "Method 'GET /nosuch' not implemented", ApiError, 1),
        (501, "no such uri", ApiError, 1),
        (502, "Bad Gateway", ApiError, 1),
        (404, "Not Found", ApiError, 1),
        (301, "Moved Permanently", UnexpectedAnswer, 1),
    ],
)
def test_kinds(status: int, reason: str, kind: type[ApiError], code: int) -> None:
    error = refused(status, reason)
    assert type(error) is kind
    assert (error.exit_code, error.status, error.method, error.path) == (code, status, "GET", "/nodes/pve1")
    assert reason in str(error) or status == 301


@pytest.mark.parametrize(
    ("text", "path", "privilege"),
    [
        ("Permission check failed (/vms/100, VM.PowerMgmt)", "/vms/100", "VM.PowerMgmt"),
        ("Permission check failed (/vms/100, VM.Audit|VM.Monitor)\n", "/vms/100", "VM.Audit|VM.Monitor"),
        ("Permission check failed (/, Sys.Audit)", "/", "Sys.Audit"),
        ("Permission check failed (user != root@pam)", None, None),
        ("Permission check failed (URI '/access/ticket' not available with API token, need proper ticket.", None, None),
    ],
)
def test_what_permission_is_missing(text: str, path: str | None, privilege: str | None) -> None:
    error = refused(403, text.strip())
    assert isinstance(error, PermissionDenied)
    assert (error.acl_path, error.privilege) == (path, privilege)


def test_the_message_of_the_body_is_preferred_and_cleaned() -> None:
    body = b'{"data":null,"message":"VM is locked (backup)\\n","errors":{"vm\\u001bid":"bad\\u202e\\n","n":5}}'
    error = refused(500, "shortened", body)
    assert isinstance(error, GuestLocked)
    assert error.reason == "VM is locked (backup)"
    assert error.errors == {"vm␛id": "bad\ufffd", "n": "5"}
    assert "\n" not in str(error)


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b'{"message":5,"errors":[1]}', b"{" * 100_000, b"[]"])
def test_bodies_that_explain_nothing(body: bytes) -> None:
    error = refused(500, "VM is locked (backup)", body)
    assert (error.reason, error.errors) == ("VM is locked (backup)", {})


def test_parameter_errors() -> None:
    body = (
        b'{"data":null,"message":"Parameter verification failed.\\n",'
        b'"errors":{"cores":"value must have a minimum value of 1"}}'
    )
    error = refused(400, "x", body)
    assert isinstance(error, ValidationError)
    assert error.errors == {"cores": "value must have a minimum value of 1"}
    assert str(error) == (
        "Parameter verification failed: cores: value must have a minimum value of 1 (GET /nodes/pve1)"
    )


@pytest.mark.parametrize(
    ("phrase", "status", "text"),
    [
        (b"VM is locked (backup)", 500, "VM is locked (backup)"),
        ("größer".encode(), 500, "größer"),
        ("größer".encode("latin-1"), 500, "größer"),
        (b"\x1b]52;c;QQ==\x07 no\x9b", 500, "␛]52;c;QQ==␇ no\ufffd"),
        (b"", 502, "Bad Gateway"),
        (None, 595, "HTTP 595"),
        (b"x" * 10_000, 500, "x" * 399 + "…"),
    ],
)
def test_reason_phrases(phrase: bytes | None, status: int, text: str) -> None:
    assert reason_text(phrase, status) == text


async def test_the_reason_phrase_comes_off_the_wire_as_it_is(bench: Bench) -> None:
    reason = "Gerät \x9bfehlt\x1b[2J does not exist".encode()
    _, client = await bench.pair(lambda seen: answer(500, reason))
    with pytest.raises(NotFoundError, match=r"^Gerät \ufffdfehlt␛\[2J does not exist"):
        await client.get("/nodes")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0", 0.0), ("99999999999999999999", 300.0), ("soon", None), ("-3", None), (None, None), ("٣", None)],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert refused(503, "Service Unavailable", retry_after=header).retry_after == seconds


def test_retry_after_as_a_date() -> None:
    then = datetime.now(UTC) + timedelta(seconds=100)
    found = refused(429, "Too Many Requests", retry_after=format_datetime(then, usegmt=True)).retry_after
    assert found is not None
    assert 95 < found <= 100


@pytest.mark.parametrize("status", [502, 504, 596, 599])
async def test_a_write_that_may_have_reached_the_node_is_unknown(bench: Bench, status: int) -> None:
    server, client = await bench.pair(lambda seen: answer(status, "Connection timed out"))
    with pytest.raises(OutcomeUnknown):
        await client.post("/nodes/pve2/qemu/100/status/start")
    assert len(server.requests) == 1
    with pytest.raises(ApiError):
        await client.get("/nodes/pve2/qemu")


@pytest.mark.parametrize("status", [502, 596])
async def test_a_write_that_may_have_reached_the_node_is_unknown_also_when_its_answer_is_garbage(
    bench: Bench, status: int
) -> None:
    _, client = await bench.pair(lambda seen: answer(status, "Bad", b"no gzip", headers=[("Content-Encoding", "gzip")]))
    with pytest.raises(OutcomeUnknown):
        await client.post("/nodes/pve2/qemu/100/status/start")


async def test_a_write_that_did_not_reach_the_node_is_refused(bench: Bench) -> None:
    _, client = await bench.pair(lambda seen: answer(595, "Connection refused"))
    with pytest.raises(NodeUnreachable, match="does not answer: Connection refused"):
        await client.post("/nodes/pve2/qemu/100/status/start")


def client_for(**fields: Any) -> ProxmoxClient:
    return ProxmoxClient(ProxmoxConfig(token_id="a@pve!b", token_secret=SECRET, **fields))


async def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        for host in ("127.0.0.1", "localhost"):
            async with client_for(host=host, port=port) as client:
                for ask in (client.get, client.post):
                    with pytest.raises(NetworkError, match=f"{host}:{port} refused the connection") as caught:
                        await ask("/version")
                    assert (caught.value.stage, caught.value.endpoint) == ("connect", f"{host}:{port}")


async def test_an_unknown_host(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: Any, **kwargs: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    # The test machine's resolver is not ours to ask.
    monkeypatch.setattr(socket, "getaddrinfo", fails)
    async with client_for(host="no-such-host.invalid") as client:
        with pytest.raises(NetworkError, match=r"^unknown host no-such-host\.invalid: Name or service") as caught:
            await client.get("/version")
    assert caught.value.stage == "resolve"


@pytest.mark.parametrize(
    ("raised", "stage", "line"),
    [
        (httpx.ConnectTimeout("x"), "connect", "connecting timed out"),
        (httpx.ConnectError("x"), "connect", "cannot connect"),
        (httpx.ReadTimeout("x"), "deadline", "no full answer in time"),
        (httpx.RemoteProtocolError("illegal status line: bytearray(b'SSH')"), "connect", "not HTTP"),
    ],
)
async def test_lines(token_config: ProxmoxConfig, raised: httpx.TransportError, stage: str, line: str) -> None:
    def app(request: httpx.Request) -> httpx.Response:
        raise raised

    async with ProxmoxClient(token_config, transport=httpx.MockTransport(app)) as client:
        with pytest.raises(NetworkError, match=line) as caught:
            await client.get("/version")
    assert caught.value.stage == stage
    assert caught.value.exit_code == 10


async def test_something_else_than_http(bench: Bench) -> None:
    _, client = await bench.pair(lambda seen: b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    with pytest.raises(NetworkError, match="not HTTP") as caught:
        await client.get("/version")
    assert caught.value.stage == "answer"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (["xyz"], "'xyz'"),
        (("a", 1), "'a, 1'"),
        ([], "''"),
        ([["a"], {"b": None}], """'[["a"], {"b": null}]'"""),
        ({"b": True}, """'{"b": true}'"""),
        (False, "'false'"),
        (7, "'7'"),
        ("it's", '''"it's"'''),
        ("x" * 200, repr("x" * 80)),
        ([object], """'["<class 'object'>"]'"""),
    ],
)
def test_a_value_that_was_refused_is_shown_as_it_was_given(value: Any, shown: str) -> None:
    line = str(InvalidInput("fingerprints", value, "not that"))
    assert line.replace("\\'", "'") == f"fingerprints {shown}: not that"


def test_who_was_slower_is_told_what_to_do() -> None:
    told = str(ConflictError("detected modified configuration - file changed by other user? Try again.", path="/x"))
    assert told.endswith(": nothing was changed; look at it as it is now, and do it again")
