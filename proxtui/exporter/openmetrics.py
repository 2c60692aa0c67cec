"""Facts as OpenMetrics text. Pure. What is unknown is absent, never 0; what is old is not passed off as of now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from proxtui import __version__
from proxtui.core.model import Fleet, ServerRef, Snapshot, SourceState
from proxtui.core.tenant_stats import RUNNING, silent_nodes
from proxtui.exporter.families import FAMILIES, head

if TYPE_CHECKING:
    from proxtui.pve.models import ClusterStatus, Guest, ProxmoxNode, ProxmoxStorage, Version

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_UP_NODE = {"online": 1, "offline": 0}


@dataclass(frozen=True, slots=True)
class Calls:
    """How the calls to one server went within 24 h."""

    attempts: int
    success_ratio: float | None
    average_seconds: float | None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is exported. A server that is not in a mapping has nothing to tell there."""

    fleet: Fleet
    versions: Mapping[ServerRef, Version] = field(default_factory=dict)
    clusters: Mapping[ServerRef, ClusterStatus] = field(default_factory=dict)
    requests: Mapping[ServerRef, int] = field(default_factory=dict)
    certificates: Mapping[ServerRef, float] = field(default_factory=dict)
    """Seconds since the epoch."""
    calls: Mapping[ServerRef, Calls] = field(default_factory=dict)


Samples = defaultdict[str, list[str]]
"""Lines by family, each with its line end."""


def render(facts: Facts) -> bytes:
    """The whole text, with ``# EOF``. A family without a sample is left out."""
    samples: Samples = defaultdict(list)
    samples["proxtui_build"].append(f"proxtui_build_info{_labels(version=__version__)} 1\n")
    for snapshot in facts.fleet.snapshots:
        _source(samples, snapshot, facts)
        # Rows of a server that does not answer are true no more, so they end here instead of standing still.
        if snapshot.state is SourceState.FRESH:
            _contents(samples, snapshot, facts)
    parts = [head(name) + "".join(samples[name]) for name in FAMILIES if samples[name]]
    return "".join([*parts, "# EOF\n"]).encode()


def _labels(**labels: object) -> str:
    return "{" + ",".join(f'{name}="{_text(value)}"' for name, value in labels.items()) + "}"


def _text(value: object) -> str:
    return ("" if value is None else str(value)).translate(_ESCAPES)


def _source(samples: Samples, snapshot: Snapshot, facts: Facts) -> None:
    ref, now = snapshot.ref, facts.fleet.now
    where = _labels(tenant=ref.tenant, server=ref.server)
    for state in SourceState:
        labels = _labels(tenant=ref.tenant, server=ref.server, state=state)
        samples["proxtui_source_state"].append(f"proxtui_source_state{labels} {int(snapshot.state is state)}\n")
    if snapshot.state is not SourceState.WAITING:
        labels = _labels(id=f"server/{ref.server}", tenant=ref.tenant, server=ref.server)
        samples["pve_up"].append(f"pve_up{labels} {int(snapshot.state is SourceState.FRESH)}\n")
    known: dict[str, float | None] = {
        "proxtui_source_age_seconds": snapshot.age(now),
        "proxtui_source_guests_unseen": None if snapshot.taken_at is None else int(snapshot.guests_unseen),
        "proxtui_source_certificate_expiry_timestamp_seconds": facts.certificates.get(ref),
    }
    if (calls := facts.calls.get(ref)) is not None:
        known["proxtui_connection_attempts"] = calls.attempts
        known["proxtui_connection_success_ratio"] = calls.success_ratio
        known["proxtui_connection_average_seconds"] = calls.average_seconds
    _add(samples, where, known)
    if ref in facts.requests:
        samples["proxtui_requests"].append(f"proxtui_requests_total{where} {facts.requests[ref]}\n")


def _contents(samples: Samples, snapshot: Snapshot, facts: Facts) -> None:
    tail = f'",tenant="{_text(snapshot.ref.tenant)}",server="{_text(snapshot.ref.server)}"'
    cluster = facts.clusters.get(snapshot.ref)
    numbers = {} if cluster is None else {member.name: member.nodeid for member in cluster.nodes}
    if cluster is not None:
        _cluster(samples, cluster, tail)
    if (version := facts.versions.get(snapshot.ref)) is not None:
        about = _labels(release=version.release, repoid=version.repoid, version=version.version)[:-1]
        samples["pve_version"].append(f"pve_version_info{about}{tail[1:]}}} 1\n")
    for key, node in snapshot.nodes.items():
        _node(samples, node, f'{{id="node/{_text(key.node)}{tail}', numbers.get(key.node))
    for where, storage in snapshot.storages.items():
        _storage(samples, storage, f'{{id="storage/{_text(where.node)}/{_text(where.storage)}{tail}')
    silent, gone = silent_nodes(snapshot), snapshot.recalled
    if not snapshot.guests_unseen:
        _guests(samples, (one for key, one in snapshot.guests.items() if key not in gone), silent, tail)


def _cluster(samples: Samples, cluster: ClusterStatus, tail: str) -> None:
    if cluster.name is None:
        return
    begin = f'{{id="cluster/{_text(cluster.name)}{tail}'
    quorate = None if cluster.quorate is None else int(cluster.quorate)
    _add(samples, f"{begin}}}", {"pve_up": quorate})
    about = _labels(nodes=len(cluster.nodes), quorate=quorate, version=cluster.version)[1:]
    samples["pve_cluster"].append(f"pve_cluster_info{begin},{about} 1\n")


def _node(samples: Samples, node: ProxmoxNode, begin: str, number: int | None) -> None:
    about = _labels(level=node.level, name=node.node, nodeid=number)[1:]
    samples["pve_node"].append(f"pve_node_info{begin},{about} 1\n")
    labels = f"{begin}}}"
    _add(samples, labels, {"pve_up": _UP_NODE.get(node.status)})
    if node.status == "online":
        _add(
            samples,
            labels,
            {
                "pve_disk_size_bytes": node.maxdisk,
                "pve_disk_usage_bytes": node.disk,
                "pve_memory_size_bytes": node.maxmem,
                "pve_memory_usage_bytes": node.mem,
                "pve_cpu_usage_ratio": node.cpu,
                "pve_cpu_usage_limit": node.maxcpu,
                "pve_uptime_seconds": node.uptime,
            },
        )


def _storage(samples: Samples, storage: ProxmoxStorage, begin: str) -> None:
    content = ",".join(storage.content)
    about = _labels(node=storage.node, storage=storage.storage, plugintype=storage.type, content=content)[1:]
    samples["pve_storage"].append(f"pve_storage_info{begin},{about} 1\n")
    known = storage.status not in (None, "unknown")
    _add(
        samples,
        f"{begin}}}",
        {
            "pve_up": int(storage.status == "available") if known else None,
            "pve_disk_size_bytes": storage.total if known else None,
            "pve_disk_usage_bytes": storage.used if known else None,
            "pve_storage_shared": None if storage.shared is None else int(storage.shared),
        },
    )


def _guests(samples: Samples, guests: Iterable[Guest], silent: frozenset[str], tail: str) -> None:
    # Ten thousand guests make a hundred thousand lines: whatever can be done once is done outside of the loop.
    add = {name: samples[name].append for name in FAMILIES}
    up, info = add["pve_up"], add["pve_guest"]
    for guest in guests:
        begin = f'{{id="{guest.type}/{guest.vmid}{tail}'
        info(
            f'pve_guest_info{begin},node="{_text(guest.node)}",name="{_text(guest.name)}",type="{guest.type}",'
            f'template="{int(bool(guest.template))}",tags="{_text(";".join(guest.tags))}"}} 1\n'
        )
        if guest.hastate:
            add["pve_ha_state"](f'pve_ha_state{begin},state="{_text(guest.hastate)}"}} 1\n')
        if guest.lock:
            add["pve_lock_state"](f'pve_lock_state{begin},state="{_text(guest.lock)}"}} 1\n')
        if guest.node in silent or guest.status == "unknown":
            continue
        up(f"pve_up{begin}}} {int(guest.status in RUNNING)}\n")
        for name, sample, value in (
            ("pve_disk_size_bytes", "pve_disk_size_bytes", guest.maxdisk),
            ("pve_disk_usage_bytes", "pve_disk_usage_bytes", guest.disk),
            ("pve_memory_size_bytes", "pve_memory_size_bytes", guest.maxmem),
            ("pve_memory_usage_bytes", "pve_memory_usage_bytes", guest.mem),
            ("pve_network_transmit_bytes", "pve_network_transmit_bytes_total", guest.netout),
            ("pve_network_receive_bytes", "pve_network_receive_bytes_total", guest.netin),
            ("pve_disk_written_bytes", "pve_disk_written_bytes_total", guest.diskwrite),
            ("pve_disk_read_bytes", "pve_disk_read_bytes_total", guest.diskread),
            ("pve_cpu_usage_ratio", "pve_cpu_usage_ratio", guest.cpu),
            ("pve_cpu_usage_limit", "pve_cpu_usage_limit", guest.maxcpu),
            ("pve_uptime_seconds", "pve_uptime_seconds", guest.uptime),
        ):
            if value is not None:
                add[name](f"{sample}{begin}}} {value}\n")


def _add(samples: Samples, labels: str, known: Mapping[str, float | None]) -> None:
    for name, value in known.items():
        if value is not None:
            samples[name].append(f"{name}{labels} {value}\n")
