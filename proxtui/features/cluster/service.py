"""What the room asks of a server, one question for each section."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from proxtui.core.asking import Problem, attempt, problem_lines

if TYPE_CHECKING:
    from proxtui.pve.access import Permissions
    from proxtui.pve.client import ProxmoxClient
    from proxtui.pve.listing import Listing
    from proxtui.pve.models import ClusterMember, ClusterStatus
    from proxtui.pve.models_access import AccessUser, AclEntry
    from proxtui.pve.models_backup import BackupJob, UncoveredGuest
    from proxtui.pve.models_cluster import ClusterLogEntry, HaEntry, HaResource, HaRule, Pool, ReplicationJob

T = TypeVar("T")
LOG_LINES = 200


@dataclass(frozen=True, slots=True)
class Panel(Generic[T]):
    """The answer of one server to one question."""

    items: Sequence[T]
    problems: Sequence[str] = ()
    """What is missing in it and why, a line each; a missing privilege by its name."""
    partial: bool = False
    """True when there may be more items than these."""


@dataclass(frozen=True, slots=True)
class Member:
    """A node, and the cluster it belongs to."""

    node: ClusterMember
    cluster: ClusterStatus


@dataclass(frozen=True, slots=True)
class HaItem:
    """A line of the HA status, or a guest that is configured and not reported yet."""

    entry: HaEntry | None
    resource: HaResource | None
    """How the guest is configured; None of other lines, and when that could not be read."""
    rules: tuple[HaRule, ...] = ()
    """The rules of 9.x that name the guest."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that somebody has somewhere, or a user who has none."""

    entry: AclEntry | None
    user: AccessUser | None
    """The user, also of a token; None of groups and of those that may not be seen."""


async def ask_members(client: ProxmoxClient) -> Panel[Member]:
    """GET ``/cluster/status``; needs Sys.Audit on ``/``."""
    from proxtui.pve.cluster import ClusterTools

    status = await ClusterTools(client).status()
    return Panel([Member(node, status) for node in status.nodes])


async def ask_ha(client: ProxmoxClient) -> Panel[HaItem]:
    """GET ``/cluster/ha/status/current``, ``/cluster/ha/resources`` and ``/cluster/ha/rules`` (8.x: ``groups``).

    All need Sys.Audit on ``/``.
    """
    from proxtui.pve.cluster import ClusterTools

    problems: list[Problem] = []
    tools = ClusterTools(client)
    entries = await tools.ha_status()
    resources = await attempt("configuration", tools.ha_resources(), problems)
    rules = await attempt("rules", tools.ha_rules(), problems) or ()
    configured = {resource.sid: resource for resource in resources or ()}
    items = [HaItem(entry, configured.pop(entry.sid or "", None), _naming(entry.sid, rules)) for entry in entries]
    items += [HaItem(None, resource, _naming(resource.sid, rules)) for resource in configured.values()]
    return Panel(items, [*problem_lines(problems), *unread(entries)], resources is None or bool(entries.invalid))


def _naming(sid: str | None, rules: Sequence[HaRule]) -> tuple[HaRule, ...]:
    return tuple(rule for rule in rules if sid in rule.resources)


async def ask_replication(client: ProxmoxClient) -> Panel[ReplicationJob]:
    """GET ``/cluster/replication``, and ``/nodes/N/replication`` of every node that replicates."""
    from proxtui.pve.cluster import ClusterTools
    from proxtui.pve.nodes import NodeTools

    jobs = await ClusterTools(client).replication()
    tools = NodeTools(client)
    problems: list[Problem] = []
    async with asyncio.TaskGroup() as group:
        asked = [
            group.create_task(attempt(f"state on {node}", tools.get_node_replication(node), problems))
            for node in sorted({job.source for job in jobs if job.source})
        ]
        hidden = group.create_task(_hidden(client, lambda held: _gap(held, "/vms", "VM.Audit")))
    states = {job.id: job for task in asked for job in task.result() or ()}
    items = [states.get(job.id, job) for job in jobs]
    return panel(items, [*hidden.result(), *unread(jobs)], problem_lines(problems))


async def ask_jobs(client: ProxmoxClient) -> Panel[BackupJob]:
    """GET ``/cluster/backup``; needs Sys.Audit on ``/``."""
    from proxtui.pve.backups import BackupTools

    jobs = await BackupTools(client).jobs()
    return panel(jobs, unread(jobs))


async def ask_uncovered(client: ProxmoxClient) -> Panel[UncoveredGuest]:
    """GET ``/cluster/backup-info/not-backed-up``; needs Sys.Audit on ``/``."""
    from proxtui.pve.backups import BackupTools

    guests = await BackupTools(client).not_covered()
    return panel(guests, unread(guests))


async def ask_pools(client: ProxmoxClient) -> Panel[Pool]:
    """GET ``/pools``; those without Pool.Audit are left out, and guests without VM.Audit are not counted."""
    from proxtui.pve.cluster import ClusterTools

    pools = await ClusterTools(client).pools()
    hidden = await _hidden(client, lambda held: _gap(held, "/pool", "Pool.Audit") or _gap(held, "/vms", "VM.Audit"))
    return panel(pools, [*hidden, *unread(pools)])


async def ask_log(client: ProxmoxClient) -> Panel[ClusterLogEntry]:
    """GET ``/cluster/log``; only our own lines without Sys.Syslog on ``/``."""
    from proxtui.pve.cluster import ClusterTools
    from proxtui.pve.sight import lacks_for_cluster_log

    lines = await ClusterTools(client).log(LOG_LINES)
    return panel(lines, [*await _hidden(client, lacks_for_cluster_log), *unread(lines)])


async def ask_access(client: ProxmoxClient) -> Panel[Grant]:
    """GET ``/access/acl`` and ``/access/users``; only what we may see without Sys.Audit on ``/access``."""
    from proxtui.pve.access import AccessTools

    problems: list[Problem] = []
    tools = AccessTools(client)
    acl = await tools.acl()
    users = await attempt("users", tools.users(), problems)
    known = {user.userid: user for user in users or ()}
    items = [Grant(entry, known.get(entry.ugid.partition("!")[0])) for entry in acl]
    granted = {entry.ugid for entry in acl} | {
        user.userid
        for user in known.values()
        if any(entry.type == "group" and entry.ugid in user.groups for entry in acl)
    }
    items += [Grant(None, user) for user in known.values() if user.userid not in granted]
    hidden = await _hidden(client, lambda held: _gap(held, "/access", "Sys.Audit"))
    return panel(items, [*problem_lines(problems), *hidden, *unread(acl)])


def panel(items: Sequence[T], missing: Sequence[str], untold: Sequence[str] = ()) -> Panel[T]:
    """``missing`` says why there may be more items, ``untold`` what is not known of these."""
    return Panel(items, [*untold, *missing], bool(missing))


def unread(listing: Listing[Any]) -> list[str]:
    """A line when rows came that make no sense."""
    return [f"{listing.invalid} rows could not be read"] if listing.invalid else []


async def _hidden(client: ProxmoxClient, lacks: Callable[[Permissions], str | None]) -> list[str]:
    """PVE leaves out silently what we may not see; our own rights tell that something may be missing."""
    from proxtui.pve.access import AccessTools

    problems: list[Problem] = []
    held = await attempt("what we may see", AccessTools(client).permissions(), problems)
    if held is None:
        return problem_lines(problems)
    lack = lacks(held)
    return [] if lack is None else [f"only what we may see: missing privilege {lack}"]


def _gap(held: Permissions, path: str, privilege: str) -> str | None:
    gaps = held.gaps(path, privilege)
    return f"{privilege} on {gaps[0]}" if gaps else None
