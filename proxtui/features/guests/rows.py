"""Guests as table rows: from the fleet to what the screen and ``guests list`` show. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec

from proxtui.core import text
from proxtui.core.ages import age_text, coarse_age, is_old
from proxtui.core.fields import guest_field, guest_haystack
from proxtui.core.model import Fleet, GuestKey, Scope, Snapshot, SourceState
from proxtui.core.rows import UNKNOWN, Column, Scalar, Tone, tone_of_load
from proxtui.features.guests.inside import INSIDE_COLUMNS, NO_ASIDES, ROW_FIELDS, Asides, name_text, with_asides
from proxtui.features.guests.rates import UNKNOWN_RATES, Counted, Rates, counted
from proxtui.pve.models import Guest

EVERYWHERE = Scope()


class GuestRow(msgspec.Struct, frozen=True, eq=False, gc=False, weakref=False):
    """One guest with what is known of its server at the moment.

    One is made for every guest that a poll changed, though one screen of them is seen: it only holds what it is given,
    and works out the rest when asked.
    """

    key: GuestKey
    guest: Guest
    state: SourceState
    """How good the knowledge of its server is."""
    age: int | None
    """Coarse seconds; None while unknown. See ``core.ages``."""
    node_offline: bool
    """PVE keeps the last values of an offline node's guests for up to five minutes."""
    counted: Counted | None = None
    """The counters, and how fast they grow; None while no poll has brought any. Rows are equal whatever it says."""
    searched: str | None = None
    """The haystack, once somebody has asked for it."""
    asides: Asides = NO_ASIDES
    """What its guest was asked beside the poll."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GuestRow) and self._compared == other._compared

    def __hash__(self) -> int:
        return hash(self._compared)

    @property
    def _compared(self) -> tuple[object, ...]:
        return self.key, self.guest, self.state, self.age, self.node_offline, self.asides

    @property
    def haystack(self) -> str:
        """Kept: every character typed into the filter asks all rows."""
        found = self.searched
        if found is None:
            found = guest_haystack(self.key, self.guest, self.asides.learned)
            msgspec.structs.force_setattr(self, "searched", found)
        return found

    @property
    def rates(self) -> Rates:
        """Bytes in a second. Unknown where knowledge is old: a rate is of now or of nothing."""
        return UNKNOWN_RATES if self.counted is None or self.muted else self.counted.rates

    @property
    def muted(self) -> bool:
        return self.node_offline or is_old(self.state)

    @property
    def is_template(self) -> bool:
        return bool(self.guest.template)

    @property
    def is_running(self) -> bool:
        """Running or paused: only then do load and uptime mean something."""
        return self.guest.status not in ("stopped", "unknown")

    @property
    def memory(self) -> float | None:
        """Used part of the memory, 0..1."""
        return text.share(self.guest.mem, self.guest.maxmem)

    @property
    def disk(self) -> float | None:
        """Used part of the root disk, 0..1; PVE does not know it for VMs."""
        return text.share(self.guest.disk, self.guest.maxdisk)

    def field(self, name: str) -> Scalar:
        """The value behind a filter term: ``cpu`` 0..1, sizes in bytes, rates per second, times in seconds."""
        read = ROW_FIELDS.get(name)
        return read(self) if read else guest_field(self.key, self.guest, name, self.asides.learned)


def guest_rows(
    fleet: Fleet,
    scope: Scope = EVERYWHERE,
    *,
    kind: str | None = None,
    previous: Mapping[GuestKey, GuestRow] | None = None,
) -> list[GuestRow]:
    """The guests in scope, in configured order of servers; ``kind`` is ``qemu``, ``lxc`` or None for both.

    ``previous`` are the rows of the poll before: rates come out of both. A row whose guest and surroundings are
    unchanged is the same object again.
    """
    old = previous or {}
    rows: list[GuestRow] = []
    for snapshot in fleet.snapshots:
        if scope.covers_server(snapshot.ref):
            rows.extend(_rows_of(snapshot, fleet.now, scope.node, kind, old))
    return with_asides(rows, fleet, old)


def _rows_of(
    snapshot: Snapshot, now: float, node: str | None, kind: str | None, previous: Mapping[GuestKey, GuestRow]
) -> Iterator[GuestRow]:
    state, server_age, taken_at = snapshot.state, coarse_age(snapshot, now), snapshot.taken_at
    offline = {key.node for key, known in snapshot.nodes.items() if known.status == "offline"}
    for key, guest in snapshot.guests.items():
        if (kind and key.kind != kind) or (node and guest.node != node):
            continue
        cut_off = guest.node in offline
        age = None if cut_off else server_age
        row = previous.get(key)
        if row is None:
            known = None if taken_at is None else counted(guest, taken_at, None)
            yield GuestRow(key, guest, state, age, cut_off, known)
        elif row.guest is not guest:
            known = row.counted if taken_at is None else counted(guest, taken_at, row.counted)
            yield GuestRow(key, guest, state, age, cut_off, known)
        elif row.age == age and row.state is state and row.node_offline is cut_off:
            yield row
        else:
            yield GuestRow(key, guest, state, age, cut_off, row.counted, row.searched)


def status_text(row: GuestRow) -> str:
    """``running?`` when the node is offline: that is what was last heard, not what is known."""
    if row.is_template:
        return "template"
    return f"{row.guest.status}?" if row.node_offline and row.guest.status != "unknown" else row.guest.status


def status_tone(row: GuestRow) -> Tone:
    if row.is_template or row.guest.status == "stopped":
        return Tone.MUTED
    if row.node_offline or row.guest.status != "running":
        return Tone.WARN
    return Tone.GOOD


def _usage_text(used: int | None, total: int | None) -> str:
    """``1.5 GiB  38 %``; only the size when the limit is unknown."""
    part = text.share(used, total)
    return text.size(used) if part is None else f"{text.size(used)} {text.percent(part):>5}"


def _cpu_text(row: GuestRow) -> str:
    return text.percent(row.guest.cpu) if row.is_running else UNKNOWN


def _cpu_tone(row: GuestRow) -> Tone:
    return tone_of_load(row.guest.cpu if row.is_running else None)


def _memory_text(row: GuestRow) -> str:
    return _usage_text(row.guest.mem, row.guest.maxmem) if row.is_running else UNKNOWN


def _memory_tone(row: GuestRow) -> Tone:
    return tone_of_load(row.memory if row.is_running else None)


def _disk_text(row: GuestRow) -> str:
    return _usage_text(row.guest.disk, row.guest.maxdisk) if row.is_running else UNKNOWN


def _disk_tone(row: GuestRow) -> Tone:
    return tone_of_load(row.disk if row.is_running else None)


def _uptime_text(row: GuestRow) -> str:
    return text.duration(row.guest.uptime) if row.is_running else UNKNOWN


def _muted_when_unknown(known: bool) -> Tone:
    return Tone.PLAIN if known else Tone.MUTED


def _ha_tone(row: GuestRow) -> Tone:
    return Tone.BAD if row.guest.hastate in ("error", "fence") else Tone.PLAIN


def _rate(key: str, title: str, priority: int, read: Callable[[Rates], float | None]) -> Column[GuestRow]:
    """A column of bytes in a second; only on the screen is there a poll before this one."""
    return Column(
        key,
        title,
        lambda r: read(r.rates),
        lambda r: text.rate(read(r.rates)),
        9,
        priority,
        align="right",
        tone=lambda r: Tone.MUTED if read(r.rates) is None else Tone.PLAIN,
        shown=False,
    )


def _number(value: float | None) -> str:
    return UNKNOWN if value is None else f"{value:g}"


def _yes_no(value: bool | None) -> str:
    return UNKNOWN if value is None else ("yes" if value else "no")


COLUMNS: tuple[Column[GuestRow], ...] = (
    Column("status", "State", lambda r: r.guest.status, status_text, 8, 1, tone=status_tone),
    Column("vmid", "ID", lambda r: r.key.vmid, lambda r: str(r.key.vmid), 5, 1, align="right"),
    Column("name", "Name", lambda r: r.guest.name, name_text, 13, 1, grow=True),
    Column("node", "Node", lambda r: r.guest.node, lambda r: r.guest.node, 8, 3),
    Column("server", "Server", lambda r: r.key.server, lambda r: r.key.server, 9, 4),
    Column("tenant", "Tenant", lambda r: r.key.tenant, lambda r: r.key.tenant, 9, 5),
    Column("cpu", "CPU", lambda r: r.guest.cpu, _cpu_text, 5, 2, align="right", tone=_cpu_tone),
    Column("mem", "Memory", lambda r: r.guest.mem, _memory_text, 14, 2, align="right", tone=_memory_tone),
    Column("disk", "Disk", lambda r: r.guest.disk, _disk_text, 14, 8, align="right", tone=_disk_tone),
    _rate("netin_rate", "Net in/s", 8, lambda rates: rates.netin),
    _rate("netout_rate", "Net out/s", 8, lambda rates: rates.netout),
    _rate("diskread_rate", "Read/s", 9, lambda rates: rates.diskread),
    _rate("diskwrite_rate", "Written/s", 9, lambda rates: rates.diskwrite),
    Column(
        "uptime",
        "Uptime",
        lambda r: r.guest.uptime,
        _uptime_text,
        7,
        5,
        align="right",
        tone=lambda r: _muted_when_unknown(r.is_running),
    ),
    Column("tags", "Tags", lambda r: list(r.guest.tags), lambda r: " ".join(r.guest.tags), 10, 6),
    Column("pool", "Pool", lambda r: r.guest.pool, lambda r: r.guest.pool or "", 7, 9),
    Column(
        "hastate", "HA", lambda r: r.guest.hastate, lambda r: r.guest.hastate or "", 7, 8, tone=_ha_tone, shown=False
    ),
    Column("lock", "Lock", lambda r: r.guest.lock, lambda r: r.guest.lock or "", 8, 7, tone=lambda r: Tone.WARN),
    Column("age", "Age", lambda r: r.age, lambda r: age_text(r.age), 4, 3, align="right", tone=lambda r: Tone.MUTED),
    Column("type", "Type", lambda r: r.key.kind, lambda r: r.key.kind, 4, shown=False),
    Column(
        "maxcpu", "CPUs", lambda r: r.guest.maxcpu, lambda r: _number(r.guest.maxcpu), 4, align="right", shown=False
    ),
    Column("maxmem", "Max memory", lambda r: r.guest.maxmem, lambda r: text.size(r.guest.maxmem), 10, shown=False),
    Column("maxdisk", "Max disk", lambda r: r.guest.maxdisk, lambda r: text.size(r.guest.maxdisk), 9, shown=False),
    Column("netin", "Net in", lambda r: r.guest.netin, lambda r: text.size(r.guest.netin), 9, shown=False),
    Column("netout", "Net out", lambda r: r.guest.netout, lambda r: text.size(r.guest.netout), 9, shown=False),
    Column("diskread", "Read", lambda r: r.guest.diskread, lambda r: text.size(r.guest.diskread), 9, shown=False),
    Column("diskwrite", "Written", lambda r: r.guest.diskwrite, lambda r: text.size(r.guest.diskwrite), 9, shown=False),
    Column("template", "Template", lambda r: r.guest.template, lambda r: _yes_no(r.guest.template), 8, shown=False),
    *INSIDE_COLUMNS,
)
"""Keys as PVE spells them, plus ``tenant``, ``server``, ``age``, the rates and what guests are asked slowly."""
