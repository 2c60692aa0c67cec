from __future__ import annotations

from typing import Any

import pytest

from proxtui.errors import InvalidInput, PermissionDenied
from proxtui.pve.models_node import NodeCertificate
from proxtui.pve.nodes import NodeTools
from proxtui.pve.tasks import TaskQuery

from .fakes import FakeClient, data

N = "/nodes/pve1"


async def test_disks_tell_what_they_know() -> None:
    rows: list[Any] = [
        {"devpath": "/dev/sdb", "type": "hdd", "rpm": 7200, "health": "FAILED!", "wearout": "N/A", "osdid": "3"},
        {"devpath": "/dev/nvme0n1", "type": "nvme", "health": "PASSED", "wearout": "98", "rpm": 0, "osdid": -1,
         "model": "SAMSUNG", "serial": "unknown", "size": "1000", "gpt": 1},
        {"devpath": "/dev/sda", "health": "UNKNOWN"},
        {"model": "x"},
    ]  # fmt: skip
    disks = await NodeTools(FakeClient({f"{N}/disks/list": data(rows)})).get_node_disks("pve1")
    assert [(disk.devpath, disk.is_healthy, disk.wearout, disk.rpm, disk.osd) for disk in disks] == [
        ("/dev/nvme0n1", True, 98.0, None, None),
        ("/dev/sda", None, None, None, None),
        ("/dev/sdb", False, None, 7200, 3),
    ]
    assert (disks[0].model, disks[0].serial, disks[0].size, disks.invalid) == ("SAMSUNG", None, 1000, 1)


async def test_smart_of_one_disk() -> None:
    where = f"{N}/disks/smart"
    table = {
        "health": "PASSED",
        "type": "ata",
        "attributes": [
            {"id": "  5", "name": "Reallocated_Sector_Ct", "value": "100", "worst": "99", "threshold": 10, "raw": "0",
             "fail": "-", "flags": "PO--CK"},
            {"id": "1"},
            "x",
        ],
    }  # fmt: skip
    client = FakeClient({where: data(table)})
    found = await NodeTools(client).get_node_disk_smart("pve1", "/dev/sda")
    assert client.asked == [f"{where}?disk=%2Fdev%2Fsda"]
    (only,) = found.attributes
    assert (only.id, only.name, only.value, only.worst, only.threshold) == (5, "Reallocated_Sector_Ct", 100, 99, 10)
    assert (found.is_healthy, found.type, found.text, found.disk) == (True, "ata", None, "/dev/sda")
    printed = {"health": "OK", "type": "text", "text": "\nPercentage Used: 2%\nTemperature: 30\x1b[2J\n"}
    found = await NodeTools(FakeClient({where: data(printed)})).get_node_disk_smart("pve1", "/dev/nvme0n1")
    assert found.text == "Percentage Used: 2%\nTemperature: 30␛[2J"


async def test_updates_and_certificates() -> None:
    updates = [{"Package": "pve-manager", "Version": "9", "OldVersion": "8"}, {"Package": "linux"}, {"Version": "1"}]
    certificates = [
        {"filename": "pve-ssl.pem", "notafter": "1795392000", "san": ["pve1", 3], "pem": "-----"},
        {"subject": "x"},
    ]
    client = FakeClient({f"{N}/apt/update": data(updates), f"{N}/certificates/info": data(certificates)})
    found = await NodeTools(client).get_node_updates("pve1")
    assert [(one.package, one.old_version) for one in found] == [("linux", None), ("pve-manager", "8")]
    assert found.invalid == 1
    certs = await NodeTools(client).get_node_certificates("pve1")
    assert (certs[0].san, certs[0].days_left(1795392000 - 1), certs[0].days_left(1795392000 + 1)) == (("pve1",), 0, -1)
    assert (certs[0].fingerprint, certs.invalid) == (None, 1)
    assert NodeCertificate(filename="x").days_left(0) is None


async def test_subscription_names_and_clock() -> None:
    subscription = {"status": "Active", "key": "pve1c-secret", "level": "c", "sockets": "2", "checktime": 0}
    client = FakeClient(
        {
            f"{N}/subscription": data(subscription),
            f"{N}/dns": data({"search": "example.test", "dns1": "10.0.0.1", "dns3": "10.0.0.3", "dns2": ""}),
            f"{N}/time": data({"time": "17", "timezone": "Europe/Berlin"}),
        }
    )
    tools = NodeTools(client)
    found = await tools.get_node_subscription("pve1")
    assert (found.status, found.level, found.sockets, found.checktime) == ("Active", "c", 2, None)
    assert "secret" not in repr(found)
    dns = await tools.get_node_dns("pve1")
    assert (dns.search, dns.servers) == ("example.test", ("10.0.0.1", "10.0.0.3"))
    clock = await tools.get_node_time("pve1")
    assert (clock.time, clock.localtime, clock.timezone) == (17, None, "Europe/Berlin")


async def test_forbidden_is_no_empty_list() -> None:
    denied = PermissionDenied("Permission check failed (/nodes/pve1, Sys.Modify)", status=403)
    with pytest.raises(PermissionDenied):
        await NodeTools(FakeClient({f"{N}/apt/update": denied})).get_node_updates("pve1")


async def test_the_node_filters_its_tasks() -> None:
    client = FakeClient({f"{N}/tasks": data([])})
    query = TaskQuery(
        source="all", vmid=100, type="vzdump", user="root@pam", only_errors=True, since=1, until=2, start=3
    )
    await NodeTools(client).get_node_tasks("pve1", 5, query)
    assert client.asked == [
        f"{N}/tasks?limit=5&start=3&source=all&vmid=100&userfilter=root%40pam&typefilter=vzdump&errors=1&since=1&until=2"
    ]


@pytest.mark.parametrize(
    "query",
    [
        TaskQuery(vmid=5),
        TaskQuery(start=-1),
        TaskQuery(user="a\x1bb"),
        TaskQuery(since=-1),
        TaskQuery(source="moon"),  # type: ignore[arg-type]
    ],
)
async def test_a_query_that_makes_no_sense_is_not_asked(query: TaskQuery) -> None:
    client = FakeClient({})
    with pytest.raises(InvalidInput):
        await NodeTools(client).get_node_tasks("pve1", query=query)
    assert client.asked == []


async def test_bad_arguments_never_reach_the_wire() -> None:
    client = FakeClient({})
    tools = NodeTools(client)
    calls: list[Any] = [tools.get_node_disks, tools.get_node_updates, tools.get_node_certificates, tools.get_node_dns]
    calls += [tools.get_node_subscription, tools.get_node_time, tools.get_node_replication]
    for call in calls:
        with pytest.raises(InvalidInput):
            await call("../cluster")
    for disk in ("sda", "/dev/../etc/passwd", "", "/dev/sd a", "/etc/x"):
        with pytest.raises(InvalidInput):
            await tools.get_node_disk_smart("pve1", disk)
    assert client.asked == []
