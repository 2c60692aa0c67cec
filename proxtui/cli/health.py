"""How well each server is, as a monitoring system wants to hear it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from proxtui.cli.judging import Judging, Level, problems_of
from proxtui.cli.sight import NOTHING
from proxtui.core import text
from proxtui.core.model import Fleet, ServerRef, Snapshot
from proxtui.core.rows import UNKNOWN, Column, Scalar, Tone, tone_of_load
from proxtui.core.tenant_stats import count_guests, silent_nodes

MOST_PROBLEMS = 3
"""Written out in a line; the others are counted."""


BADNESS = (Level.OK, Level.WARNING, Level.UNKNOWN, Level.CRITICAL)
"""From best to worst: what is certainly broken counts more than what could not be found out."""
TONES = {Level.OK: Tone.GOOD, Level.WARNING: Tone.WARN, Level.CRITICAL: Tone.BAD, Level.UNKNOWN: Tone.WARN}


def worst(levels: Sequence[Level]) -> Level:
    """The level of all together; UNKNOWN when there are none."""
    return max(levels, key=BADNESS.index, default=Level.UNKNOWN)


@dataclass(frozen=True, slots=True)
class ServerRow:
    """One server in numbers. Numbers are None while nothing is known of it."""

    key: ServerRef
    level: Level
    problems: tuple[str, ...]
    nodes: int | None = None
    online: int | None = None
    guests: int | None = None
    running: int | None = None
    cpu: float | None = None
    """0..1 of all processors of the nodes that are online."""
    mem: int | None = None
    maxmem: int | None = None
    storage: float | None = None
    """0..1 of the fullest storage."""
    memory: float | None = None
    """0..1 of the node with the fullest memory."""
    certificate: float | None = None
    """Seconds until the certificate ends."""

    muted = False

    @property
    def haystack(self) -> str:
        return f"{self.key.tenant} {self.key.server}".lower()

    def field(self, name: str) -> Scalar:
        """The value behind a filter term."""
        known: dict[str, Scalar] = {
            "tenant": self.key.tenant,
            "server": self.key.server,
            "name": self.key.server,
            "status": self.level.name.lower(),
            "cpu": self.cpu,
            "mem": self.mem,
            "maxmem": self.maxmem,
        }
        return known.get(name)


def server_rows(
    fleet: Fleet, blind: Mapping[ServerRef, str] = MappingProxyType({}), judging: Judging | None = None
) -> list[ServerRow]:
    """One row a server, in configured order. ``blind``: servers whose guests cannot be seen, and why."""
    return [server_row(snapshot, blind.get(snapshot.ref), judging) for snapshot in fleet.snapshots]


def server_row(snapshot: Snapshot, blind: str | None = None, judging: Judging | None = None) -> ServerRow:
    """Judge one server. What is forbidden is not broken; but when nothing at all can be seen, nobody knows."""
    judging = judging or Judging()
    found = list(problems_of(snapshot, judging))
    if blind:
        found.append((Level.UNKNOWN if blind == NOTHING else Level.OK, blind))
    level = worst([Level.OK, *(level for level, _ in found)])
    problems = tuple(problem for _, problem in sorted(found, key=lambda pair: -BADNESS.index(pair[0])))
    left = judging.certificates.get(snapshot.ref)
    if snapshot.taken_at is None:
        return ServerRow(snapshot.ref, level, problems, certificate=left)
    online = [node for node in snapshot.nodes.values() if node.status == "online"]
    counted = count_guests(snapshot.guests.values(), silent_nodes(snapshot))
    loads = [(node.cpu * node.maxcpu, node.maxcpu) for node in online if node.cpu is not None and node.maxcpu]
    memory = [(node.mem, node.maxmem) for node in online if node.mem is not None and node.maxmem is not None]
    return ServerRow(
        snapshot.ref,
        level,
        problems,
        nodes=len(snapshot.nodes),
        online=len(online),
        guests=None if blind else counted.total,
        running=None if blind else counted.running,
        cpu=sum(used for used, _ in loads) / sum(whole for _, whole in loads) if loads else None,
        mem=sum(used for used, _ in memory) if memory else None,
        maxmem=sum(whole for _, whole in memory) if memory else None,
        storage=_fullest((storage.used, storage.total) for storage in snapshot.storages.values()),
        memory=_fullest(memory),
        certificate=left,
    )


def _fullest(parts: Iterable[tuple[int | None, int | None]]) -> float | None:
    shares = (text.share(used, total) for used, total in parts)
    return max((share for share in shares if share is not None), default=None)


def summary(rows: Sequence[ServerRow]) -> str:
    """The totals in one line as monitoring systems show it: the level first, the worst problem last."""
    level = worst([row.level for row in rows])
    known = [row for row in rows if row.nodes is not None]
    parts = [f"{len(known)} of {len(rows)} servers answered"]
    if known:
        totals = {
            name: sum(getattr(row, name) or 0 for row in known) for name in ("nodes", "online", "guests", "running")
        }
        parts.append(f"{totals['online']} of {totals['nodes']} nodes online")
        unseen = sum(row.guests is None for row in known)
        if unseen < len(known):
            least = "at least " if unseen else ""
            parts.append(f"{least}{totals['running']} of {totals['guests']} guests running")
    cause = next(
        (f"; {row.key.tenant} / {row.key.server}: {row.problems[0]}" for row in rows if _is_cause(row, level)), ""
    )
    return f"{level.name} - {', '.join(parts)}{cause}"


def _is_cause(row: ServerRow, level: Level) -> bool:
    return row.level is level and bool(row.problems)


def problems_text(row: ServerRow) -> str:
    """The worst problems of a server; the others are counted."""
    more = len(row.problems) - MOST_PROBLEMS
    return "; ".join(row.problems[:MOST_PROBLEMS]) + (f"; and {more} more" if more > 0 else "")


def _of(part: int | None, whole: int | None) -> str:
    return UNKNOWN if part is None or whole is None else f"{part}/{whole}"


def _memory(row: ServerRow) -> float | None:
    return text.share(row.mem, row.maxmem)


COLUMNS: tuple[Column[ServerRow], ...] = (
    Column("status", "State", lambda r: r.level.name.lower(), lambda r: r.level.name, 8, tone=lambda r: TONES[r.level]),
    Column("tenant", "Tenant", lambda r: r.key.tenant, lambda r: r.key.tenant, 8),
    Column("server", "Server", lambda r: r.key.server, lambda r: r.key.server, 8),
    Column("nodes", "Nodes", lambda r: r.nodes, lambda r: _of(r.online, r.nodes), 5, align="right"),
    Column("guests", "Guests", lambda r: r.guests, lambda r: _of(r.running, r.guests), 7, align="right"),
    Column(
        "cpu",
        "CPU",
        lambda r: r.cpu,
        lambda r: text.percent(r.cpu),
        5,
        align="right",
        tone=lambda r: tone_of_load(r.cpu),
    ),
    Column(
        "mem",
        "Memory",
        lambda r: r.mem,
        lambda r: text.percent(_memory(r)),
        6,
        align="right",
        tone=lambda r: tone_of_load(_memory(r)),
    ),
    Column("problems", "Problems", lambda r: list(r.problems), problems_text, 8),
    Column("online", "Online", lambda r: r.online, lambda r: _of(r.online, r.nodes), 6, align="right", shown=False),
    Column(
        "running", "Running", lambda r: r.running, lambda r: _of(r.running, r.guests), 7, align="right", shown=False
    ),
    Column("maxmem", "Max memory", lambda r: r.maxmem, lambda r: text.size(r.maxmem), 10, align="right", shown=False),
)
"""Nodes and guests are written as online or running of all."""
