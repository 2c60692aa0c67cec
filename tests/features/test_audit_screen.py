"""The audit on the screen: rows of the file, the story of a change, and the way to its guest."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxtui.core.journal import Phase, Result
from proxtui.core.model import GuestKey, TaskKey
from proxtui.errors import NotFoundError
from proxtui.features.audit.places import AuditFiles
from tests.features.audits import Audit, entry, several

from .fleets import ACME, two_tenants
from .screens import LARGE, SMALL, Stage, stage, text_of
from .test_tasks_screen import known, some, upid
from .test_tasks_service import UPID

WEB = {"tenant": "acme", "server": "berlin", "target_kind": "qemu", "target_id": "100", "target_name": "[red]web"}


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Audit:
    files = AuditFiles(tmp_path / "state")
    monkeypatch.setattr("proxtui.features.audit.screen.usual_files", lambda _ledger: files)
    found = Audit(files)
    found.write(
        entry("nodes.reboot", tenant="zeta", server="paris", target_kind="node", target_id="n1", result=Result.DENIED),
        entry(phase=Phase.INTENT, op_id="one", **WEB),
        entry(phase=Phase.OUTCOME, op_id="one", result=Result.FAILED, message="no quorum", **WEB),
    )
    return found


async def opened(acting: Stage, rows: int = 3) -> list[str]:
    await acting.press("6")
    await acting.until(lambda: acting.table.rows.lines == rows)
    return acting.lines(acting.table)


@pytest.mark.usefixtures("audit")
@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_the_newest_row_is_on_top(size: tuple[int, int]) -> None:
    async with stage(two_tenants(), size) as acting:
        lines = await opened(acting)
        assert "✗ failed" in lines[1]
        assert "100 [red]web" in lines[1]
        assert "· intent" in lines[2]
        assert "nodes.reboot" in lines[3]
        assert "3 rows" in acting.header


@pytest.mark.usefixtures("audit")
async def test_the_pane_tells_the_whole_change_and_e_goes_to_the_guest() -> None:
    async with stage(two_tenants(), LARGE) as acting:
        await opened(acting)
        await acting.press("enter")
        await acting.until(lambda: "no quorum" in text_of(acting.pane.query_one("Facts")))
        await acting.until(lambda: "row 2" in text_of(acting.pane.query_one("Facts")))
        await acting.press("escape", "e")
        await acting.until(lambda: acting.front is acting.guests)
        assert acting.guests.row is not None
        assert acting.guests.row.key == GuestKey(*ACME, "qemu", 100)


@pytest.mark.parametrize("name", [upid(1), UPID])
async def test_the_log_of_its_task_is_one_key_away(audit: Audit, name: str) -> None:
    """Also of a task that the server does not list any more."""
    client = some()
    client.lines = ["of this task"]
    client.status = {"status": "stopped", "exitstatus": "OK"}
    audit.write(entry(phase=Phase.OUTCOME, op_id="two", upid=name, result=Result.OK, **WEB))
    async with stage(known(), LARGE, clients={ACME: client}) as acting:
        await opened(acting, 4)
        await acting.press("slash", *"nothing", "escape", "L")
        await acting.until(lambda: acting.front.HELP_NAME == "tasks" and acting.front.row is not None)
        await acting.until(lambda: acting.front.row.key == TaskKey(*ACME, name))
        await acting.until(lambda: "of this task" in text_of(acting.front.panel.log_pane.log_view))
        await acting.press("escape", "6", "down", "L")
        assert acting.front.HELP_NAME == "audit", "no UPID, no log"


async def test_a_task_that_nobody_knows_is_said(audit: Audit) -> None:
    client = some()
    client.status = NotFoundError("no such task", status=404)  # type: ignore[assignment]
    audit.write(entry(phase=Phase.OUTCOME, op_id="two", upid=UPID, result=Result.OK, **WEB))
    async with stage(known(), LARGE, clients={ACME: client}) as acting:
        await opened(acting, 4)
        await acting.press("L")
        await acting.until(lambda: any("knows it no more" in one.message for one in acting.app._notifications))
        assert acting.front.HELP_NAME == "tasks"


async def test_verify_says_what_it_finds_and_is_itself_a_row(audit: Audit) -> None:
    async with stage(two_tenants(), LARGE) as acting:
        await opened(acting)
        await acting.press("V")
        await acting.until(lambda: acting.table.rows.lines == 4)
        assert "audit.verify" in acting.lines(acting.table)[1]
        assert any("the audit is whole" in one.message for one in acting.app._notifications)
        audit.alter("UPDATE audit SET body = replace(body, 'web', 'db1') WHERE seq = 2")
        await acting.press("V")
        await acting.until(lambda: "row 2 was altered" in text_of(acting.front.notice))
        await acting.until(lambda: "✗ failed" in acting.lines(acting.table)[1])


async def test_new_rows_come_and_a_filter_chooses(audit: Audit) -> None:
    async with stage(two_tenants(), LARGE) as acting:
        await opened(acting)
        audit.write(*several(2))
        await acting.press("ctrl+r")
        await acting.until(lambda: acting.table.rows.lines == 5)
        await acting.press("slash", *"status:denied", "enter")
        await acting.until(lambda: acting.table.rows.lines == 1)


async def test_a_damaged_file_is_said_and_rows_stay(audit: Audit) -> None:
    async with stage(two_tenants(), LARGE) as acting:
        await opened(acting)
        audit.files.db.write_bytes(b"no database" * 1_000)
        await acting.press("ctrl+r")
        await acting.until(lambda: "damaged" in text_of(acting.front.notice))
        assert acting.table.rows.lines == 3


async def test_no_audit_is_no_error(audit: Audit) -> None:
    audit.files.db.unlink()
    async with stage(two_tenants(), SMALL) as acting:
        await acting.press("6")
        await acting.until(lambda: "no change was made here yet" in text_of(acting.table))
