"""The guests view as its user meets it."""

from __future__ import annotations

import asyncio
import re

import pytest
from msgspec.structs import replace

from proxtui.core.model import GuestKey, NodeKey, ServerRef, SourceState
from proxtui.errors import NetworkError

from .fakes import FakeClient, denied
from .fleets import ACME, ZETA, container, fleet, node, snapshot, two_tenants, vm
from .screens import LARGE, SMALL, Stage, stage, text_of

WEB = "/nodes/pve1/qemu/100"
CONFIG = {"cores": 2, "memory": "4096", "scsi0": "local:vm-100-disk-0,size=32G", "description": "the shop"}
RRD = [{"time": 1_795_300_000 + 60 * n, "cpu": 0.5, "mem": 1, "maxmem": 2, "netin": 10, "netout": 5} for n in range(60)]


def client() -> FakeClient:
    status = {"vmid": 100, "status": "running", "qmpstatus": "running", "mem": 1024**3, "uptime": 7600}
    return FakeClient(**{f"{WEB}/status/current": status, f"{WEB}/config": CONFIG, f"{WEB}/rrddata": RRD})


def names(acting: Stage) -> list[str]:
    return [row.guest.name for row in acting.table.rows.shown]  # type: ignore[attr-defined]


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_one_table_over_all_servers(size: tuple[int, int]) -> None:
    async with stage(two_tenants(), size) as acting:
        assert names(acting) == ["dns", "shop", "vm101", "web1"]
        shown = text_of(acting.table)
        assert "● running" in shown
        assert "○ stopped" in shown
        assert "4 guests" in acting.header
        assert all(len(line) <= size[0] for line in shown.splitlines())


async def test_kinds_go_round_and_the_summary_says_which() -> None:
    async with stage(two_tenants()) as acting:
        await acting.press("T")
        assert names(acting) == ["shop", "vm101", "web1"]
        assert "3 VMs" in acting.header
        await acting.press("T")
        assert names(acting) == ["dns"]
        assert "1 container" in acting.header
        await acting.press("T")
        assert len(names(acting)) == 4


async def test_a_filter_narrows_table_and_tree_and_says_so() -> None:
    async with stage(two_tenants()) as acting:
        await acting.press("slash", *"tag:prod", "enter")
        assert names(acting) == ["web1"]
        assert "1 of 4 guests" in acting.header
        assert "zeta" in text_of(acting.tree)
        assert "pve2" not in text_of(acting.tree)
        await acting.press("escape")
        assert len(names(acting)) == 4
        assert "pve2" in text_of(acting.tree)


async def test_the_detail_pane_opens_shows_and_closes() -> None:
    async with stage(two_tenants(), clients={ACME: client()}) as acting:
        acting.table.move_to(GuestKey(*ACME, "qemu", 100))
        await acting.press("enter")
        await acting.until(lambda: len(acting.pane.facts) > 3)
        shown = text_of(acting.pane.query_one("Facts"))
        assert "2 cores" in shown
        assert "local:vm-100-disk-0  32G" in shown
        assert "the shop" in shown
        assert acting.pane.title == "VM 100 web1 on pve1"
        charts = [text_of(chart) for chart in acting.charts]
        assert [re.split(r"\s\s", chart)[0] for chart in charts] == [
            "CPU",
            "Memory",
            "Network in + out",
            "Disk read + write",
        ]
        assert "50 %" in charts[0]
        assert "15 B/s" in charts[2]
        assert "keeps none" in charts[3]
        await acting.press("escape")
        assert not acting.front.split.is_open
        assert acting.app.focused is acting.table


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_table_and_charts_are_in_sight_together(size: tuple[int, int]) -> None:
    async with stage(two_tenants(), size, clients={ACME: client()}) as acting:
        await acting.press("d")
        await acting.until(lambda: len(acting.pane.facts) > 1)
        assert acting.table.size.height >= 5
        # Facts before charts: where not all have room, the section of the charts has them.
        assert "more lines" not in text_of(acting.pane.query_one("Facts"))
        assert len(acting.charts) == (2 if size == SMALL else 4)
        for chart in acting.charts:
            assert chart.size.height >= 4
            assert chart.region.bottom <= size[1] - 1
        assert acting.pane.query_one("Facts").size.height >= 3


async def test_nothing_is_asked_before_the_pane_is_open_or_while_the_cursor_runs() -> None:
    many = fleet(snapshot(ACME, tuple(vm(100 + at) for at in range(20)), (node("pve1"),)))
    asked = client()
    async with stage(many, clients={ACME: asked}) as acting:
        await acting.press("down", "down", "up")
        assert asked.asked == []
        asked.gate = asyncio.Event()
        await acting.press("d")
        await acting.until(lambda: len(asked.asked) == 3)
        await acting.press(*["down"] * 10)
        # The pane of the first guest was given up; the ten on the way are never asked about.
        await acting.until(lambda: len(asked.asked) >= 6)
        vmids = {path.split("/")[4] for path in asked.asked}
        assert len(vmids) == 2
        asked.gate.set()


async def test_a_closed_pane_asks_no_more() -> None:
    asked = client()
    async with stage(two_tenants(), clients={ACME: asked}) as acting:
        acting.table.move_to(GuestKey(*ACME, "qemu", 100))
        await acting.press("d")
        await acting.until(lambda: len(acting.pane.facts) > 3)
        assert acting.front.lookout.is_waiting
        await acting.press("d")
        assert not acting.front.lookout.is_waiting
        assert not [worker for worker in acting.app.workers if worker.group == "lookout" and worker.is_running]


async def test_a_missing_privilege_is_one_line_in_the_pane() -> None:
    refused = denied("/vms/100", "VM.Audit")
    answers = FakeClient(**{f"{WEB}/{tail}": refused for tail in ("status/current", "config", "rrddata")})
    async with stage(two_tenants(), clients={ACME: answers}) as acting:
        acting.table.move_to(GuestKey(*ACME, "qemu", 100))
        await acting.press("d")
        await acting.until(lambda: "VM.Audit" in text_of(acting.pane.query_one("Facts")))
        assert "privilege VM.Audit on /vms/100" in text_of(acting.pane.query_one("Facts"))
        assert "not read" in text_of(acting.charts[0])


async def test_hostile_names_are_letters_and_nothing_else() -> None:
    bad = "[bold red]x[/]\x1b[31m[@click=app.quit]\u202eq\u0007"
    config = {"cores": 1, "description": bad, "tags": bad, "net0": bad}
    guest = vm(100, name=bad, tags=(bad,), pool=bad, lock=bad, node="pve1")
    answers = FakeClient(**{f"{WEB}/config": config, f"{WEB}/rrddata": [], f"{WEB}/status/current": {"vmid": 100}})
    async with stage(fleet(snapshot(ACME, (guest,), (node("pve1"),))), clients={ACME: answers}) as acting:
        await acting.press("d")
        await acting.until(lambda: len(acting.pane.facts) > 3)
        everything = "\n".join(text_of(widget) for widget in acting.app.screen.walk_children() if not widget.children)
        assert "[bold red]x[/]" in everything
        assert not {"\x1b", "\u202e", "\u0007"} & set(everything)


async def test_what_an_empty_table_says() -> None:
    waiting = fleet(*(snapshot(ServerRef("acme", f"s{at}"), state=SourceState.WAITING, taken_at=None) for at in "123"))
    async with stage(waiting) as acting:
        assert "waiting for 3 servers" in text_of(acting.table)
        error = NetworkError("10.0.0.1:8006: connection refused", stage="connect")
        for one in waiting.snapshots:
            acting.runtime.store.fail(one.ref, error, next_try_at=acting.runtime.clock.now + 15)
        await acting.until(lambda: "no guests are known" in text_of(acting.table))
        shown = text_of(acting.table)
        assert shown.count("connection refused") == 3
        assert "next try in 15s" in shown


async def test_one_dead_server_greys_its_rows_and_no_others() -> None:
    async with stage(two_tenants()) as acting:
        acting.runtime.clock.now += 20
        [berlin] = [one for one in two_tenants().snapshots if one.ref == ACME]
        acting.runtime.put(replace(two_tenants(), snapshots=(berlin,)))
        acting.runtime.store.fail(ZETA, NetworkError("no route", stage="connect"), next_try_at=None)
        await acting.until(lambda: any(row.muted for row in acting.table.rows.shown))
        assert {row.guest.name for row in acting.table.rows.shown if row.muted} == {"shop"}  # type: ignore[attr-defined]
        assert len(names(acting)) == 4


async def test_the_cursor_stays_on_its_guest_when_rows_come_and_go() -> None:
    before = fleet(snapshot(ACME, (vm(100), vm(101), container(200)), (node("pve1"),)))
    async with stage(before) as acting:
        key = GuestKey(*ACME, "qemu", 101)
        acting.table.move_to(key)
        await acting.put(fleet(snapshot(ACME, (vm(101), vm(90), vm(91)), (node("pve1"),))))
        assert acting.front.row.key == key


async def test_the_tree_follows_the_table_and_narrows_it() -> None:
    async with stage(two_tenants()) as acting:
        acting.table.move_to(GuestKey(*ZETA, "qemu", 100))
        await acting.until(lambda: acting.tree.line is not None and acting.tree.line.key == NodeKey(*ZETA, "pve1"))
        acting.tree.focus()
        await acting.press("up", "enter")
        assert names(acting) == ["shop"]
        assert acting.runtime.poller.attended == [ZETA]
        assert "zeta" in acting.header
        assert "paris" in acting.header
        await acting.press("enter")
        assert len(names(acting)) == 4


async def test_while_servers_answer_one_after_the_other_the_cursor_stays_at_the_top() -> None:
    late = snapshot(ZETA, state=SourceState.WAITING, taken_at=None)
    early = snapshot(ACME, (vm(100, name="mail"), vm(101, name="web")), (node("pve1"),))
    async with stage(fleet(early, late)) as acting:
        assert acting.front.row.guest.name == "mail"
        await acting.put(fleet(snapshot(ZETA, (vm(100, name="archive"),), (node("pve1"),))))
        await acting.until(lambda: len(names(acting)) == 3)
        assert acting.front.row.guest.name == "archive"
        # From now on all have answered: the cursor follows its row.
        await acting.put(fleet(snapshot(ZETA, (vm(100, name="archive"), vm(101, name="aaa")), (node("pve1"),))))
        await acting.until(lambda: len(names(acting)) == 4)
        assert acting.front.row.guest.name == "archive"


async def test_what_the_scope_says_needs_no_column() -> None:
    async with stage(two_tenants()) as acting:
        assert {"Server", "Tenant"} <= set(text_of(acting.table).splitlines()[0].split())
        acting.tree.focus()
        await acting.press("g", "down", "enter")
        await acting.until(lambda: "Tenant" not in text_of(acting.table))
        assert "Server" in text_of(acting.table)
        await acting.press("down", "enter")
        await acting.until(lambda: "Server" not in text_of(acting.table))


async def test_the_pane_can_have_nearly_all_the_room() -> None:
    async with stage(two_tenants(), SMALL, clients={ACME: client()}) as acting:
        await acting.press("z")
        assert not acting.front.split.has_class("-zoom")
        await acting.press("d")
        before = acting.pane.size.height
        await acting.press("z")
        assert acting.pane.size.height > before
        assert acting.front.row.guest.name in text_of(acting.table)
        await acting.press("down")
        assert acting.front.row.guest.name in text_of(acting.table)
        await acting.press("escape", "d")
        assert acting.pane.size.height == before


async def test_a_pane_without_a_row_tells_of_none() -> None:
    async with stage(two_tenants(), clients={ACME: client()}) as acting:
        await acting.press("d", "slash", *"nobody", "enter")
        await acting.until(lambda: acting.front.row is None and acting.pane.title == "")
        assert acting.pane.facts == ()
        await acting.press("slash", "escape")
        await acting.until(lambda: acting.pane.title != "")


async def test_the_tree_waits_until_the_table_stands_still_or_the_keys_come_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("proxtui.features.tree.screen.REST", 60.0)
    guests = tuple(vm(number, node=f"pve{number}") for number in range(1, 6))
    async with stage(fleet(snapshot(ACME, guests, tuple(node(f"pve{number}") for number in range(1, 6))))) as acting:
        await acting.press("down")
        at, painted = acting.tree.cursor, dict(acting.tree._on_screen)
        await acting.press("down", "down")
        assert acting.table.rows.cursor == 3
        assert (acting.tree.cursor, acting.tree._on_screen) == (at, painted)
        acting.tree.focus()
        await acting.until(lambda: acting.tree.line is not None and acting.tree.line.key == NodeKey(*ACME, "pve4"))
