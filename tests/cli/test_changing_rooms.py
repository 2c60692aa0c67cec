"""Changes to nodes, storages, tasks, HA and pools by the command line, against a served simulator."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote

from tests.cli.conftest import Call, Simulator
from tests.cli.test_changing import changing_process, lab, run_of, sent

__all__ = ["changing_process", "lab"]

MIB = 1024 * 1024


def test_twenty_mebibytes_go_up_and_are_deleted_again(call: Call, lab: Simulator, tmp_path: Path) -> None:
    file = tmp_path / "big.iso"
    file.write_bytes(bytes(20 * MIB))
    answer = call("storage", "upload", "local", "--on-node", "pve1", "--file", str(file), "--json")
    run = run_of(answer)
    assert (answer.code, run["state"]) == (0, "ok"), answer.err
    told = [line for line in answer.err.splitlines() if line.endswith("% sent")]
    percents = [int(line.split()[-3]) for line in told]
    assert percents == sorted(set(percents))
    assert percents[-1] == 100
    assert len(percents) > 5
    listed = json.loads(call("storage", "content", "local", "--node", "pve1", "--json").out)["rows"]
    assert {row["volid"]: row["size"] for row in listed}["local:iso/big.iso"] == 20 * MIB
    answer = call("storage", "delete", "local:iso/big.iso", "--on-node", "pve1", "--yes", "--json")
    assert run_of(answer)["state"] == "ok"
    listed = json.loads(call("storage", "content", "local", "--node", "pve1", "--json").out)["rows"]
    assert "local:iso/big.iso" not in {row["volid"] for row in listed}


def test_a_service_a_guest_in_ha_and_a_pool(call: Call, lab: Simulator) -> None:
    steps = [
        ("nodes", "restart-service", "pve1", "--service", "cron", "--yes"),
        ("cluster", "ha-add", "102", "--state", "stopped", "--yes"),
        ("cluster", "ha-remove", "102", "--yes"),
        ("cluster", "pool-create", "--poolid", "web-team"),
        ("cluster", "pool-add", "web-team", "--vms", "9000", "--yes"),
        ("cluster", "pool-remove", "web-team", "--vms", "9000", "--yes"),
        ("cluster", "pool-delete", "web-team", "--yes"),
    ]
    for step in steps:
        answer = call(*step, "--json")
        assert answer.code == 0, (step, answer.err)
        assert run_of(answer)["state"] == "ok"
    assert len(sent(lab)) == len(steps)


def test_a_task_is_stopped_by_its_upid(call: Call, lab: Simulator) -> None:
    lab.control("DELETE", "requests")
    begun = run_of(call("guests", "backup", "108", "--storage", "nfs-backup", "--yes", "--no-wait", "--json"))
    answer = call("tasks", "stop", begun["upid"], "--yes", "--json")
    assert (answer.code, run_of(answer)["state"]) == (0, "ok"), answer.err
    assert unquote(sent(lab)[-1]) == f"DELETE /nodes/pve1/tasks/{begun['upid']}"


def test_what_only_a_terminal_can_confirm_is_not_sent(call: Call, lab: Simulator) -> None:
    for step in (("nodes", "reboot", "pve2"), ("storage", "prune", "nfs-backup", "--vmid", "100", "--keep-last", "2")):
        answer = call(*step)
        assert answer.code == 2
        assert "--yes answers" in answer.err
    answer = call("storage", "prune", "nfs-backup", "--vmid", "100", "--keep-last", "2", "--dry-run")
    assert answer.out.strip().endswith("vmid=100 prune-backups=keep-last=2")
    answer = call("storage", "upload", "local", "--on-node", "pve1", "--file", "/there/is/none.iso")
    assert (answer.code, "a file that" in answer.err) == (2, True), answer.err
    assert sent(lab) == []
