"""``proxtui tenants stats`` over the simulator."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Call, Simulator


@pytest.fixture
def slug(simulator: Simulator, call: Call) -> str:
    found: str = json.loads(call("status", "--json").out)["rows"][0]["tenant"]
    return found


def test_exactly_the_documented_fields(call: Call, slug: str) -> None:
    stats = json.loads(call("tenants", "stats", slug, "--json").out)["stats"]
    assert list(stats) == [
        *("totalServers", "onlineServers", "offlineServers"),
        *("totalVMs", "runningVMs", "totalUsers", "recentConnections"),
    ]
    rows = json.loads(call("guests", "list", "--json").out)["rows"]
    assert (stats["totalServers"], stats["onlineServers"], stats["offlineServers"]) == (1, 1, 0)
    assert stats["totalVMs"] == sum(not row.get("template") for row in rows)
    assert stats["recentConnections"] >= 1
    assert f"totalVMs: {stats['totalVMs']}" in call("tenants", "stats", slug).out.splitlines()


def test_a_server_that_is_silent_is_offline_and_its_guests_are_null(
    call: Call, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROXMOX_HOST", "127.0.0.1:1")
    answer = call("tenants", "stats", slug, "--json")
    stats = json.loads(answer.out)["stats"]
    assert (answer.code, stats["offlineServers"], stats["onlineServers"], stats["totalVMs"]) == (0, 1, 0, None)
    assert "totalVMs: –" in call("tenants", "stats", slug).out


def test_a_tenant_that_is_not_there(call: Call, slug: str) -> None:
    assert call("tenants", "stats", "nobody").code == 14
