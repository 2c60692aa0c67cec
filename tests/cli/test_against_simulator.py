"""The verbs over real HTTPS, against the simulator as a process of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from proxtui.features.guests.rows import COLUMNS
from tests.cli.conftest import Call, Simulator

pytestmark = pytest.mark.usefixtures("simulator")


def rows(call: Call, *arguments: str) -> list[dict[str, Any]]:
    answer = call(*arguments, "--json")
    assert (answer.code, answer.err) == (0, "")
    found: list[dict[str, Any]] = json.loads(answer.out)["rows"]
    return found


def test_guests_as_a_table(call: Call) -> None:
    answer = call("guests", "list")
    heading, *lines = answer.out.splitlines()
    assert (answer.code, answer.err) == (0, "")
    assert heading.split()[:4] == ["State", "ID", "Name", "Node"]
    assert len(lines) == 20
    assert any("shop-web01" in line for line in lines)


def test_guests_as_json_have_every_column_and_say_where_from(call: Call) -> None:
    answer = call("guests", "list", "--json")
    told = json.loads(answer.out)
    assert set(told) == {"rows", "sources"}
    assert {column.key for column in COLUMNS} <= set(told["rows"][0])
    assert told["sources"] == [{**told["sources"][0], "tenant": "default", "state": "fresh", "error": None}]
    assert 0 <= told["sources"][0]["age"] < 30


def test_filter_sort_and_columns(call: Call) -> None:
    found = rows(
        call, "guests", "list", "--filter", "tag:prod !type:lxc", "--sort", "-vmid", "--columns", "vmid,tags,type"
    )
    assert found
    assert {row["type"] for row in found} == {"qemu"}
    assert all("prod" in row["tags"] for row in found)
    assert [row["vmid"] for row in found] == sorted((row["vmid"] for row in found), reverse=True)
    assert set(found[0]) == {"tenant", "server", "vmid", "tags", "type"}


def test_a_filter_by_load_means_percent(call: Call) -> None:
    everything = rows(call, "guests", "list")
    busy = {row["vmid"] for row in rows(call, "guests", "list", "--filter", "mem>50")}
    assert busy
    assert busy < {row["vmid"] for row in everything}
    assert busy == {row["vmid"] for row in everything if row["mem"] and row["mem"] / row["maxmem"] > 0.5}


def test_nodes(call: Call) -> None:
    assert {row["node"]: row["status"] for row in rows(call, "nodes", "list")} == {"pve1": "online", "pve2": "online"}


def test_one_guest_and_one_node(call: Call) -> None:
    (guest,) = rows(call, "guests", "show", "shop-web01")
    assert guest["vmid"] == 100
    assert guest["config"]["name"] == "shop-web01"
    (node,) = rows(call, "nodes", "show", "pve1")
    assert node["version"]
    assert node["status"]["kversion"]
    assert "Configuration" in call("guests", "show", "100").out
    assert "Kernel" in call("nodes", "show", "pve1").out


def test_no_such_guest(call: Call) -> None:
    answer = call("guests", "show", "4711", "--json")
    assert answer.code == 14
    assert json.loads(answer.out)["details"] == {"kind": "NotFoundError", "exit_code": 14}
    assert "4711" in answer.line


def test_status_as_a_monitoring_plugin(call: Call, simulator: Simulator) -> None:
    well = call("status", "--once")
    assert well.code == 0
    assert well.out.startswith("OK - 1 of 1 servers answered, 2 of 2 nodes online")
    with simulator.fault("node-offline", node="pve2"):
        ill = call("status", "--once")
        told = json.loads(call("status", "--once", "--json").out)
    assert ill.code == 2
    assert "node pve2 is offline" in ill.out.splitlines()[0]
    assert (told["status"], told["rows"][0]["online"]) == ("critical", 1)


def test_reading_sends_nothing_but_gets(call: Call, simulator: Simulator) -> None:
    simulator.control("DELETE", "requests")
    for arguments in (["guests", "list"], ["guests", "show", "100"], ["nodes", "list"], ["status", "--once"]):
        assert call(*arguments).code == 0
    seen = json.dumps(simulator.control("GET", "requests"))
    assert "GET" in seen
    assert not any(f'"{method}"' in seen for method in ("POST", "PUT", "DELETE"))


def test_a_password_login_works_too(call: Call, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PROXMOX_TOKEN_ID", "PROXMOX_TOKEN_SECRET"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PROXMOX_USERNAME", simulator.server["username"])
    monkeypatch.setenv("PROXMOX_PASSWORD", simulator.server["password"])
    assert call("nodes", "list").code == 0


def test_flags_beat_variables(call: Call, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXMOX_HOST", "127.0.0.1:1")
    assert call("--host", simulator.environ["PROXMOX_HOST"], "nodes", "list").code == 0


def test_hostile_names_reach_neither_terminal_nor_json(call: Call, simulator: Simulator) -> None:
    with simulator.fault("hostile"):
        said = [call("guests", "list"), call("guests", "list", "--json"), call("nodes", "list"), call("status")]
    for answer in said:
        assert all(char.isprintable() or char == "\n" for char in answer.out + answer.err)


def test_the_log_of_a_debugged_command_tells_no_secret(call: Call, simulator: Simulator, tmp_path: Path) -> None:
    answer = call("--debug", "guests", "list")
    assert answer.code == 0
    assert simulator.server["token_secret"] not in answer.err
