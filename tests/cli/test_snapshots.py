"""``snapshots list``: the snapshots of all guests by age, and the name of every guest that could not be asked."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from proxtui.core.asking import problem_lines
from proxtui.core.survey import Finding
from proxtui.errors import NetworkError, PermissionDenied
from proxtui.features.snapshots.rows import COLUMNS, snapshot_rows
from proxtui.features.snapshots.service import AT_ONCE, SnapshotsFound, ask_snapshots
from tests.cli.conftest import Call, Simulator
from tests.features.fakes import FakeClient, denied
from tests.features.fleets import ACME, ZETA, fleet, snapshot

NOW = 1_795_305_420.0
DAY = 86_400
RESOURCES: list[dict[str, Any]] = [
    {"type": "node", "node": "pve1", "id": "node/pve1", "status": "online"},
    {"type": "node", "node": "pve2", "id": "node/pve2", "status": "offline"},
    {"type": "qemu", "vmid": 100, "node": "pve1", "id": "qemu/100", "name": "web1", "status": "running"},
    {"type": "lxc", "vmid": 101, "node": "pve1", "id": "lxc/101", "name": "ct1", "status": "running", "tags": "prod"},
    {"type": "qemu", "vmid": 102, "node": "pve1", "id": "qemu/102", "name": "gold", "status": "stopped", "template": 1},
]
WEB1, CT1 = "/nodes/pve1/qemu/100/snapshot", "/nodes/pve1/lxc/101/snapshot"
OLD = {"name": "before-upgrade", "snaptime": NOW - 90 * DAY, "vmstate": 1, "description": "do not delete"}
NEW = {"name": "daily", "snaptime": NOW - DAY, "vmstate": 0, "parent": "before-upgrade"}
CURRENT = {"name": "current", "description": "You are here!", "parent": "daily"}
UNDATED = {"name": "imported"}


def client_with(*more: dict[str, Any], **answers: Any) -> FakeClient:
    known = {WEB1: [NEW, OLD, CURRENT], CT1: [UNDATED, CURRENT], **answers}
    return FakeClient(**{"/cluster/resources": [*RESOURCES, *more], **known})


async def ask(client: FakeClient) -> SnapshotsFound:
    return await ask_snapshots(client)  # type: ignore[arg-type]


async def test_the_oldest_come_first_and_those_without_a_date_last() -> None:
    found = await ask(client_with())
    rows = snapshot_rows(fleet(snapshot(ACME), snapshot(ZETA)), {ACME: Finding(found, 0.0), ZETA: Finding()}, NOW)
    assert [(row.guest.name, row.snapshot.name) for row in rows] == [
        ("web1", "before-upgrade"),
        ("web1", "daily"),
        ("ct1", "imported"),
    ]
    told = {column.key: [column.text(row) for row in rows] for column in COLUMNS}
    assert told["age"] == ["90d", "1d", "–"]
    assert told["vmstate"] == ["yes", "no", "–"]
    assert rows[1].snapshot.is_current
    assert [row.field("age") for row in rows] == [90 * DAY, DAY, None]
    assert rows[2].field("tag") == ["prod"]
    assert rows[0].field("name") == ["before-upgrade", "web1"]


async def test_templates_are_not_asked_and_guests_of_an_offline_node_are_named() -> None:
    lost = {"type": "qemu", "vmid": 103, "node": "pve2", "id": "qemu/103", "name": "lost", "status": "unknown"}
    client = client_with(lost)
    found = await ask(client)
    assert sorted(client.asked) == sorted(["/cluster/resources", WEB1, CT1])
    assert problem_lines(found.problems) == ["103 lost: node pve2 is offline"]
    assert len(found.snapshots) == 3


async def test_a_guest_that_refuses_is_named_and_the_others_are_shown() -> None:
    found = await ask(client_with(**{CT1: denied("/vms/101", "VM.Audit")}))
    assert problem_lines(found.problems) == ["101 ct1: missing privilege VM.Audit on /vms/101"]
    assert len(found.snapshots) == 2


async def test_a_node_that_does_not_answer_is_tried_with_few_guests_only() -> None:
    paths = {f"/nodes/pve1/qemu/{vmid}/snapshot": NetworkError("no answer", stage="answer") for vmid in range(200, 240)}
    more = [
        {"type": "qemu", "vmid": vmid, "node": "pve1", "id": f"qemu/{vmid}", "name": "x", "status": "running"}
        for vmid in range(200, 240)
    ]
    client = client_with(*more, **paths)
    client.gate = asyncio.Event()
    client.gate.set()
    found = await ask(client)
    assert len(found.problems) == 40
    assert len(client.asked) <= 3 + AT_ONCE


async def test_when_no_guest_could_be_asked_it_is_a_failure() -> None:
    with pytest.raises(PermissionDenied):
        await ask(client_with(**{WEB1: denied("/vms/100", "VM.Audit"), CT1: denied("/vms/101", "VM.Audit")}))


async def test_no_guest_is_no_failure_but_none_that_may_be_seen_is() -> None:
    asked = {"/cluster/resources": [], "/access/permissions": {"/vms": {"VM.Audit": 1}}}
    assert await ask(FakeClient(**asked)) == SnapshotsFound(())
    with pytest.raises(PermissionDenied, match="no guest can be seen") as caught:
        await ask(FakeClient(**{**asked, "/access/permissions": {"/": {"Sys.Audit": 1}}}))
    assert caught.value.privilege == "VM.Audit"


async def test_four_guests_at_a_time() -> None:
    more = [
        {"type": "lxc", "vmid": vmid, "node": "pve1", "id": f"lxc/{vmid}", "name": "x", "status": "running"}
        for vmid in range(300, 320)
    ]
    client = client_with(*more, **{f"/nodes/pve1/lxc/{vmid}/snapshot": [CURRENT] for vmid in range(300, 320)})
    inside, most = 0, 0
    answer = client.get

    async def counted(path: str, *, params: Any = None) -> Any:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0)
        inside -= 1
        return await answer(path, params=params)

    client.get = counted  # type: ignore[method-assign]
    await ask(client)
    assert most == AT_ONCE


def test_from_the_command_line(call: Call, simulator: Simulator) -> None:
    simulator.control("DELETE", "requests")
    answer = call("snapshots", "list", "--json")
    asked = simulator.control("GET", "requests")["counts"]
    told = json.loads(answer.out)
    assert (answer.code, answer.err) == (0, "")
    assert told["rows"]
    ages = [row["age"] for row in told["rows"]]
    assert ages == sorted(ages, reverse=True)
    assert told["sources"][0] | {"problems": [], "forbidden": False} == told["sources"][0]
    assert all(count == 1 for what, count in asked.items() if what.endswith("/snapshot"))
    assert not any("template" in row for row in told["rows"])
