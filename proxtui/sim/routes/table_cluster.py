"""The endpoints of ``/access``, ``/pools``, ``/cluster`` and ``/storage``."""

from __future__ import annotations

from proxtui.sim.api import Param, Route, need
from proxtui.sim.routes import access, cluster, firewall, ha, jobs, resources, storage
from proxtui.sim.routes.params import BOOL, INT, LOGIN, SYS_AUDIT, TEXT

ACCESS = (
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
    Route("GET", "/access/groups/{groupid}", access.group, check=need("/access/groups", "Sys.Audit", "Group.Allocate")),
    Route("GET", "/access/tfa", access.tfa, daemon=True),
    Route("GET", "/pools", access.pools, {"poolid": TEXT, "type": Param(choices=("qemu", "lxc", "storage"))}),
    Route("GET", "/pools/{poolid}", access.pool, {"type": TEXT}, need("/pool/{poolid}", "Pool.Audit")),
)

CLUSTER = (
    Route("GET", "/version", cluster.version),
    Route(
        "GET",
        "/cluster",
        cluster.index(
            "backup", "config", "ha", "jobs", "log", "nextid", "options", "replication", "resources", "status", "tasks"
        ),
    ),
    Route("GET", "/cluster/resources", resources.resources, {"type": Param(choices=("vm", "storage", "node", "sdn"))}),
    Route("GET", "/cluster/status", cluster.status, check=SYS_AUDIT, daemon=True),
    Route("GET", "/cluster/tasks", cluster.tasks),
    Route("GET", "/cluster/log", cluster.log, {"max": Param("integer", minimum=1)}),
    Route("GET", "/cluster/nextid", cluster.nextid, {"vmid": Param("integer", minimum=100)}),
    Route("GET", "/cluster/options", cluster.options),
    Route("GET", "/cluster/ha", ha.index, check=SYS_AUDIT),
    Route("GET", "/cluster/ha/status", cluster.index("current", "manager_status")),
    Route("GET", "/cluster/ha/status/current", ha.current, check=SYS_AUDIT),
    Route("GET", "/cluster/ha/status/manager_status", ha.manager_status, check=SYS_AUDIT),
    Route("GET", "/cluster/ha/resources", ha.resources, {"type": TEXT}, SYS_AUDIT),
    Route("GET", "/cluster/ha/groups", ha.groups, check=SYS_AUDIT),
    Route("GET", "/cluster/ha/rules", ha.rules, {"type": TEXT, "resource": TEXT}, SYS_AUDIT, modern=True),
    Route("GET", "/cluster/backup", jobs.backup_jobs, check=SYS_AUDIT),
    Route("GET", "/cluster/backup/{id}", jobs.backup_job, check=SYS_AUDIT),
    Route("GET", "/cluster/backup/{id}/included_volumes", jobs.included_volumes, check=SYS_AUDIT, daemon=True),
    Route("GET", "/cluster/backup-info/not-backed-up", jobs.not_backed_up, check=SYS_AUDIT, daemon=True),
    Route("GET", "/cluster/jobs", cluster.index("schedule-analyze", "realm-sync", key="subdir")),
    Route("GET", "/cluster/jobs/realm-sync", jobs.realm_sync, check=SYS_AUDIT),
    Route(
        "GET",
        "/cluster/jobs/schedule-analyze",
        jobs.schedule_analyze,
        {"schedule": Param(required=True), "starttime": INT, "iterations": Param("integer", minimum=1)},
    ),
    Route("GET", "/cluster/replication", jobs.replication),
    Route("GET", "/cluster/firewall/options", firewall.cluster_options, check=SYS_AUDIT),
    Route("GET", "/cluster/firewall/rules", firewall.cluster_rules, check=SYS_AUDIT),
    Route("GET", "/cluster/config/nodes", cluster.config_nodes, check=SYS_AUDIT),
)

STORAGES = (
    Route("GET", "/storage", storage.definitions, {"type": TEXT}),
    Route("GET", "/storage/{storage}", storage.definition, check=need("/storage/{storage}", "Datastore.Allocate")),
)
