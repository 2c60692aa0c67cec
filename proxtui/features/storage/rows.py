"""Storages as table rows: a shared one once per cluster, a local one per node. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from proxtui.core import text
from proxtui.core.ages import age_text, coarse_age, heard, is_old
from proxtui.core.model import Fleet, Scope, Snapshot, SourceState, StorageKey
from proxtui.core.rows import UNKNOWN, Column, Scalar, Tone, tone_of_load
from proxtui.pve.models import ProxmoxStorage

EVERYWHERE = Scope()
Seen = tuple[StorageKey, ProxmoxStorage]


@dataclass(frozen=True, slots=True)
class StorageRow:
    """One storage, and who sees it."""

    key: StorageKey
    """Of a shared storage with the first node, by name, that sees it: so the tree finds it, and the cursor stays."""
    storage: ProxmoxStorage
    """As the node sees it that knows most: one that is online and has it."""
    nodes: tuple[str, ...]
    """The nodes that see it, by name."""
    ask_at: str | None
    """The node to ask about it; None while none of its nodes is online."""
    state: SourceState
    age: int | None
    """Coarse seconds; None while unknown. See ``core.ages``."""
    haystack: str

    @property
    def is_shared(self) -> bool:
        return self.storage.shared is True

    @property
    def muted(self) -> bool:
        return is_old(self.state) or self.ask_at is None

    @property
    def share(self) -> float | None:
        """Used part, 0..1."""
        return text.share(self.storage.used, self.storage.total)

    @property
    def status(self) -> str:
        """As PVE says, with a question mark when neither its server nor one of its nodes is there to say so."""
        return heard(self.storage.status or "unknown", is_doubtful=self.muted)

    def field(self, name: str) -> Scalar:
        """The value behind a filter term; sizes are bytes."""
        match name:
            case "name" | "storage":
                return self.key.storage
            case "type":
                return [
                    word for word in (self.storage.type, "shared" if self.is_shared else "local", "storage") if word
                ]
            case "node":
                return list(self.nodes)
            case "status":
                return self.storage.status
            case "disk":
                return self.storage.used
            case "maxdisk":
                return self.storage.total
            case "server":
                return self.key.server
            case "tenant":
                return self.key.tenant
        return None


def storage_rows(fleet: Fleet, scope: Scope = EVERYWHERE) -> list[StorageRow]:
    """The storages in scope, in configured order of servers, by name."""
    rows: list[StorageRow] = []
    for snapshot in fleet.snapshots:
        if scope.covers_server(snapshot.ref):
            found = _rows_of(snapshot, coarse_age(snapshot, fleet.now))
            rows.extend(row for row in found if scope.node is None or scope.node in row.nodes)
    return rows


def _rows_of(snapshot: Snapshot, age: int | None) -> Iterator[StorageRow]:
    groups: dict[tuple[str, str], list[Seen]] = {}
    for key, storage in sorted(snapshot.storages.items(), key=lambda item: (item[0].storage, item[0].node)):
        place = "" if storage.shared else key.node
        groups.setdefault((key.storage, place), []).append((key, storage))
    offline = {key.node for key, node in snapshot.nodes.items() if node.status == "offline"}
    for seen in groups.values():
        yield _row(snapshot, seen, [one for one in seen if one[0].node not in offline], age)


def _row(snapshot: Snapshot, seen: Sequence[Seen], alive: Sequence[Seen], age: int | None) -> StorageRow:
    key = seen[0][0]
    # A node on which the storage is not active knows no sizes.
    best = max(alive or seen, key=lambda one: (one[1].status == "available", one[1].total is not None))
    nodes = tuple(one.node for one, _ in seen)
    words = (key.storage, best[1].type or "", *best[1].content, *nodes, *snapshot.ref)
    ask_at = best[0].node if alive else None
    return StorageRow(key, best[1], nodes, ask_at, snapshot.state, age, " ".join(words).lower())


def usage_text(used: int | None, total: int | None) -> str:
    """``64 GiB  64 %``; only the size when the whole is unknown."""
    part = text.share(used, total)
    return text.size(used) if part is None else f"{text.size(used)} {text.percent(part):>5}"


def nodes_text(row: StorageRow) -> str:
    """The node of a local storage; of a shared one how many nodes see it."""
    if not row.is_shared:
        return row.key.node or UNKNOWN
    return f"{len(row.nodes)} node{'' if len(row.nodes) == 1 else 's'}"


def status_tone(row: StorageRow) -> Tone:
    """How much the state of a storage should worry."""
    if row.ask_at is None:
        return Tone.WARN
    return {"available": Tone.GOOD, "unknown": Tone.WARN}.get(row.storage.status or "unknown", Tone.BAD)


COLUMNS: tuple[Column[StorageRow], ...] = (
    Column("status", "State", lambda r: r.storage.status, lambda r: r.status, 9, 2, tone=status_tone),
    Column("storage", "Storage", lambda r: r.key.storage, lambda r: r.key.storage, 10, 1, grow=True),
    Column("node", "Node", lambda r: r.key.node if not r.is_shared else None, nodes_text, 8, 2),
    Column("server", "Server", lambda r: r.key.server, lambda r: r.key.server, 8, 3, is_name=True),
    Column("tenant", "Tenant", lambda r: r.key.tenant, lambda r: r.key.tenant, 8, 5, is_name=True),
    Column("plugintype", "Type", lambda r: r.storage.type, lambda r: r.storage.type or UNKNOWN, 6, 4),
    Column(
        "content",
        "Content",
        lambda r: list(r.storage.content),
        lambda r: " ".join(r.storage.content) or UNKNOWN,
        12,
        7,
        tone=lambda r: Tone.MUTED,
    ),
    Column(
        "disk",
        "Used",
        lambda r: r.storage.used,
        lambda r: text.size(r.storage.used),
        8,
        3,
        align="right",
    ),
    Column("maxdisk", "Total", lambda r: r.storage.total, lambda r: text.size(r.storage.total), 8, 3, align="right"),
    Column(
        "share",
        "Full",
        lambda r: r.share,
        lambda r: text.percent(r.share),
        5,
        1,
        align="right",
        tone=lambda r: tone_of_load(r.share),
    ),
    Column("age", "Age", lambda r: r.age, lambda r: age_text(r.age), 4, 6, align="right", tone=lambda r: Tone.MUTED),
    Column("shared", "Shared", lambda r: r.storage.shared, lambda r: yes_no(r.storage.shared), 6, shown=False),
    Column("nodes", "Nodes", lambda r: list(r.nodes), lambda r: " ".join(r.nodes), 10, shown=False),
)
"""Keys as PVE spells them, plus ``share`` (0..1), ``nodes``, ``tenant``, ``server`` and ``age``."""


def yes_no(value: bool | None) -> str:
    """``yes``, ``no`` or unknown."""
    return UNKNOWN if value is None else "yes" if value else "no"
