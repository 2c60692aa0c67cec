"""What the overview calls wrong, how bad, and where it leads."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.core.model import Fleet, GuestKey, NodeKey, Scope, SourceState, StorageKey, Trouble
from proxtui.core.survey import Finding
from proxtui.features.overview.locks import locker
from proxtui.features.overview.service import Knowledge
from proxtui.features.overview.sight import Sight
from proxtui.features.overview.wrong import COLUMNS, Place, Weight, WrongRow, counted, nothing, wrong_rows
from proxtui.pve.listing import Listing
from proxtui.pve.models import ClusterMember, ClusterStatus, ProxmoxNode, Task
from proxtui.pve.upid import Upid

from .fleets import ACME, GIB, ZETA, fleet, node, snapshot, storage, two_tenants, vm

TODAY = 1_795_305_420.0
HERE = Scope("acme", "berlin")


def task(kind: str, guest: str, ago: int, *, exitstatus: str | None = "OK", on: str = "pve1") -> Task:
    """A task that began ``ago`` seconds ago and took no time; without an exit status it still runs."""
    start = int(TODAY) - ago
    upid = Upid(f"UPID:{on}:000010F0:00059F49:{start:08X}:{kind}:{guest}:root@pam:")
    end = None if exitstatus is None else start
    return Task(
        upid=upid,
        running=exitstatus is None,
        node=on,
        type=kind,
        id=guest,
        starttime=start,
        endtime=end,
        exitstatus=exitstatus,
    )


def knowing(*tasks: Task, **known: Any) -> dict[Any, Knowledge]:
    return {ACME: Knowledge(tasks=Finding(Listing(tasks), 1.0), **known)}


def wrong(known: Fleet, more: dict[Any, Knowledge] | None = None, scope: Scope | None = None) -> list[WrongRow]:
    return wrong_rows(known, scope or Scope(), more or {}, TODAY)


def said(rows: list[WrongRow]) -> list[tuple[str, str, str]]:
    return [(row.weight.name, row.what, row.why) for row in rows]


def test_a_fleet_that_is_well_has_no_line() -> None:
    assert wrong(two_tenants()) == []


@pytest.mark.parametrize(
    ("state", "weight", "word"),
    [
        (SourceState.DOWN, Weight.BAD, "down: no route"),
        (SourceState.STALE, Weight.WARNING, "stale: no route"),
        (SourceState.FORBIDDEN, Weight.WARNING, "login refused: no route"),
    ],
)
def test_a_server_that_does_not_answer(state: SourceState, weight: Weight, word: str) -> None:
    row, unknown = wrong(fleet(snapshot(ACME, state=state, taken_at=700.0, error="no route")))
    assert (unknown.weight, unknown.what) == (Weight.NOTE, "server berlin")
    assert (row.weight, row.what, row.why, row.since) == (weight, "server berlin", word, 300)
    assert row.target == Place("nodes", HERE)


def test_since_when_a_server_never_answered() -> None:
    never = snapshot(ACME, state=SourceState.DOWN, taken_at=None, error="no route", asked_since=700.0)
    assert wrong(fleet(never))[0].since == 300


EVERYTHING = "nodes, storages, locks, quorum, failed tasks"


@pytest.mark.parametrize(
    ("state", "taken_at", "says"),
    [
        (SourceState.WAITING, None, f"unknown: {EVERYTHING} (waiting for the first answer)"),
        (SourceState.DOWN, None, f"unknown: {EVERYTHING} (never read)"),
        (SourceState.DOWN, 700.0, f"unknown: {EVERYTHING} (last read 5m ago)"),
        (SourceState.FORBIDDEN, None, f"unknown: {EVERYTHING} (never read)"),
        (SourceState.STALE, 990.0, "unknown: quorum, failed tasks (not read)"),
    ],
)
def test_what_nobody_knows_of_a_server_is_said(state: SourceState, taken_at: float | None, says: str) -> None:
    rows = wrong(fleet(snapshot(ACME, state=state, taken_at=taken_at)))
    assert [row.why for row in rows if row.key[0] == "unknown"] == [says]
    assert rows[-1].weight is Weight.NOTE
    assert rows[-1].target == Place("nodes", HERE)


def test_what_was_asked_before_a_server_became_silent_is_not_called_unknown() -> None:
    stale = fleet(snapshot(ACME, state=SourceState.STALE))
    asked = {ACME: Knowledge(Finding(ClusterStatus(), 1.0), Finding(Listing(()), 1.0))}
    assert [row.key[0] for row in wrong(stale, asked)] == ["server"]
    assert [row.key[0] for row in wrong(fleet(snapshot(ACME, state=SourceState.DOWN)), asked)] == ["server", "unknown"]


def test_nothing_wrong_is_claimed_only_when_everything_was_read() -> None:
    assert nothing([ACME], asking=False) == "all is well"
    assert "not read yet" in nothing([ACME], asking=True)
    assert nothing([], asking=False) == "no server is looked at"


def test_of_a_server_that_is_down_nothing_else_is_said() -> None:
    off = ProxmoxNode(node="pve1", status="offline")
    known = fleet(snapshot(ACME, nodes=(off,), storages=(storage("s", used=99, total=100),), state=SourceState.DOWN))
    assert [row.key[0] for row in wrong(known)] == ["server", "unknown"]


def test_what_a_stale_server_said_last_is_greyed() -> None:
    known = fleet(snapshot(ACME, nodes=(ProxmoxNode(node="pve1", status="offline"),), state=SourceState.STALE))
    assert [(row.what, row.muted) for row in wrong(known)][:2] == [("node pve1", True), ("server berlin", False)]


def test_an_offline_node_with_its_guests() -> None:
    known = fleet(snapshot(ACME, (vm(100), vm(101)), (ProxmoxNode(node="pve1", status="offline"),)))
    (row,) = wrong(known)
    assert (row.weight, row.why, row.target) == (Weight.BAD, "offline; 2 guests live on it", NodeKey(*ACME, "pve1"))


def test_an_offline_node_alone() -> None:
    (row,) = wrong(fleet(snapshot(ACME, (), (ProxmoxNode(node="pve1", status="offline"),))))
    assert row.why == "offline"


@pytest.mark.parametrize(("mem", "lines"), [(89, 0), (90, 1), (99, 1)])
def test_memory_of_a_node(mem: int, lines: int) -> None:
    rows = wrong(fleet(snapshot(ACME, nodes=(node("pve1", mem=mem * GIB, maxmem=100 * GIB),))))
    assert len(rows) == lines
    assert all(row.weight is Weight.WARNING and "memory" in row.why for row in rows)


@pytest.mark.parametrize(
    ("used", "weights"), [(84, []), (85, [Weight.WARNING]), (94, [Weight.WARNING]), (95, [Weight.BAD])]
)
def test_a_full_storage(used: int, weights: list[Weight]) -> None:
    rows = wrong(fleet(snapshot(ACME, storages=(storage("nfs", used=used, total=100),))))
    assert [row.weight for row in rows] == weights
    assert all(row.target == StorageKey(*ACME, "pve1", "nfs") for row in rows)


def test_a_shared_storage_is_one_line_and_an_unknown_one_none() -> None:
    full = [storage("nfs", f"pve{at}", shared=True, used=99, total=100) for at in (1, 2)]
    unknown = storage("iscsi", used=None, total=None)
    rows = wrong(fleet(snapshot(ACME, storages=(*full, unknown))))
    assert said(rows) == [("BAD", "storage nfs", "99 % of 100 B used, shared")]


def test_no_quorum() -> None:
    members = (ClusterMember(name="pve1", online=True), ClusterMember(name="pve2", online=False))
    status = Finding(ClusterStatus(name="prod", quorate=False, nodes=members), 1.0)
    (row,) = wrong(fleet(snapshot(ACME)), {ACME: Knowledge(status=status)})
    assert (row.weight, row.what, row.target) == (Weight.BAD, "cluster prod", Place("cluster", HERE))
    assert "1 of 2 nodes online" in row.why


@pytest.mark.parametrize("quorate", [True, None])
def test_a_quorum_that_is_there_or_not_needed(quorate: bool | None) -> None:
    known = {ACME: Knowledge(status=Finding(ClusterStatus(quorate=quorate), 1.0))}
    assert wrong(fleet(snapshot(ACME)), known) == []


def test_failed_tasks_of_a_day() -> None:
    tasks = knowing(
        task("vzdump", "101", 7300, exitstatus="job errors"),
        task("vzdump", "102", 90_000, exitstatus="job errors"),
        task("vzdump", "103", 60, exitstatus="WARNINGS: 1"),
        task("vzdump", "104", 60),
        task("vzdump", "105", 60, exitstatus=None),
    )
    (row,) = wrong(fleet(snapshot(ACME)), tasks)
    assert said([row]) == [("WARNING", "task vzdump 101", "failed on pve1: job errors")]
    assert isinstance(row.target, Place)
    assert (row.since, row.target.view, row.target.scope) == (7200, "tasks", HERE)
    assert row.target.row[-1].startswith("UPID:pve1:")


def test_what_went_wrong_in_the_last_minute_did_so_now() -> None:
    since = next(one for one in COLUMNS if one.key == "since")
    tasks = knowing(*(task("vzdump", "101", ago, exitstatus="job errors") for ago in (20, 300)))
    assert [since.text(row) for row in wrong(fleet(snapshot(ACME)), tasks)] == ["now", "5m"]


def test_a_lock_without_a_task_is_only_said() -> None:
    (row,) = wrong(fleet(snapshot(ACME, (vm(100, lock="backup"),))))
    assert said([row]) == [("NOTE", "VM 100 vm100", "locked (backup)")]
    assert row.target == GuestKey(*ACME, "qemu", 100)


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        (task("vzdump", "100", 600, exitstatus=None), []),
        (task("vzdump", "100", 7200, exitstatus=None), [("WARNING", "locked (backup), task runs for 2h")]),
        (task("vzdump", "100", 600, exitstatus="err"), [("NOTE", "locked (backup), but its task has ended")]),
        (task("vzdump", "100", 7200, exitstatus="OK"), [("WARNING", "locked (backup), but its task has ended")]),
        (task("vzdump", "", 7200, exitstatus=None), [("WARNING", "locked (backup), task runs for 2h")]),
        (task("vzdump", "", 7200, exitstatus=None, on="pve2"), [("NOTE", "locked (backup)")]),
        (task("qmstart", "100", 7200, exitstatus=None), [("NOTE", "locked (backup)")]),
        (task("vzdump", "1000", 7200, exitstatus=None), [("NOTE", "locked (backup)")]),
    ],
)
def test_how_long_a_guest_is_locked(taken: Task, expected: list[tuple[str, str]]) -> None:
    rows = wrong(fleet(snapshot(ACME, (vm(100, lock="backup"),))), knowing(taken))
    assert [(row.weight.name, row.why) for row in rows if row.key[0] == "lock"] == expected


def test_a_running_task_explains_a_lock_better_than_a_newer_one_that_ended() -> None:
    running, ended = task("vzdump", "100", 7200, exitstatus=None), task("vzdump", "100", 60)
    found = locker(vm(100, lock="backup"), (ended, running))
    assert found is not None
    assert found.running


def test_what_may_not_be_seen_is_a_note_with_the_privilege() -> None:
    known = Knowledge(
        Finding(problem="missing privilege Sys.Audit on /", forbidden=True),
        Finding(Listing(()), 1.0),
        Sight(guests=False, storages=False, every_task=False),
    )
    rows = wrong(fleet(snapshot(ACME)), {ACME: known})
    assert {row.weight for row in rows} == {Weight.NOTE}
    assert {row.what for row in rows} == {"guests", "storages", "tasks", "quorum"}
    assert all("missing privilege" in row.why for row in rows)
    assert not any("down" in row.why for row in rows)
    assert counted(rows) == ""


def test_the_worst_comes_first_and_is_counted() -> None:
    known = fleet(
        snapshot(ACME, (vm(100, lock="backup"),), (ProxmoxNode(node="pve1", status="offline"),)),
        snapshot(ZETA, storages=(storage("a", used=90, total=100), storage("b", used=99, total=100))),
    )
    rows = wrong(known)
    assert [row.weight for row in rows] == sorted(row.weight for row in rows)
    assert counted(rows) == "2 bad, 1 warning"
    assert len({row.key for row in rows}) == len(rows)


def test_the_scope_narrows_the_list() -> None:
    off = ProxmoxNode(node="pve2", status="offline")
    known = fleet(snapshot(ACME, (vm(100, lock="x"),), (node("pve1"), off)), snapshot(ZETA, nodes=(off,)))
    assert [row.what for row in wrong(known, scope=Scope("acme", "berlin", "pve1"))] == ["VM 100 vm100"]
    assert len(wrong(known, scope=Scope("zeta"))) == 1


@pytest.mark.parametrize("state", [SourceState.FRESH, SourceState.DOWN])
def test_an_endpoint_that_is_refused_is_bad_though_another_one_answers(state: SourceState) -> None:
    troubles = (Trouble("pve9:8006 belongs to cluster lab, not cluster prod: not used", True), Trouble("expired"))
    rows = wrong_rows(fleet(snapshot(state=state, troubles=troubles)), HERE, {}, TODAY)
    told = [(row.weight, row.why) for row in rows if row.key[0] == "way"]
    assert told == [(Weight.BAD, troubles[0].line), (Weight.WARNING, "expired")]
