"""The sections of a pane: asked for when in front, and each says for itself what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from proxtui.core.model import GuestKey, NodeKey
from proxtui.kit.detail_pane import PaneTabs

from .fakes import FakeClient, denied
from .fleets import ACME, GIB, two_tenants
from .screens import LARGE, SMALL, Stage, stage, text_of

WEB, NODE = "/nodes/pve1/qemu/100", "/nodes/pve1"
START = 1_795_300_000
POINT = {"cpu": 0.5, "iowait": 0.1, "loadavg": 1.5, "mem": 1, "maxmem": 2, "memused": 1, "memtotal": 4, "netin": 9}
HISTORY = [{"time": START + 60 * at, **POINT, "pressurecpusome": 25, "pressureiofull": 4} for at in range(60)]
SNAPSHOTS = [
    {"name": "before", "snaptime": START, "description": "one\ntwo", "vmstate": 1},
    {"name": "current", "parent": "before", "running": 1},
]
PENDING = [{"key": "cores", "value": 2, "pending": 4}, {"key": "onboot", "value": 1, "delete": 1}]
SERVICES = [
    {"service": "pveproxy", "state": "running", "unit-state": "enabled"},
    {"service": "corosync", "state": "dead", "unit-state": "enabled", "active-state": "failed"},
]


class Client(FakeClient):
    """Remembers the questions with their parameters."""

    def __init__(self, **answers: Any) -> None:
        super().__init__(**answers)
        self.spans: list[tuple[str, str]] = []

    async def get(self, path: str, *, params: Any = None) -> Any:
        if path.endswith("rrddata"):
            self.spans.append((params["timeframe"], params["cf"]))
        return await super().get(path, params=params)


def client(**answers: Any) -> Client:
    known = {
        f"{WEB}/status/current": {"vmid": 100, "status": "running", "qmpstatus": "running", "uptime": 7_600},
        f"{WEB}/config": {"cores": 2, "onboot": 1, "name": "web1", "description": "a\nb"},
        f"{WEB}/pending": PENDING,
        f"{WEB}/snapshot": SNAPSHOTS,
        f"{WEB}/rrddata": HISTORY,
        f"{NODE}/status": {"loadavg": ["1", "1", "1"], "memory": {"total": 4 * GIB, "used": GIB}},
        f"{NODE}/version": {"version": "9.2.11"},
        f"{NODE}/rrddata": HISTORY,
        f"{NODE}/services": SERVICES,
        f"{NODE}/apt/update": [{"Package": "dpkg", "Version": "2", "OldVersion": "1", "Origin": "Debian"}],
    }
    return Client(**{**known, **answers})


async def turn_to(acting: Stage, name: str) -> None:
    # Nobody rests on what lies between, however slow the machine is: what is passed through is not asked for.
    front = acting.front
    names = [section.name for section in front.SECTIONS]
    if front.section.name != name:
        front.turn_to(names[names.index(name) - 1])
        front.lookout.stop()
        await acting.press("full_stop")
    assert front.section.name == name


async def guest(acting: Stage, section: str) -> None:
    acting.table.move_to(GuestKey(*ACME, "qemu", 100))
    await acting.press("d")
    await turn_to(acting, section)


async def node(acting: Stage, section: str) -> None:
    await acting.press("2")
    acting.table.move_to(NodeKey(*ACME, "pve1"))
    await acting.press("d")
    await turn_to(acting, section)


def facts(acting: Stage) -> str:
    return " ".join(f"{fact.label} {fact.text}" for fact in acting.pane.facts)


def lines(acting: Stage) -> str:
    return text_of(acting.pane.table)


async def test_nothing_is_asked_of_sections_that_are_not_in_front() -> None:
    asked = client()
    async with stage(two_tenants(), clients={ACME: asked}) as acting:
        await guest(acting, "Summary")
        await acting.until(lambda: len(asked.asked) >= 3)
        assert {path.rpartition("/")[2] for path in asked.asked} == {"current", "config", "rrddata"}
        asked.asked.clear()
        await turn_to(acting, "Snapshots")
        await acting.until(lambda: "before" in lines(acting))
        assert asked.asked == [f"{WEB}/snapshot"]
        # From here on only this test looks, however long it takes.
        acting.front.lookout.stop()
        asked.asked.clear()
        acting.runtime.clock.now += 20
        await acting.front._look()
        assert asked.asked == []
        acting.runtime.clock.now += 20
        await acting.front._look()
        assert asked.asked == [f"{WEB}/snapshot"]


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_pending_changes_are_marked(size: tuple[int, int]) -> None:
    async with stage(two_tenants(), size, clients={ACME: client()}) as acting:
        await guest(acting, "Config")
        await acting.until(lambda: "cores" in lines(acting))
        assert "2 options wait" in facts(acting)
        shown = {line.split()[0].lstrip("▸"): line for line in lines(acting).splitlines()[1:] if line.strip()}
        assert "2" in shown["cores"]
        assert "→ 4" in shown["cores"]
        assert "removed" in shown["onboot"]
        assert "→" not in shown["name"]


async def test_the_snapshot_that_the_guest_stands_on_says_so() -> None:
    async with stage(two_tenants(), clients={ACME: client()}) as acting:
        await guest(acting, "Snapshots")
        await acting.until(lambda: "before" in lines(acting))
        assert "current" not in lines(acting)
        rows = [[cell.text for cell in row.cells] for row in acting.pane.table.rows.shown]  # type: ignore[attr-defined]
        assert [(row[0], row[4]) for row in rows] == [("before", "one / two"), ("└ NOW", "the guest as it is")]


async def test_a_missing_privilege_is_said_in_its_section_and_in_no_other() -> None:
    answers = client(**{f"{WEB}/snapshot": denied("/vms/100", "VM.Audit")})
    async with stage(two_tenants(), clients={ACME: answers}) as acting:
        await guest(acting, "Snapshots")
        await acting.until(lambda: "VM.Audit" in facts(acting))
        assert "snapshots: missing privilege VM.Audit on /vms/100" in facts(acting)
        assert "not read" in lines(acting)
        assert "no snapshots" not in lines(acting)
        await turn_to(acting, "Charts")
        await acting.until(lambda: acting.charts and "50 %" in text_of(acting.charts[0]))
        assert "VM.Audit" not in facts(acting)


async def test_the_time_frame_and_the_maximum_are_asked_for_and_shown() -> None:
    asked = client()
    async with stage(two_tenants(), clients={ACME: asked}) as acting:
        await guest(acting, "Summary")
        await acting.press("w", "M")
        assert acting.front.span.text == "hour, average"
        await turn_to(acting, "Charts")
        await acting.press("w")
        await acting.until(lambda: ("day", "AVERAGE") in asked.spans)
        await acting.press("M")
        await acting.until(lambda: ("day", "MAX") in asked.spans)
        assert "day, maximum" in facts(acting)
        await acting.press("w", "w", "w", "w")
        assert acting.front.span.timeframe == "hour"


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_all_charts_of_a_node_stand_there_or_are_counted(size: tuple[int, int]) -> None:
    async with stage(two_tenants(), size, clients={ACME: client()}) as acting:
        await node(acting, "Charts")
        # The summary, which stood there before, has a chart of the CPU too.
        await acting.until(lambda: len(acting.charts) > 1 and "IO wait" in text_of(acting.charts[1]))
        titles = [text_of(chart).split("  ")[0] for chart in acting.charts]
        tabs = text_of(acting.pane.query_one(PaneTabs))
        assert titles[:3] == ["CPU", "IO wait", "Load average"]
        assert len(titles) == 8 or f"+{8 - len(titles)} charts" in tabs
        for chart in acting.charts:
            assert chart.size.height >= 4
            assert chart.region.bottom <= size[1] - 1


async def test_pressure_is_there_on_nine_and_said_to_be_missing_on_eight() -> None:
    eight = [{key: value for key, value in point.items() if "pressure" not in key} for point in HISTORY]
    answers = client(**{f"{NODE}/rrddata": eight})
    async with stage(two_tenants(), clients={ACME: answers}) as acting:
        await guest(acting, "Pressure")
        await acting.until(lambda: acting.charts and "25 %" in text_of(acting.charts[0]))
        assert len(acting.charts) == 2
        await node(acting, "Pressure")
        await acting.until(lambda: "9.0" in facts(acting))
        assert acting.charts == []


async def test_updates_are_asked_only_when_somebody_says_so() -> None:
    asked = client()
    async with stage(two_tenants(), clients={ACME: asked}) as acting:
        await node(acting, "Updates")
        await acting.front._look()
        acting.runtime.clock.now += 4_000
        await acting.front._look()
        assert f"{NODE}/apt/update" not in asked.asked
        assert "u asks" in facts(acting)
        await acting.press("u")
        await acting.until(lambda: "dpkg" in lines(acting))
        acting.runtime.clock.now += 4_000
        await acting.front._look()
        assert asked.asked.count(f"{NODE}/apt/update") == 1
        assert "1 package," in facts(acting)


async def test_another_row_does_not_show_what_was_read_of_the_one_before() -> None:
    async with stage(two_tenants(), clients={ACME: client()}) as acting:
        await guest(acting, "Snapshots")
        await acting.until(lambda: "before" in lines(acting))
        acting.table.move_to(GuestKey(*ACME, "qemu", 101))
        await acting.until(lambda: "reading" in facts(acting) or "not read" in facts(acting))
        assert not acting.pane.has_class("-sheet") or "before" not in lines(acting)


async def test_a_failed_service_stands_out_and_the_filter_leaves_the_pane_alone() -> None:
    async with stage(two_tenants(), clients={ACME: client()}) as acting:
        await node(acting, "Services")
        await acting.until(lambda: "corosync" in lines(acting))
        await acting.press("slash", *"pve1", "enter")
        assert acting.pane.table.shown == 2
        tones = {row.cells[0].text: row.cells[1].tone for row in acting.pane.table.rows.shown}  # type: ignore[attr-defined]
        assert tones == {"corosync": "bad", "pveproxy": "good"}


@pytest.mark.parametrize("room", ["1", "2"])
async def test_every_section_can_be_turned_to_when_nothing_is_answered(room: str) -> None:
    async with stage(two_tenants(), SMALL) as acting:
        await acting.press(room, "d")
        for section in (*acting.front.SECTIONS, acting.front.SECTIONS[0]):
            assert acting.front.section.name == section.name
            assert section.name in text_of(acting.pane.query_one(PaneTabs))
            await acting.front._look()
            await acting.press("u", "w", "M", "full_stop")
        await acting.press("comma", "comma")
        assert acting.front.at == len(acting.front.SECTIONS) - 1
