"""Guests that are made, copied, changed and destroyed."""

from __future__ import annotations

import pytest

from proxtui.sim.world import World

from .changes import Doer, at, guest_like
from .conftest import client


async def test_a_machine_is_created_with_its_disks(doer: Doer) -> None:
    vmid = int(await doer.get("/cluster/nextid"))
    assert vmid == 118
    upid = await doer.ask(
        "POST",
        "/nodes/pve1/qemu",
        vmid=vmid,
        name="new1",
        memory=2048,
        cores=2,
        ostype="l26",
        scsi0="local-lvm:8,discard=on",
        scsi1="local-lvm:1",
        ide2="local:iso/debian-13.1.0-amd64-netinst.iso,media=cdrom",
        ide0="local-lvm:cloudinit",
        net0="virtio,bridge=vmbr0",
        tags="test;new",
        pool="dev",
        start=1,
    )
    assert upid.split(":")[5:8] == ["qmcreate", "118", "admin@pve!proxtui"]
    guest = doer.site.guests[vmid]
    assert (await doer.config(guest))["lock"] == "create"
    rows = await doer.get("/cluster/resources", type="vm")
    assert next(row for row in rows if row["vmid"] == vmid) == {
        "id": "qemu/118", "type": "qemu", "vmid": 118, "node": "pve1", "status": "unknown", "lock": "create",
        "tags": "test;new",
    }  # fmt: skip
    assert await doer.end(upid) == "OK"
    config = await doer.config(guest)
    assert config["scsi0"] == "local-lvm:vm-118-disk-0,discard=on,size=8G"
    assert config["scsi1"] == "local-lvm:vm-118-disk-1,size=1G"
    assert config["ide0"] == "local-lvm:vm-118-cloudinit,media=cdrom,size=4M"
    assert config["ide2"].startswith("local:iso/debian-13.1.0-amd64-netinst.iso,media=cdrom,size=")
    assert config["net0"].startswith("virtio=BC:24:11:")
    assert (config["memory"], config["cores"], config["boot"]) == ("2048", 2, "order=scsi0;scsi1;net0")
    assert "lock" not in config
    content = await doer.get("/nodes/pve1/storage/local-lvm/content", vmid=vmid)
    assert sorted((row["volid"], row["size"]) for row in content) == [
        ("local-lvm:vm-118-cloudinit", 4 * 1024**2),
        ("local-lvm:vm-118-disk-0", 8 * 1024**3),
        ("local-lvm:vm-118-disk-1", 1024**3),
    ]
    assert (guest.pool, guest.running) == ("dev", True)
    assert any(
        "successfully created disk 'local-lvm:vm-118-disk-0,discard=on,size=8G'" in t for t in await doer.log(upid)
    )
    row = next(row for row in await doer.get("/cluster/resources", type="vm") if row["vmid"] == vmid)
    assert (row["name"], row["status"], row["maxdisk"], row["pool"]) == ("new1", "running", 8 * 1024**3, "dev")


async def test_what_a_creation_is_refused_for(doer: Doer, world: World) -> None:
    new = "/nodes/pve1/qemu"
    for params, expected in (
        ({}, (400, "vmid: property is missing and it is not optional")),
        ({"vmid": "abc"}, (400, "vmid: type check ('integer') failed - got 'abc'")),
        ({"vmid": 118, "memory": -1}, (
            400, "memory: invalid format - format error\nmemory.current: value must have a minimum value of 16\n"
        )),
        ({"vmid": 100}, (500, "unable to create VM 100 - VM 100 already exists on node 'pve2'")),
        ({"vmid": 104}, (500, "unable to create VM 104 - CT 104 already exists on node 'pve2'")),
        ({"vmid": 118, "scsi0": "nope:8"}, (500, "storage 'nope' does not exist")),
        ({"vmid": 118, "scsi0": "local:8"}, (400, "storage: storage 'local' does not support vm images")),
        ({"vmid": 118, "pool": "nope"}, (500, "pool 'nope' does not exist")),
        ({"vmid": 118, "args": "-x"}, (500, "only root can set 'args' config")),
    ):  # fmt: skip
        assert await doer.refusal("POST", new, **params) == expected
        assert 118 not in doer.site.guests
    missing = "local:iso/nope.iso"
    ended = await doer.do("POST", new, vmid=118, ide2=f"{missing},media=cdrom")
    assert ended == f"unable to create VM 118 - volume '{missing}' does not exist"
    assert 118 not in doer.site.guests
    doer.site.quorum_lost_since = 1.0
    assert await doer.refusal("POST", new, vmid=333) == (500, "cluster not ready - no quorum?")
    doer.site.quorum_lost_since = None
    async with client(world, who="operator@pve!ops") as http:
        answer = await http.post(new, data={"vmid": 118})
        assert (answer.status_code, answer.reason_phrase) == (403, "Permission check failed")


async def test_a_container_is_created_from_a_template(doer: Doer) -> None:
    template = "local:vztmpl/alpine-3.22-default_20250617_amd64.tar.xz"
    upid = await doer.ask(
        "POST", "/nodes/pve2/lxc", vmid=200, ostemplate=template, hostname="ct1", memory=128, rootfs="local-lvm:4",
        mp0="ceph-vm:2,mp=/data", net0="name=eth0,bridge=vmbr0,ip=dhcp", password="secret-123", unprivileged=1,
    )  # fmt: skip
    assert ":vzcreate:200:" in upid
    assert await doer.end(upid) == "OK"
    config = await doer.config(doer.site.guests[200])
    assert config["rootfs"] == "local-lvm:vm-200-disk-0,size=4G"
    assert config["mp0"] == "ceph-vm:vm-200-disk-0,mp=/data,size=2G"
    assert (config["hostname"], config["memory"], config["ostype"], config["swap"]) == ("ct1", 128, "alpine", 512)
    assert "password" not in config
    assert any("extracting archive" in line for line in await doer.log(upid))
    assert (await doer.refusal("POST", "/nodes/pve2/lxc", vmid=201))[1].startswith("ostemplate: property is missing")
    assert (await doer.refusal("POST", "/nodes/pve2/lxc", vmid=200, ostemplate=template, rootfs="local-lvm:1"))[1] == (
        "unable to create CT 200 - CT 200 already exists on node 'pve2'"
    )


async def test_a_guest_comes_back_from_its_archive(doer: Doer) -> None:
    guest = guest_like(doer.site, running=False, storage="local-lvm")
    name, size = guest.name, guest.maxdisk
    assert await doer.do("POST", f"/nodes/{guest.node}/vzdump", vmid=guest.vmid, storage="nfs-backup") == "OK"
    rows = await doer.get(f"/nodes/{guest.node}/storage/nfs-backup/content", content="backup", vmid=guest.vmid)
    archive = max(rows, key=lambda row: row["ctime"])["volid"]
    new = f"/nodes/{guest.node}/qemu"
    _, text = await doer.refusal("POST", new, vmid=guest.vmid, archive=archive)
    assert text == f"unable to restore VM {guest.vmid} - VM {guest.vmid} already exists on node '{guest.node}'"
    assert await doer.refusal("POST", new, vmid=150, archive=archive, scsi0="local-lvm:1") == (
        400,
        "scsi0: option conflicts with option 'archive'",
    )
    upid = await doer.ask("POST", new, vmid=150, archive=archive, storage="ceph-vm", unique=1)
    assert ":qmrestore:150:" in upid
    assert await doer.end(upid) == "OK"
    config = await doer.config(doer.site.guests[150])
    assert (config["name"], config["scsi0"].partition(",")[0]) == (name, "ceph-vm:vm-150-disk-0")
    assert await doer.do("DELETE", at(guest), purge=1) == "OK"
    assert await doer.do("POST", new, vmid=guest.vmid, archive=archive) == "OK"
    back = doer.site.guests[guest.vmid]
    assert (back.name, back.maxdisk, back.storage) == (name, size, "local-lvm")
    assert await doer.do("POST", new, vmid=guest.vmid, archive=archive, force=1, start=1) == "OK"
    assert doer.site.guests[guest.vmid].running
    _, text = await doer.refusal("POST", new, vmid=guest.vmid, archive=archive, force=1)
    assert text == f"unable to restore VM {guest.vmid} - vm is running"


async def test_destroying(doer: Doer) -> None:
    guest, container = guest_like(doer.site, running=True), guest_like(doer.site, "lxc", running=True)
    managed = guest_like(doer.site, ha="started")
    assert await doer.refusal("DELETE", at(guest)) == (500, f"VM {guest.vmid} is running - destroy failed")
    assert (await doer.refusal("DELETE", at(container)))[1] == (
        f"unable to destroy CT {container.vmid} - container is running"
    )
    text = f"unable to remove VM {managed.vmid} - used in HA resources and purge parameter not set."
    assert await doer.refusal("DELETE", at(managed)) == (500, text)
    await doer.ask("PUT", at(guest, "/config"), protection=1)
    assert (await doer.refusal("DELETE", at(guest)))[1] == f"can't remove VM {guest.vmid} - protection mode enabled"
    await doer.ask("PUT", at(guest, "/config"), protection=0)
    assert await doer.do("POST", at(guest, "/status/stop")) == "OK"
    guest.lock = "backup"
    assert await doer.do("DELETE", at(guest)) == "VM is locked (backup)"
    guest.lock = None
    params = {"purge": 1, "destroy-unreferenced-disks": 1}
    upid = await doer.ask("DELETE", at(guest), **params)
    assert await doer.end(upid) == "OK"
    assert await doer.log(upid) == [f"purging VM {guest.vmid} from related configurations..", "TASK OK"]
    assert (await doer.http.get(at(guest, "/config"))).status_code == 500
    assert all(row["vmid"] != guest.vmid for row in await doer.get("/cluster/resources", type="vm"))
    assert await doer.get(f"/nodes/{guest.node}/storage/{guest.storage}/content", vmid=guest.vmid) == []
    assert await doer.do("DELETE", at(container), force=1) == "OK"
    assert container.vmid not in doer.site.guests


async def test_full_and_linked_clones(doer: Doer) -> None:
    source, template = guest_like(doer.site, running=False, storage="local-lvm"), guest_like(doer.site, template=True)
    clone = at(source, "/clone")
    assert await doer.refusal("POST", clone, newid=160, full=0) == (
        500,
        "Linked clone feature is not supported for drive 'scsi0'",
    )
    _, text = await doer.refusal("POST", at(template, "/clone"), newid=160, storage="ceph-vm")
    assert text == "parameter 'storage' not allowed for linked clones"
    _, text = await doer.refusal("POST", clone, newid=template.vmid)
    assert (
        text == f"VM {template.vmid} already exists on node '{template.node}'" or "config file already exists" in text
    )
    other = "pve1" if source.node == "pve2" else "pve2"
    _, text = await doer.refusal("POST", clone, newid=160, target=other)
    assert text == f"can't clone VM to node '{other}' (VM uses local storage)"
    upid = await doer.ask("POST", clone, newid=160, name="copy", full=1, storage="ceph-vm", pool="dev")
    assert f":qmclone:{source.vmid}:" in upid
    doer.clock.forward(1)
    assert (await doer.config(doer.site.guests[160]))["lock"] == "clone"
    assert await doer.end(upid) == "OK"
    made = doer.site.guests[160]
    assert (made.name, made.pool, made.maxdisk) == ("copy", "dev", source.maxdisk)
    mine, theirs = await doer.config(made), await doer.config(source)
    assert mine["scsi0"].startswith("ceph-vm:vm-160-disk-0,")
    assert mine["net0"] != theirs["net0"]
    assert mine["smbios1"] != theirs["smbios1"]
    assert await doer.do("POST", at(template, "/clone"), newid=161, name="linked") == "OK"
    linked = await doer.config(doer.site.guests[161])
    assert linked["scsi0"].startswith(f"ceph-vm:base-{template.vmid}-disk-0/vm-161-disk-0,")
    assert "template" not in linked
    volid = f"ceph-vm:base-{template.vmid}-disk-0"
    assert await doer.do("DELETE", at(template)) == f"base volume '{volid}' is still in use by linked cloned"
    assert (await doer.refusal("POST", "/nodes/pve1/qemu/999/clone", newid=170))[1] == (
        "unable to find configuration file for VM 999 on node 'pve1'"
    )


@pytest.mark.parametrize("kind", ["qemu", "lxc"])
async def test_converting_to_a_template(doer: Doer, kind: str) -> None:
    guest = guest_like(doer.site, kind, running=True, snapshots=[])
    word = "VM" if kind == "qemu" else "CT"
    _, text = await doer.refusal("POST", at(guest, "/template"))
    assert text.startswith(f"you can't convert a {word} to template if ")
    stop = await doer.ask("POST", at(guest, "/status/stop"))
    assert await doer.end(stop) == "OK"
    upid = await doer.ask("POST", at(guest, "/template"))
    if kind == "qemu":
        assert await doer.end(upid) == "OK"
    else:
        assert upid is None
    assert (await doer.config(guest))["template"] == 1
    assert (await doer.refusal("POST", at(guest, "/template")))[1] == "you can't convert a template to a template"


async def test_a_machine_of_which_nothing_is_known_but_its_number(doer: Doer) -> None:
    assert await doer.do("POST", "/nodes/pve1/qemu", vmid=118) == "OK"
    config = await doer.config(doer.site.guests[118])
    assert "name" not in config
    assert "boot" not in config
    doer.clock.forward(20)
    row = next(row for row in await doer.get("/cluster/resources", type="vm") if row["vmid"] == 118)
    assert (row["name"], row["status"], row["maxdisk"]) == ("VM 118", "stopped", 0)
