"""Real answers of PVE 8.4 and 9.2 to everything that the views ask beside the inventory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from proxtui.errors import ApiError
from proxtui.pve import (
    AccessTools,
    BackupTools,
    ClusterTools,
    ContainerTools,
    Listing,
    NodeTools,
    TaskTools,
    VMTools,
    disks_of,
    lacks_for_agent,
    lacks_for_backups,
    lacks_for_cluster_log,
    lacks_for_guest,
    lacks_for_tasks,
    nics_of,
)
from proxtui.pve.answers import Reply, refusal
from proxtui.pve.hiding import Hiding
from proxtui.pve.rrd import PRESSURE

from .fakes import FakeClient
from .test_recorded import REFERENCE, RELEASES, entry, recorded

pytestmark = pytest.mark.skipif(
    not (REFERENCE / "recorded").is_dir(), reason="no recorded answers: set PVE_REFERENCE to the directory with them"
)

NODE, QEMU, LXC = "GET /nodes/{node}", "GET /nodes/{node}/qemu/{vmid}", "GET /nodes/{node}/lxc/{vmid}"


def client_of(release: str, *titles: str) -> tuple[FakeClient, list[str], Any]:
    """A client that knows these answers; the parts of the first path, and its data."""
    answers = dict(entry(release, title) for title in titles)
    first = next(iter(answers))
    return FakeClient(answers), first.strip("/").split("/"), answers[first]["data"]


def raised(release: str, title: str) -> ApiError:
    """What a refused call raises."""
    found = recorded(release)[title]
    body = found["body"]
    raw = msgspec.json.encode(body) if isinstance(body, dict) else (body or "").encode()
    return refusal(Reply(found["status"], found["reason"], raw), "GET", found["asked"], Hiding())


def whole(listing: Listing[Any], rows: Iterable[Any]) -> None:
    assert (len(listing), listing.invalid) == (len(list(rows)), 0)


@pytest.mark.parametrize("release", RELEASES)
async def test_high_availability(release: str) -> None:
    client, _, rows = client_of(release, "GET /cluster/ha/status/current")
    entries = await ClusterTools(client).ha_status()
    whole(entries, rows)
    quorum = next(entry for entry in entries if entry.type == "quorum")
    assert (quorum.id, quorum.quorate, quorum.condition, quorum.vmid) == ("quorum", True, "OK", None)
    fencing = [(entry.armed_state, entry.condition) for entry in entries if entry.type == "fencing"]
    assert fencing == ([("standby", "CRM watchdog standby")] if release == "9.2" else [])
    client, _, _ = client_of(release, "GET /cluster/ha/resources")
    assert await ClusterTools(client).ha_resources() == Listing()


async def test_rules_of_9_and_groups_of_8() -> None:
    client, _, _ = client_of("9.2", "GET /cluster/ha/rules")
    assert await ClusterTools(client).ha_rules() == Listing()
    assert client.asked == ["/cluster/ha/rules"]
    unknown = raised("8.4", "unknown path")
    assert unknown.status == 501
    path, body = entry("8.4", "GET /cluster/ha/groups")
    older = FakeClient({"/cluster/ha/rules": unknown, path: body})
    assert await ClusterTools(older).ha_rules() == Listing()
    assert older.asked == ["/cluster/ha/rules", "/cluster/ha/groups"]


@pytest.mark.parametrize("release", RELEASES)
async def test_jobs_and_what_they_miss(release: str) -> None:
    client, _, _ = client_of(release, "GET /cluster/backup")
    assert await BackupTools(client).jobs() == Listing()
    client, _, rows = client_of(release, "GET /cluster/backup-info/not-backed-up")
    guests = await BackupTools(client).not_covered()
    whole(guests, rows)
    assert [guest.vmid for guest in guests] == sorted(row["vmid"] for row in rows)
    assert {(guest.vmid, guest.type, guest.name) for guest in guests} == {
        (row["vmid"], row["type"], row["name"]) for row in rows
    }


@pytest.mark.parametrize("release", RELEASES)
async def test_replication_is_empty(release: str) -> None:
    client, _, _ = client_of(release, "GET /cluster/replication")
    assert await ClusterTools(client).replication() == Listing()
    client, parts, _ = client_of(release, f"{NODE}/replication")
    assert await NodeTools(client).get_node_replication(parts[1]) == Listing()


@pytest.mark.parametrize("release", RELEASES)
async def test_the_log(release: str) -> None:
    client, _, rows = client_of(release, "GET /cluster/log")
    lines = await ClusterTools(client).log()
    whole(lines, rows)
    assert [line.time for line in lines] == sorted((row["time"] for row in rows), reverse=True)
    assert {(line.uid, line.msg, line.pri, line.pid) for line in lines} == {
        (row["id"], row["msg"], row["pri"], row["pid"]) for row in rows
    }
    assert client.asked == ["/cluster/log?max=100"]
    if release == "8.4":
        assert any(line.severity == "error" and "already running" in line.msg for line in lines)


@pytest.mark.parametrize("release", RELEASES)
async def test_pools(release: str) -> None:
    client, _, _ = client_of(release, "GET /pools")
    pools = await ClusterTools(client).pools()
    assert [(pool.poolid, pool.comment, pool.members) for pool in pools] == [("p1", "pool one", None)]
    _, body = entry(release, "GET /pools/{poolid}")
    # The same pool, asked for by a parameter, comes as a list of one.
    pool = await ClusterTools(FakeClient({"/pools": {"data": [body["data"]]}})).pool("p1")
    assert pool.members is not None
    assert [member.vmid for member in pool.members] == sorted(row["vmid"] for row in body["data"]["members"])
    assert {member.status for member in pool.members} == {"running"}


@pytest.mark.parametrize("release", RELEASES)
async def test_who_there_is(release: str) -> None:
    client, _, rows = client_of(release, "GET /access/users")
    users = await AccessTools(client).users()
    whole(users, rows)
    assert client.asked == ["/access/users?full=1"]
    assert [user.userid for user in users] == sorted(row["userid"] for row in rows)
    assert {(user.realm, user.realm_type, user.enabled, user.expire) for user in users} == {
        ("pve", "pve", True, None), ("pam", "pam", True, None)
    }  # fmt: skip
    client, _, rows = client_of(release, "GET /access/roles")
    roles = {role.roleid: role for role in await AccessTools(client).roles()}
    assert len(roles) == len(rows)
    assert roles["NoAccess"].privileges == ()
    assert "Sys.Audit" in roles["PVEAuditor"].privileges
    assert ("VM.GuestAgent.Audit" in roles["PVEAuditor"].privileges) == (release == "9.2")
    client, _, _ = client_of(release, "GET /access/groups")
    assert await AccessTools(client).groups() == Listing()
    client, _, rows = client_of(release, "GET /access/domains")
    assert [(realm.realm, realm.type) for realm in await AccessTools(client).realms()] == [
        ("pam", "pam"),
        ("pve", "pve"),
    ]


@pytest.mark.parametrize("release", RELEASES)
async def test_who_may_do_what(release: str) -> None:
    client, _, rows = client_of(release, "GET /access/acl")
    entries = await AccessTools(client).acl()
    whole(entries, rows)
    assert [(entry.path, entry.ugid, entry.roleid, entry.propagate) for entry in entries] == [
        ("/", "admin@pve", "Administrator", True),
        ("/", "auditor@pve", "PVEAuditor", True),
        ("/pool/p1", "operator@pve", "PVEVMUser", True),
    ]


@pytest.mark.parametrize("release", RELEASES)
async def test_what_an_empty_list_may_hide(release: str) -> None:
    client, _, _ = client_of(release, "GET /access/permissions")
    admin = await AccessTools(client).permissions()
    assert lacks_for_backups(admin, "local") is lacks_for_cluster_log(admin) is lacks_for_agent(admin, 100) is None
    client, _, _ = client_of(release, "permissions of auditor")
    auditor = await AccessTools(client).permissions()
    assert lacks_for_cluster_log(auditor) == "Sys.Syslog on /"
    assert lacks_for_backups(auditor, "local", 200) == "Datastore.AllocateSpace on /storage/local"
    assert lacks_for_tasks(auditor, "pve1") is lacks_for_guest(auditor, 100) is None
    missing = None if release == "9.2" else "VM.Monitor or VM.GuestAgent.Audit on /vms/100"
    assert lacks_for_agent(auditor, 100) == missing
    client, _, _ = client_of(release, "permissions without rights")
    nobody = await AccessTools(client).permissions()
    assert lacks_for_guest(nobody, 100) == "VM.Audit on /vms/100"
    assert lacks_for_tasks(nobody) == "Sys.Audit on /"


@pytest.mark.parametrize("release", RELEASES)
async def test_snapshots_and_pending_changes(release: str) -> None:
    client, parts, rows = client_of(release, f"{QEMU}/snapshot", f"{QEMU}/pending")
    tools, vmid = VMTools(client), int(parts[3])
    snapshots = await tools.list_snapshots(parts[1], vmid)
    assert (len(snapshots), snapshots.invalid) == (1, 0)
    only = snapshots[0]
    taken = next(row["snaptime"] for row in rows if row["name"] == "snap1")
    assert (only.name, only.description, only.snaptime, only.vmstate) == ("snap1", "clean", taken, False)
    assert (only.parent, only.is_current) == (None, True)
    # Nothing is about to change, though PVE lists every option.
    assert await tools.get_pending(parts[1], vmid) == Listing()
    client, parts, _ = client_of(release, f"{LXC}/snapshot", f"{LXC}/pending")
    containers = ContainerTools(client)
    assert await containers.list_snapshots(parts[1], int(parts[3])) == Listing()
    assert await containers.get_pending(parts[1], int(parts[3])) == Listing()


@pytest.mark.parametrize("release", RELEASES)
async def test_firewall_and_interfaces(release: str) -> None:
    for kind, tools in ((QEMU, VMTools), (LXC, ContainerTools)):
        client, parts, _ = client_of(release, f"{kind}/firewall/options", f"{kind}/firewall/rules")
        state = await tools(client).get_firewall_state(parts[1], int(parts[3]))
        assert (state.enabled, state.policy_in, state.rules, state.active_rules) == (False, None, 0, 0)
    client, _, _ = client_of(release, "GET /cluster/firewall/options")
    assert not await ClusterTools(client).is_firewall_on()
    client, parts, rows = client_of(release, f"{LXC}/interfaces")
    interfaces = await ContainerTools(client).get_interfaces(parts[1], int(parts[3]))
    whole(interfaces, rows)
    assert [(one.name, one.addresses) for one in interfaces] == [("eth0", ()), ("lo", ())]
    assert {one.mac for one in interfaces} == {row["hwaddr"] for row in rows}


@pytest.mark.parametrize("release", RELEASES)
async def test_a_vm_without_an_agent(release: str) -> None:
    title = f"{QEMU}/agent/network-get-interfaces"
    path = recorded(release)[title]["asked"]
    client = FakeClient({path: raised(release, title)})
    info = await VMTools(client).get_agent_info(*_place(path))
    assert (info.state, info.osname, info.addresses) == ("absent", None, ())
    assert client.asked == [path]


def _place(path: str) -> tuple[str, int]:
    parts = path.strip("/").split("/")
    return parts[1], int(parts[3])


@pytest.mark.parametrize("release", RELEASES)
async def test_the_hardware_of_a_node(release: str) -> None:
    client, parts, rows = client_of(release, f"{NODE}/disks/list")
    disks = await NodeTools(client).get_node_disks(parts[1])
    whole(disks, rows)
    disk = disks[0]
    assert (disk.devpath, disk.size, disk.used, disk.vendor) == ("/dev/vda", 274877906944, "mounted", "0x1af4")
    # A virtual disk tells nothing of itself.
    assert (disk.health, disk.wearout, disk.rpm, disk.model, disk.serial, disk.type, disk.osd) == (None,) * 7
    assert (disk.is_healthy, disk.gpt, disk.mounted) == (None, False, True)


@pytest.mark.parametrize("release", RELEASES)
async def test_updates_and_certificates(release: str) -> None:
    client, parts, rows = client_of(release, f"{NODE}/apt/update")
    updates = await NodeTools(client).get_node_updates(parts[1])
    whole(updates, rows)
    dpkg = next(update for update in updates if update.package == "dpkg")
    assert (dpkg.old_version, dpkg.version, dpkg.origin) == ("1.21.22", "1.21.23", "Debian")
    client, parts, rows = client_of(release, f"{NODE}/certificates/info")
    certificates = await NodeTools(client).get_node_certificates(parts[1])
    whole(certificates, rows)
    assert [one.filename for one in certificates] == ["pve-root-ca.pem", "pve-ssl.pem"]
    by_name = {row["filename"]: row for row in rows}
    for one in certificates:
        row = by_name[one.filename]
        assert (one.notafter, one.fingerprint, one.san) == (row["notafter"], row["fingerprint"], tuple(row["san"]))
        assert one.days_left(row["notafter"] - 86_400 * 3) == 3
        assert (one.key_bits, one.subject) == (row["public-key-bits"], row["subject"])


@pytest.mark.parametrize("release", RELEASES)
async def test_names_clock_and_subscription(release: str) -> None:
    client, parts, row = client_of(release, f"{NODE}/time", f"{NODE}/dns")
    clock = await NodeTools(client).get_node_time(parts[1])
    assert (clock.time, clock.localtime, clock.timezone) == (row["time"], row["localtime"], "Etc/UTC")
    assert (await NodeTools(client).get_node_dns(parts[1])).servers == ("10.255.255.53",)
    title = f"{NODE}/subscription"
    if release == "8.4":
        client, parts, row = client_of(release, title)
        found = await NodeTools(client).get_node_subscription(parts[1])
        assert (found.status, found.message, found.level) == ("notfound", row["message"], None)
        return
    failing = FakeClient({recorded(release)[title]["asked"]: raised(release, title)})
    with pytest.raises(ApiError, match="ARRAY ref"):
        await NodeTools(failing).get_node_subscription("pve1")


@pytest.mark.parametrize("release", RELEASES)
async def test_the_backups_on_a_storage(release: str) -> None:
    client, parts, rows = client_of(release, "GET /nodes/{node}/storage/{storage}/content")
    backups = await BackupTools(client).list_backups(parts[1], parts[3])
    assert client.asked[0].endswith("/content?content=backup")
    assert [backup.volid for backup in backups] == [row["volid"] for row in rows if row["content"] == "backup"]
    assert all(backup.vmid == 200 and backup.subtype == "lxc" for backup in backups)
    assert all((backup.encrypted, backup.verified, backup.protected) == (None, None, None) for backup in backups)


@pytest.mark.parametrize("release", RELEASES)
async def test_disks_and_nics_of_real_configurations(release: str) -> None:
    for kind, tools, key in ((QEMU, VMTools, "scsi0"), (LXC, ContainerTools, "rootfs")):
        client, parts, config = client_of(release, f"{kind}/config")
        reader = tools(client)
        read = reader.get_vm_config if isinstance(reader, VMTools) else reader.get_container_config
        found = await read(parts[1], int(parts[3]))
        assert found == config
        assert [(disk.key, disk.storage, disk.size) for disk in disks_of(found)] == [(key, "local", 1024**3)]
        nics = nics_of(found)
        assert [(nic.key, nic.bridge, nic.vlan, nic.firewall) for nic in nics] == [("net0", "vmbr0", None, False)]
        assert nics[0].mac is not None
        assert nics[0].mac in config["net0"]
        assert nics[0].model == ("virtio" if kind == QEMU else "veth")


@pytest.mark.parametrize("release", RELEASES)
async def test_pressure_is_there_on_9_only(release: str) -> None:
    client, parts, _ = client_of(release, f"{NODE}/rrddata")
    of_node = await NodeTools(client).get_node_rrd(parts[1], "day", "MAX")
    assert client.asked[0].endswith("?timeframe=day&cf=MAX")
    client, parts, _ = client_of(release, f"{QEMU}/rrddata")
    of_vm = await VMTools(client).get_vm_rrd(parts[1], int(parts[3]))
    for series, missing in ((of_node, {"pressurecpufull"}), (of_vm, set())):
        found = {name: series.values[name] for name in PRESSURE if name in series.values}
        assert set(found) == (set(PRESSURE) - missing if release == "9.2" else set())
        known = [value for values in found.values() for value in values if value is not None]
        assert all(0 <= value <= 100 for value in known)
        assert bool(known) == (release == "9.2")


FAULTS = [
    title
    for title in (recorded("8.4-faults") if (REFERENCE / "recorded" / "8.4-faults.json").is_file() else {})
    if "GET /" in title
]


@pytest.mark.parametrize("title", FAULTS)
async def test_a_cluster_in_trouble_is_read_or_refused(title: str) -> None:
    found = recorded("8.4-faults")[title]
    path = found["asked"]
    if found["status"] != 200:
        error = raised("8.4-faults", title)
        assert error.status == found["status"]
        return
    client = FakeClient({path: found["body"]})
    if path == "/cluster/status":
        status = await ClusterTools(client).status()
        # Twenty seconds without the other node, and this one is alone.
        assert status.quorate == ("30 s after" not in title)
        assert len(status.nodes) == 2
    elif path == "/cluster/tasks":
        tasks = await ClusterTools(client).tasks()
        assert tasks.invalid == 0
    elif path == "/nodes":
        assert len(await NodeTools(client).list_nodes()) == 2
    elif path == "/nodes/pve1/status":
        assert (await NodeTools(client).get_node_status("pve1")).uptime


@pytest.mark.parametrize("release", RELEASES)
async def test_the_whole_log_of_a_task(release: str) -> None:
    client, parts, rows = client_of(release, f"{NODE}/tasks/{{upid}}/log")
    log = await TaskTools(client).get_task_log(parts[3], limit=0)
    assert client.asked[0].endswith("?start=0&limit=0")
    assert (len(log.lines), log.next_start) == (len(rows), rows[-1]["n"])
