"""The endpoints of ``/nodes/{node}/qemu`` and ``/lxc``."""

from __future__ import annotations

from proxtui.sim.api import Route, need
from proxtui.sim.routes import agent, cluster, firewall, guests, rrd
from proxtui.sim.routes.params import BOOL, GUEST, INT, PAGES, QEMU_BOOL, TEXT, VM_AUDIT

MIGRATE = need("/vms/{vmid}", "VM.Migrate")

GUESTS = (
    Route("GET", "/nodes/{node}/{kind}", guests.listing, {"full": QEMU_BOOL}, daemon=True),
    Route("GET", GUEST, guests.index),
    Route("GET", f"{GUEST}/status", guests.power_index),
    Route("GET", f"{GUEST}/status/current", guests.current, check=VM_AUDIT, daemon=True),
    Route("GET", f"{GUEST}/config", guests.config, {"current": BOOL, "snapshot": TEXT}, VM_AUDIT),
    Route("GET", f"{GUEST}/pending", guests.pending, check=VM_AUDIT),
    Route("GET", f"{GUEST}/rrddata", rrd.guest, rrd.PARAMS, VM_AUDIT, daemon=True, on_node=False),
    Route("GET", f"{GUEST}/snapshot", guests.snapshots, check=VM_AUDIT, daemon=True),
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
