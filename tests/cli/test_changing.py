"""Changes by the command line against a served simulator: made, refused, rehearsed, and told of as they went."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from proxtui.core.catalogue import Catalogue
from proxtui.registry import FEATURES
from tests.cli.conftest import Answer, Call, Simulator
from tests.walks.conftest import simulator

PVE = "pve1"


@pytest.fixture(scope="session")
def changing_process() -> Iterator[Any]:
    """A cluster of its own: other tests count what is on theirs."""
    with simulator("--scenario", "small", "--auth-delay", "0", "--still", "--speed", "5") as running:
        yield Simulator(running.servers[0], running.control_token)


@pytest.fixture
def lab(changing_process: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    for name, value in changing_process.environ.items():
        monkeypatch.setenv(name, value)
    changing_process.control("DELETE", "requests")
    return changing_process


def sent(lab: Simulator) -> list[str]:
    return [f"{one['method']} {one['path']}" for one in lab.control("GET", "changes")["changes"]]


def told(answer: Answer) -> dict[str, Any]:
    assert "Traceback" not in answer.out + answer.err
    found: dict[str, Any] = json.loads(answer.out)
    return found


def run_of(answer: Answer) -> dict[str, Any]:
    (run,) = told(answer)["runs"]
    return dict(run)


def test_a_vm_is_made_saved_rolled_back_moved_and_deleted(call: Call, lab: Simulator) -> None:
    steps: list[tuple[str, ...]] = [
        ("create-vm", "--node", PVE, "--vmid", "900", "--name", "brand-new", "--disk", "4"),
        ("snapshot", "brand-new", "--snapname", "before"),
        ("rollback", "brand-new", "--snapname", "before", "--yes"),
        ("delete-snapshot", "900", "--snapname", "before", "--yes"),
        ("migrate", "brand-new", "--target", "pve2", "--with-local-disks", "--yes"),
        ("delete", "brand-new", "--yes", "--reason", "not needed any more"),
    ]
    for step in steps:
        answer = call("guests", *step, "--json")
        assert answer.code == 0, answer.err
        run = run_of(answer)
        assert (run["operation"], run["state"]) == (f"guests.{step[0]}", "ok")
        assert run["upid"] in answer.err
        assert "TASK OK" in answer.err
    assert run["target"] == {"kind": "qemu", "id": "900", "name": "brand-new", "node": "pve2"}
    assert sent(lab) == [
        "POST /nodes/pve1/qemu",
        "POST /nodes/pve1/qemu/900/snapshot",
        "POST /nodes/pve1/qemu/900/snapshot/before/rollback",
        "DELETE /nodes/pve1/qemu/900/snapshot/before",
        "POST /nodes/pve1/qemu/900/migrate",
        "DELETE /nodes/pve2/qemu/900",
    ]
    rows = json.loads(call("audit", "list", "--json").out)["rows"]
    assert len(rows) == 3 * len(steps)
    assert call("audit", "verify").code == 0
    assert call("guests", "show", "brand-new").code == 14


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("stop", "108"), 2, "It asks first: --yes answers"),
        (("delete", "101"), 2, "It asks first: --yes answers"),
        (("start", "nobody"), 14, "there is no guest 'nobody'"),
        (("start",), 2, "Missing argument"),
        (("start", ""), 2, "empty name"),
        (("start", "101", "--server", "paris"), 2, "there is no 'paris'"),
        (("start", "101", "--write", "5m"), 2, "--reason"),
        (("start", "101", "--write", "soon", "--reason", "x"), 2, "write a time such as 15m"),
        (("reset", "105", "--yes"), 2, "Reset is not for a container"),
        (("migrate", "105", "--yes"), 2, "--target '': is needed"),
        (("migrate", "105", "--target", "pve2", "--online", "--yes"), 2, "only for VMs"),
        (("create-vm", "--node", PVE, "--cores", "many"), 2, "--cores 'many': a whole number"),
        (("create-vm", "--node", "nowhere"), 14, "there is no node 'nowhere'"),
        (("create-vm", "--node", PVE, "--bios", "pen"), 2, "Invalid value for '--bios'"),
        (("snapshot", "101", "--snapname", "1 2"), 2, "--snapname '1 2': a letter"),
        (("config", "101", "--set", "cores", "--yes"), 2, "write NAME=VALUE"),
        (("config", "101", "--set", "cipassword=s3cret", "--yes"), 2, "others can read arguments"),
        (("create-vm", "--cipassword", "s3cret"), 2, "No such option"),
    ],
)
def test_wrong_input_is_told_and_nothing_sent(
    call: Call, lab: Simulator, arguments: tuple[str, ...], code: int, words: str
) -> None:
    answer = call("guests", *arguments, "--json")
    assert answer.code == code, answer.err
    assert words in answer.err
    assert words in told(answer)["error"]
    assert "s3cret" not in answer.out + answer.err
    assert sent(lab) == []


def test_all_that_is_wrong_is_told_at_once(call: Call, lab: Simulator) -> None:
    answer = call("guests", "create-vm", "--node", PVE, "--cores", "many", "--memory", "1")
    assert answer.code == 2
    assert "--cores 'many'" in answer.err
    assert "--memory '1'" in answer.err
    assert sent(lab) == []


def test_a_rehearsal_shows_the_requests_and_sends_none(call: Call, lab: Simulator) -> None:
    answer = call("guests", "delete", "102", "104", "--purge", "--dry-run")
    assert answer.code == 0
    assert answer.out.splitlines() == [
        "DELETE /nodes/pve2/qemu/102 purge=1 destroy-unreferenced-disks=0",
        "DELETE /nodes/pve2/lxc/104 purge=1 destroy-unreferenced-disks=0",
    ]
    assert "nothing was sent" in answer.err
    assert sent(lab) == []
    run = run_of(call("guests", "stop", "102", "--dry-run", "--json"))
    assert run["state"] == "planned"
    assert run["requests"] == [{"method": "POST", "path": "/nodes/pve2/qemu/102/status/stop", "params": {}}]


def test_read_only_refuses_and_the_audit_knows(call: Call, lab: Simulator) -> None:
    answer = call("--read-only", "guests", "stop", "108", "--json")
    assert answer.code == 13
    assert "read-only" in told(answer)["error"]
    assert sent(lab) == []
    (row,) = json.loads(call("audit", "list", "--json").out)["rows"]
    assert row["result"] == "denied"


def test_the_lock_opens_for_one_command(call: Call, lab: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROXTUI_WRITE_MODE", "timed")
    refused = call("guests", "tags", "101", "--tags", "a")
    assert refused.code == 13
    assert sent(lab) == []
    passed = call("guests", "tags", "101", "--tags", "a b", "--write", "5m", "--reason", "ticket 7")
    assert passed.code == 0, passed.err
    assert sent(lab) == ["PUT /nodes/pve1/qemu/101/config"]
    assert call("guests", "tags", "101", "--tags", "c").code == 13


def test_a_failing_task_is_a_failure_with_its_last_lines(call: Call, lab: Simulator) -> None:
    with lab.fault("task-fail", reason="the disk is full"):
        answer = call("guests", "start", "102", "--json")
    assert answer.code == 1
    run = run_of(answer)
    assert (run["state"], run["message"]) == ("failed", "the disk is full")
    assert "the disk is full" in run["log_tail"][-1]
    assert "failed: the disk is full" in answer.err
    outcome = json.loads(call("audit", "list", "--json").out)["rows"][0]
    assert (outcome["result"], outcome["message"]) == ("failed", "the disk is full")


def test_warnings_are_told_and_no_failure(call: Call, lab: Simulator) -> None:
    with lab.fault("task-warnings", reason="a disk is old"):
        answer = call("guests", "snapshot", "117", "--snapname", "warned", "--json")
    assert answer.code == 0
    assert run_of(answer)["state"] == "warnings"
    assert "warnings: WARNINGS: 1" in answer.err


def test_many_at_once_have_one_summary_and_each_its_own_end(call: Call, lab: Simulator) -> None:
    answer = call("guests", "shutdown", "105", "106", "109", "--yes", "--json")
    assert answer.code == 1
    runs = [(run["target"]["id"], run["state"]) for run in told(answer)["runs"]]
    assert runs == [("105", "ok"), ("106", "ok"), ("109", "failed")]
    assert "container 109 infra-logs01 on pve2 does not run, as last read" in answer.err
    assert "2 ok, 1 failed" in answer.err
    assert call("guests", "start", "105", "106", "--json").code == 0


def test_a_missing_privilege_is_12(call: Call, lab: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = lab.control("GET", "accounts")["servers"]["lab"]["tokens"]
    name = next(token for token in tokens if "monitor" in token or "audit" in token)
    monkeypatch.setenv("PROXMOX_TOKEN_ID", name)
    monkeypatch.setenv("PROXMOX_TOKEN_SECRET", tokens[name])
    answer = call("guests", "start", "101", "--json")
    assert answer.code == 12, answer.err
    assert run_of(answer)["state"] == "failed"
    assert "VM.PowerMgmt" in answer.err


def test_a_lost_answer_is_unknown_and_asked_about_by_the_next_command(call: Call, lab: Simulator) -> None:
    with lab.fault("drop-after", method="POST", path="*/status/start", times=1):
        answer = call("guests", "start", "117", "--json")
    assert answer.code == 15, answer.err
    assert run_of(answer)["state"] == "unknown"
    assert sent(lab) == ["POST /nodes/pve2/qemu/117/status/start"]


def test_without_an_audit_nothing_is_sent(
    call: Call, lab: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be", encoding="utf-8")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "taken"))
    answer = call("guests", "start", "101", "--json")
    assert answer.code == 9, answer.err
    assert sent(lab) == []


def test_without_waiting_the_next_command_finds_the_end(call: Call, lab: Simulator) -> None:
    answer = call("guests", "reboot", "114", "--yes", "--no-wait", "--json")
    assert answer.code == 0
    run = run_of(answer)
    assert run["state"] == "running"
    assert f"proxtui tasks log {run['upid']}" in answer.err


def test_what_a_program_prints_is_the_answer(call: Call, lab: Simulator) -> None:
    answer = call("guests", "exec", "108", "--command", "hostname", "--yes")
    assert (answer.code, answer.out.strip()) == (0, "infra-mon01")


@pytest.mark.parametrize("feature", [one for one in FEATURES if one.operations], ids=lambda one: one.name)
def test_every_operation_has_a_verb_with_help(call: Call, feature: Any) -> None:
    operations = Catalogue([feature]).all()
    listed = call(feature.name, "--help").out
    for operation in operations.values():
        assert f"  {operation.verb} " in listed
        answer = call(feature.name, operation.verb, "--help")
        assert answer.code == 0, operation.name
        assert operation.summary.split()[0] in answer.out
        for option in ("--dry-run", "--yes", "--no-wait", "--reason", "--json", "--server"):
            assert option in answer.out


def test_a_program_that_fails_is_a_failure(call: Call, lab: Simulator) -> None:
    answer = call("guests", "exec", "108", "--command", "exit 3", "--yes", "--json")
    assert answer.code == 1
    run = run_of(answer)
    assert (run["state"], run["message"], run["output"]) == (
        "failed",
        "the program ended with exit code 3",
        "exit: failed\n",
    )


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("PROXTUI_ROLE", "viewer", "needs role operator"),
        ("PROXTUI_DENIED_OPERATIONS", "guests.st*", "among denied_operations"),
        ("PROXTUI_ALLOWED_OPERATIONS", "tasks.stop", "not among allowed_operations"),
        ("PROXTUI_DENIED_OPERATIONS", "guests.delete, guests.strat", "did you mean 'guests.start'?"),
        ("PROXTUI_WRITE_MODE", "never", "write_mode never"),
    ],
)
def test_who_may_not_is_refused_and_that_is_in_the_audit(
    call: Call, lab: Simulator, monkeypatch: pytest.MonkeyPatch, name: str, value: str, why: str
) -> None:
    monkeypatch.setenv(name, value)
    answer = call("guests", "start", "102", "--yes", "--reason", "I want to")
    assert answer.code == 13
    assert why in answer.err
    assert sent(lab) == []
    (row,) = json.loads(call("audit", "list", "--json").out)["rows"]
    assert (row["phase"], row["result"], row["event"], row["target"]) == ("single", "denied", "guests.start", "102")
    assert (row["reason"], row["method"], row["path"]) == ("I want to", "", "")
    assert why in row["message"]


def test_a_disk_is_destroyed_by_a_verb_of_its_own(call: Call, lab: Simulator) -> None:
    refused = call("guests", "config", "102", "--delete", "unused0", "--yes")
    assert refused.code == 2
    assert "guests delete-disk" in refused.err
    asked = call("guests", "delete-disk", "102", "--disk", "unused0")
    assert (asked.code, "--yes" in asked.err) == (2, True)
    in_use = call("guests", "delete-disk", "102", "--disk", "scsi0", "--yes")
    assert (in_use.code, "unused disk" in in_use.err) == (2, True)
    assert call("guests", "delete-disk", "102", "--disk", "unused0", "--yes").code != 0, "there is none"
    assert sent(lab) == []
    assert call("guests", "config", "102", "--delete", "scsi0", "--yes").code == 0
    assert call("guests", "delete-disk", "102", "--disk", "unused0", "--yes").code == 0
    assert len(sent(lab)) == 2


def test_a_program_that_is_missing_is_a_failure_of_the_program(call: Call, lab: Simulator) -> None:
    answer = call("guests", "exec", "108", "--command", "no-such-program", "--yes", "--json")
    # Not 14: the guest is there.
    assert answer.code == 1
    run = run_of(answer)
    assert run["state"] == "failed"
    assert "No such file or directory" in run["message"]
