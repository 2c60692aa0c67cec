"""What programs read of each server: every source says what it did not tell, whatever was asked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from proxtui.core.model import ServerRef
from tests.cli.conftest import Call, Simulator

KEYS = {"tenant", "server", "state", "error", "age", "endpoint", "path", "problems", "forbidden"}
BARE = "admin@pve!bare"


def told(call: Call, *verb: str) -> Any:
    return json.loads(call(*verb, "--json").out)


@pytest.fixture
def bare(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """A token without any privilege."""
    secret = simulator.control("GET", "accounts")["servers"]["lab"]["tokens"][BARE]
    monkeypatch.setenv("PROXMOX_TOKEN_ID", BARE)
    monkeypatch.setenv("PROXMOX_TOKEN_SECRET", secret)
    return simulator


VERBS = [
    ["status"],
    ["guests", "list"],
    ["guests", "show", "100"],
    ["nodes", "show", "pve1"],
    ["storage", "list"],
    ["storage", "content", "nfs-backup"],
    ["tasks", "list"],
    ["cluster", "status"],
    ["snapshots", "list", "--filter", "vmid:100"],
]


@pytest.mark.usefixtures("simulator")
@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_every_source_has_all_its_keys(call: Call, verb: list[str]) -> None:
    (source,) = told(call, *verb)["sources"]
    assert set(source) == KEYS
    assert (source["state"], source["error"], source["problems"], source["forbidden"]) == ("fresh", None, [], False)
    assert source["age"] is not None


@pytest.mark.usefixtures("bare")
def test_status_says_what_is_forbidden(call: Call) -> None:
    (source,) = told(call, "status")["sources"]
    assert source["forbidden"] is True
    assert "no privilege" in source["problems"][0]


@pytest.mark.usefixtures("bare")
def test_guests_that_may_not_be_seen_are_not_counted_as_none(call: Call) -> None:
    answer = told(call, "nodes", "list")
    assert {(row["guests"], row["running"]) for row in answer["rows"]} == {(None, None)}
    assert "but on 1 of 1 servers the login may see no guest" in call("guests", "show", "100").line


@pytest.mark.usefixtures("bare")
def test_what_could_not_be_read_of_one_thing_is_told_to_programs_too(call: Call) -> None:
    answer = call("nodes", "show", "pve1", "--json")
    (source,) = json.loads(answer.out)["sources"]
    assert source["problems"] == [answer.line]
    assert "missing privilege Sys.Audit" in answer.line


def test_so_is_what_could_not_be_read_of_a_list_of_one_server(
    call: Call, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = simulator.control("GET", "accounts")["servers"]["lab"]["tokens"]["auditor@pve!monitor"]
    monkeypatch.setenv("PROXMOX_TOKEN_ID", "auditor@pve!monitor")
    monkeypatch.setenv("PROXMOX_TOKEN_SECRET", secret)
    answer = call("storage", "content", "nfs-backup", "--json")
    (source,) = json.loads(answer.out)["sources"]
    where = ServerRef(source["tenant"], source["server"])
    assert [
        f"proxtui: {where.tenant} / {where.server}: {line}" for line in source["problems"]
    ] == answer.err.splitlines()
    assert source["problems"]
