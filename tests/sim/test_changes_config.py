"""Configurations: what may be written, by whom, and when it becomes true."""

from __future__ import annotations

import pytest

from proxtui.sim.world import World

from .changes import Doer, at, guest_like
from .conftest import client


async def test_pending_changes_and_their_reverting(doer: Doer) -> None:
    guest = guest_like(doer.site, running=True)
    before = await doer.config(guest)
    await doer.ask("PUT", at(guest, "/config"), memory=4096, description="x", delete="vga,numa")
    rows = {row["key"]: row for row in await doer.get(at(guest, "/pending"))}
    assert rows["memory"] == {"key": "memory", "value": before["memory"], "pending": "4096"}
    assert rows["numa"]["delete"] == 1
    assert rows["description"]["value"] == "x"
    await doer.ask("PUT", at(guest, "/config"), revert="memory,numa")
    rows = {row["key"]: row for row in await doer.get(at(guest, "/pending"))}
    assert "pending" not in rows["memory"]
    assert "delete" not in rows["numa"]
    await doer.ask("PUT", at(guest, "/config"), cores=3)
    for verb in ("stop", "start"):
        assert await doer.do("POST", at(guest, f"/status/{verb}")) == "OK"
    assert (await doer.get(at(guest, "/config"), current=1))["cores"] == 3


async def test_post_is_a_task(doer: Doer) -> None:
    guest = guest_like(doer.site, running=False)
    upid = await doer.ask("POST", at(guest, "/config"), cores=2)
    assert f":qmconfig:{guest.vmid}:" in upid
    assert await doer.end(upid) == "OK"
    assert await doer.log(upid) == [f"update VM {guest.vmid}: -cores 2", "TASK OK"]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("qemu", "checksum mismatch (file change by other user?)"),
        ("lxc", "detected modified configuration - file changed by other user? Try again."),
    ],
)
async def test_another_digest(doer: Doer, kind: str, text: str) -> None:
    guest = guest_like(doer.site, kind)
    assert await doer.refusal("PUT", at(guest, "/config"), description="z", digest="0" * 40) == (500, text)
    digest = (await doer.config(guest))["digest"]
    await doer.ask("PUT", at(guest, "/config"), description="z", digest=digest)
    assert (await doer.config(guest))["digest"] != digest


@pytest.mark.parametrize("kind", ["qemu", "lxc"])
async def test_the_digest_is_of_the_whole_file(doer: Doer, kind: str) -> None:
    """What waits for the next start and the snapshots stand in it too."""
    guest = guest_like(doer.site, kind, running=True, snapshots=[], parent=None)
    waits = {"memory": 4096} if kind == "qemu" else {"features": "nesting=1,keyctl=1"}
    seen = [(await doer.config(guest))["digest"]]

    async def changed() -> None:
        digest = (await doer.config(guest))["digest"]
        assert digest not in seen
        seen.append(digest)

    await doer.ask("PUT", at(guest, "/config"), **waits)
    await changed()
    await doer.ask("PUT", at(guest, "/config"), revert=next(iter(waits)))
    assert (await doer.config(guest))["digest"] == seen[0]
    assert await doer.do("POST", at(guest, "/snapshot"), snapname="s1", description="one") == "OK"
    await changed()
    await doer.ask("PUT", at(guest, "/snapshot/s1/config"), description="two")
    await changed()
    status, _ = await doer.refusal("PUT", at(guest, "/config"), description="z", digest=seen[-2])
    assert status == 500


async def test_what_cannot_be_written(doer: Doer, world: World) -> None:
    guest, container = guest_like(doer.site), guest_like(doer.site, "lxc")
    path = at(guest, "/config")
    for params, expected in (
        ({"delete": "bogus"}, (400, "delete: unknown option 'bogus'")),
        ({"skiplock": 1, "lock": "backup"}, (400, "skiplock: Only root may use this option.")),
        ({"onboot": "yes"}, (400, "onboot: type check ('boolean') failed - got 'yes'")),
        ({"lock": "backup"}, (500, "only root can set 'lock' config")),
        ({"scsi5": "ceph-vm:vm-999-disk-0"}, (500, "volume 'ceph-vm:vm-999-disk-0' does not exist")),
        ({}, (500, "no options specified")),
    ):
        assert await doer.refusal("PUT", path, **params) == expected
    assert (await doer.refusal("PUT", at(container, "/config"), delete="memory"))[1] == (
        "delete: unable to delete required option 'memory'"
    )
    answer = await doer.http.put(path, json={"onboot": None})
    assert answer.reason_phrase == "unable to parse value of 'onboot' - got undefined value"
    async with client(world, who="operator@pve!ops") as http:
        mine = guest_like(doer.site, pool="shop")
        answer = await http.put(at(mine, "/config"), data={"memory": 512})
        assert answer.status_code == 403
        assert answer.reason_phrase == f"Permission check failed (/vms/{mine.vmid}, VM.Config.Memory)"


async def test_root_unlocks_with_a_ticket_and_a_token_of_root_does_not(doer: Doer, world: World) -> None:
    guest = guest_like(doer.site)
    guest.lock = "backup"
    assert await doer.refusal("PUT", at(guest, "/config"), description="no") == (500, "VM is locked (backup)")
    login = {"username": "root@pam", "password": "sim-root"}
    async with client(world, who=None) as http:
        told = (await http.post("/access/ticket", data=login)).json()["data"]
        headers = {"Cookie": f"PVEAuthCookie={told['ticket']}", "CSRFPreventionToken": told["CSRFPreventionToken"]}
        answer = await http.put(at(guest, "/config"), data={"delete": "lock", "skiplock": 1}, headers=headers)
        assert answer.status_code == 200, answer.text
    assert guest.lock is None


async def test_disks_are_added_detached_and_removed(doer: Doer) -> None:
    guest = guest_like(doer.site, storage="ceph-vm", running=True)
    path, vmid = at(guest, "/config"), guest.vmid
    await doer.ask("PUT", path, scsi1="ceph-vm:5,ssd=1")
    assert (await doer.config(guest))["scsi1"] == f"ceph-vm:vm-{vmid}-disk-1,ssd=1,size=5G"
    await doer.ask("PUT", path, delete="scsi1")
    config = await doer.config(guest)
    assert "scsi1" not in config
    assert config["unused0"] == f"ceph-vm:vm-{vmid}-disk-1"
    await doer.ask("PUT", path, scsi2=f"ceph-vm:vm-{vmid}-disk-1")
    assert "unused0" not in await doer.config(guest)
    await doer.ask("PUT", at(guest, "/unlink"), idlist="scsi2")
    await doer.ask("PUT", at(guest, "/unlink"), idlist="unused0")
    rows = await doer.get(f"/nodes/{guest.node}/storage/ceph-vm/content", vmid=vmid)
    assert [row["volid"] for row in rows] == [f"ceph-vm:vm-{vmid}-disk-0"]
    await doer.ask("PUT", path, ide2="none,media=cdrom")
    assert (await doer.config(guest))["ide2"] == "none,media=cdrom"


async def test_cloudinit_needs_its_drive(doer: Doer) -> None:
    guest = guest_like(doer.site, running=False)
    assert await doer.refusal("PUT", at(guest, "/cloudinit")) == (500, "no cloudinit drive found")
    await doer.ask("PUT", at(guest, "/config"), ide2="local-lvm:cloudinit", ciuser="admin", cipassword="secret1")
    assert await doer.ask("PUT", at(guest, "/cloudinit")) is None
    read = {row["key"]: row["value"] for row in await doer.get(at(guest, "/cloudinit"))}
    assert read["ciuser"] == "admin"
    assert (await doer.config(guest))["cipassword"] == "**********"


async def test_resizing(doer: Doer) -> None:
    guest, container = guest_like(doer.site), guest_like(doer.site, "lxc")
    size = guest.maxdisk
    upid = await doer.ask("PUT", at(guest, "/resize"), disk="scsi0", size="+5G")
    assert f":resize:{guest.vmid}:" in upid
    assert await doer.end(upid) == "OK"
    assert guest.maxdisk == size + 5 * 1024**3
    assert await doer.do("PUT", at(guest, "/resize"), disk="scsi0", size="1G") == "shrinking disks is not supported"
    assert await doer.do("PUT", at(guest, "/resize"), disk="scsi7", size="+1G") == "disk 'scsi7' does not exist"
    _, text = await doer.refusal("PUT", at(guest, "/resize"), disk="floppy", size="+1G")
    assert text.startswith("disk: value 'floppy' does not have a value in the enumeration")
    assert (await doer.refusal("PUT", at(guest, "/resize"), disk="scsi0", size="big"))[0] == 400
    assert await doer.refusal("PUT", at(container, "/resize"), disk="rootfs", size="1G") == (
        500,
        "unable to shrink disk size",
    )
    assert await doer.do("PUT", at(container, "/resize"), disk="rootfs", size="+1G") == "OK"


async def test_moving_disks(doer: Doer) -> None:
    guest = guest_like(doer.site, storage="local-lvm", snapshots=[])
    move = at(guest, "/move_disk")
    assert await doer.refusal("POST", move, disk="scsi0", storage="local-lvm") == (
        500,
        "you can't move to the same storage with same format",
    )
    assert await doer.refusal("POST", move, disk="scsi9", storage="ceph-vm") == (500, "disk 'scsi9' does not exist")
    upid = await doer.ask("POST", move, disk="scsi0", storage="ceph-vm")
    assert f":qmmove:{guest.vmid}:" in upid
    assert await doer.end(upid) == "OK"
    config = await doer.config(guest)
    assert config["scsi0"].startswith(f"ceph-vm:vm-{guest.vmid}-disk-0,")
    assert config["unused0"] == f"local-lvm:vm-{guest.vmid}-disk-0"
    container = guest_like(doer.site, "lxc", running=True)
    _, text = await doer.refusal("POST", at(container, "/move_volume"), volume="rootfs", storage="local-lvm")
    assert text == "cannot move volumes of a running container"
    still = guest_like(doer.site, "lxc", running=False, storage="ceph-vm")
    still.snapshots = []
    ended = await doer.do("POST", at(still, "/move_volume"), volume="rootfs", storage="local-lvm", delete=1)
    assert ended == "OK"
    assert (await doer.config(still))["rootfs"].startswith("local-lvm:")
    assert "unused0" not in await doer.config(still)


async def test_features(doer: Doer) -> None:
    guest, template = guest_like(doer.site, storage="ceph-vm"), guest_like(doer.site, template=True)
    assert await doer.get(at(guest, "/feature"), feature="clone") == {"hasFeature": 0, "nodes": ["pve1", "pve2"]}
    assert (await doer.get(at(template, "/feature"), feature="clone"))["hasFeature"] == 1
    assert (await doer.get(at(guest, "/feature"), feature="snapshot"))["hasFeature"] == 1
