"""What reaches files: the log and the crash report, both for their owner only, both without secrets."""

from __future__ import annotations

import json
import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxtui.cli import log
from proxtui.cli.crash import write_report
from proxtui.cli.redact import Redactor, redact
from proxtui.errors import UsageError
from tests.cli.conftest import Call

SECRET = "0b9a3a4e-1111-2222-3333-444455556666"
TICKET = "PVE:root@pam:6921A2B3::" + "Ab9+/" * 20 + "=="


@pytest.fixture(autouse=True)
def _root_logger() -> Iterator[None]:
    level = logging.getLogger().level
    yield
    log.configure("", debug=False, to_stderr=False)
    logging.getLogger().setLevel(level)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: PVEAPIToken=monitor@pve!proxtui={SECRET}",
        f"Cookie: PVEAuthCookie={TICKET}",
        f"'ticket': '{TICKET}'",
        f"login with {TICKET} failed",
        f'{{"password": "{SECRET}"}}',
        f"password={SECRET}&username=root",
        "CSRFPreventionToken: 6921A2B3:abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    ],
)
def test_secrets_are_known_by_their_shape(text: str) -> None:
    hidden = Redactor()(text)
    assert "***" in hidden
    assert not any(part in hidden for part in (SECRET, "Ab9+/Ab9", "abcdefghijklm"))


def test_the_token_id_may_be_read() -> None:
    assert "monitor@pve!proxtui" in Redactor()(f"PVEAPIToken=monitor@pve!proxtui={SECRET}")


def test_secrets_are_known_by_their_value() -> None:
    redactor = Redactor()
    redactor.hide("swordfish", "swordfish-and-more", None, "", "abc")
    assert redactor("is it swordfish-and-more or swordfish? abc") == "is it *** or ***? abc"
    assert "swordfish" not in repr(redactor)


def test_the_log_is_private_redacted_and_inert(tmp_path: Path) -> None:
    redact.hide("swordfish")
    path = tmp_path / "proxtui.log"
    path.touch(mode=0o644)
    log.configure(str(path), debug=False, to_stderr=False)
    logging.getLogger("proxtui.pve").debug("too much detail")
    logging.getLogger("proxtui.pve").warning("no: %s \x1b[2J", {"answer": "swordfish"})
    try:
        raise ValueError("swordfish")
    except ValueError:
        logging.getLogger("proxtui").exception("oops")
    text = path.read_text(encoding="utf-8")
    assert mode(path) == 0o600
    assert "no: {'answer': '***'}" in text
    assert "ValueError: ***" in text
    assert "\x1b" not in text
    assert "detail" not in text
    assert "swordfish" not in text


def test_debug_says_more(tmp_path: Path) -> None:
    path = tmp_path / "proxtui.log"
    log.configure(str(path), debug=True, to_stderr=False)
    logging.getLogger("proxtui.pve").debug("detail")
    assert "detail" in path.read_text(encoding="utf-8")


def test_without_a_file_only_a_debugged_command_writes_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    for debug, to_stderr, heard in ((False, True, False), (True, False, False), (True, True, True)):
        log.configure("", debug=debug, to_stderr=to_stderr)
        logging.getLogger("proxtui").error("something")
        assert ("something" in capsys.readouterr().err) is heard


@pytest.mark.parametrize("name", ["missing/folder.log", "link.log", "."])
def test_an_unusable_log_is_a_usage_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "link.log").symlink_to(tmp_path / "target.log")
    with pytest.raises(UsageError, match="PROXTUI_LOG"):
        log.configure(str(tmp_path / name), debug=False, to_stderr=False)
    assert not (tmp_path / "target.log").exists()


def test_a_crash_is_one_line_and_a_private_report_without_values(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        local_value = "value-of-a-local"
        redact.hide("swordfish")
        raise ZeroDivisionError(f"swordfish {len(local_value)}")

    monkeypatch.setattr("proxtui.cli.session.Session.read", broken)
    answer = call("guests", "list")
    report = next((tmp_path / "state" / "proxtui").iterdir())
    assert (answer.code, answer.out) == (1, "")
    assert answer.line == f"internal error, ZeroDivisionError; report: {report}"
    text = report.read_text(encoding="utf-8")
    assert mode(report) == 0o600
    assert "ZeroDivisionError: *** 16" in text
    assert "in broken" in text
    assert "value-of-a-local" not in text.replace('local_value = "value-of-a-local"', "")
    assert "swordfish" not in text.replace('redact.hide("swordfish")', "").replace('f"swordfish', "")


@pytest.mark.parametrize(("verb", "code"), [(["guests", "list"], 1), (["status", "--once"], 3)])
def test_a_crash_is_told_in_json_too(call: Call, monkeypatch: pytest.MonkeyPatch, verb: list[str], code: int) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("proxtui.cli.session.Session.read", broken)
    answer = call(*verb, "--json")
    assert answer.code == code
    assert json.loads(answer.out)["details"] == {"kind": "ZeroDivisionError", "exit_code": code}


def test_a_crash_of_status_is_unknown_not_warning(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("proxtui.cli.session.Session.read", broken)
    answer = call("status", "--once")
    assert (answer.code, answer.out) == (3, "UNKNOWN - internal error, ZeroDivisionError\n")
    assert "internal error" in answer.line


def test_no_report_where_nothing_can_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert write_report(ValueError("x")) is None
