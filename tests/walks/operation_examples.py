"""One example or more of every change to a guest: who, with what, the request that goes out, what is different then.

``EXAMPLES`` of each room together are what ``test_operations.py`` goes through; it wants one for every declaration.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import ANY

from proxtui.core.model import ServerRef
from proxtui.core.operation import Kind, Target
from proxtui.sim.drives import allocate, find, own
from proxtui.sim.state import GIB, Guest
from proxtui.sim.views import guest_config
from proxtui.sim.world import Site

LAB = ServerRef("lab", "lab")
Look = Callable[[Site], Any]


MORE = object()


def _nothing(_site: Site) -> None:
    """There is nothing to prepare, or to see afterwards."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """A change on the small cluster (20 guests on pve1 and pve2, the same ones each time)."""

    operation: str
    at: int | str
    """VMID, or the name of a node."""
    request: str
    """``METHOD PATH``: the only one that may change anything."""
    sends: dict[str, Any] = field(default_factory=dict)
    """All parameters of that request as the simulator heard them: no secrets, and of a digest that there is one."""
    look: Look = _nothing
    before: Any = None
    after: Any = None
    """What is seen then; ``MORE``: one more than before."""
    params: dict[str, Any] = field(default_factory=dict)
    prepare: Callable[[Site], Any] = _nothing
    ends: str = "ok"
    has_task: bool = True
    hidden: tuple[str, ...] = ()
    """What must stand nowhere in the audit."""

    def target(self, site: Site) -> Target:
        if isinstance(self.at, str):
            return Target(LAB, Kind.NODE, self.at, self.at, self.at)
        guest = site.guests[self.at]
        return Target(LAB, Kind(guest.kind), str(guest.vmid), guest.name, guest.node)

    def __str__(self) -> str:
        return f"{self.operation}-{self.at}"


def of(vmid: int, name: str) -> Look:
    """An attribute of a guest."""
    return lambda site: getattr(site.guests[vmid], name)


def names(vmid: int) -> Look:
    return lambda site: [snapshot.name for snapshot in site.guests[vmid].snapshots]


def snapshots(vmid: int) -> Look:
    """Name, notes, and whether the memory is in it."""
    return lambda site: [(one.name, one.description, one.vmstate) for one in site.guests[vmid].snapshots]


def options(vmid: int, *wanted: str) -> Look:
    """What stands in the configuration of a guest; empty while there is none."""

    def look(site: Site) -> Any:
        guest = site.guests.get(vmid)
        config = guest_config(site, guest) if guest is not None else {}
        return {name: config[name] for name in wanted if name in config}

    return look


def has(vmid: int) -> Look:
    return lambda site: vmid in site.guests


def tasks(kind: str, vmid: int) -> Look:
    """How many tasks of a type a guest ever had."""
    return lambda site: sum(f":{kind}:{vmid}:" in task.upid for task in site.tasks)


def backups(vmid: int) -> Look:
    """How many backups of a guest there are."""
    volumes = lambda site: (volume for found in site.volumes.values() for volume in found)  # noqa: E731
    return lambda site: sum(volume.content == "backup" and volume.vmid == vmid for volume in volumes(site))


def size(vmid: int, slot: str) -> Look:
    """In GiB."""

    def look(site: Site) -> Any:
        disk = find(site, site.guests[vmid], slot)
        return None if disk is None else disk.size // GIB

    return look


def lies_on(vmid: int, slot: str) -> Look:
    def look(site: Site) -> Any:
        disk = find(site, site.guests[vmid], slot)
        return None if disk is None else disk.storage

    return look


def paused(vmid: int) -> Callable[[Site], None]:
    return lambda site: site.guests[vmid].turn(site.world.now() - 60, "running", "paused")


def changed(vmid: int, **wanted: Any) -> Callable[[Site], None]:
    def prepare(site: Site) -> None:
        guest: Guest = site.guests[vmid]
        for name, value in wanted.items():
            setattr(guest, name, value)

    return prepare


def gone_on(vmid: int, name: str) -> Callable[[Site], None]:
    """With two CPUs in a snapshot, and nine since."""

    def prepare(site: Site) -> None:
        guest = site.guests[vmid]
        taken = next(one for one in guest.snapshots if one.name == name)
        taken.config, guest.cores = {"cores": 2}, 9

    return prepare


def left_over(vmid: int) -> Callable[[Site], None]:
    """A disk that nothing uses any more."""

    def prepare(site: Site) -> None:
        guest = site.guests[vmid]
        own(site, guest).append(allocate(site, guest, "unused0", "local-lvm", GIB))

    return prepare


ARCHIVE = "nfs-backup:backup/vzdump-qemu-100-2026_11_21-02_41_40.vma.zst"
QEMU, LXC = "/nodes/pve1/qemu", "/nodes/pve1/lxc"

POWER = (
    Example(operation="guests.start", at=101, request=f"POST {QEMU}/101/status/start",
            look=of(101, "status"), before="stopped", after="running"),
    Example(operation="guests.start", at=104, request="POST /nodes/pve2/lxc/104/status/start",
            look=of(104, "status"), before="stopped", after="running"),
    Example(operation="guests.shutdown", at=105, request=f"POST {LXC}/105/status/shutdown",
            sends={"timeout": "60"},
            params={"timeout": 60}, look=of(105, "status"), before="running", after="stopped"),
    Example(operation="guests.shutdown", at=116, request=f"POST {QEMU}/116/status/shutdown",
            sends={"forceStop": "1"},
            params={"force_stop": True}, look=of(116, "status"), before="running", after="stopped"),
    Example(operation="guests.reboot", at=106, request=f"POST {LXC}/106/status/reboot",
            look=tasks("vzreboot", 106), before=0, after=MORE),
    Example(operation="guests.stop", at=116, request=f"POST {QEMU}/116/status/stop",
            sends={"overrule-shutdown": "1"},
            params={"overrule_shutdown": True}, look=of(116, "status"), before="running", after="stopped"),
    Example(operation="guests.stop", at=105, request=f"POST {LXC}/105/status/stop",
            look=of(105, "status"), before="running", after="stopped"),
    Example(operation="guests.reset", at=108, request=f"POST {QEMU}/108/status/reset",
            look=tasks("qmreset", 108), before=0, after=MORE),
    Example(operation="guests.suspend", at=108, request=f"POST {QEMU}/108/status/suspend",
            look=of(108, "qmpstatus"), before="running", after="paused"),
    Example(operation="guests.hibernate", at=111, request=f"POST {QEMU}/111/status/suspend",
            sends={"todisk": "1"},
            look=of(111, "lock"), before=None, after="suspended"),
    Example(operation="guests.resume", at=108, request=f"POST {QEMU}/108/status/resume",
            prepare=paused(108), look=of(108, "qmpstatus"), before="paused", after="running"),
    Example(operation="guests.sendkey", at=108, request=f"PUT {QEMU}/108/sendkey",
            sends={"key": "ctrl-alt-delete"},
            params={"key": "ctrl-alt-delete"}, has_task=False),
    Example(operation="guests.exec", at=108, request=f"POST {QEMU}/108/agent/exec",
            sends={"command": "hostname", "input-data": "***"},
            params={"command": "hostname", "input": "s3cret"}, has_task=False, hidden=("hostname", "s3cret")),
)  # fmt: skip
SAVES = (
    Example(operation="guests.snapshot", at=108, request=f"POST {QEMU}/108/snapshot",
            sends={"snapname": "before", "description": "words", "vmstate": "1"},
            params={"snapname": "before", "description": "words", "vmstate": True},
            look=snapshots(108), before=[], after=[("before", "words", True)], hidden=("words",)),
    Example(operation="guests.snapshot", at=106, request=f"POST {LXC}/106/snapshot",
            sends={"snapname": "before"},
            params={"snapname": "before"}, look=names(106), before=[], after=["before"]),
    Example(operation="guests.rollback", at=101, request=f"POST {QEMU}/101/snapshot/good/rollback",
            params={"snapname": "good"}, prepare=gone_on(101, "good"), look=of(101, "cores"), before=9, after=2),
    Example(operation="guests.delete-snapshot", at=101, request=f"DELETE {QEMU}/101/snapshot/good",
            params={"snapname": "good"}, look=names(101), before=["before-upgrade", "good"],
            after=["before-upgrade"]),
    Example(operation="guests.edit-snapshot", at=101, request=f"PUT {QEMU}/101/snapshot/good/config",
            sends={"description": "new words"},
            params={"snapname": "good", "description": "new words"},
            look=lambda site: site.guests[101].snapshots[1].description == "new words", before=False, after=True,
            has_task=False, hidden=("new words",)),
    Example(operation="guests.backup", at=108, request="POST /nodes/pve1/vzdump",
            sends={"storage": "nfs-backup", "mode": "snapshot", "compress": "zstd", "notes-template": "by hand",
                   "vmid": "108", "remove": "0"},
            params={"storage": "nfs-backup", "notes_template": "by hand"}, look=backups(108), after=MORE),
    Example(operation="guests.restore", at="pve1", request=f"POST {QEMU}",
            sends={"vmid": "990", "archive": ARCHIVE},
            params={"node": "pve1", "vmid": 990, "archive": ARCHIVE},
            look=options(990, "name", "cores"), before={}, after={"name": "shop-web01", "cores": 4}),
    Example(operation="guests.restore-over", at=100, request="POST /nodes/pve2/qemu",
            sends={"vmid": "100", "force": "1", "archive": ARCHIVE},
            params={"archive": ARCHIVE}, prepare=lambda site: site.guests[100].turn(0, "stopped"),
            look=tasks("qmrestore", 100), before=0, after=MORE),
)  # fmt: skip
LIFE = (
    Example(operation="guests.create-vm", at="pve1", request=f"POST {QEMU}",
            sends={"vmid": "990", "cores": "1", "memory": "512", "name": "new", "ostype": "l26", "sockets": "1",
                   "ciuser": "me", "cipassword": "***", "scsi0": "local-lvm:4",
                   "ide2": "local:iso/debian-13.1.0-amd64-netinst.iso,media=cdrom", "ide0": "local-lvm:cloudinit"},
            params={"node": "pve1", "vmid": 990, "name": "new", "disk": "4", "ciuser": "me",
                    "cipassword": "s3cret-word", "iso": "local:iso/debian-13.1.0-amd64-netinst.iso"},
            look=options(990, "name", "scsi0", "ide2", "ciuser", "cores"), before={},
            after={"name": "new", "scsi0": "local-lvm:vm-990-disk-0,size=4G", "cores": 1, "ciuser": "me",
                   "ide2": "local:iso/debian-13.1.0-amd64-netinst.iso,media=cdrom,size=747M"},
            hidden=("s3cret-word",)),
    Example(operation="guests.create-ct", at="pve1", request=f"POST {LXC}",
            sends={"vmid": "990", "cores": "1", "memory": "512",
                   "ostemplate": "local:vztmpl/debian-13-standard_13.1-1_amd64.tar.zst", "hostname": "new",
                   "password": "***", "swap": "512", "unprivileged": "1", "rootfs": "local-lvm:8"},
            params={"node": "pve1", "vmid": 990, "hostname": "new", "password": "s3cret-word",
                    "ostemplate": "local:vztmpl/debian-13-standard_13.1-1_amd64.tar.zst"},
            look=options(990, "hostname", "rootfs", "swap"), before={},
            after={"hostname": "new", "rootfs": "local-lvm:vm-990-disk-0,size=8G", "swap": 512},
            hidden=("s3cret-word",)),
    Example(operation="guests.clone", at=9000, request=f"POST {QEMU}/9000/clone",
            sends={"newid": "990", "name": "copy", "full": "0"},
            params={"newid": 990, "name": "copy"}, look=has(990), before=False, after=True),
    Example(operation="guests.clone", at=109, request="POST /nodes/pve2/lxc/109/clone",
            sends={"newid": "990", "full": "1", "hostname": "copy"},
            params={"newid": 990, "name": "copy", "full": True}, look=has(990), before=False, after=True),
    Example(operation="guests.migrate", at=111, request=f"POST {QEMU}/111/migrate",
            sends={"target": "pve2", "online": "1"},
            params={"target": "pve2", "online": True}, look=of(111, "node"), before="pve1", after="pve2"),
    Example(operation="guests.migrate", at=107, request=f"POST {LXC}/107/migrate",
            sends={"target": "pve2", "restart": "1"},
            params={"target": "pve2", "restart": True}, look=of(107, "node"), before="pve1", after="pve2"),
    Example(operation="guests.template", at=102, request="POST /nodes/pve2/qemu/102/template",
            look=of(102, "template"), before=False, after=True),
    Example(operation="guests.template", at=109, request="POST /nodes/pve2/lxc/109/template",
            prepare=changed(109, snapshots=[], parent=None), look=of(109, "template"), before=False, after=True,
            has_task=False),
    Example(operation="guests.delete", at=102, request="DELETE /nodes/pve2/qemu/102",
            sends={"purge": "1", "destroy-unreferenced-disks": "0"},
            params={"purge": True}, look=has(102), before=True, after=False),
    Example(operation="guests.delete", at=104, request="DELETE /nodes/pve2/lxc/104",
            sends={"destroy-unreferenced-disks": "0"},
            look=has(104), before=True, after=False),
)  # fmt: skip
CONFIG = (
    Example(operation="guests.config", at=102, request="PUT /nodes/pve2/qemu/102/config",
            sends={"cores": "7", "cipassword": "***", "digest": ANY},
            params={"set": {"cores": "7", "cipassword": "s3cret-word"}}, look=of(102, "cores"), after=7,
            has_task=False, hidden=("s3cret-word",)),
    Example(operation="guests.config", at=108, request=f"PUT {QEMU}/108/config",
            sends={"delete": "description,onboot", "digest": ANY},
            params={"set": {}, "delete": ["description", "onboot"]},
            prepare=changed(108, description="words", onboot=True), look=options(108, "description", "onboot"),
            before={"description": "words", "onboot": 1}, after={}, has_task=False),
    Example(operation="guests.config", at=104, request="PUT /nodes/pve2/lxc/104/config",
            sends={"cores": "7", "digest": ANY},
            params={"set": {"cores": "7"}}, look=of(104, "cores"), after=7, has_task=False),
    Example(operation="guests.revert", at=108, request=f"PUT {QEMU}/108/config",
            sends={"revert": "cores", "digest": ANY},
            params={"keys": ["cores"]}, prepare=changed(108, pending={"cores": "9"}),
            look=of(108, "pending"), before={"cores": "9"}, after={}, has_task=False),
    Example(operation="guests.resize", at=102, request="PUT /nodes/pve2/qemu/102/resize",
            sends={"disk": "scsi0", "size": "900G", "digest": ANY},
            params={"disk": "scsi0", "size": "900G"}, look=size(102, "scsi0"), after=900),
    Example(operation="guests.move-disk", at=102, request="POST /nodes/pve2/qemu/102/move_disk",
            sends={"disk": "scsi0", "storage": "ceph-vm", "digest": ANY},
            params={"disk": "scsi0", "storage": "ceph-vm"},
            look=lies_on(102, "scsi0"), before="local-lvm", after="ceph-vm"),
    Example(operation="guests.move-disk", at=104, request="POST /nodes/pve2/lxc/104/move_volume",
            sends={"storage": "local-lvm", "volume": "rootfs", "digest": ANY},
            params={"disk": "rootfs", "storage": "local-lvm"}, prepare=changed(104, snapshots=[], parent=None),
            look=lies_on(104, "rootfs"), before="ceph-vm", after="local-lvm"),
    Example(operation="guests.delete-disk", at=102, request="POST /nodes/pve2/qemu/102/config",
            sends={"delete": "unused0", "digest": ANY},
            params={"disk": "unused0"}, prepare=left_over(102), look=lies_on(102, "unused0"),
            before="local-lvm", after=None),
    Example(operation="guests.delete-disk", at=104, request="PUT /nodes/pve2/lxc/104/config",
            sends={"delete": "unused0", "digest": ANY},
            params={"disk": "unused0"}, prepare=left_over(104), look=lies_on(104, "unused0"),
            before="local-lvm", after=None, has_task=False),
    Example(operation="guests.tags", at=102, request="PUT /nodes/pve2/qemu/102/config",
            sends={"tags": "prod;app;new", "digest": ANY},
            params={"tags": ["new"], "mode": "add"}, look=of(102, "tags"), before=["prod", "app"],
            after=["prod", "app", "new"], has_task=False),
    Example(operation="guests.notes", at=104, request="PUT /nodes/pve2/lxc/104/config",
            sends={"description": "quiet words", "digest": ANY},
            params={"text": "quiet words"}, look=lambda site: "quiet" in (site.guests[104].description or ""),
            before=False, after=True, has_task=False, hidden=("quiet",)),
    # PVE lets only root@pam do it: the answer names what to type on the node.
    Example(operation="guests.unlock", at=102, request="PUT /nodes/pve2/qemu/102/config",
            sends={"delete": "lock", "skiplock": "1", "digest": ANY},
            prepare=changed(102, lock="backup"), look=of(102, "lock"), before="backup", after="backup",
            has_task=False, ends="failed"),
    Example(operation="guests.add-to-pool", at=102, request="PUT /pools",
            sends={"poolid": "dev", "vms": "102", "allow-move": "1"},
            params={"poolid": "dev", "move": True}, look=of(102, "pool"), before="shop", after="dev",
            has_task=False),
    Example(operation="guests.remove-from-pool", at=102, request="PUT /pools",
            sends={"poolid": "shop", "vms": "102", "delete": "1"},
            params={"poolid": "shop"}, look=of(102, "pool"), before="shop", after=None, has_task=False),
)  # fmt: skip
EXAMPLES = (*POWER, *SAVES, *LIFE, *CONFIG)
