"""Totals per tenant and server as table rows, out of the fleet alone. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from proxtui.core import text
from proxtui.core.ages import age_text, coarse_age, is_old, state_tone
from proxtui.core.model import Fleet, Scope, ServerRef, Snapshot, SourceState
from proxtui.core.rows import UNKNOWN, Column, Scalar, Tone, tone_of_load
from proxtui.core.tenant_stats import count_guests
from proxtui.features.overview.amounts import (
    NOTHING_KNOWN,
    UNKNOWN_AMOUNT,
    Amount,
    Figures,
    of_known,
    together,
)
from proxtui.features.overview.sight import ALL, Sight
from proxtui.pve.models import ProxmoxNode, ProxmoxStorage

OFF = "off"
SILENT = frozenset({SourceState.WAITING, SourceState.DOWN, SourceState.FORBIDDEN})
"""What is known of such a server is not added to anything."""


@dataclass(frozen=True, slots=True)
class TotalRow:
    """A server, a tenant with several of them, or everything in scope."""

    key: tuple[str, ...]
    """``()``, ``(tenant,)`` or ``(tenant, server)``."""
    name: str
    """With blanks before it when it stands below its tenant."""
    figures: Figures
    servers: int
    unknown: int
    """Servers that are not in the figures."""
    state: SourceState | None = None
    """Of a server; None of many."""
    age: int | None = None
    is_off: bool = False
    """It is switched off: there is nothing to know of it."""
    path: str = ""
    """Of a server that is not reached directly: ``tailscale`` or ``ssh``."""

    @property
    def haystack(self) -> str:
        return " ".join(self.key).lower()

    @property
    def muted(self) -> bool:
        return self.is_off or (self.state is not None and is_old(self.state))

    @property
    def scope(self) -> Scope:
        """What it stands for."""
        return Scope(*self.key)

    def field(self, name: str) -> Scalar:
        """The value behind a filter term: ``tenant:``, ``server:``, ``status:``."""
        status = OFF if self.is_off else None if self.state is None else str(self.state)
        known = {"name": self.name.strip(), "status": status}
        known |= dict(zip(("tenant", "server"), self.key, strict=False))
        return known.get(name)


def total_rows(fleet: Fleet, scope: Scope, sights: Mapping[ServerRef, Sight] | None = None) -> list[TotalRow]:
    """Everything first, then each tenant above its servers; a tenant with one server is one row."""
    known = sights or {}
    sources = [snapshot for snapshot in fleet.snapshots if scope.covers_server(snapshot.ref)]
    rows: list[TotalRow] = []
    parts = {snapshot.ref: _figures(snapshot, scope, known.get(snapshot.ref, ALL)) for snapshot in sources}
    if len(sources) > 1:
        rows.append(_sum((), "all servers", sources, parts))
    off = [ref for ref in fleet.off if scope.covers_server(ref)]
    for tenant in dict.fromkeys(ref.tenant for ref in (*parts, *off)):
        own = [snapshot for snapshot in sources if snapshot.ref.tenant == tenant]
        if len(own) > 1:
            rows.append(_sum((tenant,), tenant, own, parts))
        alone = len(own) <= 1
        rows += [_server(snapshot, fleet.now, parts[snapshot.ref], alone=alone) for snapshot in own]
        rows += [_off(ref, alone=alone) for ref in off if ref.tenant == tenant]
    return rows


def summary(rows: Sequence[TotalRow]) -> str:
    """``400 guests``; ``at least 48 guests (2 servers unknown)``."""
    if not rows:
        return ""
    guests, unknown = rows[0].figures.guests, rows[0].unknown
    least = "at least " if guests.least and guests.value is not None else ""
    return f"{least}{_counted(guests, 'guest')}" + (f" ({_count(unknown, 'server')} unknown)" if unknown else "")


def _sum(key: tuple[str, ...], name: str, sources: Sequence[Snapshot], parts: Mapping[ServerRef, Figures]) -> TotalRow:
    silent = {snapshot.ref for snapshot in sources if snapshot.state in SILENT}
    added = [NOTHING_KNOWN if snapshot.ref in silent else parts[snapshot.ref] for snapshot in sources]
    return TotalRow(key, name, together(added), len(sources), len(silent))


def _name(ref: ServerRef, *, alone: bool) -> str:
    return f"{ref.tenant} / {ref.server}" if alone else f"  {ref.server}"


def _off(ref: ServerRef, *, alone: bool) -> TotalRow:
    """It counts nowhere, not even among those that are unknown."""
    return TotalRow(tuple(ref), _name(ref, alone=alone), NOTHING_KNOWN, 0, 0, is_off=True)


def _server(snapshot: Snapshot, now: float, figures: Figures, *, alone: bool) -> TotalRow:
    name = _name(snapshot.ref, alone=alone)
    silent = int(snapshot.state in SILENT)
    path = "" if snapshot.path == "direct" else snapshot.path
    return TotalRow(tuple(snapshot.ref), name, figures, 1, silent, snapshot.state, coarse_age(snapshot, now), path=path)


def _figures(snapshot: Snapshot, scope: Scope, sight: Sight) -> Figures:
    """What one server has of the scope; what the login may not see is unknown."""
    if snapshot.taken_at is None:
        return NOTHING_KNOWN
    nodes = {key.node: node for key, node in snapshot.nodes.items() if scope.covers_node(snapshot.ref, key.node)}
    figures = _of_nodes(list(nodes.values()))
    if sight.guests:
        here = [guest for guest in snapshot.guests.values() if scope.covers_node(snapshot.ref, guest.node)]
        count = count_guests(here, frozenset(name for name, node in nodes.items() if node.status == "offline"))
        running = Amount(count.known_running, bool(count.untold))
        figures = replace(figures, guests=Amount(count.total), running=running)
    else:
        figures = replace(figures, guests=UNKNOWN_AMOUNT, running=UNKNOWN_AMOUNT)
    if not sight.storages:
        return replace(figures, disk=UNKNOWN_AMOUNT, maxdisk=UNKNOWN_AMOUNT)
    storages = [one for one in once(snapshot) if scope.covers_node(snapshot.ref, one.node or "")]
    return replace(
        figures, disk=of_known(one.used for one in storages), maxdisk=of_known(one.total for one in storages)
    )


def _of_nodes(nodes: Sequence[ProxmoxNode]) -> Figures:
    online = [node for node in nodes if node.status == "online"]
    unsure = any(node.status not in ("online", "offline") for node in nodes)
    return Figures(
        nodes=Amount(len(nodes)),
        online=Amount(len(online), unsure),
        cpu=of_known(None if node.cpu is None or node.maxcpu is None else node.cpu * node.maxcpu for node in online),
        maxcpu=of_known(node.maxcpu for node in online),
        mem=of_known(node.mem for node in online),
        maxmem=of_known(node.maxmem for node in online),
    )


def once(snapshot: Snapshot) -> Iterator[ProxmoxStorage]:
    """Every storage; a shared one by the row of the first node that knows how full it is."""
    shared: dict[str, ProxmoxStorage] = {}
    for _, one in sorted(snapshot.storages.items()):
        if not one.shared:
            yield one
        elif one.storage not in shared or (shared[one.storage].used is None and one.used is not None):
            shared[one.storage] = one
    yield from shared.values()


def _number(amount: Amount) -> str:
    return UNKNOWN if amount.value is None else f"{amount.value:.0f}"


def _counted(amount: Amount, noun: str) -> str:
    return f"{_number(amount)} {noun}{'' if amount.value == 1 else 's'}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _of(part: Amount, whole: Amount) -> str:
    return f"{part.written(_number(part))}/{whole.written(_number(whole))}"


def _used(part: Amount, whole: Amount) -> str:
    written = part.written(text.size(part.value))
    share = text.share(part.value, whole.value)
    return written if share is None else f"{written} {text.percent(share):>5}"


def _share_tone(part: Amount, whole: Amount) -> Tone:
    return tone_of_load(text.share(part.value, whole.value))


def _name_text(row: TotalRow) -> str:
    return f"{row.name} by {row.path}" if row.path else row.name


def _state_text(row: TotalRow) -> str:
    if row.is_off:
        return OFF
    if row.state is not None:
        return str(row.state)
    return f"{row.servers - row.unknown} of {row.servers} known" if row.unknown else _count(row.servers, "server")


def _state_tone(row: TotalRow) -> Tone:
    if row.is_off:
        return Tone.MUTED
    if row.state is not None:
        return state_tone(row.state)
    return Tone.WARN if row.unknown else Tone.PLAIN


def _whole_tone(part: Amount, whole: Amount) -> Tone:
    if part.value is None or whole.value is None:
        return Tone.MUTED
    return Tone.WARN if part.value < whole.value else Tone.PLAIN


def _cpu(row: TotalRow) -> float | None:
    return text.share(row.figures.cpu.value, row.figures.maxcpu.value)


COLUMNS: tuple[Column[TotalRow], ...] = (
    Column("name", "Server", lambda r: r.name.strip(), _name_text, 12, 1, grow=True),
    Column("status", "State", _state_text, _state_text, 12, 3, tone=_state_tone),
    Column(
        "running",
        "Running",
        lambda r: r.figures.running.value,
        lambda r: _of(r.figures.running, r.figures.guests),
        9,
        1,
        align="right",
    ),
    Column(
        "online",
        "Nodes",
        lambda r: r.figures.online.value,
        lambda r: _of(r.figures.online, r.figures.nodes),
        6,
        2,
        align="right",
        tone=lambda r: _whole_tone(r.figures.online, r.figures.nodes),
    ),
    Column(
        "cpu", "CPU", _cpu, lambda r: text.percent(_cpu(r)), 5, 2, align="right", tone=lambda r: tone_of_load(_cpu(r))
    ),
    Column(
        "mem",
        "Memory",
        lambda r: r.figures.mem.value,
        lambda r: _used(r.figures.mem, r.figures.maxmem),
        14,
        2,
        align="right",
        tone=lambda r: _share_tone(r.figures.mem, r.figures.maxmem),
    ),
    Column(
        "disk",
        "Storage",
        lambda r: r.figures.disk.value,
        lambda r: _used(r.figures.disk, r.figures.maxdisk),
        14,
        2,
        align="right",
        tone=lambda r: _share_tone(r.figures.disk, r.figures.maxdisk),
    ),
    Column("age", "Age", lambda r: r.age, lambda r: "" if r.state is None else age_text(r.age), 4, 4, align="right"),
)
"""A plus behind a number says that there may be more: a part of it is unknown."""
