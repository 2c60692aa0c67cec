"""The list of rooms. Strings only: naming a room loads none of its code."""

from __future__ import annotations

from proxtui.core.feature import Feature

FEATURES: tuple[Feature, ...] = (
    Feature(
        name="guests",
        title="Guests",
        key="1",
        view="proxtui.features.guests.screen:GuestsView",
        commands="proxtui.features.guests.cli:guests",
    ),
    Feature(
        name="nodes",
        title="Nodes",
        key="2",
        view="proxtui.features.nodes.screen:NodesView",
        commands="proxtui.features.nodes.cli:nodes",
    ),
    Feature(name="overview", title="Overview", key="0", view="proxtui.features.overview.screen:OverviewView"),
    Feature(
        name="storage",
        title="Storage",
        key="3",
        view="proxtui.features.storage.screen:StorageView",
        commands="proxtui.features.storage.cli:storage",
    ),
    Feature(
        name="tasks",
        title="Tasks",
        key="4",
        view="proxtui.features.tasks.screen:TasksView",
        commands="proxtui.features.tasks.cli:tasks",
    ),
    Feature(name="snapshots", title="Snapshots", commands="proxtui.features.snapshots.cli:snapshots"),
    Feature(
        name="cluster",
        title="Cluster",
        key="5",
        view="proxtui.features.cluster.screen:ClusterView",
        commands="proxtui.features.cluster.cli:cluster",
    ),
    Feature(name="tree", title="Tree", view="proxtui.features.tree.screen:ClusterTree"),
)
