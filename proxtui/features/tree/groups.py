"""The tree by pool or by tag: tenant, then pools or tags, then the guests in them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import groupby
from types import MappingProxyType
from typing import NamedTuple

from msgspec.structs import replace

from proxtui.core.ages import is_old
from proxtui.core.model import Fleet, GuestKey, NodeKey, Snapshot
from proxtui.core.rows import Tone
from proxtui.features.tree.rows import (
    FLEET,
    NOBODY,
    Count,
    GroupKey,
    Keep,
    LineKey,
    MemberKey,
    TenantKey,
    TreeLine,
    add,
    guest_line,
)
from proxtui.pve.models import Guest

GROUPS: Mapping[str, Callable[[Guest], Collection[str]]] = MappingProxyType(
    {
        "pool": lambda guest: [guest.pool or ""],
        "tag": lambda guest: guest.tags or [""],
    }
)
WAYS = ("server", *GROUPS)
"""What ``b`` goes through."""


def filter_of(key: GroupKey) -> str:
    """The filter that lets the guests of a group through."""
    if not key.name:
        return f"!{key.by}:*"
    return f'{key.by}:"{key.name}"' if not key.name.isalnum() else f"{key.by}:{key.name}"


def group_lines(
    fleet: Fleet, by: str, toggled: Collection[LineKey] = NOBODY, keep: Keep | None = None
) -> list[TreeLine]:
    """All visible lines. Tenants are open and groups closed, but for those in ``toggled``.

    Tenants always stay under a filter, and so does a group above a guest that stays.
    """
    body: list[TreeLine] = []
    counts: list[Count] = []
    for tenant, snapshots in groupby(fleet.snapshots, key=lambda snapshot: snapshot.ref.tenant):
        members = [member for snapshot in snapshots for member in _members(snapshot, keep)]
        counts.append(_count(members))
        key = TenantKey(tenant)
        is_open = key not in toggled
        body.append(TreeLine(key, "tenant", 0, tenant, note=str(counts[-1]), is_open=is_open))
        if is_open:
            body.extend(_groups(tenant, by, members, toggled))
    return [TreeLine(FLEET, "fleet", 0, f"all tenants, by {by}", note=str(add(counts))), *body]


class _Member(NamedTuple):
    key: GuestKey
    guest: Guest
    old: bool
    doubtful: bool


def _members(snapshot: Snapshot, keep: Keep | None) -> Iterator[_Member]:
    old = is_old(snapshot.state)
    for key, guest in snapshot.guests.items():
        if keep is None or keep(key):
            node = snapshot.nodes.get(NodeKey(*snapshot.ref, guest.node))
            yield _Member(key, guest, old, node is not None and node.status == "offline")


def _count(members: Collection[_Member]) -> Count:
    running = sum(member.guest.status == "running" and not member.doubtful for member in members)
    total = sum(not member.guest.template for member in members)
    return Count(running, total, known=bool(members))


def _groups(tenant: str, by: str, members: Collection[_Member], toggled: Collection[LineKey]) -> Iterator[TreeLine]:
    groups: dict[str, list[_Member]] = {}
    for member in members:
        for name in GROUPS[by](member.guest):
            groups.setdefault(name, []).append(member)
    # Those without any come last.
    for name in sorted(groups, key=lambda name: (not name, name.casefold())):
        key = GroupKey(tenant, by, name)
        is_open = key in toggled
        tone = Tone.PLAIN if name else Tone.MUTED
        note = str(_count(groups[name]))
        yield TreeLine(key, by, 1, name or f"no {by}", tone=tone, note=note, is_open=is_open)
        if is_open:
            for member in sorted(groups[name], key=lambda member: (member.key.server, member.key.vmid)):
                line = guest_line(member.key, member.guest, muted=member.old or member.doubtful)
                yield replace(line, key=MemberKey(key, member.key), depth=2)


def group_ancestors(key: GuestKey, fleet: Fleet, by: str) -> list[LineKey]:
    """The lines that can stand for a guest, nearest first."""
    snapshot = next((one for one in fleet.snapshots if key in one.guests), None)
    names = GROUPS[by](snapshot.guests[key]) if snapshot else ()
    groups = [GroupKey(key.tenant, by, name) for name in names]
    return [*(MemberKey(group, key) for group in groups), *groups, TenantKey(key.tenant)]
