"""What is wrong with a server, and how badly, by the thresholds of the settings. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from proxtui.config.thresholds import Thresholds
from proxtui.core import text
from proxtui.core.learned import Backup
from proxtui.core.model import GuestKey, ServerRef, Snapshot, SourceState

MOST_NAMES = 3
"""Of guests that have one problem in common; the others are counted."""
_DAY, _HOUR = 86_400.0, 3_600.0


class Level(IntEnum):
    """The exit codes of a monitoring plugin."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


Problem = tuple[Level, str]


@dataclass(frozen=True, slots=True)
class Judging:
    """By what is judged, and what was asked besides the poll."""

    limits: Thresholds = field(default_factory=Thresholds)
    certificates: Mapping[ServerRef, float] = field(default_factory=dict)
    """Seconds until the certificate that a server showed ends; negative: since it has."""
    now: float = 0.0
    """``Clock.monotonic``."""


def above(value: float, warn: float, crit: float) -> Level:
    """For what is bad when there is much of it. A threshold of 0 is none."""
    if crit and value >= crit:
        return Level.CRITICAL
    return Level.WARNING if warn and value >= warn else Level.OK


def below(value: float, warn: float, crit: float) -> Level:
    """For what is bad when little of it is left."""
    if crit and value < crit:
        return Level.CRITICAL
    return Level.WARNING if warn and value < warn else Level.OK


def problems_of(snapshot: Snapshot, judging: Judging) -> Iterator[Problem]:
    """Everything, the way to the server first."""
    if snapshot.state is SourceState.FORBIDDEN:
        yield Level.UNKNOWN, snapshot.error or "the login is refused"
    elif snapshot.error or snapshot.state is not SourceState.FRESH:
        yield Level.CRITICAL, snapshot.error or "no answer"
    for trouble in snapshot.troubles:
        if trouble.line != snapshot.error:
            yield Level.WARNING, trouble.line
    yield from _certificate(snapshot.ref, judging)
    yield from _nodes(snapshot, judging.limits)
    yield from _full_storages(snapshot, judging.limits)
    if judging.limits.warn_backup_hours or judging.limits.crit_backup_hours:
        yield from _backups(snapshot, judging)


def _certificate(ref: ServerRef, judging: Judging) -> Iterator[Problem]:
    left = judging.certificates.get(ref)
    if left is None:
        return
    level = below(left / _DAY, judging.limits.warn_certificate_days, judging.limits.crit_certificate_days)
    if level is not Level.OK:
        span = text.duration(abs(left))
        yield level, f"the certificate ends in {span}" if left > 0 else f"the certificate has ended {span} ago"


def _nodes(snapshot: Snapshot, limits: Thresholds) -> Iterator[Problem]:
    for key, node in sorted(snapshot.nodes.items()):
        if node.status == "offline":
            yield Level.CRITICAL, f"node {key.node} is offline"
        elif node.status != "online":
            yield Level.WARNING, f"node {key.node} is {node.status}"
        elif (part := text.share(node.mem, node.maxmem)) is not None:
            level = above(100 * part, limits.warn_memory, limits.crit_memory)
            if level is not Level.OK:
                yield level, f"memory of node {key.node} is {text.percent(part)} full"


def _full_storages(snapshot: Snapshot, limits: Thresholds) -> Iterator[Problem]:
    told: set[str] = set()
    for key, storage in sorted(snapshot.storages.items()):
        part = text.share(storage.used, storage.total)
        # A shared storage has a row on each of its nodes.
        name = key.storage if storage.shared else f"{key.storage} of node {key.node}"
        if part is None or name in told:
            continue
        level = above(100 * part, limits.warn_storage, limits.crit_storage)
        if level is not Level.OK:
            told.add(name)
            yield level, f"storage {name} is {text.percent(part)} full"


def _backups(snapshot: Snapshot, judging: Judging) -> Iterator[Problem]:
    found: dict[tuple[Level, str], list[str]] = {}
    for key, guest in sorted(snapshot.guests.items()):
        if guest.template:
            continue
        learned = snapshot.learned.get(key)
        level, what = _backup(learned.backup if learned else None, judging)
        if level is not Level.OK:
            found.setdefault((level, what), []).append(_name(key))
    for (level, what), names in found.items():
        more = len(names) - MOST_NAMES
        yield level, f"{what}: {', '.join(names[:MOST_NAMES])}" + (f" and {more} more" if more > 0 else "")


def _backup(backup: Backup | None, judging: Judging) -> Problem:
    limits = judging.limits
    if backup is None or (backup.made_at is None and not backup.sure):
        return Level.UNKNOWN, "backups cannot be told"
    if backup.made_at is None:
        return (Level.CRITICAL if limits.crit_backup_hours else Level.WARNING), "no backup"
    level = above((judging.now - backup.made_at) / _HOUR, limits.warn_backup_hours, limits.crit_backup_hours)
    if level is not Level.OK and not backup.sure:
        # Where not everything may be seen there may be a newer one.
        return Level.UNKNOWN, "backups cannot be told"
    bound = limits.crit_backup_hours if level is Level.CRITICAL else limits.warn_backup_hours
    return level, f"no backup for {bound:g} h"


def _name(key: GuestKey) -> str:
    return f"{'VM' if key.kind == 'qemu' else 'CT'} {key.vmid}"
