"""Power of guests and nodes: what is refused at once, what fails later, and what the HA manager does itself."""

from __future__ import annotations

import pytest

from .changes import Doer, at, guest_like


@pytest.mark.parametrize(
    ("kind", "verb", "running", "text"),
    [
        ("qemu", "reset", False, "VM {} not running"),
        ("qemu", "suspend", False, "VM {} not running"),
        ("qemu", "resume", False, "VM {} not running"),
        ("qemu", "reboot", False, "VM {} not running"),
        ("lxc", "start", True, "CT {} already running"),
        ("lxc", "stop", False, "CT {} not running"),
        ("lxc", "shutdown", False, "CT {} not running"),
        ("lxc", "reboot", False, "VM {} not running"),
    ],
)
async def test_refused_at_once(doer: Doer, kind: str, verb: str, running: bool, text: str) -> None:
    guest = guest_like(doer.site, kind, running=running)
    assert await doer.refusal("POST", at(guest, f"/status/{verb}")) == (500, text.format(guest.vmid))


async def test_a_machine_is_hibernated_and_resumed(doer: Doer) -> None:
    guest = guest_like(doer.site, running=True, storage="ceph-vm")
    upid = await doer.ask("POST", at(guest, "/status/suspend"), todisk=1)
    assert f":qmsuspend:{guest.vmid}:" in upid
    doer.clock.forward(1)
    assert (await doer.get(at(guest, "/status/current")))["lock"] == "suspending"
    assert await doer.end(upid) == "OK"
    current = await doer.get(at(guest, "/status/current"))
    assert (current["status"], current["lock"]) == ("stopped", "suspended")
    state = (await doer.config(guest))["vmstate"]
    rows = await doer.get(f"/nodes/{guest.node}/storage/ceph-vm/content", vmid=guest.vmid)
    assert state in [row["volid"] for row in rows]
    assert await doer.do("POST", at(guest, "/status/resume")) == "OK"
    current = await doer.get(at(guest, "/status/current"))
    assert (current["status"], current.get("lock")) == ("running", None)
    assert "vmstate" not in await doer.config(guest)


async def test_a_suspended_container_looks_stopped_and_goes_on(doer: Doer) -> None:
    guest = guest_like(doer.site, "lxc", running=True)
    resume = at(guest, "/status/resume")
    assert await doer.refusal("POST", resume) == (500, f"CT {guest.vmid} already running")
    assert await doer.do("POST", at(guest, "/status/suspend")) == "OK"
    current = await doer.get(at(guest, "/status/current"))
    assert (current["status"], current.get("lock"), current["uptime"]) == ("stopped", None, 0)
    listed = {row["vmid"]: row["status"] for row in await doer.get(f"/nodes/{guest.node}/lxc")}
    assert listed[guest.vmid] == "stopped"
    assert await doer.do("POST", resume) == "OK"
    assert guest.running
    assert await doer.do("POST", at(guest, "/status/stop")) == "OK"
    assert "lxc-checkpoint" in await doer.do("POST", resume), "there is nothing to go on from"


async def test_a_shutdown_that_is_forced(doer: Doer) -> None:
    guest = guest_like(doer.site, running=True)
    guest.acpi = False
    shutdown = at(guest, "/status/shutdown")
    assert await doer.do("POST", shutdown, timeout=3) == "VM quit/powerdown failed - got timeout"
    assert await doer.do("POST", shutdown, timeout=3, forceStop=1) == "OK"
    assert not guest.running
    assert await doer.do("POST", shutdown) == "OK", "what is off is off"


async def test_who_is_managed_is_left_to_the_manager(doer: Doer) -> None:
    guest = guest_like(doer.site, ha="started")
    upid = await doer.ask("POST", at(guest, "/status/stop"))
    assert f":hastop:{guest.vmid}:" in upid
    doer.clock.forward(2)
    assert guest.running
    assert await doer.end(upid) == "OK"
    assert await doer.log(upid) == [f"Requesting HA stop for VM {guest.vmid}", "TASK OK"]
    assert not guest.running
    assert (await doer.get(f"/cluster/ha/resources/vm:{guest.vmid}"))["state"] == "stopped"
    assert await doer.do("POST", at(guest, "/status/start")) == "OK"
    assert guest.running


async def test_snapshots_bring_back_what_they_kept(doer: Doer) -> None:
    guest = guest_like(doer.site, running=False, snapshots=[])
    cores = guest.cores
    assert await doer.do("POST", at(guest, "/snapshot"), snapname="s1", description="one") == "OK"
    await doer.ask("PUT", at(guest, "/config"), cores=cores + 4, scsi1="ceph-vm:1")
    assert await doer.ask("PUT", at(guest, "/snapshot/s1/config"), description="edited") is None
    assert (await doer.get(at(guest, "/snapshot")))[0]["description"] == "edited"
    assert await doer.do("POST", at(guest, "/snapshot/s1/rollback"), start=1) == "OK"
    config = await doer.config(guest)
    assert (config["cores"], guest.running) == (cores, True)
    assert "scsi1" not in config
    assert await doer.do("POST", at(guest, "/snapshot"), snapname="s1") == "snapshot name 's1' already used"
    _, text = await doer.refusal("POST", at(guest, "/snapshot"), snapname="current")
    assert text == "unable to use snapshot name 'current' (reserved name)"
    _, text = await doer.refusal("PUT", at(guest, "/snapshot/nope/config"), description="x")
    assert text == "snapshot 'nope' does not exist"


async def test_migration_knows_local_disks(doer: Doer) -> None:
    guest = guest_like(doer.site, running=True, storage="local-lvm")
    other = "pve1" if guest.node == "pve2" else "pve2"
    ended = await doer.do("POST", at(guest, "/migrate"), target=other, online=1)
    assert "without with-local-disks option" in ended
    assert await doer.refusal("POST", at(guest, "/migrate"), target=other) == (
        500,
        "can't migrate running VM without --online",
    )
    params = {"target": other, "online": 1, "with-local-disks": 1, "targetstorage": "ceph-vm"}
    assert await doer.do("POST", at(guest, "/migrate"), **params) == "OK"
    assert guest.node == other
    assert (await doer.config(guest))["scsi0"].startswith("ceph-vm:")


async def test_a_node_reboots(doer: Doer) -> None:
    node = doer.site.nodes["pve2"]
    held = [guest for guest in doer.site.held_by("pve2") if guest.running]
    onboot = [guest for guest in held if guest.onboot]
    assert await doer.ask("POST", "/nodes/pve2/status", command="reboot") is None
    assert node.online
    doer.clock.forward(20)
    assert next(row for row in await doer.get("/nodes") if row["node"] == "pve2")["status"] == "offline"
    assert (await doer.http.get("/nodes/pve2/status")).status_code == 595
    assert not any(guest.running for guest in held)
    doer.clock.forward(100)
    assert (await doer.get("/nodes/pve2/status"))["uptime"] < 100
    assert onboot
    assert all(guest.running for guest in onboot)
    assert (await doer.refusal("POST", "/nodes/pve2/status", command="explode"))[0] == 400


async def test_a_node_sleeps_until_it_is_woken(doer: Doer) -> None:
    await doer.ask("POST", "/nodes/pve2/status", command="shutdown")
    doer.clock.forward(300)
    assert (await doer.http.get("/nodes/pve2/status")).status_code == 595
    assert await doer.ask("POST", "/nodes/pve2/wakeonlan") == "BC:24:11:FF:00:02"
    doer.clock.forward(90)
    assert (await doer.http.get("/nodes/pve2/status")).status_code == 200
    _, text = await doer.refusal("POST", "/nodes/pve1/wakeonlan")
    assert text == "'pve1' is local node, cannot wake my self!"


async def test_services(doer: Doer) -> None:
    upid = await doer.ask("POST", "/nodes/pve1/services/cron/stop")
    assert ":srvstop:cron:" in upid
    assert await doer.end(upid) == "OK"
    assert (await doer.get("/nodes/pve1/services/cron/state"))["state"] == "dead"
    assert await doer.do("POST", "/nodes/pve1/services/cron/restart") == "OK"
    assert (await doer.get("/nodes/pve1/services/cron/state"))["state"] == "running"
    assert (await doer.refusal("POST", "/nodes/pve1/services/nope/start"))[0] == 400


async def test_all_guests_of_a_node_at_once(doer: Doer) -> None:
    held = [guest for guest in doer.site.held_by("pve1") if guest.running and not guest.ha]
    chosen = held[:3]
    vms = ",".join(str(guest.vmid) for guest in chosen)
    upid = await doer.ask("POST", "/nodes/pve1/stopall", vms=vms)
    assert upid.split(":")[5:7] == ["stopall", ""]
    assert await doer.end(upid) == "OK"
    assert not any(guest.running for guest in chosen)
    assert all(guest.running for guest in held[3:])
    assert f"Stopping VM {chosen[0].vmid}" in " ".join(await doer.log(upid)).replace("CT", "VM")
    assert await doer.do("POST", "/nodes/pve1/startall", vms=vms) == "OK"
    assert all(guest.running for guest in chosen)
    upid = await doer.ask("POST", "/nodes/pve1/migrateall", target="pve2", vms=vms, **{"with-local-disks": 1})
    assert await doer.end(upid, 60) == "OK"
    assert {guest.node for guest in chosen} == {"pve2"}
