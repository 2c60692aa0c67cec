"""One node in detail: few requests, and an auditor without Sys.Audit still gets what is allowed."""

from __future__ import annotations

from proxtui.core.model import NodeKey
from proxtui.features.nodes.details import polled_lines, status_lines
from proxtui.features.nodes.rows import node_rows
from proxtui.features.nodes.service import SLOW_EVERY, NodeService

from .fakes import FakeClient, FakeRuntime, denied, runtime_of
from .fleets import ACME, GIB, fleet, node, snapshot, vm

KEY = NodeKey(*ACME, "pve1")
STATUS = {
    "uptime": 4076,
    "wait": 0.01,
    "loadavg": ["14.46", "1.28", "1.60"],
    "memory": {"total": 64 * GIB, "used": 16 * GIB, "free": 40 * GIB},
    "swap": {"free": 0, "used": 0, "total": 0},
    "rootfs": {"total": 100 * GIB, "used": 95 * GIB, "avail": GIB},
    "cpuinfo": {"cpus": 16, "sockets": 2, "model": "AMD EPYC"},
    "kversion": "Linux 6.8.12-4-pve #1 SMP",
    "pveversion": "pve-manager/8.4.21/2606ac850d46da29",
}


def runtime_with(**answers: object) -> tuple[FakeRuntime, FakeClient]:
    runtime = runtime_of(fleet(snapshot(ACME, (vm(100),), (node("pve1"),))))
    usual = {
        "status": STATUS,
        "version": {"version": "8.4.21", "release": "8.4"},
        "rrddata": [{"time": 60, "cpu": 0.5}],
    }
    client = FakeClient(**{f"/nodes/pve1/{name}": answer for name, answer in {**usual, **answers}.items()})
    runtime.clients[ACME] = client
    return runtime, client


async def test_it_reads_status_history_and_version_and_then_only_the_status() -> None:
    runtime, client = runtime_with()
    service = NodeService(runtime)
    detail = await service.detail(KEY)
    assert detail.status is not None
    assert detail.status.loadavg == (14.46, 1.28, 1.6)
    assert (detail.version, detail.problems) == ("8.4.21", ())
    client.asked.clear()
    runtime.clock.now += SLOW_EVERY - 1
    again = await service.detail(KEY, detail)
    assert client.asked == ["/nodes/pve1/status"]
    assert again.history is detail.history


async def test_without_sys_audit_the_version_is_still_read() -> None:
    refused = denied("/nodes/pve1", "Sys.Audit")
    runtime, _ = runtime_with(status=refused, rrddata=refused)
    detail = await NodeService(runtime).detail(KEY)
    assert detail.problems == ("status, history: missing privilege Sys.Audit on /nodes/pve1",)
    assert [line.label for line in status_lines(detail.status, detail.version)] == ["PVE"]


async def test_the_summary_of_a_node() -> None:
    runtime, _ = runtime_with()
    detail = await NodeService(runtime).detail(KEY)
    lines = {line.label: line for line in status_lines(detail.status, detail.version)}
    assert {label: line.text for label, line in lines.items()} == {
        "CPUs": "16, 2 sockets  AMD EPYC",
        "Load": "14.46  1.28  1.60",
        "IO wait": "1.0 %",
        "Memory": "16 GiB  25 % of 64 GiB",
        "Swap": "none",
        "Root disk": "95 GiB  95 % of 100 GiB",
        "Kernel": "Linux 6.8.12-4-pve #1 SMP",
        "PVE": "8.4.21",
    }
    assert (lines["Load"].tone, lines["Root disk"].tone) == ("bad", "bad")


def test_what_is_known_without_asking() -> None:
    [row] = node_rows(fleet(snapshot(ACME, (vm(100),), (node("pve1", status="offline", uptime=None),))))
    assert [(line.label, line.text) for line in polled_lines(row)] == [
        ("State", "offline"), ("Guests", "–/1 running"), ("Uptime", "–"),
    ]  # fmt: skip
