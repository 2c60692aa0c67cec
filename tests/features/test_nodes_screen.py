"""The nodes view as its user meets it."""

from __future__ import annotations

import re

import pytest

from proxtui.pve.models import ProxmoxNode

from .fakes import FakeClient, denied
from .fleets import ACME, fleet, node, snapshot, two_tenants, vm
from .screens import LARGE, SMALL, stage, text_of

STATUS = {"loadavg": ["1.5", "1.2", "1.0"], "memory": {"total": 100, "used": 50}, "cpuinfo": {"cpus": 8}, "uptime": 10}
RRD = [
    {"time": 1_795_300_000 + 60 * at, "cpu": 0.25, "memused": 1, "memtotal": 4, "loadavg": 1.5, "netin": 2048}
    for at in range(60)
]


def client() -> FakeClient:
    base = "/nodes/pve1"
    return FakeClient(
        **{f"{base}/status": STATUS, f"{base}/rrddata": RRD, f"{base}/version": {"version": "8.4.21", "release": "8.4"}}
    )


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_every_node_with_its_guests(size: tuple[int, int]) -> None:
    async with stage(two_tenants(), size) as acting:
        await acting.press("2")
        shown = acting.lines(acting.table)
        assert len(shown) == 4
        assert "3 nodes" in acting.header
        assert "◆ online" in shown[1]
        assert "2/2" in shown[1]


async def test_the_pane_shows_load_memory_and_charts() -> None:
    async with stage(fleet(snapshot(ACME, (vm(100),), (node("pve1"),))), clients={ACME: client()}) as acting:
        await acting.press("2", "enter")
        await acting.until(lambda: "8.4.21" in text_of(acting.pane.query_one("Facts")))
        shown = text_of(acting.pane.query_one("Facts"))
        assert "1.50  1.20  1.00" in shown
        charts = [text_of(chart) for chart in acting.charts]
        assert [re.split(r"\s\s", chart)[0] for chart in charts] == [
            "CPU",
            "Memory",
            "Network in + out",
            "Load average",
        ]
        assert all("25 %" in chart for chart in charts[:2])
        assert "2 KiB/s" in charts[2]


async def test_without_sys_audit_the_pane_says_which_privilege_is_missing() -> None:
    answers = client()
    answers.answers |= {f"/nodes/pve1/{tail}": denied("/nodes/pve1", "Sys.Audit") for tail in ("status", "rrddata")}
    bare = fleet(snapshot(ACME, (), (ProxmoxNode(node="pve1", status="online"),)))
    async with stage(bare, clients={ACME: answers}) as acting:
        await acting.press("2", "d")
        await acting.until(lambda: "Sys.Audit" in text_of(acting.pane.query_one("Facts")))
        assert "online" in text_of(acting.table)
        assert "8.4.21" in text_of(acting.pane.query_one("Facts"))


async def test_an_offline_node_is_clear() -> None:
    known = fleet(snapshot(ACME, (vm(100),), (ProxmoxNode(node="pve1", status="offline", maxcpu=8), node("pve2"))))
    async with stage(known) as acting:
        await acting.press("2")
        line = next(line for line in acting.lines(acting.table) if "pve1" in line)
        assert "◇ offline" in line
        assert "–/1" in line
        await acting.press("1")
        assert "running?" in text_of(acting.table)
