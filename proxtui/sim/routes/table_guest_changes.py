"""The endpoints that change guests."""

from __future__ import annotations

from proxtui.sim.api import Call, Check, Param, Route, need
from proxtui.sim.routes import agent_writes, clone, config, create, guest_disks, guests
from proxtui.sim.routes.params import (
    BOOL,
    CHANGING,
    CONFIG,
    CONFIG_CHECK,
    DIGEST,
    GUEST,
    LXC_BOOL,
    LXC_MORE,
    LXC_SECONDS,
    LXC_TEXT,
    NAME,
    NOT_A_NAME,
    POSITIVE,
    POWER,
    QEMU_BOOL,
    QEMU_MORE,
    QEMU_TEXT,
    SNAPNAME,
    TEXT,
    VM_AUDIT,
    VMID,
)
from proxtui.sim.routes.power import power

QEMU, LXC = "/nodes/{node}/qemu/{vmid}", "/nodes/{node}/lxc/{vmid}"
DISK, ALLOCATE = need("/vms/{vmid}", "VM.Config.Disk"), need("/vms/{vmid}", "VM.Allocate")
SNAPSHOT, POWERING = need("/vms/{vmid}", "VM.Snapshot"), need("/vms/{vmid}", "VM.PowerMgmt")
RATE = POSITIVE
FORMAT = Param(choices=("raw", "qcow2", "vmdk"))
GROWTH = Param(required=True, pattern=r"\+?\d+(\.\d+)?[KMGT]?")


def _config_check(call: Call) -> None:
    """Containers have neither discs, nor other hardware, nor cloud-init."""
    if call.path["kind"] == "qemu":
        CONFIG_CHECK(call)
    else:
        names = ("Disk", "CPU", "Memory", "Network", "Options")
        call.require(f"/vms/{call.path['vmid']}", *(f"VM.Config.{name}" for name in names))


COMMON = {"vmid": VMID, "pool": TEXT, "start": BOOL, "storage": TEXT, "bwlimit": RATE, "force": BOOL, "unique": BOOL}
NEW = (
    Route(
        "POST",
        "/nodes/{node}/qemu",
        create.create,
        CONFIG["qemu"] | COMMON | {"archive": TEXT, "live-restore": BOOL},
        daemon=True,
        more=QEMU_MORE,
    ),
    Route(
        "POST",
        "/nodes/{node}/lxc",
        create.create,
        CONFIG["lxc"]
        | COMMON
        | {
            "ostemplate": Param(required=True),
            "restore": BOOL,
            "password": Param(pattern=r".{5,}", format="value must be at least 5 characters long"),
            "ssh-public-keys": TEXT,
            "ignore-unpack-errors": BOOL,
        },
        daemon=True,
        more=LXC_MORE,
    ),
)
CLONING = {
    "newid": VMID,
    "description": TEXT,
    "pool": TEXT,
    "snapname": TEXT,
    "storage": TEXT,
    "full": BOOL,
    "target": TEXT,
    "bwlimit": RATE,
    "name": Param(only="qemu", pattern=NAME, format=NOT_A_NAME),
    "format": Param(only="qemu", choices=FORMAT.choices),
    "hostname": Param(only="lxc", pattern=NAME, format=NOT_A_NAME),
}
MOVING = {
    "storage": TEXT,
    "delete": BOOL,
    "digest": DIGEST,
    "bwlimit": RATE,
    "target-vmid": Param("integer", minimum=100),
    "target-digest": DIGEST,
}
MIGRATING = {
    "target": Param(required=True),
    "online": BOOL,
    "restart": LXC_BOOL,
    "timeout": LXC_SECONDS,
    "force": QEMU_BOOL,
    "migration_network": QEMU_TEXT,
    "migration_type": QEMU_TEXT,
    "with-local-disks": QEMU_BOOL,
    "targetstorage": QEMU_TEXT,
    "target-storage": LXC_TEXT,
    "bwlimit": POSITIVE,
}


def _daemon(
    method: str, path: str, run: object, params: dict[str, Param] | None = None, check: Check | None = None
) -> Route:
    return Route(method, path, run, params or {}, check, daemon=True)  # type: ignore[arg-type]


GUEST_CHANGES = (
    Route(
        "PUT",
        QEMU + "/config",
        config.put_config,
        CONFIG["qemu"] | CHANGING["qemu"],
        _config_check,
        True,
        more=QEMU_MORE,
    ),
    Route(
        "POST",
        QEMU + "/config",
        config.post_config,
        CONFIG["qemu"] | CHANGING["qemu"],
        _config_check,
        True,
        more=QEMU_MORE,
    ),
    Route(
        "PUT", LXC + "/config", config.put_config, CONFIG["lxc"] | CHANGING["lxc"], _config_check, True, more=LXC_MORE
    ),
    _daemon(
        "DELETE",
        GUEST,
        clone.destroy,
        {"purge": BOOL, "destroy-unreferenced-disks": BOOL, "force": LXC_BOOL, "skiplock": QEMU_BOOL},
        ALLOCATE,
    ),
    _daemon("POST", f"{GUEST}/clone", clone.clone, CLONING, need("/vms/{vmid}", "VM.Clone")),
    _daemon("POST", f"{GUEST}/template", clone.template, {"disk": QEMU_TEXT}, ALLOCATE),
    _daemon(
        "PUT",
        f"{GUEST}/resize",
        guest_disks.resize,
        {"disk": Param(required=True), "size": GROWTH, "digest": DIGEST, "skiplock": QEMU_BOOL},
        DISK,
    ),
    _daemon(
        "POST",
        QEMU + "/move_disk",
        guest_disks.move,
        MOVING | {"disk": Param(required=True), "format": FORMAT, "target-disk": TEXT},
        DISK,
    ),
    _daemon(
        "POST",
        LXC + "/move_volume",
        guest_disks.move,
        MOVING | {"volume": Param(required=True), "target-volume": TEXT},
        DISK,
    ),
    _daemon("PUT", QEMU + "/unlink", guest_disks.unlink, {"idlist": Param(required=True), "force": BOOL}, DISK),
    _daemon(
        "GET",
        f"{GUEST}/feature",
        guest_disks.feature,
        {"feature": Param(required=True, choices=("snapshot", "clone", "copy")), "snapname": TEXT},
        VM_AUDIT,
    ),
    Route("GET", QEMU + "/cloudinit", guest_disks.cloudinit_pending, check=VM_AUDIT),
    _daemon(
        "PUT", QEMU + "/cloudinit", guest_disks.cloudinit_regenerate, None, need("/vms/{vmid}", "VM.Config.Cloudinit")
    ),
    _daemon(
        "POST",
        f"{GUEST}/snapshot",
        guests.add_snapshot,
        {"snapname": SNAPNAME, "description": TEXT, "vmstate": QEMU_BOOL},
        SNAPSHOT,
    ),
    _daemon("DELETE", f"{GUEST}/snapshot/{{snapname}}", guests.delete_snapshot, {"force": BOOL}, SNAPSHOT),
    _daemon(
        "POST",
        f"{GUEST}/snapshot/{{snapname}}/rollback",
        guests.rollback,
        {"start": BOOL},
        need("/vms/{vmid}", "VM.Snapshot", "VM.Snapshot.Rollback"),
    ),
    _daemon(
        "PUT", f"{GUEST}/snapshot/{{snapname}}/config", guests.put_snapshot_config, {"description": TEXT}, SNAPSHOT
    ),
    _daemon("POST", f"{GUEST}/migrate", guests.migrate, MIGRATING, need("/vms/{vmid}", "VM.Migrate")),
)

AUDITED, MANAGED, FREE = (agent_writes.needs(name) for name in ("Audit", "FileSystemMgmt", "Unrestricted"))
AGENT_CHANGES = (
    _daemon("POST", QEMU + "/agent/ping", agent_writes.nothing, None, AUDITED),
    _daemon("POST", QEMU + "/agent/fsfreeze-freeze", agent_writes.freeze, None, MANAGED),
    _daemon("POST", QEMU + "/agent/fsfreeze-thaw", agent_writes.thaw, None, MANAGED),
    _daemon("POST", QEMU + "/agent/fsfreeze-status", agent_writes.freeze_status, None, AUDITED),
    _daemon("POST", QEMU + "/agent/fstrim", agent_writes.trim, None, MANAGED),
    _daemon(
        "POST",
        QEMU + "/agent/exec",
        agent_writes.execute,
        {"command": Param("array", required=True), "input-data": TEXT},
        FREE,
    ),
    _daemon(
        "GET", QEMU + "/agent/exec-status", agent_writes.exec_status, {"pid": Param("integer", required=True)}, FREE
    ),
)
POWERED = tuple(
    _daemon(
        "POST", f"{GUEST}/status/{verb}" if verb != "reset" else QEMU + "/status/reset", power(verb), params, POWERING
    )
    for verb, params in POWER.items()
)
