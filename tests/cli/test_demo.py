"""The demo: a simulator of its own, a configuration in memory, and nothing left behind."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from proxtui.cli import demo
from proxtui.cli.session import Session
from proxtui.cli.simulation import Announced, configuration, simulation
from proxtui.config.paths import state_folder
from proxtui.errors import ProxtuiError
from proxtui.sim import __main__ as sim_main
from proxtui.sim import scenarios
from proxtui.tui.configured import Configured
from proxtui.wiring import open_runtime
from tests.cli.conftest import spawn

PIN = ":".join(["AB"] * 32)
WITHOUT = "import sys; sys.modules[{name!r}] = None; from proxtui.__main__ import main; sys.exit(main())"


def announced(tenant: str, server: str, **known: Any) -> Announced:
    usual = {"host": "127.0.0.1", "port": 1, "fingerprint": PIN, "token_id": "a@pve!b", "token_secret": "swordfish"}
    return Announced(**{"tenant": tenant, "tenant_name": tenant.title(), "server": server, **usual, **known})


def test_the_configuration_follows_the_announcement() -> None:
    config = configuration([announced("acme", "rz1"), announced("zeta", "lab"), announced("acme", "rz2", port=2)])
    assert [(tenant.slug, tenant.name) for tenant in config.tenants] == [("acme", "Acme"), ("zeta", "Zeta")]
    assert [tuple(place) for place, _ in config.servers()] == [("acme", "rz1"), ("acme", "rz2"), ("zeta", "lab")]
    _, server = config.servers()[1]
    assert (server.endpoints[0].port, server.trust.mode, server.trust.fingerprints) == (2, "fingerprint", (PIN,))
    assert "swordfish" not in repr(config)


def test_the_simulator_runs_as_long_as_it_is_needed() -> None:
    with simulation("small") as servers:
        (server,) = servers
        with socket.create_connection((server.host, server.port), timeout=5):
            pass
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((server.host, server.port), timeout=5)


def test_a_simulator_that_does_not_start_says_why() -> None:
    with (
        pytest.raises(ProxtuiError, match=r"the simulator did not start: .*nonsense") as caught,
        simulation("nonsense"),
    ):
        pytest.fail("it started")
    assert caught.value.exit_code == 1


@pytest.mark.parametrize("name", ["uvicorn"])
@pytest.mark.parametrize("verb", [["demo"], ["sim", "serve"]])
def test_without_the_extra_one_line_says_how_to_get_it(name: str, verb: list[str]) -> None:
    answer = spawn(*verb, code=WITHOUT.format(name=name))
    assert (answer.code, answer.out) == (2, "")
    assert "install proxtui with its extra `demo`" in answer.line


def test_the_demo_offers_what_the_simulator_has() -> None:
    assert demo.SCENARIOS == sim_main.SCENARIOS == tuple(scenarios.SCENARIOS)
    assert (demo.MANY, demo.MOST) == (scenarios.MANY, scenarios.MOST)


def test_a_huge_simulation_has_as_many_guests_as_were_asked_for() -> None:
    with simulation("huge", 300) as servers:
        assert len(servers) == 7
        assert len({server.tenant for server in servers}) == 5


def test_the_audit_of_the_demo_is_never_the_real_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with demo.state_of_its_own():
        folder = state_folder()
        assert not folder.is_relative_to(tmp_path)
        assert folder.parent.stat().st_mode & 0o777 == 0o700
    assert not folder.parent.exists()
    assert state_folder().is_relative_to(tmp_path)


def test_the_demo_has_metrics_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A dashboard that makes one call, to a server that is not there: it is in the metrics, and none of it is left."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("PROXTUI_DATABASE_URL", "postgresql+psycopg://db.example/proxtui")
    counted: list[int] = []

    @contextmanager
    def simulated(_scenario: str, _guests: int | None) -> Iterator[Sequence[Announced]]:
        yield [announced("acme", "rz1")]

    async def dashboard(configured: Configured, *, record: bool) -> None:
        async with open_runtime(configured.config, record=record) as runtime:
            await runtime.poller.poll_once()

    def run(configured: Configured, *, record: bool, state: Path | None, **_more: object) -> int:
        assert state is None
        asyncio.run(dashboard(configured, record=record))
        with closing(sqlite3.connect(state_folder() / "metrics.db")) as connection:
            counted.extend(connection.execute("SELECT count(*) FROM metric_calls").fetchone())
        return 0

    monkeypatch.setattr("proxtui.cli.simulation.simulation", simulated)
    monkeypatch.setattr("proxtui.cli.dashboard.require_terminal", lambda _session: None)
    monkeypatch.setattr("proxtui.tui.app.run_dashboard", run)
    assert demo.demo.main([], obj=Session(), standalone_mode=False) == 0
    assert counted[0] > 0
    assert list(tmp_path.rglob("metrics*")) == []


def test_the_demo_needs_a_terminal() -> None:
    answer = spawn("demo")
    assert (answer.code, answer.out) == (2, "")
    assert "needs a terminal" in answer.line


def test_sim_serve_knows_its_own_flags() -> None:
    answer = spawn("sim", "serve", "--help")
    assert answer.code == 0
    assert "--env-file" in answer.out
    assert spawn("sim", "serve", "--scenario", "nonsense").code == 2


def test_a_demo_writes_into_no_database_of_a_team(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PROXTUI_DATABASE_URL", "postgresql+psycopg://db.example/proxtui")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with demo.state_of_its_own():
        assert "PROXTUI_DATABASE_URL" not in os.environ
        assert os.environ["XDG_STATE_HOME"] != str(tmp_path)
    assert os.environ["PROXTUI_DATABASE_URL"] == "postgresql+psycopg://db.example/proxtui"
    assert os.environ["XDG_STATE_HOME"] == str(tmp_path)
