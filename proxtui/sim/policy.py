"""What is arranged for a whole cluster: backup jobs, replication, HA groups, groups of users."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY = 86_400


@dataclass(slots=True)
class BackupJob:
    """One vzdump job: everything, a pool, or some guests."""

    id: str
    schedule: str
    storage: str
    pool: str | None = None
    comment: str | None = None
    enabled: bool = True
    vmids: tuple[int, ...] = ()
    mode: str = "snapshot"
    keep: dict[str, str] = field(default_factory=dict)
    """``prune-backups``: ``keep-daily`` and the like."""


@dataclass(slots=True)
class ReplicationJob:
    """A guest's volumes, sent to another node again and again."""

    guest: int
    number: int
    target: str
    schedule: str
    comment: str | None = None
    rate: int | None = None
    disabled: bool = False
    error: str | None = None
    """Why every try fails since ``failing_since``; None: all is well."""
    failing_since: float = 0.0

    @property
    def id(self) -> str:
        return f"{self.guest}-{self.number}"


@dataclass(slots=True)
class HaGroup:
    """Nodes that HA prefers: a group on 8.4, a node-affinity rule on 9.x."""

    name: str
    nodes: tuple[str, ...]
    """In order of preference, with the priority after a colon."""
    comment: str | None = None
    strict: bool = False


@dataclass(slots=True)
class Group:
    """A group of users."""

    name: str
    members: tuple[str, ...]
    comment: str | None = None


def next_run(schedule: str, now: float) -> int | None:
    """When a calendar event such as ``*/15``, ``02:30`` or ``mon..fri 21:00`` is due next; None for other words."""
    every = re.fullmatch(r"\*/(\d+)", schedule)
    if every is not None:
        step = int(every[1]) * 60
        return int(now) // step * step + step
    match = re.fullmatch(r"(?:([a-z]{3})(?:\.\.([a-z]{3}))? )?(\d{1,2}):(\d{2})", schedule)
    if match is None:
        return None
    first = DAYS.index(match[1]) if match[1] else 0
    last = DAYS.index(match[2]) if match[2] else (first if match[1] else 6)
    midnight = int(now) // DAY * DAY
    for ahead in range(8):
        moment = midnight + ahead * DAY + int(match[3]) * 3600 + int(match[4]) * 60
        weekday = datetime.datetime.fromtimestamp(moment, datetime.UTC).weekday()
        if moment > now and first <= weekday <= last:
            return moment
    return None
