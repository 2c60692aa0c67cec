"""``connectivity-test`` against the simulator: what is broken there on purpose has its verdict and its exit code."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import Call, Simulator


def outcome(call: Call, code: int) -> dict[str, Any]:
    answer = call("connectivity-test", "--json")
    assert (answer.code, answer.err) == (code, "")
    told = json.loads(answer.out)
    assert (set(told), len(told["rows"])) == ({"rows", "sources"}, 1)
    row: dict[str, Any] = told["rows"][0]
    return row


def test_a_sound_server(call: Call, simulator: Simulator) -> None:
    row = outcome(call, 0)
    assert (row["success"], row["verdict"], row["error"], row["warnings"]) == (True, "ok", None, [])
    assert [stage["state"] for stage in row["stages"]] == ["ok"] * 7
    assert (row["nodes"], row["nodes_online"], row["quorate"], row["is_trusted"]) == (2, 2, True, True)
    assert row["certificate"]["fingerprint"] == simulator.server["fingerprint"]
    assert row["version"].startswith(("8.", "9."))
    assert simulator.server["token_secret"] not in json.dumps(row)


def test_as_a_table(call: Call, simulator: Simulator) -> None:
    answer = call("connectivity-test")
    heading, *lines = answer.out.splitlines()
    assert (answer.code, answer.err) == (0, "")
    assert heading.split()[:5] == ["Server", "Path", "Stage", "Result", "ms"]
    assert [line.split()[2] for line in lines] == [
        *("resolve", "connect", "tls", "first", "login", "cluster", "nodes", "certificate", "verdict")
    ]


@pytest.mark.parametrize(
    ("fault", "verdict", "code"),
    [
        ({"kind": "no-quorum"}, "quorum", 1),
        ({"kind": "node-offline", "node": "pve2"}, "node", 1),
        ({"kind": "status", "status": 595, "path": "/version"}, "node", 1),
        ({"kind": "status", "status": 401, "path": "/version"}, "login", 11),
        ({"kind": "status", "status": 503, "path": "/access/ticket"}, "proxy", 10),
        ({"kind": "html", "path": "/access/ticket"}, "proxy", 10),
        ({"kind": "drop", "path": "/access/ticket"}, "proxy", 10),
    ],
)
def test_what_is_broken_on_purpose(
    call: Call, simulator: Simulator, fault: dict[str, Any], verdict: str, code: int
) -> None:
    with simulator.fault(fault.pop("kind"), **fault):
        row = outcome(call, code)
    assert (row["success"], row["verdict"]) == (False, verdict)
    assert row["error"]
    assert row["advice"]


def test_a_wrong_token_is_sent_once(call: Call, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXMOX_TOKEN_SECRET", "00000000-0000-4000-8000-000000000000")
    before = [one["status"] for one in simulator.control("GET", "requests")["requests"]].count(401)
    row = outcome(call, 11)
    after = [one["status"] for one in simulator.control("GET", "requests")["requests"]].count(401)
    assert (row["verdict"], after - before) == ("login", 1)


def test_an_untrusted_certificate_is_shown_and_told_nothing(
    call: Call, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROXMOX_FINGERPRINT", ":".join(["AB"] * 32))
    before = len(simulator.control("GET", "requests")["requests"])
    row = outcome(call, 10)
    assert (row["success"], row["verdict"], row["is_trusted"]) == (False, "tls", False)
    assert row["certificate"]["fingerprint"] == simulator.server["fingerprint"]
    assert len(simulator.control("GET", "requests")["requests"]) == before


def test_a_name_that_no_server_has(call: Call, simulator: Simulator) -> None:
    answer = call("connectivity-test", "nowhere")
    assert answer.code == 14
    assert "there is no server 'nowhere'; there are default/" in answer.line


def test_without_a_server_there_is_nothing_to_test(call: Call) -> None:
    assert call("connectivity-test").code == 2
