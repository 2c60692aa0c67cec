"""The library: Proxmox VE, typed and async. ``from proxtui.pve import ProxmoxClient, ProxmoxConfig, VMTools``.

Names are loaded when first asked for, so that importing one does not cost the time of all.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from proxtui.errors import (
        ApiError,
        AuthenticationError,
        CertificateError,
        ConflictError,
        ConsoleError,
        ConsoleRefused,
        DeadlineExceeded,
        GuestLocked,
        HostKeyError,
        InvalidInput,
        NetworkError,
        NodeUnreachable,
        NotFoundError,
        OtherCluster,
        OutcomeUnknown,
        PermissionDenied,
        ProxtuiError,
        RateLimitError,
        ReadOnlyError,
        TaskFailed,
        TotpRequired,
        TunnelError,
        TunnelRefused,
        UnexpectedAnswer,
        ValidationError,
    )
    from proxtui.pve.access import AccessTools, Permissions
    from proxtui.pve.backups import BackupTools, newest_by_guest
    from proxtui.pve.client import ProxmoxClient
    from proxtui.pve.cluster import ClusterTools
    from proxtui.pve.containers import ContainerTools
    from proxtui.pve.diagnosis import diagnose
    from proxtui.pve.guest_config import GuestDisk, GuestNic, disks_of, nics_of
    from proxtui.pve.ha import HaTools
    from proxtui.pve.limits import Breaker, RateLimiter
    from proxtui.pve.listing import Listing, SourceStatus
    from proxtui.pve.lock import LockedTransport
    from proxtui.pve.models import (
        ClusterMember,
        ClusterStatus,
        Guest,
        NodeNetwork,
        NodeService,
        NodeStatus,
        ProxmoxContainer,
        ProxmoxNode,
        ProxmoxStorage,
        ProxmoxVM,
        StorageContent,
        Task,
        TaskLog,
        Version,
    )
    from proxtui.pve.models_access import AccessGroup, AccessRole, AccessToken, AccessUser, AclEntry, Realm
    from proxtui.pve.models_backup import BackupJob, UncoveredGuest
    from proxtui.pve.models_change import AgentExecResult, AgentFilesystem, AgentVersion, LocalDisk, MigrationCheck
    from proxtui.pve.models_cluster import (
        ClusterLogEntry,
        HaEntry,
        HaResource,
        HaRule,
        Pool,
        PoolMember,
        ReplicationJob,
    )
    from proxtui.pve.models_guest import AgentInfo, FirewallState, GuestInterface, GuestSnapshot, PendingChange
    from proxtui.pve.models_node import (
        DiskSmart,
        NodeCertificate,
        NodeDisk,
        NodeDns,
        NodeSubscription,
        NodeTime,
        NodeUpdate,
        SmartAttribute,
    )
    from proxtui.pve.models_storage import PruneMark, UrlMetadata
    from proxtui.pve.nodes import NodeTools
    from proxtui.pve.params.backups import BackupParams, RestoreParams
    from proxtui.pve.params.guests_create import ContainerCreateParams, VMCreateParams
    from proxtui.pve.params.ha import HaParams
    from proxtui.pve.params.storage import DownloadUrlParams, PruneParams, UploadParams
    from proxtui.pve.paths import path
    from proxtui.pve.pools import PoolTools
    from proxtui.pve.resources import Inventory, decode_resources
    from proxtui.pve.rrd import RrdSeries
    from proxtui.pve.sanitize import clean, clean_json
    from proxtui.pve.settings import ProxmoxConfig
    from proxtui.pve.sight import (
        lacks_for_acl,
        lacks_for_agent,
        lacks_for_backups,
        lacks_for_cluster_log,
        lacks_for_disks,
        lacks_for_guest,
        lacks_for_guests,
        lacks_for_pools,
        lacks_for_storages,
        lacks_for_tasks,
        lacks_for_users,
        may_see_backups,
    )
    from proxtui.pve.storage import StorageTools
    from proxtui.pve.tasks import TaskQuery, TaskTools
    from proxtui.pve.tls import CertificateInfo, probe_certificate
    from proxtui.pve.upid import Upid
    from proxtui.pve.validators import InputValidator
    from proxtui.pve.vms import VMTools

__all__ = [
    "AccessGroup",
    "AccessRole",
    "AccessToken",
    "AccessTools",
    "AccessUser",
    "AclEntry",
    "AgentExecResult",
    "AgentFilesystem",
    "AgentInfo",
    "AgentVersion",
    "ApiError",
    "AuthenticationError",
    "BackupJob",
    "BackupParams",
    "BackupTools",
    "Breaker",
    "CertificateError",
    "CertificateInfo",
    "ClusterLogEntry",
    "ClusterMember",
    "ClusterStatus",
    "ClusterTools",
    "ConflictError",
    "ConsoleError",
    "ConsoleRefused",
    "ContainerCreateParams",
    "ContainerTools",
    "DeadlineExceeded",
    "DiskSmart",
    "DownloadUrlParams",
    "FirewallState",
    "Guest",
    "GuestDisk",
    "GuestInterface",
    "GuestLocked",
    "GuestNic",
    "GuestSnapshot",
    "HaEntry",
    "HaParams",
    "HaResource",
    "HaRule",
    "HaTools",
    "HostKeyError",
    "InputValidator",
    "InvalidInput",
    "Inventory",
    "Listing",
    "LocalDisk",
    "LockedTransport",
    "MigrationCheck",
    "NetworkError",
    "NodeCertificate",
    "NodeDisk",
    "NodeDns",
    "NodeNetwork",
    "NodeService",
    "NodeStatus",
    "NodeSubscription",
    "NodeTime",
    "NodeTools",
    "NodeUnreachable",
    "NodeUpdate",
    "NotFoundError",
    "OtherCluster",
    "OutcomeUnknown",
    "PendingChange",
    "PermissionDenied",
    "Permissions",
    "Pool",
    "PoolMember",
    "PoolTools",
    "ProxmoxClient",
    "ProxmoxConfig",
    "ProxmoxContainer",
    "ProxmoxNode",
    "ProxmoxStorage",
    "ProxmoxVM",
    "ProxtuiError",
    "PruneMark",
    "PruneParams",
    "RateLimitError",
    "RateLimiter",
    "ReadOnlyError",
    "Realm",
    "ReplicationJob",
    "RestoreParams",
    "RrdSeries",
    "SmartAttribute",
    "SourceStatus",
    "StorageContent",
    "StorageTools",
    "Task",
    "TaskFailed",
    "TaskLog",
    "TaskQuery",
    "TaskTools",
    "TotpRequired",
    "TunnelError",
    "TunnelRefused",
    "UncoveredGuest",
    "UnexpectedAnswer",
    "Upid",
    "UploadParams",
    "UrlMetadata",
    "VMCreateParams",
    "VMTools",
    "ValidationError",
    "Version",
    "clean",
    "clean_json",
    "decode_resources",
    "diagnose",
    "disks_of",
    "lacks_for_acl",
    "lacks_for_agent",
    "lacks_for_backups",
    "lacks_for_cluster_log",
    "lacks_for_disks",
    "lacks_for_guest",
    "lacks_for_guests",
    "lacks_for_pools",
    "lacks_for_storages",
    "lacks_for_tasks",
    "lacks_for_users",
    "may_see_backups",
    "newest_by_guest",
    "nics_of",
    "path",
    "probe_certificate",
]

_HOMES = {
    "access": ("AccessTools", "Permissions"),
    "client": ("ProxmoxClient",),
    "cluster": ("ClusterTools",),
    "containers": ("ContainerTools",),
    "diagnosis": ("diagnose",),
    "guest_config": ("GuestDisk", "GuestNic", "disks_of", "nics_of"),
    "ha": ("HaTools",),
    "limits": ("Breaker", "RateLimiter"),
    "listing": ("Listing", "SourceStatus"),
    "lock": ("LockedTransport",),
    "models": (
        "ClusterMember",
        "ClusterStatus",
        "Guest",
        "NodeNetwork",
        "NodeService",
        "NodeStatus",
        "ProxmoxContainer",
        "ProxmoxNode",
        "ProxmoxStorage",
        "ProxmoxVM",
        "StorageContent",
        "Task",
        "TaskLog",
        "Version",
    ),
    "backups": ("BackupTools", "newest_by_guest"),
    "models_backup": ("BackupJob", "UncoveredGuest"),
    "models_access": ("AccessGroup", "AccessRole", "AccessToken", "AccessUser", "AclEntry", "Realm"),
    "models_change": ("AgentExecResult", "AgentFilesystem", "AgentVersion", "LocalDisk", "MigrationCheck"),
    "models_cluster": ("ClusterLogEntry", "HaEntry", "HaResource", "HaRule", "Pool", "PoolMember", "ReplicationJob"),
    "models_guest": ("AgentInfo", "FirewallState", "GuestInterface", "GuestSnapshot", "PendingChange"),
    "models_node": (
        "DiskSmart",
        "NodeCertificate",
        "NodeDisk",
        "NodeDns",
        "NodeSubscription",
        "NodeTime",
        "NodeUpdate",
        "SmartAttribute",
    ),
    "models_storage": ("PruneMark", "UrlMetadata"),
    "sight": (
        "lacks_for_acl",
        "lacks_for_agent",
        "lacks_for_backups",
        "lacks_for_cluster_log",
        "lacks_for_disks",
        "lacks_for_guest",
        "lacks_for_guests",
        "lacks_for_pools",
        "lacks_for_storages",
        "lacks_for_tasks",
        "lacks_for_users",
        "may_see_backups",
    ),
    "nodes": ("NodeTools",),
    "params.backups": ("BackupParams", "RestoreParams"),
    "params.guests_create": ("ContainerCreateParams", "VMCreateParams"),
    "params.ha": ("HaParams",),
    "params.storage": ("DownloadUrlParams", "PruneParams", "UploadParams"),
    "paths": ("path",),
    "pools": ("PoolTools",),
    "resources": ("Inventory", "decode_resources"),
    "rrd": ("RrdSeries",),
    "sanitize": ("clean", "clean_json"),
    "settings": ("ProxmoxConfig",),
    "storage": ("StorageTools",),
    "tasks": ("TaskQuery", "TaskTools"),
    "tls": ("CertificateInfo", "probe_certificate"),
    "upid": ("Upid",),
    "validators": ("InputValidator",),
    "vms": ("VMTools",),
}
# What has no home in the table is an error.
_HOME_OF = dict.fromkeys(__all__, "proxtui.errors")
_HOME_OF |= {name: f"proxtui.pve.{home}" for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})
