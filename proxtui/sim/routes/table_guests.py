"""The endpoints of ``/nodes/{node}/qemu`` and ``/lxc``."""

from __future__ import annotations

from proxtui.sim.api import Param, Route, need
from proxtui.sim.routes import agent, cluster, firewall, guests, rrd
from proxtui.sim.routes.params import (
    BOOL,
    CONFIG,
    CONFIG_CHECK,
    CONFIG_MORE,
    GUEST,
    INT,
    LXC_BOOL,
    LXC_SECONDS,
    LXC_TEXT,
    PAGES,
    POSITIVE,
    POWER,
    QEMU_BOOL,
    QEMU_TEXT,
    SNAPNAME,
    TEXT,
    VM_AUDIT,
)

MIGRATE = need("/vms/{vmid}", "VM.Migrate")

GUESTS = (
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
    Route("GET", f"{GUEST}/snapshot/{{snapname}}", guests.snapshot_index, on_node=False),
    Route(
        "GET",
        f"{GUEST}/snapshot/{{snapname}}/config",
        guests.snapshot_config,
        check=need("/vms/{vmid}", "VM.Snapshot", "VM.Snapshot.Rollback", "VM.Audit"),
    ),
    Route("GET", "/nodes/{node}/lxc/{vmid}/interfaces", agent.lxc_interfaces, check=VM_AUDIT, daemon=True),
    Route("GET", f"{GUEST}/firewall", cluster.index("rules", "aliases", "ipset", "refs", "options"), on_node=False),
    Route("GET", f"{GUEST}/firewall/options", firewall.guest_options, check=VM_AUDIT),
    Route("GET", f"{GUEST}/firewall/rules", firewall.guest_rules, check=VM_AUDIT, on_node=False),
    Route(
        "GET",
        f"{GUEST}/firewall/log",
        firewall.guest_log,
        PAGES | {"since": INT, "until": INT},
        need("/vms/{vmid}", "VM.Console"),
        daemon=True,
    ),
    Route("GET", "/nodes/{node}/qemu/{vmid}/migrate", guests.precheck, {"target": TEXT}, MIGRATE, daemon=True),
    Route(
        "GET", "/nodes/{node}/lxc/{vmid}/migrate", guests.precheck, {"target": TEXT}, MIGRATE, daemon=True, modern=True
    ),
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
        MIGRATE,
        daemon=True,
    ),
)

AGENT = tuple(
    Route("GET", f"/nodes/{{node}}/qemu/{{vmid}}/agent/{name}", run, check=agent.check, daemon=True)
    for name, run in (
        ("info", agent.info),
        ("get-osinfo", agent.osinfo),
        ("get-host-name", agent.host_name),
        ("network-get-interfaces", agent.interfaces),
        ("get-fsinfo", agent.fsinfo),
    )
)

POWERED = tuple(
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
