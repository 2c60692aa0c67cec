"""Nodes, HA, replication, pools and the log as table rows. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from proxtui.core import text
from proxtui.core.model import NodeKey, Snapshot
from proxtui.core.rows import UNKNOWN, Column, Scalar, Tone
from proxtui.features.cluster.records import Line, Record, guest_key, guest_name, moment, second
from proxtui.features.cluster.service import HaItem, Member, Panel
from proxtui.pve.models import Guest
from proxtui.pve.models_cluster import ClusterLogEntry, Pool, ReplicationJob

AnyColumn = Column[Any]
SERVER: tuple[AnyColumn, ...] = (
    Column("server", "Server", lambda r: r.ref.server, lambda r: r.ref.server, 9, 3, is_name=True),
    Column("tenant", "Tenant", lambda r: r.ref.tenant, lambda r: r.ref.tenant, 9, 4, is_name=True),
)


MOST_NAMES = 5
"""Of nodes in one line."""
NO_QUORUM = "NO QUORUM, nothing can be changed or started"


def yes_no(value: bool | None) -> str:
    """``yes``, ``no`` or ``–``."""
    return UNKNOWN if value is None else "yes" if value else "no"


# Nodes and quorum.


def member_records(snapshot: Snapshot, panel: Panel[Member], _today: float) -> Iterator[Record[Member]]:
    """The nodes as the cluster itself sees them."""
    for item in panel.items:
        name = item.node.name
        fields = {"name": name, "node": name, "status": _online(item), "ip": item.node.ip}
        key = ("nodes", *snapshot.ref, name)
        yield Record(key, snapshot.ref, item, (name, item.node.ip), fields, NodeKey(*snapshot.ref, name))


def quorum_line(panel: Panel[Member]) -> Line:
    """Whether the cluster may act, and who is not there."""
    if not panel.items:
        return Line("Quorum", "no node is known", Tone.WARN)
    status = panel.items[0].cluster
    if status.name is None and status.quorate is None:
        return Line("Quorum", "stands alone: no cluster, no quorum needed", Tone.MUTED)
    word, tone = "quorum unknown", Tone.WARN
    if status.quorate is not None:
        word, tone = ("quorate", Tone.GOOD) if status.quorate else (NO_QUORUM, Tone.BAD)
    parts = [f"cluster {status.name or UNKNOWN}: {word}", _who_is_there(panel)]
    if tone is Tone.GOOD and any(item.node.online is not True for item in panel.items):
        tone = Tone.WARN
    return Line("Quorum", "; ".join(parts), tone)


def _who_is_there(panel: Panel[Member]) -> str:
    """``2 of 3 nodes online; offline: pve3``."""
    by_state: dict[str, list[str]] = {}
    for item in panel.items:
        by_state.setdefault(_online(item), []).append(item.node.name)
    parts = [f"{len(by_state.pop('online', ()))} of {len(panel.items)} nodes online"]
    return "; ".join([*parts, *(f"{state}: {_names(names)}" for state, names in sorted(by_state.items()))])


def _names(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _quorate(item: Member) -> bool | None:
    """Of a node that is not there nobody knows what it thinks."""
    return item.cluster.quorate if item.node.online else None


def _nodeid(item: Member) -> int | None:
    """None of a node that stands alone: PVE says 0 there, and no member of a cluster has that."""
    return item.node.nodeid or None


def _online(item: Member) -> str:
    return {True: "online", False: "offline", None: "unknown"}[item.node.online]


MEMBERS: tuple[AnyColumn, ...] = (
    Column(
        "status",
        "State",
        lambda r: _online(r.item),
        lambda r: _online(r.item),
        8,
        1,
        tone=lambda r: {"online": Tone.GOOD, "offline": Tone.BAD}.get(_online(r.item), Tone.WARN),
    ),
    Column("node", "Node", lambda r: r.item.node.name, lambda r: r.item.node.name, 12, 1, grow=True, is_name=True),
    *SERVER,
    Column("cluster", "Cluster", lambda r: r.item.cluster.name, lambda r: r.item.cluster.name or UNKNOWN, 12, 5),
    Column("quorate", "Quorate", lambda r: _quorate(r.item), lambda r: yes_no(_quorate(r.item)), 7, 2),
    Column("nodeid", "ID", lambda r: _nodeid(r.item), lambda r: _number(_nodeid(r.item)), 3, 6, align="right"),
    Column("ip", "Address", lambda r: r.item.node.ip, lambda r: r.item.node.ip or UNKNOWN, 15, 3),
    Column("local", "Answers", lambda r: r.item.node.local, lambda r: "answers us" if r.item.node.local else "", 10, 7),
)


def _number(value: int | None) -> str:
    return UNKNOWN if value is None else str(value)


# HA.

_HA_ORDER = ("quorum", "fencing", "master", "lrm", "service")
_HA_BAD = frozenset({"error", "fence", "recovery"})


def ha_records(snapshot: Snapshot, panel: Panel[HaItem], _today: float) -> Iterator[Record[HaItem]]:
    """What HA says of itself, then its guests."""
    ordered = sorted(panel.items, key=lambda item: (_rank(item), _ha_id(item)))
    for item in ordered:
        vmid = _vmid(item)
        node, name = ha_node(item), guest_name(snapshot, vmid)
        target = guest_key(snapshot, vmid) or (NodeKey(*snapshot.ref, node) if node else None)
        fields = {"name": name, "node": node, "id": vmid, "vmid": vmid, "type": ha_type(item), "status": ha_state(item)}
        key = ("ha", *snapshot.ref, _ha_id(item))
        words = (_ha_id(item), name, node, ha_state(item), ha_type(item))
        yield Record(key, snapshot.ref, item, words, fields, target)


def _rank(item: HaItem) -> int:
    return _HA_ORDER.index(ha_type(item)) if ha_type(item) in _HA_ORDER else len(_HA_ORDER)


def _ha_id(item: HaItem) -> str:
    if item.entry is not None:
        return item.entry.sid or item.entry.id
    return item.resource.sid if item.resource is not None else ""


def _vmid(item: HaItem) -> int | None:
    about = item.entry or item.resource
    return about.vmid if about is not None else None


def ha_type(item: HaItem) -> str:
    """``quorum``, ``master``, ``lrm``, ``fencing`` or ``service``."""
    return item.entry.type if item.entry is not None else "service"


def ha_node(item: HaItem) -> str | None:
    """Where it runs; None when nobody says."""
    return item.entry.node if item.entry is not None else None


def ha_state(item: HaItem) -> str | None:
    """How it is; None of a guest that HA does not report yet."""
    return item.entry.armed_state or item.entry.condition if item.entry is not None else None


def ha_wanted(item: HaItem) -> str | None:
    """What is asked for; PVE's default is ``started``."""
    if item.resource is not None:
        return item.resource.state or "started"
    return item.entry.request_state if item.entry is not None else None


def _ha_tone(item: HaItem) -> Tone:
    state = (ha_state(item) or "").lower()
    if state in _HA_BAD or "no quorum" in state or "dead" in state or (item.entry and item.entry.quorate is False):
        return Tone.BAD
    if "old timestamp" in state or state in ("freeze", "migrate", "relocate", "maintenance"):
        return Tone.WARN
    return Tone.PLAIN


def _group(item: HaItem) -> str | None:
    """The group of 8.x, or the rules of 9.x that name the guest."""
    if item.rules:
        return ", ".join(rule.rule if rule.enabled else f"{rule.rule} (off)" for rule in item.rules)
    return item.resource.group if item.resource is not None else None


HA: tuple[AnyColumn, ...] = (
    Column("sid", "What", lambda r: _ha_id(r.item), lambda r: _ha_id(r.item), 10, 1),
    Column("name", "Name", lambda r: r.fields["name"], lambda r: r.fields["name"] or "", 12, 2, grow=True),
    Column(
        "state",
        "State",
        lambda r: ha_state(r.item),
        lambda r: ha_state(r.item) or UNKNOWN,
        14,
        1,
        tone=lambda r: _ha_tone(r.item),
    ),
    Column("wanted", "Wanted", lambda r: ha_wanted(r.item), lambda r: ha_wanted(r.item) or "", 8, 3),
    Column("node", "Node", lambda r: ha_node(r.item), lambda r: ha_node(r.item) or UNKNOWN, 10, 2, is_name=True),
    *SERVER,
    Column("type", "Type", lambda r: ha_type(r.item), lambda r: ha_type(r.item), 8, 6),
    Column("group", "Group/rules", lambda r: _group(r.item), lambda r: _group(r.item) or "", 11, 7),
    Column(
        "text",
        "PVE says",
        lambda r: r.item.entry and r.item.entry.status,
        lambda r: (r.item.entry and r.item.entry.status) or "",
        20,
        8,
    ),
)


# Replication.


def replication_records(
    snapshot: Snapshot, panel: Panel[ReplicationJob], _today: float
) -> Iterator[Record[ReplicationJob]]:
    """The jobs, with what their node says of the last run."""
    for job in panel.items:
        name = guest_name(snapshot, job.guest)
        fields = {"name": name, "id": job.guest, "vmid": job.guest, "node": job.source, "status": sync_state(job)}
        words = (job.id, name, job.source, job.target, job.comment, job.error)
        key = ("replication", *snapshot.ref, job.id)
        yield Record(key, snapshot.ref, job, words, fields, guest_key(snapshot, job.guest))


def sync_state(job: ReplicationJob) -> str:
    """``ok``, ``failed``, ``running``, ``never``, ``off``, or ``unknown`` when the node could not be asked."""
    if not job.enabled:
        return "off"
    if not job.state_known:
        return "unknown"
    if job.error or job.fail_count:
        return "failed"
    return "running" if job.running else "ok" if job.last_sync else "never"


_SYNC_TONES = {"ok": Tone.GOOD, "failed": Tone.BAD, "never": Tone.WARN, "unknown": Tone.MUTED, "off": Tone.MUTED}

REPLICATION: tuple[AnyColumn, ...] = (
    Column("id", "Job", lambda r: r.item.id, lambda r: r.item.id, 8, 1),
    Column("name", "Guest", lambda r: r.fields["name"], lambda r: r.fields["name"] or UNKNOWN, 12, 3),
    Column(
        "status",
        "State",
        lambda r: sync_state(r.item),
        lambda r: sync_state(r.item),
        7,
        1,
        tone=lambda r: _SYNC_TONES.get(sync_state(r.item), Tone.PLAIN),
    ),
    Column("source", "From", lambda r: r.item.source, lambda r: r.item.source or UNKNOWN, 9, 2, is_name=True),
    Column("target", "To", lambda r: r.item.target, lambda r: r.item.target or UNKNOWN, 9, 2, is_name=True),
    *SERVER,
    Column("schedule", "Schedule", lambda r: r.item.schedule, lambda r: r.item.schedule or "*/15", 9, 5),
    Column("last_sync", "Last", lambda r: r.item.last_sync, lambda r: moment(r.item.last_sync), 16, 2),
    Column("next_sync", "Next", lambda r: r.item.next_sync, lambda r: moment(r.item.next_sync), 16, 6),
    Column(
        "duration", "Took", lambda r: r.item.duration, lambda r: text.duration(r.item.duration), 6, 7, align="right"
    ),
    Column(
        "error",
        "Error",
        lambda r: r.item.error,
        lambda r: r.item.error or "",
        10,
        4,
        grow=True,
        tone=lambda r: Tone.BAD,
    ),
)


# Pools.


def pool_records(snapshot: Snapshot, panel: Panel[Pool], _today: float) -> Iterator[Record[Pool]]:
    """The pools, with their guests out of the last poll."""
    offline = {node.node for node in snapshot.nodes.values() if node.status == "offline"}
    members: dict[str, list[Guest]] = {}
    for guest in snapshot.guests.values():
        members.setdefault(guest.pool or "", []).append(guest)
    for pool in panel.items:
        guests = members.get(pool.poolid, [])
        # PVE repeats what it last heard of an offline node: nobody knows what runs there.
        told = [guest for guest in guests if guest.status != "unknown" and guest.node not in offline]
        unseen = not guests and bool(panel.problems)
        fields: dict[str, Scalar] = {
            "name": pool.poolid,
            "pool": pool.poolid,
            "guests": None if unseen else len(guests),
            "running": None if unseen or (guests and not told) else sum(guest.status == "running" for guest in told),
            "unknown": len(guests) - len(told),
        }
        key = ("pools", *snapshot.ref, pool.poolid)
        yield Record(key, snapshot.ref, pool, (pool.poolid, pool.comment), fields)


def _running(record: Record[Pool]) -> str:
    """``6/8``; ``6+/8`` when of some nobody knows."""
    running, guests = record.fields["running"], record.fields["guests"]
    more = "+" if record.fields["unknown"] and running is not None else ""
    return f"{UNKNOWN if running is None else running}{more}/{UNKNOWN if guests is None else guests}"


POOLS: tuple[AnyColumn, ...] = (
    Column("poolid", "Pool", lambda r: r.item.poolid, lambda r: r.item.poolid, 14, 1),
    *SERVER,
    Column(
        "running",
        "Running",
        lambda r: r.fields["running"],
        _running,
        8,
        1,
        align="right",
    ),
    Column("guests", "Guests", lambda r: r.fields["guests"], lambda r: _number(r.fields["guests"]), 6, 1, shown=False),
    Column("comment", "Comment", lambda r: r.item.comment, lambda r: r.item.comment or "", 12, 2, grow=True),
)


# The log.


def log_records(snapshot: Snapshot, panel: Panel[ClusterLogEntry], _today: float) -> Iterator[Record[ClusterLogEntry]]:
    """The lines of the cluster's log."""
    for number, line in enumerate(panel.items):
        fields = {"node": line.node, "user": line.user, "status": line.severity, "name": line.tag}
        target = NodeKey(*snapshot.ref, line.node) if line.node else None
        # Lines without a number of their own are told apart by their place.
        key = ("log", *snapshot.ref, line.uid or f"#{number}")
        yield Record(key, snapshot.ref, line, (line.msg, line.user, line.node, line.tag), fields, target)


_SEVERITY = {"error": Tone.BAD, "warning": Tone.WARN}

LOG: tuple[AnyColumn, ...] = (
    Column("time", "Time", lambda r: r.item.time, lambda r: second(r.item.time), 14, 1),
    Column(
        "severity",
        "Level",
        lambda r: r.item.severity,
        lambda r: r.item.severity or UNKNOWN,
        7,
        3,
        tone=lambda r: _SEVERITY.get(r.item.severity or "", Tone.MUTED),
    ),
    Column("node", "Node", lambda r: r.item.node, lambda r: r.item.node or UNKNOWN, 9, 2, is_name=True),
    *SERVER,
    Column("user", "User", lambda r: r.item.user, lambda r: r.item.user or UNKNOWN, 12, 4),
    Column("tag", "Program", lambda r: r.item.tag, lambda r: r.item.tag or "", 9, 6),
    Column("msg", "Message", lambda r: r.item.msg, lambda r: r.item.msg, 30, 1, grow=True),
)
