"""The cluster room as its user meets it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from proxtui.core.model import Scope, SourceState
from proxtui.kit.facts import Facts
from proxtui.kit.signs import state_text

from .fakes import FakeClient, denied
from .fleets import ACME, ZETA, fleet, node, snapshot, two_tenants, vm
from .screens import LARGE, SMALL, Stage, stage, text_of

STATUS = [
    {"type": "cluster", "name": "prod", "quorate": 1, "nodes": 2, "version": 2},
    {"type": "node", "name": "pve1", "online": 1, "nodeid": 1, "ip": "10.0.0.1", "local": 1},
    {"type": "node", "name": "pve2", "online": 0, "nodeid": 2, "ip": "10.0.0.2", "local": 0},
]
HA = [
    {"id": "quorum", "type": "quorum", "status": "OK", "quorate": 1, "node": "pve1"},
    {"id": "service:vm:100", "type": "service", "sid": "vm:100", "node": "pve1", "state": "error", "status": "x"},
]
ACL = [{"path": "/", "ugid": "root@pam", "roleid": "Administrator", "propagate": 1, "type": "user"}]
SNAPSHOTS = [
    {"name": "before", "snaptime": 1_795_300_000, "description": "two\nlines"},
    {"name": "current", "parent": "before"},
]
SECTIONS = {"nodes": 0, "ha": 1, "replication": 2, "backup": 3, "uncovered": 4, "snapshots": 5, "pools": 6, "log": 7}
SECTIONS["access"] = 8


def client(**more: Any) -> FakeClient:
    answers = {
        "/cluster/status": STATUS,
        "/cluster/ha/status/current": HA,
        "/cluster/ha/resources": [{"sid": "vm:100", "state": "started", "type": "vm"}],
        "/cluster/ha/rules": [],
        "/cluster/replication": [],
        "/cluster/backup": [{"id": "job1", "enabled": 1, "all": 1, "schedule": "02:30", "storage": "nfs"}],
        "/cluster/backup-info/not-backed-up": [{"vmid": 101, "type": "qemu", "name": "lost"}],
        "/cluster/log": [{"time": 1_795_300_000, "node": "pve1", "msg": "hello", "pri": 3, "uid": "1:pve1"}],
        "/pools": [{"poolid": "gold", "comment": "the best"}],
        "/access/acl": ACL,
        "/access/users": [{"userid": "root@pam", "enable": 1}, {"userid": "old@pve", "enable": 0}],
        "/access/permissions": {"/": dict.fromkeys(("VM.Audit", "Pool.Audit", "Sys.Audit", "Sys.Syslog"), 1)},
        "/nodes/pve1/qemu/100/snapshot": SNAPSHOTS,
        "/nodes/pve1/qemu/101/snapshot": [{"name": "current"}],
    }
    return FakeClient(**{**answers, **more})


def known() -> Any:
    return fleet(snapshot(ACME, (vm(100, name="web", pool="gold"), vm(101, name="lost")), (node("pve1"),)))


async def go(acting: Stage, name: str, word: str) -> None:
    """Show a section and wait for a word."""
    await acting.press("5", *["right"] * SECTIONS[name])
    await shown(acting, word)


async def shown(acting: Stage, word: str) -> None:
    await acting.until(lambda: word in text_of(acting.table) or word in text_of(acting.front.query_one(Facts)))


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("nodes", ["online", "offline", "10.0.0.2"]),
        ("ha", ["vm:100", "error", "started", "web"]),
        ("replication", ["no replication jobs"]),
        ("backup", ["02:30", "nfs", "all"]),
        ("uncovered", ["lost", "101"]),
        ("snapshots", ["no snapshots are known"]),
        ("pools", ["gold", "1/1", "the best"]),
        ("log", ["hello", "error"]),
        ("access", ["root@pam", "Administrator", "old@pve", "off"]),
    ],
)
async def test_every_section(section: str, words: list[str], size: tuple[int, int]) -> None:
    async with stage(known(), size, clients={ACME: client()}) as acting:
        await go(acting, section, words[0])
        seen = text_of(acting.table)
        assert all(word in seen for word in words)


async def test_the_quorum_is_told_above_the_nodes() -> None:
    async with stage(known(), clients={ACME: client()}) as acting:
        await go(acting, "nodes", "quorate")
        assert "cluster prod: quorate; 1 of 2 nodes online; offline: pve2" in text_of(acting.front.query_one(Facts))


@pytest.mark.parametrize("section", [name for name in SECTIONS if name != "snapshots"])
async def test_a_panel_without_permission_names_the_privilege(section: str) -> None:
    answers = client()
    refused = denied("/", "Sys.Audit")
    answers.answers = {path: refused for path in answers.answers if path != "/access/permissions"}
    async with stage(known(), clients={ACME: answers}) as acting:
        await go(acting, section, "missing privilege Sys.Audit on /")
        assert "are known" in text_of(acting.table)
        assert "fresh" in acting.header


async def test_lists_that_are_filtered_silently_say_so() -> None:
    async with stage(known(), clients={ACME: client(**{"/access/permissions": {}})}) as acting:
        await go(acting, "log", "missing privilege Sys.Syslog on /")
        assert "hello" in text_of(acting.table)
        await acting.press("right")
        await shown(acting, "missing privilege Sys.Audit on /access")


async def test_only_the_section_in_front_is_asked_for() -> None:
    answers = client()
    async with stage(known(), clients={ACME: answers}) as acting:
        await go(acting, "nodes", "quorate")
        assert set(answers.asked) == {"/cluster/status"}
        await acting.press("1")
        acting.runtime.clock.now += 100
        await acting.put(known())
        assert answers.asked == ["/cluster/status"]


async def test_several_servers_stand_in_one_list_and_one_that_is_silent_is_not_asked() -> None:
    silent = snapshot(ZETA, taken_at=None, state=SourceState.WAITING)
    async with stage(fleet(*known().snapshots, silent), clients={ACME: client(), ZETA: client()}) as acting:
        await go(acting, "nodes", "quorate")
        assert acting.runtime.clients[ZETA].asked == []
        assert "acme / berlin: cluster prod" in text_of(acting.front.query_one(Facts))
    async with stage(two_tenants(), clients={ACME: client(), ZETA: client()}) as acting:
        await go(acting, "nodes", "paris")
        await acting.until(lambda: len(acting.lines(acting.table)) == 5)


async def test_enter_opens_the_guest_of_a_line_and_is_offered_only_there() -> None:
    async with stage(known(), clients={ACME: client()}) as acting:
        await go(acting, "backup", "02:30")
        assert acting.table.check_action("open", ()) is False
        await acting.press("right")
        await shown(acting, "lost")
        await acting.press("enter")
        assert acting.front.id == "view-guests"
        assert acting.table.cursor_row.key.vmid == 101


async def test_left_and_right_go_round() -> None:
    async with stage(known(), clients={ACME: client()}) as acting:
        await acting.press("5", "left")
        await shown(acting, "Administrator")
        await acting.press("right")
        await shown(acting, "quorate")


async def test_snapshots_are_read_only_on_request() -> None:
    answers = client()
    async with stage(known(), clients={ACME: answers}) as acting:
        await go(acting, "snapshots", "press A to ask every guest")
        assert not any("snapshot" in path for path in answers.asked)
        await acting.press("A")
        await shown(acting, "before")
        await shown(acting, "2 of 2 guests")
        line = acting.lines(acting.table)[1]
        assert "web" in line
        assert "two lines" in line
        assert len(acting.lines(acting.table)) == 2
        asked = len(answers.asked)
        await acting.press("right", "left")
        assert sum("snapshot" in path for path in answers.asked[asked:]) == 0
        assert "before" in text_of(acting.table)


async def test_what_nobody_told_is_not_counted_as_none() -> None:
    answers = client(**{"/cluster/backup": denied("/", "Sys.Audit")})
    async with stage(known(), clients={ACME: answers}) as acting:
        await go(acting, "backup", "missing privilege")
        await acting.until(lambda: "– backup jobs" in acting.header)
        await acting.press("right", "right")
        await shown(acting, "press A")
        await acting.until(lambda: "snapshots not asked yet (A asks)" in acting.header)
        await acting.press("A")
        await acting.until(lambda: "1 snapshot" in acting.header)
        assert "at least" not in acting.header
    gone = snapshot(ZETA, taken_at=None, state=SourceState.DOWN, error="no answer")
    async with stage(fleet(*known().snapshots, gone), clients={ACME: client()}) as acting:
        await go(acting, "backup", "02:30")
        await acting.until(lambda: "at least 1 backup job" in acting.header)
        await acting.press("right", "right", "A")
        await acting.until(lambda: "at least 1 snapshot" in acting.header)
    async with stage(known(), clients={ACME: client(**{"/access/permissions": {}})}) as acting:
        await go(acting, "log", "hello")
        await acting.until(lambda: "at least 1 line" in acting.header)


async def test_a_sweep_can_be_stopped_and_keeps_what_it_found() -> None:
    answers = client()
    async with stage(known(), clients={ACME: answers}) as acting:
        await go(acting, "snapshots", "press A")
        answers.gate = asyncio.Event()
        await acting.press("A")
        await shown(acting, "asked 0 of 2 guests; A stops")
        await acting.until(lambda: "– snapshots" in acting.header)
        await acting.press("A")
        await acting.until(lambda: not acting.front.board.sweep.is_running)
        await shown(acting, "press A to ask")


async def test_a_sweep_asks_only_the_guests_that_the_filter_leaves() -> None:
    answers = client()
    async with stage(known(), clients={ACME: answers}) as acting:
        await go(acting, "snapshots", "press A")
        await acting.press("slash", *"pool:gold", "enter", "A")
        await shown(acting, "1 of 2 guests")
        await shown(acting, "1 guest")
        assert [path for path in answers.asked if "snapshot" in path] == ["/nodes/pve1/qemu/100/snapshot"]
        await acting.until(lambda: "at least 1 snapshot" in acting.header)


async def test_states_have_the_signs_that_they_have_elsewhere() -> None:
    async with stage(known(), clients={ACME: client()}) as acting:
        await go(acting, "nodes", "quorate")
        assert state_text("online") in text_of(acting.table)
        assert state_text("offline") in text_of(acting.table)
        await acting.press(*["right"] * 4)
        await shown(acting, state_text("running"))


async def test_a_guest_whose_snapshots_may_not_be_read_is_counted_with_the_privilege() -> None:
    answers = client(**{"/nodes/pve1/qemu/101/snapshot": denied("/vms/101", "VM.Audit")})
    async with stage(known(), clients={ACME: answers}) as acting:
        await go(acting, "snapshots", "press A")
        await acting.press("A")
        await shown(acting, "1 guest: missing privilege VM.Audit on /vms/101")


async def test_the_filter_works_in_every_section() -> None:
    async with stage(known(), clients={ACME: client()}) as acting:
        await go(acting, "access", "old@pve")
        await acting.press("slash", *"user:root@pam", "enter")
        await acting.until(lambda: "1 of 2 grants" in acting.header)
        await acting.press("left")
        await acting.until(lambda: "0 of 1 line" in acting.header)


async def test_each_section_keeps_the_order_that_somebody_gave_it() -> None:
    async with stage(known(), LARGE, clients={ACME: client()}) as acting:
        await go(acting, "log", "hello")
        rows = acting.table.rows
        assert (rows.sort, rows.descending) == ("time", True)
        await acting.press("less_than_sign", "i")
        chosen = rows.sort, rows.descending
        assert chosen != ("time", True)
        await acting.press("left")
        assert (rows.sort, rows.descending) == ("", False)
        arrangement = acting.front.arrangement
        await acting.press("right")
        assert (rows.sort, rows.descending) == chosen
        acting.front.put_in_order({"section": "nodes", "sorts": {"log": ["none", True], "ha": 3, "x": ["name", 1]}})
        await acting.press("left", "left")
        assert (rows.sort, rows.descending) == ("time", True)
        acting.front.put_in_order(arrangement)
        assert acting.front.board.section.name == "pools"
        await acting.press("right")
        assert (rows.sort, rows.descending) == chosen


async def test_a_poll_that_brings_nothing_new_does_not_fill_the_table_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage(known(), clients={ACME: client()}) as acting:
        await go(acting, "nodes", "10.0.0.2")
        filled: list[object] = []
        monkeypatch.setattr(acting.table, "set_rows", filled.append)
        acting.front.show(acting.front.board.fleet, Scope())
        assert filled == []
        acting.front.show(known(), Scope())
        assert len(filled) == 1
