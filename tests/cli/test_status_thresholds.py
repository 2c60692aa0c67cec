"""``proxtui status`` by the thresholds of an encrypted configuration, over the simulator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from proxtui.config.vault.edits import Put, add_tenant
from proxtui.config.vault.opened import OpenVault
from tests.cli.conftest import Call, Simulator
from tests.cli.vaulted import vault_over, with_key

OFF = {f"{level}_{name}": 0.0 for level in ("warn", "crit") for name in ("storage", "memory", "certificate_days")}


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, simulator_process: Simulator) -> OpenVault:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    made = vault_over(simulator_process)
    monkeypatch.setenv("PROXTUI_KEYFILE", str(with_key(made, tmp_path, "job", "admin")))
    return made


def judged(vault: OpenVault, call: Call, **limits: float) -> tuple[int, str, list[str]]:
    """Exit code, first line and problems with these thresholds, and no others."""
    vault.save(*(Put(("settings", name), value) for name, value in (OFF | limits).items()))
    text = call("status", "--once")
    told: dict[str, Any] = json.loads(call("status", "--json").out)
    return text.code, text.out.splitlines()[0], told["rows"][0]["problems"]


def test_nothing_is_wrong_where_nothing_is_judged(vault: OpenVault, call: Call) -> None:
    code, line, problems = judged(vault, call)
    assert (code, problems) == (0, [])
    assert line.startswith("OK - 1 of 1 servers answered")
    assert " | 'servers'=1;;;0;1 'nodes_online'=" in line
    assert "'acme/prod certificate'=" in line


def test_each_threshold_is_obeyed(vault: OpenVault, call: Call) -> None:
    assert judged(vault, call, warn_storage=0.001)[0] == 1
    assert judged(vault, call, crit_storage=0.001)[0] == 2
    assert judged(vault, call, crit_memory=0.001)[0] == 2
    code, line, _ = judged(vault, call, warn_certificate_days=3650.0, crit_certificate_days=3650.0)
    assert (code, "certificate" in line.partition(" | ")[0]) == (2, True)


def test_ages_of_backups_are_read_only_when_they_are_judged(
    vault: OpenVault, call: Call, simulator_process: Simulator
) -> None:
    def asked() -> bool:
        found = simulator_process.control("GET", "requests")["requests"]
        return any(one["path"].endswith("/content") for one in found)

    simulator_process.control("DELETE", "requests")
    judged(vault, call)
    assert not asked()
    assert judged(vault, call, crit_backup_hours=87_000.0)[0] == 0
    assert asked()
    code, _, problems = judged(vault, call, crit_backup_hours=0.001)
    assert code == 2
    assert any(problem.startswith("no backup for 0.001 h: ") for problem in problems)


def test_an_empty_tenant_has_known_numbers(vault: OpenVault, call: Call) -> None:
    vault.save(add_tenant("beta", "Beta"))
    stats = json.loads(call("tenants", "stats", "beta", "--json").out)["stats"]
    assert list(stats.values()) == [0, 0, 0, 0, 0, 0, 0]
