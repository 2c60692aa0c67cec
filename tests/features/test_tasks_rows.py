"""Tasks as rows: running first, outcomes apart, and what a filter finds."""

from __future__ import annotations

import pytest

from proxtui.core.filters import parse
from proxtui.core.model import Fleet, GuestKey, NodeKey, Scope, ServerRef, SourceState
from proxtui.core.survey import Finding
from proxtui.core.task_words import words_of
from proxtui.errors import UsageError
from proxtui.features.tasks.details import task_lines, title_of
from proxtui.features.tasks.rows import COLUMNS, Findings, TaskRow, named_task, problems, task_rows
from proxtui.pve.listing import Listing
from proxtui.pve.models import Task
from proxtui.pve.upid import Upid

from .fleets import ACME, NOW, ZETA, two_tenants

EPOCH = 1_795_305_420


def task(kind: str = "qmstart", ident: str = "100", ago: int = 60, *, node: str = "pve1", **known: object) -> Task:
    """A task that went well in five seconds, but for what ``known`` says otherwise."""
    start = EPOCH - ago
    upid = Upid(f"UPID:{node}:00001234:00005678:{start:08X}:{kind}:{ident}:root@pam:")
    usual = {"running": False, "user": "root@pam", "starttime": start, "endtime": start + 5, "exitstatus": "OK"}
    return Task(upid=upid, node=node, type=kind, id=ident, **{**usual, **known})  # type: ignore[arg-type]


RUNNING = task("vzdump", "200", 500, running=True, endtime=None, exitstatus=None, tokenid="ci")
FAILED = task("qmshutdown", "101", 30, exitstatus="VM quit/powerdown failed - got timeout", node="pve2")
WARNED = task("vzdump", "100", 90, exitstatus="WARNINGS: 2")
DONE = task(ago=60)


def findings(*tasks: Task, ref: ServerRef = ACME, **known: object) -> Findings:
    return {ref: Finding(Listing(tasks), NOW, **known)}  # type: ignore[arg-type]


def rows(*tasks: Task, fleet: Fleet | None = None, scope: Scope | None = None) -> list[TaskRow]:
    return task_rows(fleet or two_tenants(), findings(*tasks), EPOCH, scope or Scope())


def text(row: TaskRow, key: str) -> str:
    return next(column.text(row) for column in COLUMNS if column.key == key)


def test_running_ones_come_first_then_the_newest() -> None:
    assert [row.task for row in rows(WARNED, DONE, RUNNING, FAILED)] == [RUNNING, FAILED, DONE, WARNED]


def test_outcomes_are_told_apart_by_word() -> None:
    found = rows(RUNNING, FAILED, DONE, WARNED, task(ago=99, exitstatus=None))
    assert [text(row, "status") for row in found] == ["running", "error", "OK", "WARNINGS 2", "error"]
    assert [column.tone(row) for row in found for column in COLUMNS if column.key == "status"] == [
        "accent", "bad", "good", "warn", "bad",
    ]  # fmt: skip


def test_a_task_names_its_guest_and_how_long_it_took() -> None:
    running, done = rows(RUNNING, DONE)
    assert (running.subject, text(running, "duration")) == ("200 dns", "8m 20s")
    assert (done.subject, text(done, "duration")) == ("100 web1", "5s")
    assert running.user == "root@pam!ci"
    assert running.guest == running.place == GuestKey(*ACME, "lxc", 200)


def test_an_end_that_is_not_told_is_unknown() -> None:
    [row] = rows(task("srvreload", "pveproxy", endtime=None))
    assert text(row, "duration") == "–"
    assert row.place == NodeKey(*ACME, "pve1")
    assert row.subject == "pveproxy"


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ("status:running", [RUNNING]),
        ("status:error", [FAILED]),
        ("status:failed", [FAILED]),
        ("status:ok", [DONE]),
        ("status:warnings", [WARNED]),
        ("type:vzdump", [RUNNING, WARNED]),
        ("type:lxc", [RUNNING]),
        ("type:qm*", [FAILED, DONE]),
        ("node:pve2", [FAILED]),
        ("user:root@pam!ci", [RUNNING]),
        ("!user:root@pam", []),
        ("vmid:100", [DONE, WARNED]),
        ("id>100", [RUNNING, FAILED]),
        ("name:web", [DONE, WARNED]),
        ("server:paris", []),
        ("tenant:acme back", [RUNNING, WARNED]),
    ],
)
def test_the_filter_language(terms: str, expected: list[Task]) -> None:
    wanted = parse(terms)
    assert [row.task for row in rows(RUNNING, FAILED, DONE, WARNED) if wanted.matches(row)] == expected


def test_the_scope_narrows_to_a_node() -> None:
    assert [row.task for row in rows(FAILED, DONE, scope=Scope("acme", "berlin", "pve2"))] == [FAILED]
    assert rows(FAILED, DONE, scope=Scope("zeta")) == []


def test_what_a_server_no_longer_answers_is_old_and_said() -> None:
    known = findings(DONE, problem="missing privilege Sys.Audit on /", forbidden=True)
    [row] = task_rows(two_tenants(), known, EPOCH)
    assert row.muted
    assert problems(two_tenants(), known) == ["acme / berlin: tasks not read: missing privilege Sys.Audit on /"]
    assert problems(two_tenants(), known, Scope("zeta")) == []
    assert two_tenants().snapshots[0].state is SourceState.FRESH


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("qmstart", "VM start"),
        ("qmigrate", "VM migrate"),
        ("vzmigrate", "CT migrate"),
        ("vzdump", "back up"),
        ("aptupdate", "refresh packages"),
        ("cephcreateosd", "Ceph createosd"),
        ("qmnewthing", "qmnewthing"),
        ("", ""),
    ],
)
def test_types_in_plain_words(kind: str, words: str) -> None:
    assert words_of(kind) == words


def test_details_tell_the_error_and_prefer_the_live_status() -> None:
    [row] = rows(RUNNING)
    assert title_of(row) == "back up 200 dns on pve1"
    assert dict((line.label, line.text) for line in task_lines(row, FAILED))["Exit"] == FAILED.exitstatus
    assert "Exit" not in [line.label for line in task_lines(row, None)]


def test_a_task_by_its_name_is_looked_for_where_its_node_is() -> None:
    upid = DONE.upid
    found = named_task(two_tenants(), upid, EPOCH)
    assert [(row.key.tenant, row.key.server) for row in found] == [ACME, ZETA]
    assert found[0].duration is None
    with pytest.raises(UsageError, match="no UPID"):
        named_task(two_tenants(), "UPID:nonsense", EPOCH)
