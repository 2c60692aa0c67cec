"""Every family of metrics that is exported: its type and what it means, in the order in which they are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Kind = Literal["gauge", "counter", "info"]


class Family(NamedTuple):
    """One family. The samples of a counter end in ``_total``, those of an info in ``_info``."""

    kind: Kind
    meaning: str


FAMILIES: Mapping[str, Family] = {
    "pve_up": Family(
        "gauge", "1: guest runs, node is online, storage is available, cluster has quorum, server answers"
    ),
    "pve_disk_size_bytes": Family("gauge", "Size of a storage, of the root disk of a guest or of a node"),
    "pve_disk_usage_bytes": Family("gauge", "Used of a storage, of the root disk of a container or of a node"),
    "pve_memory_size_bytes": Family("gauge", "Memory of a guest or node"),
    "pve_memory_usage_bytes": Family("gauge", "Used memory of a guest or node"),
    "pve_network_transmit_bytes": Family("counter", "Sent by the guest since it was started"),
    "pve_network_receive_bytes": Family("counter", "Received by the guest since it was started"),
    "pve_disk_written_bytes": Family("counter", "Written by the guest to its disks since it was started"),
    "pve_disk_read_bytes": Family("counter", "Read by the guest from its disks since it was started"),
    "pve_cpu_usage_ratio": Family("gauge", "Processor use of a guest or node, of all that it has"),
    "pve_cpu_usage_limit": Family("gauge", "Processors of a guest or node"),
    "pve_uptime_seconds": Family("gauge", "Since the guest or node was started"),
    "pve_storage_shared": Family("gauge", "1: the nodes of the cluster share this storage"),
    "pve_ha_state": Family("gauge", "1 for the state that HA tells of a guest that it looks after"),
    "pve_lock_state": Family("gauge", "1 for the lock that a guest carries"),
    "pve_guest": Family("info", "A VM or container"),
    "pve_storage": Family("info", "A storage as one node sees it"),
    "pve_node": Family("info", "A node"),
    "pve_cluster": Family("info", "A cluster"),
    "pve_version": Family("info", "Proxmox VE of the node that answers"),
    "proxtui_build": Family("info", "This program"),
    "proxtui_source_state": Family("gauge", "1 for how good our knowledge of a server is, 0 for what it is not"),
    "proxtui_source_age_seconds": Family("gauge", "Since the data of a server was true"),
    "proxtui_source_guests_unseen": Family("gauge", "1: the login may see no guest, so there are none here"),
    "proxtui_source_certificate_expiry_timestamp_seconds": Family("gauge", "When the certificate last shown ends"),
    "proxtui_requests": Family("counter", "Requests sent to a server since this program started"),
    "proxtui_connection_attempts": Family("gauge", "Calls to a server within the last 24 h, of every proxtui here"),
    "proxtui_connection_success_ratio": Family("gauge", "Answered of these calls"),
    "proxtui_connection_average_seconds": Family("gauge", "Mean time of the answered ones"),
}


def head(name: str) -> str:
    """The lines before the samples of a family."""
    family = FAMILIES[name]
    return f"# HELP {name} {family.meaning}.\n# TYPE {name} {family.kind}\n"
