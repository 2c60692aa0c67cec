"""Several servers, some of them dead: the others' rows, the failures by name, and the exit code."""

from __future__ import annotations

import json
import socket
from dataclasses import replace

import pytest

from proxtui.cli.simulation import Announced, configuration
from proxtui.config.models import Config
from tests.cli.conftest import Call, Simulator


def dead_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def fleet_of(simulator: Simulator, *, alive: int, dead: int) -> Config:
    """Tenants ``alive`` and ``dead`` with so many servers each; all of the living are the same simulator."""
    known = Announced.read(simulator.server)
    servers = [replace(known, tenant="alive", server=f"up{at}") for at in range(alive)]
    servers += [replace(known, tenant="dead", server=f"down{at}", port=dead_port()) for at in range(dead)]
    return configuration(servers)


def use(monkeypatch: pytest.MonkeyPatch, config: Config) -> None:
    monkeypatch.setattr("proxtui.cli.session.Session.configuration", lambda _session: config)


def test_rows_of_the_living_and_the_name_of_the_dead(
    call: Call, simulator_process: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, fleet_of(simulator_process, alive=1, dead=1))
    answer = call("guests", "list")
    assert answer.code == 0
    assert len(answer.out.splitlines()) == 21
    assert answer.line.startswith("dead / down0: ")
    assert "refused" in answer.line


def test_sources_tell_programs_the_same(
    call: Call, simulator_process: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, fleet_of(simulator_process, alive=1, dead=1))
    told = json.loads(call("nodes", "list", "--json").out)
    up, down = told["sources"]
    assert {(row["tenant"], row["server"]) for row in told["rows"]} == {("alive", "up0")}
    assert (up["server"], up["state"], up["error"]) == ("up0", "fresh", None)
    assert (down["server"], down["state"], down["age"]) == ("down0", "down", None)
    assert "refused" in down["error"]


def test_when_all_fail_each_is_named(call: Call, simulator_process: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, fleet_of(simulator_process, alive=0, dead=2))
    answer = call("guests", "list", "--json")
    told = json.loads(answer.out)
    assert answer.code == 10
    assert answer.line.startswith("no server answered: dead / down0: ")
    assert "dead / down1: " in answer.line
    assert [source["server"] for source in told["details"]["sources"]] == ["down0", "down1"]


def test_one_name_on_two_servers_needs_its_place(
    call: Call, simulator_process: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, fleet_of(simulator_process, alive=2, dead=0))
    ambiguous = call("guests", "show", "shop-web01")
    assert ambiguous.code == 2
    assert "alive/up0/100 (shop-web01), alive/up1/100 (shop-web01)" in ambiguous.line
    exact = call("guests", "show", "up1/shop-web01", "--json")
    assert exact.code == 0
    assert json.loads(exact.out)["rows"][0]["server"] == "up1"


def test_status_names_the_dead_first(call: Call, simulator_process: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, fleet_of(simulator_process, alive=1, dead=1))
    answer = call("status", "--once")
    assert answer.code == 2
    assert answer.out.startswith("CRITICAL - 1 of 2 servers answered, 2 of 2 nodes online")
    assert "; dead / down0: " in answer.out.splitlines()[0]
    assert call("status", "--once", "--filter", "tenant:alive").code == 0
