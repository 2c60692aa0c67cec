"""The one table of endpoints."""

from __future__ import annotations

import re

from proxtui.sim.api import Param, Route, need
from proxtui.sim.routes import access, cluster, guests, nodes, rrd, storage, tasks

BOOL, INT, TEXT, POSITIVE = Param("boolean"), Param("integer"), Param(), Param("integer", minimum=0)
GUEST = "/nodes/{node}/{kind}/{vmid}"
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

_ACCESS = (
    Route("GET", "/access", access.index("users", "groups", "roles", "acl", "domains", "openid", "tfa", "ticket")),
    Route("POST", "/access/ticket", access.log_in, LOGIN, daemon=True, open=True, no_token=True),
    Route("GET", "/access/ticket", access.ticket, open=True),
    Route("GET", "/access/domains", access.domains, open=True),
    Route("GET", "/access/permissions", access.permissions, {"path": TEXT, "userid": TEXT}),
    Route("GET", "/access/users", access.users, {"enabled": BOOL, "full": BOOL}, daemon=True),
    Route("GET", "/access/users/{userid}", access.user, check=need("/access/groups", "User.Modify", "Sys.Audit")),
    Route("GET", "/access/users/{userid}/token", access.tokens),
    Route("GET", "/access/roles", access.roles),
    Route("GET", "/access/roles/{roleid}", access.role),
    Route("GET", "/access/acl", access.acl),
    Route("GET", "/access/groups", access.groups),
    Route("GET", "/access/tfa", access.tfa, daemon=True),
    Route("GET", "/pools", access.pools, {"poolid": TEXT, "type": Param(choices=("qemu", "lxc", "storage"))}),
    Route("GET", "/pools/{poolid}", access.pool, {"type": TEXT}, need("/pool/{poolid}", "Pool.Audit")),
)

_CLUSTER = (
    Route("GET", "/version", cluster.version),
    Route(
        "GET",
        "/cluster",
        cluster.index(
            "backup", "config", "ha", "log", "nextid", "options", "replication", "resources", "status", "tasks"
        ),
    ),
    Route("GET", "/cluster/resources", cluster.resources, {"type": Param(choices=("vm", "storage", "node", "sdn"))}),
    Route("GET", "/cluster/status", cluster.status, check=SYS_AUDIT, daemon=True),
    Route("GET", "/cluster/tasks", cluster.tasks),
    Route("GET", "/cluster/log", cluster.log, {"max": Param("integer", minimum=1)}),
    Route("GET", "/cluster/nextid", cluster.nextid, {"vmid": Param("integer", minimum=100)}),
    Route("GET", "/cluster/options", cluster.options),
    Route("GET", "/cluster/ha/status/current", cluster.ha_current, check=SYS_AUDIT),
    Route("GET", "/cluster/ha/resources", cluster.ha_resources, {"type": TEXT}, SYS_AUDIT),
    Route("GET", "/cluster/backup", cluster.backup_jobs, check=SYS_AUDIT),
    Route("GET", "/cluster/backup-info/not-backed-up", cluster.not_backed_up, check=SYS_AUDIT, daemon=True),
    Route("GET", "/cluster/replication", cluster.replication),
    Route("GET", "/cluster/config/nodes", cluster.config_nodes, check=SYS_AUDIT),
)

_NODES = (
    Route("GET", "/nodes", cluster.nodes),
    Route("GET", "/nodes/{node}", nodes.index, on_node=False),
    Route("GET", "/nodes/{node}/status", nodes.status, check=NODE_AUDIT),
    Route("GET", "/nodes/{node}/version", cluster.version),
    Route("GET", "/nodes/{node}/network", nodes.network, {"type": TEXT}),
    Route("GET", "/nodes/{node}/services", nodes.services, check=NODE_AUDIT, daemon=True),
    Route("GET", "/nodes/{node}/subscription", nodes.subscription),
    Route("GET", "/nodes/{node}/dns", nodes.dns, check=NODE_AUDIT),
    Route("GET", "/nodes/{node}/time", nodes.time, check=NODE_AUDIT),
    Route("GET", "/nodes/{node}/hosts", nodes.hosts, check=SYS_AUDIT, daemon=True),
    Route(
        "GET",
        "/nodes/{node}/disks/list",
        nodes.disks,
        {"skipsmart": BOOL, "type": TEXT, "include-partitions": BOOL},
        NODE_AUDIT,
        daemon=True,
    ),
    Route("GET", "/nodes/{node}/rrddata", rrd.node, rrd.PARAMS, NODE_AUDIT, daemon=True, on_node=False),
    Route("GET", "/nodes/{node}/tasks", tasks.listing, TASK_FILTERS),
    Route("GET", "/nodes/{node}/tasks/{upid}", tasks.index, on_node=False),
    Route("GET", "/nodes/{node}/tasks/{upid}/status", tasks.status, daemon=True),
    Route(
        "GET",
        "/nodes/{node}/tasks/{upid}/log",
        tasks.log,
        {"start": POSITIVE, "limit": POSITIVE, "download": BOOL},
        daemon=True,
    ),
    Route("DELETE", "/nodes/{node}/tasks/{upid}", tasks.stop, daemon=True),
    Route(
        "POST",
        "/nodes/{node}/vzdump",
        guests.vzdump,
        {
            "vmid": Param("integer", minimum=100, required=True),
            "storage": TEXT,
            "mode": Param(choices=("snapshot", "suspend", "stop")),
            "compress": TEXT,
            "notes-template": TEXT,
            "protected": BOOL,
            "remove": BOOL,
        },
        daemon=True,
    ),
)

_STORAGE = (
    Route("GET", "/storage", storage.definitions, {"type": TEXT}),
    Route("GET", "/storage/{storage}", storage.definition, check=need("/storage/{storage}", "Datastore.Allocate")),
    Route(
        "GET",
        "/nodes/{node}/storage",
        storage.on_node,
        {"content": TEXT, "enabled": BOOL, "format": BOOL, "storage": TEXT, "target": TEXT},
        daemon=True,
    ),
    Route("GET", "/nodes/{node}/storage/{storage}", storage.index, check=STORE_AUDIT, on_node=False),
    Route("GET", "/nodes/{node}/storage/{storage}/status", storage.status, check=STORE_AUDIT, daemon=True),
    Route(
        "GET",
        "/nodes/{node}/storage/{storage}/content",
        storage.content,
        {"content": TEXT, "vmid": INT},
        STORE_AUDIT,
        daemon=True,
    ),
    Route(
        "DELETE", "/nodes/{node}/storage/{storage}/content/{volume}", storage.delete_volume, {"delay": INT}, daemon=True
    ),
    Route("GET", "/nodes/{node}/storage/{storage}/rrddata", rrd.storage, rrd.PARAMS, STORE_AUDIT, daemon=True),
)

_GUESTS = (
    Route("GET", "/nodes/{node}/{kind}", guests.listing, {"full": QEMU_BOOL}, daemon=True),
    Route("GET", GUEST, guests.index),
    Route("GET", f"{GUEST}/status", guests.power_index),
    Route("GET", f"{GUEST}/status/current", guests.current, check=VM_AUDIT, daemon=True),
    Route("GET", f"{GUEST}/config", guests.config, {"current": BOOL, "snapshot": TEXT}, VM_AUDIT),
    Route("GET", f"{GUEST}/pending", guests.pending, check=VM_AUDIT),
    Route("PUT", f"{GUEST}/config", guests.put_config, CONFIG, CONFIG_CHECK, daemon=True, more=CONFIG_MORE),
    Route(
        "POST",
        "/nodes/{node}/qemu/{vmid}/config",
        guests.post_config,
        CONFIG,
        CONFIG_CHECK,
        daemon=True,
        more=CONFIG_MORE,
    ),
    Route("GET", f"{GUEST}/rrddata", rrd.guest, rrd.PARAMS, VM_AUDIT, daemon=True, on_node=False),
    Route("GET", f"{GUEST}/snapshot", guests.snapshots, check=VM_AUDIT, daemon=True),
    Route(
        "POST",
        f"{GUEST}/snapshot",
        guests.add_snapshot,
        {"snapname": SNAPNAME, "description": TEXT, "vmstate": QEMU_BOOL},
        need("/vms/{vmid}", "VM.Snapshot"),
        daemon=True,
    ),
    Route(
        "DELETE",
        f"{GUEST}/snapshot/{{snapname}}",
        guests.delete_snapshot,
        {"force": BOOL},
        need("/vms/{vmid}", "VM.Snapshot"),
        daemon=True,
    ),
    Route(
        "POST",
        f"{GUEST}/snapshot/{{snapname}}/rollback",
        guests.rollback,
        {"start": BOOL},
        need("/vms/{vmid}", "VM.Snapshot", "VM.Snapshot.Rollback"),
        daemon=True,
    ),
    Route("GET", "/nodes/{node}/lxc/{vmid}/interfaces", guests.lxc_interfaces, check=VM_AUDIT, daemon=True),
    Route(
        "GET",
        "/nodes/{node}/qemu/{vmid}/agent/network-get-interfaces",
        guests.agent,
        check=need("/vms/{vmid}", "VM.Monitor", "VM.GuestAgent.Audit"),
        daemon=True,
    ),
    Route("GET", f"{GUEST}/migrate", guests.precheck, {"target": TEXT}, need("/vms/{vmid}", "VM.Migrate"), daemon=True),
    Route(
        "POST",
        f"{GUEST}/migrate",
        guests.migrate,
        {
            "target": Param(required=True),
            "online": BOOL,
            "restart": LXC_BOOL,
            "timeout": LXC_SECONDS,
            "with-local-disks": QEMU_BOOL,
            "targetstorage": QEMU_TEXT,
            "target-storage": LXC_TEXT,
            "bwlimit": POSITIVE,
        },
        need("/vms/{vmid}", "VM.Migrate"),
        daemon=True,
    ),
)

_POWER = tuple(
    Route(
        "POST",
        f"{GUEST}/status/{verb}" if verb != "reset" else "/nodes/{node}/qemu/{vmid}/status/reset",
        guests.power(verb),
        params,
        need("/vms/{vmid}", "VM.PowerMgmt"),
        daemon=True,
    )
    for verb, params in POWER.items()
)

ROUTES: tuple[Route, ...] = (*_ACCESS, *_CLUSTER, *_NODES, *_STORAGE, *_GUESTS, *_POWER)


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The endpoint for a path, with what its placeholders stand for."""
    for route in ROUTES:
        if route.method == method and (match := route.pattern.fullmatch(path)) is not None:
            values = match.groupdict()
            if "vmid" in values:
                values.setdefault("kind", "lxc" if "/lxc/" in path else "qemu")
            return route, values
    return None
