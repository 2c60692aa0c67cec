"""Parameters and privileges that several endpoints share."""

from __future__ import annotations

import re

from proxtui.sim.api import Param, need

BOOL, INT, TEXT, POSITIVE = Param("boolean"), Param("integer"), Param(), Param("integer", minimum=0)
GUEST = "/nodes/{node}/{kind}/{vmid}"
PAGES = {"start": POSITIVE, "limit": POSITIVE}
SNAPNAME = Param(
    required=True, pattern=r"[A-Za-z][\w-]+", format="invalid format - invalid configuration ID '{value}'\n"
)
CONFIG_CHECK = need(
    "/vms/{vmid}",
    "VM.Config.Disk",
    "VM.Config.CDROM",
    "VM.Config.CPU",
    "VM.Config.Memory",
    "VM.Config.Network",
    "VM.Config.HWType",
    "VM.Config.Options",
    "VM.Config.Cloudinit",
)
CONFIG = {
    "name": Param(
        pattern=r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?",
        format="invalid format - value does not look like a valid DNS name\n",
    ),
    "hostname": Param(
        pattern=r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?",
        format="invalid format - value does not look like a valid DNS name\n",
    ),
    "description": TEXT,
    "tags": TEXT,
    "cores": Param("integer", minimum=1),
    "sockets": Param("integer", minimum=1),
    "memory": Param("integer", minimum=16),
    "swap": POSITIVE,
    "balloon": POSITIVE,
    "onboot": BOOL,
    "skiplock": BOOL,
    "digest": TEXT,
    "delete": TEXT,
}
CONFIG_MORE = re.compile(
    r"(net|scsi|virtio|sata|ide|ipconfig|serial|mp|unused|hostpci|usb)\d{1,2}|acpi|agent|arch|args|bios|boot|cicustom|"
    r"cipassword|ciuser|cpu|cpulimit|cpuunits|features|hookscript|hotplug|kvm|lock|machine|nameserver|numa|ostype|"
    r"protection|rootfs|scsihw|searchdomain|sshkeys|startup|tablet|tty|vga|watchdog|revert|background_delay"
)
QEMU_BOOL, QEMU_SECONDS = Param("boolean", only="qemu"), Param("integer", minimum=0, only="qemu")
QEMU_TEXT, LXC_BOOL, LXC_TEXT = Param(only="qemu"), Param("boolean", only="lxc"), Param(only="lxc")
LXC_SECONDS = Param("integer", minimum=0, only="lxc")
POWER: dict[str, dict[str, Param]] = {
    "start": {"skiplock": BOOL, "timeout": QEMU_SECONDS, "debug": LXC_BOOL, "machine": QEMU_TEXT},
    "stop": {"skiplock": BOOL, "timeout": QEMU_SECONDS, "overrule-shutdown": BOOL, "keepActive": QEMU_BOOL},
    "shutdown": {"skiplock": QEMU_BOOL, "timeout": POSITIVE, "forceStop": BOOL, "keepActive": QEMU_BOOL},
    "reboot": {"timeout": POSITIVE},
    "reset": {"skiplock": BOOL},
    "suspend": {"skiplock": QEMU_BOOL, "todisk": QEMU_BOOL, "statestorage": QEMU_TEXT},
    "resume": {"skiplock": QEMU_BOOL, "nocheck": QEMU_BOOL},
}

SYS_AUDIT, NODE_AUDIT, VM_AUDIT = (
    need("/", "Sys.Audit"),
    need("/nodes/{node}", "Sys.Audit"),
    need("/vms/{vmid}", "VM.Audit"),
)
STORE_AUDIT = need("/storage/{storage}", "Datastore.Audit", "Datastore.AllocateSpace")
TASK_FILTERS = {
    "start": POSITIVE,
    "limit": POSITIVE,
    "errors": BOOL,
    "vmid": INT,
    "userfilter": TEXT,
    "typefilter": TEXT,
    "statusfilter": TEXT,
    "since": INT,
    "until": INT,
    "source": Param(choices=("archive", "active", "all")),
}
LOGIN = {
    "username": Param(required=True),
    "password": Param(required=True),
    "realm": TEXT,
    "otp": TEXT,
    "tfa-challenge": TEXT,
    "new-format": BOOL,
    "path": TEXT,
    "privs": TEXT,
}
