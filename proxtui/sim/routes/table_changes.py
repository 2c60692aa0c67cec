"""The endpoints that change nodes, storages, and what belongs to a whole cluster."""

from __future__ import annotations

from proxtui.sim.api import Call, Param, Route, need
from proxtui.sim.routes import content, guests, ha_changes, node_power, pools, uploads
from proxtui.sim.routes.params import BOOL, DIGEST, INT, POSITIVE, STORE_AUDIT, SYS_AUDIT, TEXT
from proxtui.sim.uploads import ALGORITHMS

CONSOLE, POWER = need("/", "Sys.Console"), need("/nodes/{node}", "Sys.PowerMgmt")
MODIFY = need("/nodes/{node}", "Sys.Modify")
STORE = "/nodes/{node}/storage/{storage}"
URL = Param(required=True, pattern=r"https?://.*")
MANY = Param("integer", minimum=1)


def _url_check(call: Call) -> None:
    if not (call.may("/", "Sys.Audit") and call.may("/", "Sys.Modify")):
        call.require(f"/nodes/{call.path['node']}", "Sys.AccessNetwork")


NODE_CHANGES = (
    Route(
        "POST",
        "/nodes/{node}/status",
        node_power.command,
        {"command": Param(required=True, choices=("reboot", "shutdown"))},
        POWER,
        daemon=True,
    ),
    Route("POST", "/nodes/{node}/wakeonlan", node_power.wake, {}, POWER, daemon=True, on_node=False),
    Route("POST", "/nodes/{node}/startall", node_power.start_all, {"force": BOOL, "vms": TEXT}, daemon=True),
    Route(
        "POST",
        "/nodes/{node}/stopall",
        node_power.stop_all,
        {"force-stop": BOOL, "timeout": Param("integer", minimum=0, maximum=7200), "vms": TEXT},
        daemon=True,
    ),
    Route("POST", "/nodes/{node}/suspendall", node_power.suspend_all, {"vms": TEXT}, daemon=True),
    Route(
        "POST",
        "/nodes/{node}/migrateall",
        node_power.migrate_all,
        {"target": Param(required=True), "maxworkers": MANY, "vms": TEXT, "with-local-disks": BOOL},
        daemon=True,
    ),
    *(
        Route("POST", f"/nodes/{{node}}/services/{{service}}/{verb}", node_power.service(verb), {}, MODIFY, daemon=True)
        for verb in ("start", "stop", "restart", "reload")
    ),
    Route(
        "POST",
        "/nodes/{node}/vzdump",
        guests.vzdump,
        {
            "vmid": TEXT,
            "storage": TEXT,
            "mode": Param(choices=("snapshot", "suspend", "stop")),
            "compress": Param(choices=("0", "1", "gzip", "lzo", "zstd")),
            "notes-template": TEXT,
            "protected": BOOL,
            "remove": BOOL,
            "prune-backups": TEXT,
            "bwlimit": POSITIVE,
            "quiet": BOOL,
        },
        daemon=True,
    ),
    Route(
        "GET",
        "/nodes/{node}/query-url-metadata",
        uploads.url_metadata,
        {"url": URL, "verify-certificates": BOOL},
        _url_check,
    ),
)
SUM = {"checksum": TEXT, "checksum-algorithm": Param(choices=ALGORITHMS)}
KIND = Param(required=True, choices=("iso", "vztmpl", "import"))
PRUNING = {"prune-backups": TEXT, "type": Param(choices=("qemu", "lxc")), "vmid": Param("integer", minimum=100)}
STORE_CHANGES = (
    Route(
        "POST",
        f"{STORE}/upload",
        uploads.upload,
        SUM | {"content": KIND, "filename": Param(required=True), "tmpfilename": TEXT},
        uploads.check,
        daemon=True,
        on_node=False,
    ),
    Route(
        "POST",
        f"{STORE}/download-url",
        uploads.download,
        SUM
        | {"content": KIND, "filename": Param(required=True), "url": URL}
        | {"compression": TEXT, "verify-certificates": BOOL},
        uploads.download_check,
        daemon=True,
    ),
    Route("GET", f"{STORE}/prunebackups", content.preview, PRUNING, STORE_AUDIT, daemon=True),
    Route("DELETE", f"{STORE}/prunebackups", content.prune, PRUNING, content.prune_check, daemon=True),
    Route("GET", f"{STORE}/content/{{volume}}", content.attributes, check=STORE_AUDIT, daemon=True),
    Route("PUT", f"{STORE}/content/{{volume}}", content.change, {"notes": TEXT, "protected": BOOL}, daemon=True),
    Route("DELETE", f"{STORE}/content/{{volume}}", content.delete, {"delay": INT}, daemon=True),
)
SERVICE = {
    "group": TEXT,
    "max_restart": POSITIVE,
    "max_relocate": POSITIVE,
    "comment": TEXT,
    "failback": Param("boolean", modern=True),
    "state": Param(choices=("started", "stopped", "enabled", "disabled", "ignored")),
}
POOL_CHANGE = {"comment": TEXT, "vms": TEXT, "storage": TEXT, "delete": BOOL, "allow-move": BOOL}
POOL_NAME = {
    "poolid": Param(
        required=True, pattern=r"[A-Za-z0-9._/-]+", format="invalid format - value does not look like a valid pool ID\n"
    )
}
RESOURCE = "/cluster/ha/resources/{sid}"
CLUSTER_CHANGES = (
    Route(
        "POST",
        "/cluster/ha/resources",
        ha_changes.add,
        SERVICE | {"sid": Param(required=True), "type": Param(choices=("ct", "vm"))},
        CONSOLE,
        daemon=True,
    ),
    Route("GET", RESOURCE, ha_changes.one, check=SYS_AUDIT),
    Route("PUT", RESOURCE, ha_changes.change, SERVICE | {"digest": DIGEST, "delete": TEXT}, CONSOLE, daemon=True),
    Route("DELETE", RESOURCE, ha_changes.remove, {"purge": Param("boolean", modern=True)}, CONSOLE, daemon=True),
    *(
        Route("POST", f"{RESOURCE}/{verb}", ha_changes.migrate, {"node": Param(required=True)}, CONSOLE, daemon=True)
        for verb in ("migrate", "relocate")
    ),
    Route("POST", "/pools", pools.create, POOL_NAME | {"comment": TEXT}, daemon=True),
    Route("PUT", "/pools", pools.update, POOL_NAME | POOL_CHANGE, daemon=True),
    Route("DELETE", "/pools", pools.delete, POOL_NAME, daemon=True),
    Route("PUT", "/pools/{poolid}", pools.update, POOL_CHANGE, daemon=True),
    Route("DELETE", "/pools/{poolid}", pools.delete, daemon=True),
)
