"""Nodes as table rows: from the fleet to what the screen and ``nodes list`` show. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from proxtui.core import text
from proxtui.core.ages import age_text, coarse_age, heard, is_old
from proxtui.core.census import Census
from proxtui.core.fields import node_field, node_haystack
from proxtui.core.model import Fleet, NodeKey, Scope, Snapshot, SourceState
from proxtui.core.rows import UNKNOWN, Column, Scalar, Tone, tone_of_load
from proxtui.pve.models import ProxmoxNode

EVERYWHERE = Scope()


@dataclass(frozen=True, slots=True)
class NodeRow:
    """One node, and how many guests live on it."""

    key: NodeKey
    node: ProxmoxNode
    state: SourceState
    """How good the knowledge of its server is."""
    age: int | None
    """Coarse seconds; None while unknown. See ``core.ages``."""
    running: int | None
    """Guests that run; None while the node is offline, for PVE then repeats what it last heard."""
    guests: int | None
    """Guests that live here, templates included; None when the login may see none."""
    haystack: str

    @property
    def muted(self) -> bool:
        # That a node is offline is news, not old knowledge: its line stands out.
        return is_old(self.state)

    @property
    def is_offline(self) -> bool:
        return self.node.status == "offline"

    @property
    def memory(self) -> float | None:
        """Used part of the memory, 0..1."""
        return text.share(self.node.mem, self.node.maxmem)

    @property
    def disk(self) -> float | None:
        """Used part of the root file system, 0..1."""
        return text.share(self.node.disk, self.node.maxdisk)

    def field(self, name: str) -> Scalar:
        """The value behind a filter term: ``cpu`` 0..1, sizes in bytes, uptime in seconds."""
        return node_field(self.key, self.node, name)


def node_rows(fleet: Fleet, scope: Scope = EVERYWHERE, census: Census | None = None) -> list[NodeRow]:
    """The nodes in scope, in configured order of servers. Who asks at every poll keeps the ``census``."""
    counted = census or Census()
    rows: list[NodeRow] = []
    for snapshot in fleet.snapshots:
        if scope.covers_server(snapshot.ref):
            rows.extend(row for row in _rows_of(snapshot, fleet.now, counted) if scope.node in (None, row.key.node))
    return rows


def _rows_of(snapshot: Snapshot, now: float, census: Census) -> Iterator[NodeRow]:
    age = coarse_age(snapshot, now)
    total, running = census.of(snapshot)
    for key, node in sorted(snapshot.nodes.items()):
        lives = None if snapshot.guests_unseen and not snapshot.guests else total[key.node]
        count = None if lives is None or node.status == "offline" else running[key.node]
        yield NodeRow(key, node, snapshot.state, age, count, lives, node_haystack(key))


STATUS_TONES = {"online": Tone.GOOD, "offline": Tone.BAD}


def status_text(row: NodeRow) -> str:
    """``online?`` when its server does not answer."""
    return heard(row.node.status, is_doubtful=row.muted)


def _status_tone(row: NodeRow) -> Tone:
    return STATUS_TONES.get(row.node.status, Tone.WARN)


def usage_text(used: int | None, total: int | None) -> str:
    """``1.5 GiB  38 %``; only the size when the limit is unknown."""
    part = text.share(used, total)
    return text.size(used) if part is None else f"{text.size(used)} {text.percent(part):>5}"


def guests_text(row: NodeRow) -> str:
    """``12/15``: running of all."""
    if row.guests is None:
        return UNKNOWN
    return f"{UNKNOWN if row.running is None else row.running}/{row.guests}"


def _guests_tone(row: NodeRow) -> Tone:
    return Tone.MUTED if not row.guests else Tone.PLAIN


def _cpus_text(row: NodeRow) -> str:
    return UNKNOWN if row.node.maxcpu is None else f"{row.node.maxcpu:g}"


def _load(read: Callable[[NodeRow], float | None]) -> Callable[[NodeRow], Tone]:
    return lambda row: tone_of_load(read(row))


COLUMNS: tuple[Column[NodeRow], ...] = (
    Column("status", "State", lambda r: r.node.status, status_text, 8, 1, tone=_status_tone),
    Column("node", "Node", lambda r: r.key.node, lambda r: r.key.node, 10, 1, grow=True, is_name=True),
    Column("server", "Server", lambda r: r.key.server, lambda r: r.key.server, 9, 3, is_name=True),
    Column("tenant", "Tenant", lambda r: r.key.tenant, lambda r: r.key.tenant, 9, 4, is_name=True),
    Column(
        "cpu",
        "CPU",
        lambda r: r.node.cpu,
        lambda r: text.percent(r.node.cpu),
        5,
        2,
        align="right",
        tone=_load(lambda r: r.node.cpu),
    ),
    Column("maxcpu", "CPUs", lambda r: r.node.maxcpu, _cpus_text, 4, 7, align="right"),
    Column(
        "mem",
        "Memory",
        lambda r: r.node.mem,
        lambda r: usage_text(r.node.mem, r.node.maxmem),
        14,
        2,
        align="right",
        tone=_load(lambda r: r.memory),
    ),
    Column(
        "disk",
        "Root disk",
        lambda r: r.node.disk,
        lambda r: usage_text(r.node.disk, r.node.maxdisk),
        14,
        6,
        align="right",
        tone=_load(lambda r: r.disk),
    ),
    Column("uptime", "Uptime", lambda r: r.node.uptime, lambda r: text.duration(r.node.uptime), 7, 5, align="right"),
    Column("running", "Running", lambda r: r.running, guests_text, 7, 3, align="right", tone=_guests_tone),
    Column("age", "Age", lambda r: r.age, lambda r: age_text(r.age), 4, 4, align="right", tone=lambda r: Tone.MUTED),
    Column(
        "guests",
        "Guests",
        lambda r: r.guests,
        lambda r: UNKNOWN if r.guests is None else str(r.guests),
        6,
        align="right",
        shown=False,
    ),
    Column("maxmem", "Max memory", lambda r: r.node.maxmem, lambda r: text.size(r.node.maxmem), 10, shown=False),
    Column("maxdisk", "Max disk", lambda r: r.node.maxdisk, lambda r: text.size(r.node.maxdisk), 9, shown=False),
    Column("level", "Level", lambda r: r.node.level, lambda r: r.node.level or "", 9, shown=False),
)
"""Keys as PVE spells them, plus ``tenant``, ``server``, ``running``, ``guests`` and ``age``."""
