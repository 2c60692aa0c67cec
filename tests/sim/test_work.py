"""Changes: tasks that take time, log, and sometimes fail; configurations; snapshots; migration."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from proxtui.sim.state import Guest
from proxtui.sim.world import Site, World

from .conftest import HeldClock, client


@pytest.fixture
def site(world: World) -> Site:
    return world.sites["lab"]


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with client(world) as given:
        yield given


def some(site: Site, kind: str = "qemu", *, running: bool = True) -> Guest:
    found = [guest for guest in site.guests.values() if guest.kind == kind and not guest.template]
    guest = found[0]
    if guest.running != running:
        guest.turn(site.world.now() - 60, "running" if running else "stopped")
    return guest


def path_of(guest: Guest, rest: str = "") -> str:
    return f"/nodes/{guest.node}/{guest.kind}/{guest.vmid}{rest}"


async def post(http: httpx.AsyncClient, path: str, **data: Any) -> str:
    answer = await http.post(path, data=data)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"])


async def status(http: httpx.AsyncClient, upid: str) -> dict[str, Any]:
    node = upid.split(":")[1]
    return dict((await http.get(f"/nodes/{node}/tasks/{upid}/status")).json()["data"])


async def log(http: httpx.AsyncClient, upid: str) -> list[str]:
    node = upid.split(":")[1]
    return [line["t"] for line in (await http.get(f"/nodes/{node}/tasks/{upid}/log?limit=0")).json()["data"]]


async def finish(http: httpx.AsyncClient, clock: HeldClock, upid: str, seconds: float = 20) -> str:
    clock.forward(seconds)
    ended = await status(http, upid)
    assert ended["status"] == "stopped"
    return str(ended["exitstatus"])


@pytest.mark.parametrize(("kind", "types"), [("qemu", "qmstop qmstart"), ("lxc", "vzstop vzstart")])
async def test_stop_and_start(http: httpx.AsyncClient, site: Site, clock: HeldClock, kind: str, types: str) -> None:
    guest = some(site, kind)
    for verb, type_, expected in zip(("stop", "start"), types.split(" "), ("stopped", "running"), strict=True):
        upid = await post(http, path_of(guest, f"/status/{verb}"))
        running = await status(http, upid)
        assert (running["type"], running["status"], running["tokenid"]) == (type_, "running", "proxtui")
        assert "exitstatus" not in running
        assert await log(http, upid) == ["no content"]
        clock.forward(1)
        assert (await http.get(path_of(guest, "/status/current"))).json()["data"]["status"] == expected
        assert (await status(http, upid))["status"] == "running", "the guest turns before its task ends"
        assert await finish(http, clock, upid) == "OK"
        assert await log(http, upid) == ["TASK OK"]


async def test_what_a_task_fails_of(http: httpx.AsyncClient, site: Site, clock: HeldClock) -> None:
    guest, container = some(site), some(site, "lxc")
    cases = [
        (path_of(guest, "/status/start"), f"VM {guest.vmid} already running"),
        ("/nodes/pve1/qemu/999/status/start", "Configuration file 'nodes/pve1/qemu-server/999.conf' does not exist"),
    ]
    for path, text in cases:
        upid = await post(http, path)
        assert await finish(http, clock, upid) == text
        assert await log(http, upid) == [f"TASK ERROR: {text}"]
    again = await http.post(path_of(container, "/status/start"))
    assert (again.status_code, again.reason_phrase) == (500, f"CT {container.vmid} already running")
    guest.lock, container.lock = "backup", "snapshot"
    assert await finish(http, clock, await post(http, path_of(guest, "/status/stop"))) == "VM is locked (backup)"
    assert await finish(http, clock, await post(http, path_of(container, "/status/stop"))) == "CT is locked (snapshot)"
    assert guest.running


async def test_stopping_what_is_stopped_is_fine(http: httpx.AsyncClient, site: Site, clock: HeldClock) -> None:
    guest = some(site, running=False)
    assert await finish(http, clock, await post(http, path_of(guest, "/status/stop"))) == "OK"


async def test_a_guest_that_does_not_listen_is_not_shut_down(
    http: httpx.AsyncClient, site: Site, clock: HeldClock
) -> None:
    guest = some(site)
    guest.acpi = False
    upid = await post(http, path_of(guest, "/status/shutdown"), timeout=3)
    assert await finish(http, clock, upid, 4) == "VM quit/powerdown failed - got timeout"
    assert guest.running


async def test_suspended_is_running_and_paused(http: httpx.AsyncClient, site: Site, clock: HeldClock) -> None:
    guest = some(site)
    upid = await post(http, path_of(guest, "/status/suspend"))
    assert ":qmpause:" in upid
    await finish(http, clock, upid)
    current = (await http.get(path_of(guest, "/status/current"))).json()["data"]
    assert (current["status"], current["qmpstatus"], current["cpu"]) == ("running", "paused", 0)
    uptime = current["uptime"]
    await finish(http, clock, await post(http, path_of(guest, "/status/resume")))
    current = (await http.get(path_of(guest, "/status/current"))).json()["data"]
    assert current["qmpstatus"] == "running"
    assert current["uptime"] > uptime, "the run goes on"


async def test_put_config_checks_the_digest_and_the_lock(http: httpx.AsyncClient, site: Site) -> None:
    guest = some(site)
    digest = (await http.get(path_of(guest, "/config"))).json()["data"]["digest"]
    answer = await http.put(path_of(guest, "/config"), data={"description": "a=b", "digest": digest})
    assert answer.json() == {"data": None}
    assert (await http.get(path_of(guest, "/config"))).json()["data"]["description"] == "a=b"
    stale = await http.put(path_of(guest, "/config"), data={"description": "y", "digest": digest})
    assert (stale.status_code, stale.reason_phrase) == (500, "checksum mismatch (file change by other user?)")
    guest.lock = "backup"
    locked = await http.put(path_of(guest, "/config"), json={"description": "z"})
    assert (locked.status_code, locked.reason_phrase) == (500, "VM is locked (backup)")
    wrong = await http.put(path_of(guest, "/config"), data={"cores": "many", "bogus": "1"})
    assert set(wrong.json()["errors"]) == {"cores", "bogus"}


async def test_cores_of_a_running_machine_wait(http: httpx.AsyncClient, site: Site) -> None:
    guest = some(site)
    before = guest.cores
    await http.put(path_of(guest, "/config"), data={"cores": before + 2})
    pending = {row["key"]: row for row in (await http.get(path_of(guest, "/pending"))).json()["data"]}
    assert (pending["cores"]["value"], pending["cores"]["pending"]) == (before, before + 2)
    assert (await http.get(path_of(guest, "/config?current=1"))).json()["data"]["cores"] == before


async def test_snapshots(http: httpx.AsyncClient, site: Site, clock: HeldClock) -> None:
    guest = some(site)
    guest.snapshots = []
    upid = await post(http, path_of(guest, "/snapshot"), snapname="s1", description="first")
    clock.forward(0.5)
    assert (await http.get(path_of(guest, "/config"))).json()["data"]["lock"] == "snapshot"
    assert await finish(http, clock, upid) == "OK"
    rows = (await http.get(path_of(guest, "/snapshot"))).json()["data"]
    assert [(row["name"], row.get("parent")) for row in rows] == [("s1", None), ("current", "s1")]
    bad = await http.post(path_of(guest, "/snapshot"), data={"snapname": "1bad"})
    assert bad.json()["errors"] == {"snapname": "invalid format - invalid configuration ID '1bad'\n"}
    upid = str((await http.delete(path_of(guest, "/snapshot/s1"))).json()["data"])
    assert await finish(http, clock, upid) == "OK"
    assert guest.snapshots == []


async def test_migration_moves_the_guest(http: httpx.AsyncClient, site: Site, clock: HeldClock) -> None:
    guest = some(site)
    target = "pve2" if guest.node == "pve1" else "pve1"
    old = path_of(guest)
    precheck = (await http.get(f"{old}/migrate")).json()["data"]
    assert precheck["allowed_nodes"] == [target]
    upid = await post(http, f"{old}/migrate", target=target, online=1, **{"with-local-disks": 1})
    clock.forward(5)
    assert guest.lock == "migrate" or (await http.get(f"{old}/config")).json()["data"]["lock"] == "migrate"
    assert await finish(http, clock, upid) == "OK"
    assert guest.node == target
    assert (await http.get(f"{old}/config")).status_code == 500
    assert any("migration finished" in line for line in await log(http, upid))


async def test_a_backup_locks_and_leaves_an_archive(http: httpx.AsyncClient, site: Site, clock: HeldClock) -> None:
    guest = some(site)
    content = f"/nodes/{guest.node}/storage/nfs-backup/content?content=backup&vmid={guest.vmid}"
    before = len((await http.get(content)).json()["data"])
    upid = await post(http, f"/nodes/{guest.node}/vzdump", vmid=guest.vmid, storage="nfs-backup")
    clock.forward(5)
    assert (await http.get(path_of(guest, "/status/current"))).json()["data"]["lock"] == "backup"
    assert await finish(http, clock, upid, 60) == "OK"
    assert len((await http.get(content)).json()["data"]) == before + 1


async def test_a_killed_backup_leaves_its_lock(http: httpx.AsyncClient, site: Site, clock: HeldClock) -> None:
    guest = some(site)
    upid = await post(http, f"/nodes/{guest.node}/vzdump", vmid=guest.vmid, storage="nfs-backup")
    clock.forward(5)
    assert (await http.delete(f"/nodes/{guest.node}/tasks/{upid}")).json() == {"data": None}
    assert await finish(http, clock, upid, 60) == "unexpected status"
    assert guest.lock == "backup"


async def test_task_lists(http: httpx.AsyncClient, site: Site, clock: HeldClock) -> None:
    guest = some(site)
    upid = await post(http, path_of(guest, "/status/reboot"))
    node = f"/nodes/{guest.node}/tasks"
    archive = (await http.get(node)).json()
    assert upid not in [row["upid"] for row in archive["data"]]
    assert archive["total"] >= len(archive["data"])
    active = (await http.get(f"{node}?source=active")).json()["data"]
    assert [(row["upid"], row["status"], row["user"], row["saved"]) for row in active] == [
        (upid, "RUNNING", "admin@pve!proxtui", "0")
    ]
    cluster = next(row for row in (await http.get("/cluster/tasks")).json()["data"] if row["upid"] == upid)
    assert "status" not in cluster
    clock.forward(10)
    newest = (await http.get(f"{node}?limit=1&vmid={guest.vmid}")).json()["data"]
    assert [(row["upid"], row["status"], row["user"]) for row in newest] == [(upid, "OK", "admin@pve")]
    errors = (await http.get(f"{node}?errors=1")).json()["data"]
    assert all(row["status"] != "OK" for row in errors)


async def test_task_paths_that_cannot_be(http: httpx.AsyncClient) -> None:
    unknown = "UPID:pve1:00000E4B:000211D7:6B022500:qmstart:100:admin@pve:"
    answer = await http.get(f"/nodes/pve1/tasks/{unknown}/status")
    assert (answer.status_code, answer.json()["errors"]) == (400, {"upid": "no such task"})
    answer = await http.get("/nodes/pve1/tasks/UPID:bogus/status")
    assert answer.json()["errors"] == {"upid": "unable to parse worker upid"}
    answer = await http.get(f"/nodes/pve1/tasks/{unknown}/log")
    assert answer.json() == {"data": {"n": 1, "t": "unable to open file - No such file or directory"}, "total": 1}


async def test_without_quorum_nothing_is_written(http: httpx.AsyncClient, site: Site) -> None:
    guest = some(site, running=False)
    site.quorum_lost_since = site.world.now()
    answer = await http.post(path_of(guest, "/status/start"))
    assert (answer.status_code, answer.reason_phrase) == (500, "cluster not ready - no quorum?")
    answer = await http.put(path_of(guest, "/config"), data={"description": "x"})
    assert answer.reason_phrase.startswith("unable to open file '/etc/pve/nodes/")
    assert (await http.get("/cluster/status")).json()["data"][0]["quorate"] == 0
    assert (await http.post(path_of(guest, "/status/stop"))).status_code == 200


async def test_forbidden_is_said_before_the_parameters_are_read(world: World, site: Site) -> None:
    guest = some(site)
    async with client(world, who="auditor@pve!monitor") as auditor:
        answer = await auditor.post(path_of(guest, "/status/start"), data={"bogus": 1})
        assert answer.reason_phrase == f"Permission check failed (/vms/{guest.vmid}, VM.PowerMgmt)"
        assert answer.status_code == 403


@pytest.mark.parametrize(
    ("method", "path", "status_code", "text"),
    [
        ("GET", "/api2", 501, "no such uri"),
        ("GET", "/api2/xml/version", 501, "no formatter for uri /version, xml"),
        ("GET", "/foo", 500, "no such file '/foo'"),
        ("DELETE", "/api2/json/version", 501, "Method 'DELETE /version' not implemented"),
        ("GET", "/api2/json/nodes/nope/status", 500, "hostname lookup 'nope' failed - failed to get address info for: "
         "nope: Name or service not known"),
        ("GET", "/api2/json/nodes/pve1/storage/nope/content", 500, "storage 'nope' does not exist"),
    ],
)  # fmt: skip
async def test_refusals(http: httpx.AsyncClient, method: str, path: str, status_code: int, text: str) -> None:
    answer = await http.request(method, f"https://sim{path}")
    assert (answer.status_code, answer.reason_phrase) == (status_code, text)


async def test_other_bodies(http: httpx.AsyncClient, site: Site) -> None:
    path = path_of(some(site), "/config")
    answer = await http.put(path, content=b"x", headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.text) == (506, "upload 'Content-Type 'text/plain' not implemented")
    answer = await http.put(path, content=b"{bad", headers={"Content-Type": "application/json"})
    assert answer.status_code == 500
    answer = await http.get("https://sim/api2/extjs/nosuch")
    assert (answer.status_code, answer.json()["success"], answer.json()["status"]) == (200, 0, 501)
