"""Every change to a guest: the request that goes out, and whether PVE's schema of 8.4 and of 9.2 takes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from proxtui.pve.containers import ContainerTools
from proxtui.pve.params import ContainerCreateParams, VMCreateParams
from proxtui.pve.upid import Upid
from proxtui.pve.vms import VMTools

from .changing import DIGEST, UPID, Recorder, Sent, guest
from .schema import VERSIONS, PveSchema, needs_schema

VM, CT = "/nodes/pve1/qemu/100", "/nodes/pve1/lxc/200"
SSH = "ssh-ed25519 AAAA+/= ops@example"

Call = Callable[[VMTools, ContainerTools], Awaitable[Any]]
CASES: dict[str, tuple[Call, Sent]] = {
    "start": (lambda vms, _: vms.start_vm("pve1", 100), Sent("POST", f"{VM}/status/start")),
    "shutdown": (lambda vms, _: vms.shutdown_vm("pve1", 100), Sent("POST", f"{VM}/status/shutdown")),
    "shutdown then stop": (
        lambda vms, _: vms.shutdown_vm("pve1", 100, timeout=60, force_stop=True),
        Sent("POST", f"{VM}/status/shutdown", {"timeout": 60, "forceStop": True}),
    ),
    "stop is graceful": (lambda vms, _: vms.stop_vm("pve1", 100), Sent("POST", f"{VM}/status/shutdown")),
    "stop hard": (lambda vms, _: vms.stop_vm("pve1", 100, True), Sent("POST", f"{VM}/status/stop")),
    "stop hard at once": (
        lambda vms, _: vms.stop_vm("pve1", 100, force=True, timeout=5, overrule_shutdown=True),
        Sent("POST", f"{VM}/status/stop", {"timeout": 5, "overrule-shutdown": True}),
    ),
    "restart": (
        lambda vms, _: vms.restart_vm("pve1", 100, timeout=90),
        Sent("POST", f"{VM}/status/reboot", {"timeout": 90}),
    ),
    "reset": (lambda vms, _: vms.reset_vm("pve1", 100), Sent("POST", f"{VM}/status/reset")),
    "suspend": (lambda vms, _: vms.suspend_vm("pve1", 100), Sent("POST", f"{VM}/status/suspend")),
    "hibernate": (
        lambda vms, _: vms.hibernate_vm("pve1", 100, "local-lvm"),
        Sent("POST", f"{VM}/status/suspend", {"todisk": True, "statestorage": "local-lvm"}),
    ),
    "resume": (lambda vms, _: vms.resume_vm("pve1", 100), Sent("POST", f"{VM}/status/resume")),
    "create with the defaults": (
        lambda vms, _: vms.create_vm(VMCreateParams(node="pve1", vmid=300)),
        Sent(
            "POST", "/nodes/pve1/qemu", {"vmid": 300, "cores": 1, "memory": 512, "ostype": "l26", "sockets": 1},
        ),
    ),
    "create": (
        lambda vms, _: vms.create_vm(
            VMCreateParams(
                node="pve1", vmid=300, name="web-2.example", cores=4, memory=4096, disk=32, storage="tank",
                iso="local:iso/debian-13.iso", net0="virtio,bridge=vmbr0,tag=7", ostype="win11", machine="q35",
                bios="ovmf", tpm=True, scsihw="virtio-scsi-single", cpu="x86-64-v2-AES", sockets=2, agent=True,
                ciuser="ops", cipassword="hush hush", sshkeys=SSH, ipconfig0="ip=10.0.0.5/24,gw=10.0.0.1",
                nameserver="10.0.0.1 10.0.0.2", searchdomain="example.test", start=True, onboot=True,
                tags=["prod", "web"], pool="team/web", description="Two\nlines",
            )
        ),
        Sent("POST", "/nodes/pve1/qemu", {
            "vmid": 300, "name": "web-2.example", "cores": 4, "memory": 4096, "scsi0": "tank:32",
            "ide2": "local:iso/debian-13.iso,media=cdrom", "net0": "virtio,bridge=vmbr0,tag=7", "ostype": "win11",
            "machine": "q35", "bios": "ovmf", "efidisk0": "tank:1,efitype=4m", "tpmstate0": "tank:1,version=v2.0",
            "scsihw": "virtio-scsi-single", "cpu": "x86-64-v2-AES", "sockets": 2, "agent": "1", "ciuser": "ops",
            "cipassword": "hush hush", "sshkeys": "ssh-ed25519%20AAAA%2B%2F%3D%20ops%40example",
            "ipconfig0": "ip=10.0.0.5/24,gw=10.0.0.1", "ide0": "tank:cloudinit", "nameserver": "10.0.0.1 10.0.0.2",
            "searchdomain": "example.test", "start": True, "onboot": True, "tags": "prod;web", "pool": "team/web",
            "description": "Two\nlines",
        }),
    ),
    "create with a disk spelled out": (
        lambda vms, _: vms.create_vm(VMCreateParams(node="pve1", vmid=300, disk="ceph:8,ssd=1,discard=on")),
        Sent("POST", "/nodes/pve1/qemu", {
            "vmid": 300, "cores": 1, "memory": 512, "ostype": "l26", "sockets": 1, "scsi0": "ceph:8,ssd=1,discard=on",
        }),
    ),
    "clone": (
        lambda vms, _: vms.clone_vm("pve1", 100, 300, "web-3"),
        Sent("POST", f"{VM}/clone", {"newid": 300, "name": "web-3", "full": False}),
    ),
    "clone in full": (
        lambda vms, _: vms.clone_vm(
            "pve1", 100, 300, full=True, storage="tank", format="qcow2", target="pve2", snapname="s1", pool="web",
            description="a copy", bwlimit=1000,
        ),
        Sent("POST", f"{VM}/clone", {
            "newid": 300, "full": True, "storage": "tank", "format": "qcow2", "target": "pve2", "snapname": "s1",
            "pool": "web", "description": "a copy", "bwlimit": 1000,
        }),
    ),
    "delete": (
        lambda vms, _: vms.delete_vm("pve1", 100), Sent("DELETE", VM, {"destroy-unreferenced-disks": False})
    ),
    "delete all of it": (
        lambda vms, _: vms.delete_vm("pve1", 100, purge=True, destroy_unreferenced_disks=True),
        Sent("DELETE", VM, {"purge": True, "destroy-unreferenced-disks": True}),
    ),
    "template": (lambda vms, _: vms.convert_vm_to_template("pve1", 100), Sent("POST", f"{VM}/template")),
    "template of one disk": (
        lambda vms, _: vms.convert_vm_to_template("pve1", 100, "scsi0"),
        Sent("POST", f"{VM}/template", {"disk": "scsi0"}),
    ),
    "configure": (
        lambda vms, _: vms.update_vm_config("pve1", 100, {"memory": 2048, "onboot": True}, delete=["net1"]),
        Sent("PUT", f"{VM}/config", {"memory": "2048", "onboot": "1", "delete": "net1", "digest": DIGEST}),
    ),
    "configure a disk": (
        lambda vms, _: vms.update_vm_config("pve1", 100, {"scsi1": "local-lvm:8"}, digest="aa"),
        Sent("POST", f"{VM}/config", {"scsi1": "local-lvm:8", "digest": "aa"}),
    ),
    "drop a disk": (
        lambda vms, _: vms.update_vm_config("pve1", 100, {}, delete="unused0"),
        Sent("POST", f"{VM}/config", {"delete": "unused0", "digest": DIGEST}),
    ),
    "destroy a disk": (
        lambda vms, _: vms.delete_disk("pve1", 100, "unused0"),
        Sent("POST", f"{VM}/config", {"delete": "unused0", "digest": DIGEST}),
    ),
    "revert": (
        lambda vms, _: vms.revert_vm_config("pve1", 100, ["memory", "net0"]),
        Sent("PUT", f"{VM}/config", {"revert": "memory,net0", "digest": DIGEST}),
    ),
    "resize": (
        lambda vms, _: vms.resize_disk("pve1", 100, "scsi0", "+5G"),
        Sent("PUT", f"{VM}/resize", {"disk": "scsi0", "size": "+5G", "digest": DIGEST}),
    ),
    "move a disk": (
        lambda vms, _: vms.move_disk("pve1", 100, "scsi0", "tank", delete=True, format="raw", bwlimit=0),
        Sent("POST", f"{VM}/move_disk", {
            "disk": "scsi0", "storage": "tank", "delete": True, "format": "raw", "bwlimit": 0, "digest": DIGEST,
        }),
    ),
    "give a disk away": (
        lambda vms, _: vms.move_disk("pve1", 100, "scsi1", target_vmid=101, target_disk="scsi2"),
        Sent("POST", f"{VM}/move_disk", {
            "disk": "scsi1", "target-vmid": 101, "target-disk": "scsi2", "digest": DIGEST,
        }),
    ),
    "tags": (
        lambda vms, _: vms.set_tags("pve1", 100, "web db"),
        Sent("PUT", f"{VM}/config", {"tags": "web;db", "digest": DIGEST}),
    ),
    "one tag more": (
        lambda vms, _: vms.set_tags("pve1", 100, ["web"], "add"),
        Sent("PUT", f"{VM}/config", {"tags": "prod;web", "digest": DIGEST}),
    ),
    "no tag left": (
        lambda vms, _: vms.set_tags("pve1", 100, ["prod"], "remove"),
        Sent("PUT", f"{VM}/config", {"delete": "tags", "digest": DIGEST}),
    ),
    "notes": (
        lambda vms, _: vms.set_notes("pve1", 100, "# web\nours"),
        Sent("PUT", f"{VM}/config", {"description": "# web\nours", "digest": DIGEST}),
    ),
    "no notes": (
        lambda vms, _: vms.set_notes("pve1", 100, ""),
        Sent("PUT", f"{VM}/config", {"delete": "description", "digest": DIGEST}),
    ),
    "unlock": (
        lambda vms, _: vms.unlock("pve1", 100),
        Sent("PUT", f"{VM}/config", {"delete": "lock", "skiplock": True, "digest": DIGEST}),
    ),
    "snapshot": (
        lambda vms, _: vms.create_snapshot("pve1", 100, "before-upgrade", "why", vmstate=True),
        Sent("POST", f"{VM}/snapshot", {"snapname": "before-upgrade", "description": "why", "vmstate": True}),
    ),
    "roll back": (
        lambda vms, _: vms.rollback_snapshot("pve1", 100, "s1", start=True),
        Sent("POST", f"{VM}/snapshot/s1/rollback", {"start": True}),
    ),
    "delete a snapshot": (
        lambda vms, _: vms.delete_snapshot("pve1", 100, "s1", force=True),
        Sent("DELETE", f"{VM}/snapshot/s1", {"force": True}),
    ),
    "migrate": (
        lambda vms, _: vms.migrate_vm("pve1", 100, "pve2", True, True, targetstorage="a1:b1,c1:d1", bwlimit=500),
        Sent("POST", f"{VM}/migrate", {
            "target": "pve2", "online": True, "with-local-disks": True, "targetstorage": "a1:b1,c1:d1", "bwlimit": 500,
        }),
    ),
    "start a container": (lambda _, cts: cts.start_container("pve1", 200), Sent("POST", f"{CT}/status/start")),
    "shut a container down": (
        lambda _, cts: cts.shutdown_container("pve1", 200, 30, True),
        Sent("POST", f"{CT}/status/shutdown", {"timeout": 30, "forceStop": True}),
    ),
    "stop a container": (lambda _, cts: cts.stop_container("pve1", 200), Sent("POST", f"{CT}/status/shutdown")),
    "stop a container hard": (
        lambda _, cts: cts.stop_container("pve1", 200, force=True, overrule_shutdown=True),
        Sent("POST", f"{CT}/status/stop", {"overrule-shutdown": True}),
    ),
    "restart a container": (
        lambda _, cts: cts.restart_container("pve1", 200), Sent("POST", f"{CT}/status/reboot")
    ),
    "suspend a container": (
        lambda _, cts: cts.suspend_container("pve1", 200), Sent("POST", f"{CT}/status/suspend")
    ),
    "resume a container": (lambda _, cts: cts.resume_container("pve1", 200), Sent("POST", f"{CT}/status/resume")),
    "create a container": (
        lambda _, cts: cts.create_container(
            ContainerCreateParams(
                node="pve1", vmid=300, ostemplate="local:vztmpl/debian-13.tar.zst", hostname="ct2", password="hush!",
                ssh_public_keys=SSH, rootfs=4, storage="tank", cores=2, memory=1024, swap=0, tags="a,b",
                net0="name=eth0,bridge=vmbr0,ip=dhcp", features="nesting=1", ostype="debian", start=True,
                nameserver="10.0.0.1", searchdomain="example.test", description="ours", pool="web", onboot=True,
            )
        ),
        Sent("POST", "/nodes/pve1/lxc", {
            "vmid": 300, "ostemplate": "local:vztmpl/debian-13.tar.zst", "hostname": "ct2", "password": "hush!",
            "ssh-public-keys": SSH, "rootfs": "tank:4", "cores": 2, "memory": 1024, "swap": 0, "tags": "a;b",
            "net0": "name=eth0,bridge=vmbr0,ip=dhcp", "unprivileged": True, "features": "nesting=1",
            "ostype": "debian", "start": True, "nameserver": "10.0.0.1", "searchdomain": "example.test",
            "description": "ours", "pool": "web", "onboot": True,
        }),
    ),
    "clone a container": (
        lambda _, cts: cts.clone_container("pve1", 200, 300, "ct3"),
        Sent("POST", f"{CT}/clone", {"newid": 300, "hostname": "ct3", "full": False}),
    ),
    "delete a container": (
        lambda _, cts: cts.delete_container("pve1", 200, purge=True, force=True),
        Sent("DELETE", CT, {"purge": True, "force": True, "destroy-unreferenced-disks": False}),
    ),
    "container template": (
        lambda _, cts: cts.convert_container_to_template("pve1", 200), Sent("POST", f"{CT}/template")
    ),
    "configure a container": (
        lambda _, cts: cts.update_container_config("pve1", 200, {"mp0": "tank:4,mp=/srv", "swap": 0}),
        Sent("PUT", f"{CT}/config", {"mp0": "tank:4,mp=/srv", "swap": "0", "digest": DIGEST}),
    ),
    "destroy a container's disk": (
        lambda _, cts: cts.delete_disk("pve1", 200, "unused3", digest="bb"),
        Sent("PUT", f"{CT}/config", {"delete": "unused3", "digest": "bb"}),
    ),
    "revert a container": (
        lambda _, cts: cts.revert_container_config("pve1", 200, "memory"),
        Sent("PUT", f"{CT}/config", {"revert": "memory", "digest": DIGEST}),
    ),
    "resize a container": (
        lambda _, cts: cts.resize_disk("pve1", 200, "rootfs", "40G", digest="bb"),
        Sent("PUT", f"{CT}/resize", {"disk": "rootfs", "size": "40G", "digest": "bb"}),
    ),
    "move a container's disk": (
        lambda _, cts: cts.move_disk("pve1", 200, "mp0", "tank"),
        Sent("POST", f"{CT}/move_volume", {"volume": "mp0", "storage": "tank", "digest": DIGEST}),
    ),
    "give a container's disk away": (
        lambda _, cts: cts.move_disk("pve1", 200, "mp0", target_vmid=201, target_disk="mp1"),
        Sent("POST", f"{CT}/move_volume", {
            "volume": "mp0", "target-vmid": 201, "target-volume": "mp1", "digest": DIGEST,
        }),
    ),
    "snapshot of a container": (
        lambda _, cts: cts.create_snapshot("pve1", 200, "s1"), Sent("POST", f"{CT}/snapshot", {"snapname": "s1"})
    ),
    "roll a container back": (
        lambda _, cts: cts.rollback_snapshot("pve1", 200, "s1"), Sent("POST", f"{CT}/snapshot/s1/rollback")
    ),
    "delete a container's snapshot": (
        lambda _, cts: cts.delete_snapshot("pve1", 200, "s1"), Sent("DELETE", f"{CT}/snapshot/s1")
    ),
    "migrate a container": (
        lambda _, cts: cts.migrate_container("pve1", 200, "pve2", True, targetstorage="tank", timeout=60),
        Sent("POST", f"{CT}/migrate", {"target": "pve2", "restart": True, "target-storage": "tank", "timeout": 60}),
    ),
}  # fmt: skip
AT_ONCE: dict[str, tuple[Call, Sent]] = {
    "press a key": (
        lambda vms, _: vms.send_key("pve1", 100, "ctrl-alt-delete"),
        Sent("PUT", f"{VM}/sendkey", {"key": "ctrl-alt-delete"}),
    ),
    "edit a snapshot": (
        lambda vms, _: vms.update_snapshot("pve1", 100, "s1", "new\nwords"),
        Sent("PUT", f"{VM}/snapshot/s1/config", {"description": "new\nwords"}),
    ),
    "edit a container's snapshot": (
        lambda _, cts: cts.update_snapshot("pve1", 200, "s1", ""),
        Sent("PUT", f"{CT}/snapshot/s1/config", {"description": ""}),
    ),
}
EVERY = {**CASES, **AT_ONCE}
TASKLESS = {"unlock"}


def client(*replies: Any) -> Recorder:
    return Recorder(
        {**guest(lock="backup", tags="prod", unused0="tank:a"), **guest("lxc", 200, unused3="tank:b")}, list(replies)
    )


@pytest.mark.parametrize("name", CASES)
async def test_a_change_sends_one_request_and_gives_its_task(name: str) -> None:
    call, expected = CASES[name]
    asked = client()
    answer = await call(VMTools(asked), ContainerTools(asked))
    assert asked.sent == [expected]
    assert answer == (None if name in TASKLESS else UPID)
    assert answer is None or isinstance(answer, Upid)


@pytest.mark.parametrize("name", AT_ONCE)
async def test_what_is_done_at_once_has_no_task(name: str) -> None:
    call, expected = AT_ONCE[name]
    asked = client(None)
    assert await call(VMTools(asked), ContainerTools(asked)) is None
    assert asked.sent == [expected]


@needs_schema
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", EVERY)
def test_pve_takes_the_request(name: str, version: str) -> None:
    sent = EVERY[name][1]
    PveSchema(version).check(sent.method, sent.path, sent.params)


@needs_schema
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", EVERY)
def test_pve_names_a_task_where_one_is_promised(name: str, version: str) -> None:
    sent = EVERY[name][1]
    may_be_null = name in AT_ONCE or name == "container template" or sent.path.endswith("/config")
    assert PveSchema(version).returns(sent.method, sent.path)["type"] in (
        {"null", "string"} if may_be_null else {"string"}
    )
