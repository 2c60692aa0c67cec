"""HA, replication, log and pools out of rows that may be wrong. None: the row does not say what it is about."""

from __future__ import annotations

import re

import msgspec

from proxtui.pve.fields import Row
from proxtui.pve.models_cluster import (
    ClusterLogEntry,
    HaEntry,
    HaResource,
    HaRule,
    Pool,
    PoolMember,
    ReplicationJob,
)
from proxtui.pve.validators import InputValidator

_JOB = re.compile(r"[1-9][0-9]{2,8}-[0-9]{1,9}")


def ha_entry_of(row: Row) -> HaEntry | None:
    """A line of ``/cluster/ha/status/current``."""
    ident, kind = row.text("id"), row.text("type")
    if ident is None or kind is None:
        return None
    return HaEntry(
        id=ident,
        type=kind,
        node=row.text("node"),
        status=row.text("status"),
        quorate=row.flag("quorate"),
        timestamp=row.moment("timestamp"),
        sid=row.text("sid"),
        state=row.text("state"),
        crm_state=row.text("crm_state"),
        request_state=row.text("request_state"),
        max_restart=row.integer("max_restart"),
        max_relocate=row.integer("max_relocate"),
        failback=row.flag("failback"),
        armed_state=row.text("armed-state"),
        resource_mode=row.text("resource_mode"),
    )


def ha_resource_of(row: Row) -> HaResource | None:
    """A resource of ``/cluster/ha/resources``."""
    sid = row.text("sid")
    if sid is None or not InputValidator.validate_sid(sid):
        return None
    return HaResource(
        sid=sid,
        type=row.text("type"),
        state=row.text("state"),
        group=row.text("group"),
        max_restart=row.integer("max_restart"),
        max_relocate=row.integer("max_relocate"),
        failback=row.flag("failback"),
        comment=row.prose("comment"),
    )


def ha_rule_of(row: Row) -> HaRule | None:
    """A rule of ``/cluster/ha/rules`` (9.x)."""
    rule, kind = row.text("rule"), row.text("type")
    if rule is None or kind is None:
        return None
    return HaRule(
        rule=rule,
        type=kind,
        resources=row.words("resources"),
        nodes=row.words("nodes"),
        strict=row.flag("strict"),
        affinity=row.text("affinity"),
        enabled=not row.flag("disable"),
        comment=row.prose("comment"),
    )


def ha_group_of(row: Row) -> HaRule | None:
    """A group of ``/cluster/ha/groups`` (8.x)."""
    group = row.text("group")
    if group is None:
        return None
    return HaRule(
        rule=group,
        type="group",
        nodes=row.words("nodes"),
        strict=row.flag("restricted"),
        comment=row.prose("comment"),
    )


def replication_of(row: Row) -> ReplicationJob | None:
    """A job of ``/cluster/replication``: what is configured."""
    ident = row.text("id")
    if ident is None or not _JOB.fullmatch(ident):
        return None
    return ReplicationJob(
        id=ident,
        guest=row.vmid("guest") or int(ident.partition("-")[0]),
        jobnum=row.integer("jobnum"),
        type=row.text("type"),
        source=row.text("source"),
        target=row.text("target"),
        schedule=row.text("schedule"),
        rate=row.number("rate"),
        enabled=not row.flag("disable"),
        remove_job=row.text("remove_job"),
        comment=row.prose("comment"),
    )


def replication_state_of(row: Row) -> ReplicationJob | None:
    """A job of ``/nodes/{node}/replication``: what is configured, and what the source node adds."""
    job = replication_of(row)
    if job is None:
        return None
    return msgspec.structs.replace(
        job,
        last_sync=row.moment("last_sync"),
        last_try=row.moment("last_try"),
        next_sync=row.moment("next_sync"),
        duration=row.number("duration"),
        fail_count=row.integer("fail_count"),
        error=row.prose("error"),
        # The process is named only while the job runs.
        running=bool(row.integer("pid")),
        state_known=True,
    )


def log_entry_of(row: Row) -> ClusterLogEntry | None:
    """A line of ``/cluster/log``."""
    if not row.has("msg") and not row.has("time"):
        return None
    return ClusterLogEntry(
        time=row.moment("time"),
        node=row.text("node"),
        user=row.text("user"),
        tag=row.text("tag"),
        pri=row.integer("pri"),
        pid=row.integer("pid"),
        msg=row.text("msg") or "",
        uid=row.text("id"),
    )


def pool_row_of(row: Row) -> Pool | None:
    """A pool of ``/pools``; with its members when PVE tells them."""
    poolid = row.text("poolid")
    if poolid is None or not InputValidator.validate_pool(poolid):
        return None
    members = None
    if row.has("members"):
        found = [_member(Row(item)) for item in row.items("members") if isinstance(item, dict)]
        members = tuple(sorted((member for member in found if member is not None), key=_by_kind))
    return Pool(poolid=poolid, comment=row.prose("comment"), members=members)


def _member(row: Row) -> PoolMember | None:
    kind = row.text("type")
    if kind is None:
        return None
    return PoolMember(
        type=kind,
        vmid=row.vmid(),
        storage=row.storage(),
        node=row.node(),
        name=row.text("name"),
        status=row.text("status"),
    )


def _by_kind(member: PoolMember) -> tuple[bool, int, str, str]:
    return member.vmid is None, member.vmid or 0, member.storage or "", member.node or ""
