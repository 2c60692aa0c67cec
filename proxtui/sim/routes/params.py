"""Parameters and privileges that several endpoints share."""

from __future__ import annotations

import re

from proxtui.sim.api import Param, need

BOOL, INT, TEXT, POSITIVE = Param("boolean"), Param("integer"), Param(), Param("integer", minimum=0)
GUEST = "/nodes/{node}/{kind}/{vmid}"
PAGES = {"start": POSITIVE, "limit": POSITIVE}
SNAPNAME = Param(
    required=True, pattern=r"[A-Za-z][\w-]{1,39}", format="invalid format - invalid configuration ID '{value}'\n"
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
NAME = r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?"
NOT_A_NAME = "invalid format - value does not look like a valid DNS name\n"
DIGEST = Param(pattern=r".{0,40}", format="value may only be 40 characters long")
VMID = Param("integer", minimum=100, maximum=999_999_999, required=True)
BOTH = {
    "description": TEXT,
    "tags": Param(
        pattern=r"[A-Za-z0-9_+.;, -]*", format="invalid format - value does not look like a valid tag list\n"
    ),
    "cores": Param("integer", minimum=1),
    "onboot": BOOL,
    "protection": BOOL,
}
"""Options of both kinds; ``CONFIG`` has those of one."""
CONFIG = {
    "qemu": BOTH
    | {
        "name": Param(pattern=NAME, format=NOT_A_NAME),
        "sockets": Param("integer", minimum=1),
        "memory": Param("memory", minimum=16),
        "balloon": POSITIVE,
    },
    "lxc": BOTH
    | {
        "hostname": Param(pattern=NAME, format=NOT_A_NAME),
        "memory": Param("integer", minimum=16),
        "swap": POSITIVE,
    },
}
CHANGING = {
    "qemu": {"digest": DIGEST, "delete": TEXT, "revert": TEXT, "skiplock": BOOL, "force": BOOL},
    "lxc": {"digest": DIGEST, "delete": TEXT, "revert": TEXT},
}
"""What goes with a change of a configuration."""
QEMU_MORE = re.compile(
    r"(net|scsi|virtio|sata|ide|ipconfig|serial|unused|hostpci|usb|numa|parallel|virtiofs)\d{1,3}|acpi|affinity|agent|"
    r"amd-sev|arch|args|audio0|autostart|bios|boot|bootdisk|cdrom|cicustom|cipassword|citype|ciupgrade|ciuser|cpu|"
    r"cpulimit|cpuunits|efidisk0|freeze|hookscript|hotplug|hugepages|ivshmem|keephugepages|keyboard|kvm|localtime|lock|"
    r"machine|migrate_downtime|migrate_speed|nameserver|numa|ostype|reboot|rng0|scsihw|searchdomain|shares|smbios1|smp|"
    r"spice_enhancements|sshkeys|startdate|startup|tablet|tdf|template|tpmstate0|vcpus|vga|vmgenid|vmstatestorage|"
    r"watchdog|background_delay"
)
LXC_MORE = re.compile(
    r"(net|mp|dev|unused)\d{1,3}|arch|cmode|console|cpulimit|cpuunits|debug|features|hookscript|lock|nameserver|ostype|"
    r"rootfs|searchdomain|startup|template|timezone|tty|unprivileged|env|entrypoint"
)
QEMU_BOOL, QEMU_SECONDS = Param("boolean", only="qemu"), Param("integer", minimum=0, only="qemu")
QEMU_TEXT, LXC_BOOL, LXC_TEXT = Param(only="qemu"), Param("boolean", only="lxc"), Param(only="lxc")
LXC_SECONDS = Param("integer", minimum=0, only="lxc")
POWER: dict[str, dict[str, Param]] = {
    "start": {
        "skiplock": BOOL,
        "timeout": QEMU_SECONDS,
        "debug": LXC_BOOL,
        "machine": QEMU_TEXT,
        "force-cpu": QEMU_TEXT,
    },
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
