"""``proxtui.SecurityManager``: what programs log and read, in the same audit."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import proxtui
from proxtui import SecurityManager
from proxtui.errors import AuditUnavailable, InvalidInput
from tests.features.audits import audit_in


@pytest.fixture(autouse=True)
def _no_system_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("proxtui.config.paths.syslog_socket", lambda: tmp_path / "no-log")


def test_what_is_logged_is_read_back_oldest_first(tmp_path: Path) -> None:
    with SecurityManager(tmp_path) as security:
        assert security.get_audit_logs() == []
        for number in range(5):
            security.log_access(f"GET /nodes/{number}", "root@pam!t", "failure" if number == 2 else "success", "text")
        every = security.get_audit_logs()
        assert [one.operation for one in every] == [f"GET /nodes/{number}" for number in range(5)]
        assert every == security.get_audit_logs(0) == security.get_audit_logs(50)
        assert security.get_audit_logs(2) == every[3:]
        assert {one.result for one in every if one.operation.endswith("2")} == {"failure"}
        assert (every[0].user, every[0].details, every[0].resource) == ("root@pam!t", "text", "")
        assert every[0].timestamp > 1_600_000_000_000
    # Another one finds them: they are on disk.
    assert len(SecurityManager(tmp_path).get_audit_logs()) == 5


def test_several_threads_share_one(tmp_path: Path) -> None:
    with SecurityManager(tmp_path / "state") as security:
        threads = [threading.Thread(target=security.log_access, args=("x", f"u{n}", "success")) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(one.user for one in security.get_audit_logs()) == [f"u{n}" for n in range(8)]
    verdict = audit_in(tmp_path).verdict()
    assert (verdict.problems, verdict.anchor) == ([], 8)


def test_only_what_the_list_names_is_allowed() -> None:
    allows = SecurityManager.validate_operation
    assert allows("vm.start", ["vm.stop", "vm.start"])
    assert not allows("vm.start", [])
    assert not allows("vm.start", ["vm.star", "vm.start.now", "VM.START", "vm.*"])
    with pytest.raises(InvalidInput):
        allows("start", "restart")


def test_nonsense_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    security = SecurityManager(tmp_path / "state")
    with pytest.raises(InvalidInput, match="success or failure"):
        security.log_access("x", "y", "maybe")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="empty"):
        security.log_access("", "y", "success")
    with pytest.raises(InvalidInput, match="negative"):
        security.get_audit_logs(-1)
    assert not (tmp_path / "state").exists()


def test_no_audit_no_silence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with SecurityManager(tmp_path / "file" / "state") as security, pytest.raises(AuditUnavailable):
        security.log_access("x", "y", "success")


def test_the_package_has_nothing_else() -> None:
    with pytest.raises(AttributeError, match="nothing_such"):
        _ = proxtui.nothing_such
