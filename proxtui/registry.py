"""The list of rooms. Strings only: naming a room loads none of its code."""

from __future__ import annotations

from proxtui.core.feature import Feature, Word

FEATURES: tuple[Feature, ...] = (
    Feature(
        name="guests",
        title="Guests",
        key="1",
        view="proxtui.features.guests.screen:GuestsView",
        commands="proxtui.features.guests.cli:guests",
        summary="Guests: list them, show one, change them.",
        operations="proxtui.features.guests.operations:OPERATIONS",
    ),
    Feature(
        name="nodes",
        title="Nodes",
        key="2",
        view="proxtui.features.nodes.screen:NodesView",
        commands="proxtui.features.nodes.cli:nodes",
        operations="proxtui.features.nodes.operations:OPERATIONS",
        summary="Nodes: list them, show one.",
    ),
    Feature(name="overview", title="Overview", key="0", view="proxtui.features.overview.screen:OverviewView"),
    Feature(
        name="storage",
        title="Storage",
        key="3",
        view="proxtui.features.storage.screen:StorageView",
        commands="proxtui.features.storage.cli:storage",
        operations="proxtui.features.storage.operations:OPERATIONS",
        summary="Storages: list them and what lies on one.",
    ),
    Feature(
        name="tasks",
        title="Tasks",
        key="4",
        view="proxtui.features.tasks.screen:TasksView",
        commands="proxtui.features.tasks.cli:tasks",
        operations="proxtui.features.tasks.operations:OPERATIONS",
        summary="Tasks: list them, show one or its log.",
    ),
    Feature(
        name="snapshots",
        title="Snapshots",
        commands="proxtui.features.snapshots.cli:snapshots",
        summary="Snapshots of all guests, the oldest first.",
    ),
    Feature(
        name="cluster",
        title="Cluster",
        key="5",
        view="proxtui.features.cluster.screen:ClusterView",
        commands="proxtui.features.cluster.cli:cluster",
        operations="proxtui.features.cluster.operations:OPERATIONS",
        summary="Clusters: status, HA, replication, backup jobs, log, access.",
    ),
    Feature(
        name="audit",
        title="Audit",
        key="6",
        view="proxtui.features.audit.screen:AuditView",
        commands="proxtui.features.audit.cli:audit",
        summary="The audit: list it, prove it, take it out.",
    ),
    Feature(
        name="metrics",
        title="Metrics",
        key="W",
        view="proxtui.features.metrics.screen:MetricsView",
        commands="proxtui.features.metrics.cli:metrics",
        summary="How often and how fast each server answered.",
    ),
    Feature(
        name="connectivity",
        title="Connectivity",
        words=(
            Word(
                "test",
                "test every way to a server, stage by stage",
                obey="proxtui.features.connectivity.screen:second_opinion",
                argument="TENANT/SERVER",
                choices="proxtui.features.connectivity.screen:names",
            ),
        ),
    ),
    Feature(
        name="consoles",
        title="Consoles",
        consoles="proxtui.features.consoles.operations:CONSOLES",
        judge="proxtui.features.consoles.judging:wrong",
        words=(
            Word(
                "consoles",
                "the consoles that are open, to close one",
                obey="proxtui.features.consoles.screen:show_consoles",
            ),
        ),
    ),
    Feature(
        name="peek",
        title="Screen",
        commands="proxtui.features.peek.cli:peek",
        summary="The screen of a VM: as text, in the terminal, or as a PNG file.",
    ),
    Feature(name="terminals", title="Terminals"),
    Feature(
        name="servers",
        title="Servers",
        key="7",
        view="proxtui.features.servers.screen:ServersView",
        is_setup=True,
        commands="proxtui.features.servers.cli:servers",
        summary="Servers: add them, trust them, ask how they are.",
    ),
    Feature(
        name="tenants",
        title="Tenants",
        key="8",
        view="proxtui.features.tenants.screen:TenantsView",
        is_setup=True,
        commands="proxtui.features.tenants.cli:tenants",
        summary="Tenants: list them, make and change them.",
    ),
    Feature(
        name="users",
        title="People",
        key="9",
        view="proxtui.features.users.screen:UsersView",
        is_setup=True,
        commands="proxtui.features.users.cli:users",
        summary="People: their roles and keys.",
    ),
    Feature(
        name="settings",
        title="Settings",
        commands="proxtui.features.settings.cli:settings",
        summary="Settings of the installation.",
        judge="proxtui.features.settings.judging:wrong",
        words=(
            Word(
                "settings", "the settings of this installation", obey="proxtui.features.settings.screen:open_settings"
            ),
        ),
    ),
    Feature(name="passthrough", title="Requests", unlisted="proxtui.features.passthrough.operations:OPERATIONS"),
    Feature(name="tree", title="Tree", view="proxtui.features.tree.screen:ClusterTree"),
)
