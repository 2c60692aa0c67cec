"""What the views ask for is there and lives: jobs, HA, replication, agent, disks, logs; and who may see it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from proxtui.sim import work, work_snapshots
from proxtui.sim.policy import next_run
from proxtui.sim.state import Guest
from proxtui.sim.world import Site, World

from .conftest import NOON, HeldClock, client

MIDNIGHT = NOON // 86400 * 86400

Rows = list[dict[str, Any]]


async def ask(http: httpx.AsyncClient, path: str) -> Any:
    answer = await http.get(path)
    assert answer.status_code == 200, f"{path}: {answer.text}"
    return answer.json()["data"]


async def refused(http: httpx.AsyncClient, path: str) -> str:
    """The reason of a refusal."""
    answer = await http.get(path)
    assert answer.status_code >= 400, path
    return f"{answer.status_code} {answer.reason_phrase}"


@pytest.fixture
def fleet(make_world: Callable[..., World]) -> World:
    return make_world("fleet")


def guest_of(site: Site, wanted: Callable[[Guest], Any]) -> Guest:
    return next(guest for guest in site.guests.values() if not guest.template and wanted(guest))


async def test_ha_has_a_master_a_manager_on_each_node_and_services(fleet: World) -> None:
    for name, groups in (("aurora", "groups"), ("medilab", "rules")):
        async with client(fleet, name) as http:
            rows = await ask(http, "/cluster/ha/status/current")
            kinds = [row["type"] for row in rows]
            assert kinds.count("lrm") == len(fleet.sites[name].nodes)
            assert (kinds.count("master"), kinds.count("fencing")) == (1, int(name == "medilab"))
            services = [row for row in rows if row["type"] == "service"]
            assert {row["sid"] for row in services} == {row["sid"] for row in await ask(http, "/cluster/ha/resources")}
            assert len(services) > 5
            assert services[0]["status"] == f"{services[0]['sid']} ({services[0]['node']}, started)"
            assert len(await ask(http, f"/cluster/ha/{groups}")) >= 2
    async with client(fleet, "medilab") as http:
        assert await refused(http, "/cluster/ha/groups") == (
            "500 cannot index groups: ha groups have been migrated to rules"
        )
    async with client(fleet, "aurora") as http:
        assert await refused(http, "/cluster/ha/rules") == "501 Method 'GET /cluster/ha/rules' not implemented"
    async with client(fleet, "edge") as http:
        assert await ask(http, "/cluster/ha/resources") == []


async def test_ha_says_what_is_wrong(make_world: Callable[..., World]) -> None:
    world = make_world("broken")
    async with client(world, "shaky") as http:
        rows = {row["id"]: row for row in await ask(http, "/cluster/ha/status/current")}
        states = {row["state"] for row in rows.values() if row["type"] == "service"}
        assert {"error", "fence", "started"} <= states
        assert "old timestamp - dead?" in rows["lrm:shk3"]["status"]
        assert "active" in rows["lrm:shk1"]["status"]
    async with client(world, "minority") as http:
        quorum = (await ask(http, "/cluster/ha/status/current"))[0]
        assert (quorum["status"], quorum["quorate"]) == ("No quorum!", 0)


async def test_backup_jobs_cover_some_guests_and_not_others(fleet: World) -> None:
    site = fleet.sites["aurora"]
    async with client(fleet, "aurora") as http:
        jobs = await ask(http, "/cluster/backup")
        assert {job["enabled"] for job in jobs} == {0, 1}
        assert all(job["next-run"] > fleet.now() for job in jobs)
        assert jobs[0]["prune-backups"]["keep-daily"] == "7"
        left = {row["vmid"] for row in await ask(http, "/cluster/backup-info/not-backed-up")}
        assert left == {guest.vmid for guest in site.guests.values() if guest.pool in (None, "preview")}
        tree = await ask(http, f"/cluster/backup/{jobs[0]['id']}/included_volumes")
        assert {child["id"] for child in tree["children"]} == {
            guest.vmid for guest in site.guests.values() if guest.pool == jobs[0]["pool"]
        }
        assert all(child["children"] for child in tree["children"])
        assert (await ask(http, f"/cluster/backup/{jobs[0]['id']}"))["pool"] == jobs[0]["pool"]


async def test_archives_are_of_several_nights_and_sizes(fleet: World) -> None:
    site = fleet.sites["medilab"]
    node = site.entry.name
    async with client(fleet, "medilab") as http:
        rows: Rows = await ask(http, f"/nodes/{node}/storage/pbs/content?content=backup")
        assert {row["format"] for row in rows} == {"pbs-vm", "pbs-ct"}
        assert {row["verification"]["state"] for row in rows} == {"ok", "failed"}
        mine = [row for row in rows if row["vmid"] == rows[0]["vmid"]]
        assert len({row["ctime"] // 86400 for row in mine}) == len(mine) >= 5
        assert len({row["size"] for row in mine}) > 2
        old: Rows = await ask(http, f"/nodes/{node}/storage/nfs-backup/content?content=backup")
        assert any(row.get("protected") and "keep" in row["notes"] for row in old)
        one = await ask(http, f"/nodes/{node}/storage/pbs/content?vmid={rows[0]['vmid']}")
        assert len(one) == len(mine)


async def test_replication_runs_and_fails(fleet: World, clock: HeldClock) -> None:
    site = fleet.sites["medilab"]
    async with client(fleet, "medilab") as http:
        jobs = {job["id"]: job for job in await ask(http, "/cluster/replication")}
        states: Rows = [row for node in site.nodes for row in await ask(http, f"/nodes/{node}/replication")]
        assert {row["id"] for row in states} == set(jobs)
        assert all(row["source"] != row["target"] for row in states)
        bad = [row for row in states if row["fail_count"]]
        assert bad
        assert all("No common base snapshot" in row["error"] for row in bad)
        good = next(row for row in states if not row["fail_count"] and row["schedule"] == "*/15")
        assert 0 <= fleet.now() - good["last_sync"] <= 900
        path = f"/nodes/{good['source']}/replication/{good['id']}"
        assert "end replication job" in (await ask(http, f"{path}/log"))[-1]["t"]
        clock.forward(900)
        assert (await ask(http, f"{path}/status"))["last_sync"] == good["last_sync"] + 900
    async with client(fleet, "medilab", "operator@pve!ops") as http:
        assert len(await ask(http, "/cluster/replication")) < len(jobs)


@pytest.mark.parametrize("name", ["info", "get-osinfo", "get-host-name", "network-get-interfaces", "get-fsinfo"])
async def test_the_agent_answers_or_says_why_not(fleet: World, name: str) -> None:
    site = fleet.sites["medilab"]

    def path(guest: Guest) -> str:
        return f"/nodes/{guest.node}/qemu/{guest.vmid}/agent/{name}"

    up = guest_of(site, lambda guest: guest.agent and guest.running and guest.agent_up)
    mute = guest_of(site, lambda guest: guest.agent and guest.running and not guest.agent_up)
    off = guest_of(site, lambda guest: guest.agent and not guest.running)
    none = guest_of(site, lambda guest: guest.kind == "qemu" and not guest.agent)
    async with client(fleet, "medilab") as http:
        assert (await ask(http, path(up)))["result"]
        assert await refused(http, path(mute)) == "500 QEMU guest agent is not running"
        assert await refused(http, path(off)) == f"500 VM {off.vmid} is not running"
        assert await refused(http, path(none)) == "500 No QEMU guest agent configured"
    async with client(fleet, "medilab", "auditor@pve!monitor") as http:
        assert (await ask(http, path(up)))["result"], "9.x lets auditors ask"
    old = guest_of(fleet.sites["aurora"], lambda guest: guest.agent and guest.running)
    async with client(fleet, "aurora", "auditor@pve!monitor") as http:
        assert await refused(http, path(old)) == f"403 Permission check failed (/vms/{old.vmid}, VM.Monitor)"


async def test_snapshots_are_a_tree_that_changes_keep_whole(fleet: World, clock: HeldClock) -> None:
    site = fleet.sites["aurora"]
    guest = guest_of(site, lambda guest: len(guest.snapshots) > 2 and guest.kind == "qemu")
    base = f"/nodes/{guest.node}/qemu/{guest.vmid}"

    async def tree() -> dict[str, str | None]:
        return {row["name"]: row.get("parent") for row in await ask(http, f"{base}/snapshot")}

    async with client(fleet, "aurora") as http:
        rows: Rows = await ask(http, f"{base}/snapshot")
        assert {row.get("vmstate") for row in rows} == {0, 1, None}
        assert (await tree())["trial-2"] == "trial"
        assert (await tree())["current"] == "trial-2"
        work_snapshots.rollback(site, guest, "admin@pve", "before-upgrade")
        clock.forward(10)
        assert (await tree())["current"] == "before-upgrade"
        work_snapshots.delete_snapshot(site, guest, "admin@pve", "trial")
        clock.forward(10)
        assert (await tree())["trial-2"] == "before-upgrade"
        work_snapshots.snapshot(site, guest, "admin@pve", "after", "")
        clock.forward(10)
        assert ((await tree())["after"], (await tree())["current"]) == ("before-upgrade", "after")
        config = await ask(http, f"{base}/snapshot/trial-2/config")
        assert (config["parent"], "digest" in config) == ("before-upgrade", False)


async def test_pending_changes_wait_for_the_next_start(fleet: World, clock: HeldClock) -> None:
    site = fleet.sites["aurora"]
    guest = guest_of(site, lambda guest: guest.dropped and guest.running)
    base = f"/nodes/{guest.node}/qemu/{guest.vmid}"
    cores = guest.cores
    async with client(fleet, "aurora") as http:
        rows = {row["key"]: row for row in await ask(http, f"{base}/pending")}
        assert (rows["cores"]["value"], rows["cores"]["pending"]) == (cores, cores * 2)
        assert rows["tablet"]["delete"] == 1
        assert "tablet" not in await ask(http, f"{base}/config")
        work.stop(site, guest, "admin@pve")
        clock.forward(5)
        fleet.advance()
        work.start(site, guest, "admin@pve")
        clock.forward(5)
        rows = {row["key"]: row for row in await ask(http, f"{base}/pending")}
        assert (rows["cores"]["value"], "tablet" in rows) == (cores * 2, False)
        assert not any(key in row for row in rows.values() for key in ("pending", "delete"))


async def test_firewalls_of_guests(fleet: World) -> None:
    for name, unopened in (("aurora", dict), ("edge", list)):
        site = fleet.sites[name]
        on = guest_of(site, lambda guest: guest.firewall and guest.running)
        off = guest_of(site, lambda guest: not guest.firewall)
        async with client(fleet, name) as http:
            base = f"/nodes/{on.node}/{on.kind}/{on.vmid}/firewall"
            assert (await ask(http, f"{base}/options"))["policy_in"] == "DROP"
            rules: Rows = await ask(http, f"{base}/rules")
            assert [rule["pos"] for rule in rules] == list(range(len(rules)))
            assert "DPT=23" in (await ask(http, f"{base}/log"))[0]["t"]
            base = f"/nodes/{off.node}/{off.kind}/{off.vmid}/firewall"
            assert set(await ask(http, f"{base}/options")) == {"digest"}
            assert isinstance(await ask(http, f"{base}/log"), unopened)


async def test_disks_and_certificates_tell_of_their_end(make_world: Callable[..., World]) -> None:
    world = make_world("broken")
    async with client(world, "shaky") as http:
        disks: Rows = await ask(http, "/nodes/shk1/disks/list")
        bad = [disk for disk in disks if disk["health"] == "FAILED"]
        assert [disk["devpath"] for disk in bad] == ["/dev/sda"]
        table = await ask(http, "/nodes/shk1/disks/smart?disk=/dev/sda")
        assert [row["name"] for row in table["attributes"] if row["fail"] == "NOW"] == ["Reallocated_Sector_Ct"]
        text = await ask(http, "/nodes/shk1/disks/smart?disk=/dev/nvme0n1")
        assert (text["type"], "Percentage Used" in text["text"]) == ("text", True)
        assert await refused(http, "/nodes/shk1/disks/smart?disk=/dev/nope") == "500 not a valid block device"
        own = (await ask(http, "/nodes/shk2/certificates/info"))[1]
        assert own["notafter"] < world.now()
        services: Rows = await ask(http, "/nodes/shk1/services")
        assert [row["name"] for row in services if row["state"] == "failed"] == ["postfix"]


PRIVILEGED = {
    "/nodes/{node}/journal": "403 Permission check failed (/nodes/{node}, Sys.Syslog)",
    "/nodes/{node}/syslog": "403 Permission check failed (/nodes/{node}, Sys.Syslog)",
    "/nodes/{node}/firewall/log": "403 Permission check failed (/nodes/{node}, Sys.Syslog)",
    "/nodes/{node}/apt/update": "403 Permission check failed (/nodes/{node}, Sys.Modify)",
    "/nodes/{node}/qemu/{vmid}/migrate": "403 Permission check failed (/vms/{vmid}, VM.Migrate)",
    "/nodes/{node}/qemu/{vmid}/firewall/log": "403 Permission check failed (/vms/{vmid}, VM.Console)",
    "/storage/local": "403 Permission check failed (/storage/local, Datastore.Allocate)",
}


@pytest.mark.parametrize("path", PRIVILEGED)
async def test_an_auditor_is_refused_what_pve_refuses_him(fleet: World, path: str) -> None:
    site = fleet.sites["aurora"]
    guest = guest_of(site, lambda guest: guest.kind == "qemu")
    values = {"node": guest.node, "vmid": guest.vmid}
    async with client(fleet, "aurora") as http:
        await ask(http, path.format(**values))
    async with client(fleet, "aurora", "auditor@pve!monitor") as http:
        assert await refused(http, path.format(**values)) == PRIVILEGED[path].format(**values)


CLUSTER = ("ha/status/current", "ha/resources", "backup", "backup-info/not-backed-up", "firewall/options", "status")


async def test_without_rights_the_cluster_names_the_privilege(fleet: World) -> None:
    for who in ("admin@pve!bare", "operator@pve!ops"):
        async with client(fleet, "aurora", who) as http:
            for name in CLUSTER:
                assert await refused(http, f"/cluster/{name}") == "403 Permission check failed (/, Sys.Audit)", name
            assert await ask(http, "/cluster/tasks") == [] or who.startswith("admin")
            assert await ask(http, "/access/groups") == []
            assert await ask(http, "/access/acl") == []
    async with client(fleet, "aurora", "admin@pve!bare") as http:
        for path in ("/pools", "/storage", "/cluster/replication", "/nodes/aur-pve1/qemu", "/nodes/aur-pve1/storage"):
            assert await ask(http, path) == [], path


async def test_groups_give_their_members_rights(fleet: World) -> None:
    async with client(fleet, "aurora") as http:
        groups = {row["groupid"]: row for row in await ask(http, "/access/groups")}
        assert groups["support"]["users"] == "sofia@pve,jonas@pve"
        assert (await ask(http, "/access/groups/support"))["members"] == ["sofia@pve", "jonas@pve"]
        entries: Rows = await ask(http, "/access/acl")
        assert {row["type"] for row in entries} == {"user", "token", "group"}
        users = {row["userid"]: row for row in await ask(http, "/access/users?full=1")}
        assert (users["sofia@pve"]["groups"], users["jonas@pve"]["enable"]) == ("support", 0)
        assert "VM.PowerMgmt" not in (await ask(http, "/access/permissions?userid=sofia@pve"))["/"]
        assert (await ask(http, "/access/permissions?userid=sofia@pve"))["/pool/preview"]["VM.PowerMgmt"] == 1


async def test_tasks_are_filtered_and_paged(fleet: World) -> None:
    site = fleet.sites["aurora"]
    node = site.entry.name
    base = f"/nodes/{node}/tasks"
    async with client(fleet, "aurora") as http:
        every: Rows = await ask(http, f"{base}?limit=0")
        pages = [await ask(http, f"{base}?start={start}&limit=4") for start in (0, 4)]
        assert [row["upid"] for page in pages for row in page] == [row["upid"] for row in every[:8]]
        assert all(row["type"] == "vzdump" for row in await ask(http, f"{base}?typefilter=vzdump&limit=0"))
        counted = 0
        for name in ("ok", "warning", "error", "unknown"):
            counted += len(await ask(http, f"{base}?statusfilter={name}&limit=0"))
        assert counted == len(every)
        assert len(await ask(http, f"{base}?statusfilter=ok,warning,error,unknown&limit=0")) == len(every)
        middle = every[len(every) // 2]["starttime"]
        late = await ask(http, f"{base}?since={middle}&limit=0")
        early = await ask(http, f"{base}?until={middle - 1}&limit=0")
        assert len(late) + len(early) == len(every)
        assert all("admin" in row["user"] for row in await ask(http, f"{base}?userfilter=ADMIN&limit=0"))
        mine = await ask(http, f"{base}?vmid={every[0]['id']}&limit=0")
        assert {row["id"] for row in mine} == {every[0]["id"]}


async def test_system_log_and_counters(fleet: World) -> None:
    async with client(fleet, "aurora") as http:
        lines = await ask(http, "/nodes/aur-pve1/journal?lastentries=5")
        assert len(lines) == 7, "between two cursors"
        rows: Rows = await ask(http, "/nodes/aur-pve1/syslog?start=2&limit=3")
        assert [row["n"] for row in rows] == [3, 4, 5]
        moment = time.strftime("%Y-%m-%d %H:%M", time.gmtime(fleet.now() - 3600))
        assert 0 < len(await ask(http, f"/nodes/aur-pve1/syslog?limit=0&service=chronyd&since={moment}")) <= 6
        counters: Rows = await ask(http, "/nodes/aur-pve1/netstat")
        assert all(isinstance(row["in"], str) for row in counters)
        assert any(row["OldVersion"] != row["Version"] for row in await ask(http, "/nodes/aur-pve2/apt/update"))


@pytest.mark.parametrize(
    ("schedule", "due"),
    [
        ("*/15", MIDNIGHT + 900),
        ("02:30", MIDNIGHT + 9000),
        ("00:00", MIDNIGHT + 86400),
        ("mon..fri 01:00", MIDNIGHT + 86400 + 3600),
        ("sat 03:00", MIDNIGHT + 6 * 86400 + 10800),
        ("whenever", None),
    ],
)
def test_calendar_events(schedule: str, due: float | None) -> None:
    assert time.gmtime(MIDNIGHT).tm_wday == 6, "a Sunday"
    assert next_run(schedule, MIDNIGHT) == due


async def test_rows_kept_for_a_broadcast_follow_what_is_live(
    make_world: Callable[..., World], clock: HeldClock
) -> None:
    world = make_world("small")
    site = world.sites["lab"]
    guest = guest_of(site, lambda guest: guest.running and guest.pool == "shop")

    async def row(http: httpx.AsyncClient) -> dict[str, Any]:
        rows: Rows = await ask(http, "/cluster/resources?type=vm")
        return next(row for row in rows if row["vmid"] == guest.vmid)

    async with client(world) as admin, client(world, who="operator@pve!ops") as operator:
        assert ((await row(admin))["pool"], "pool" in await row(operator)) == ("shop", False)
        before = (await row(admin))["uptime"]
        guest.lock, guest.tags, guest.ha = "backup", ["new"], "error"
        found = await row(admin)
        assert (found["lock"], found["tags"], found["hastate"]) == ("backup", "new", "error")
        clock.forward(12)
        assert before < (await row(admin))["uptime"] <= before + 12
