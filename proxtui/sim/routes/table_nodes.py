"""The endpoints of ``/nodes/{node}`` but for its guests."""

from __future__ import annotations

from proxtui.sim.api import Param, Route, need
from proxtui.sim.routes import cluster, disks, firewall, jobs, nodes, rrd, storage, tasks, upkeep
from proxtui.sim.routes.params import BOOL, INT, NODE_AUDIT, PAGES, POSITIVE, STORE_AUDIT, SYS_AUDIT, TASK_FILTERS, TEXT

NODE_MODIFY, NODE_SYSLOG = need("/nodes/{node}", "Sys.Modify"), need("/nodes/{node}", "Sys.Syslog")
STAMP = Param(pattern=r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2}(:\d{2})?)?")

NODES = (
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
    Route("GET", "/nodes/{node}/config", nodes.config, {"property": TEXT}, SYS_AUDIT),
    Route("GET", "/nodes/{node}/services/{service}/state", nodes.service, check=NODE_AUDIT, daemon=True),
    Route("GET", "/nodes/{node}/netstat", upkeep.netstat, check=NODE_AUDIT),
    Route("GET", "/nodes/{node}/apt/update", upkeep.updates, check=NODE_MODIFY, daemon=True),
    Route("GET", "/nodes/{node}/apt/versions", upkeep.versions, check=NODE_AUDIT),
    Route("GET", "/nodes/{node}/certificates/info", upkeep.certificates),
    Route(
        "GET",
        "/nodes/{node}/syslog",
        upkeep.syslog,
        PAGES | {"service": TEXT, "since": STAMP, "until": STAMP},
        NODE_SYSLOG,
        daemon=True,
    ),
    Route(
        "GET",
        "/nodes/{node}/journal",
        upkeep.journal,
        {"lastentries": POSITIVE, "since": INT, "until": INT, "startcursor": TEXT, "endcursor": TEXT},
        NODE_SYSLOG,
        daemon=True,
    ),
    Route(
        "GET",
        "/nodes/{node}/disks/list",
        disks.listing,
        {"skipsmart": BOOL, "type": TEXT, "include-partitions": BOOL},
        NODE_AUDIT,
        daemon=True,
    ),
    Route(
        "GET",
        "/nodes/{node}/disks/smart",
        disks.smart,
        {"disk": disks.PATH, "healthonly": BOOL},
        SYS_AUDIT,
        daemon=True,
    ),
    Route("GET", "/nodes/{node}/firewall/options", firewall.node_options, check=NODE_AUDIT),
    Route("GET", "/nodes/{node}/firewall/rules", firewall.node_rules, check=NODE_AUDIT),
    Route(
        "GET",
        "/nodes/{node}/firewall/log",
        firewall.node_log,
        PAGES | {"since": INT, "until": INT},
        NODE_SYSLOG,
        daemon=True,
    ),
    Route("GET", "/nodes/{node}/replication", jobs.node_replication, {"guest": INT}, daemon=True),
    Route("GET", "/nodes/{node}/replication/{id}/status", jobs.replication_status, daemon=True),
    Route("GET", "/nodes/{node}/replication/{id}/log", jobs.replication_log, PAGES, daemon=True),
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
)

STORES = (
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
    Route("GET", "/nodes/{node}/storage/{storage}/rrddata", rrd.storage, rrd.PARAMS, STORE_AUDIT, daemon=True),
)
