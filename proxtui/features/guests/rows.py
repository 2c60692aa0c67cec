"""Guests as table rows: from the fleet to what the screen and ``guests list`` show. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from proxtui.core import text
from proxtui.core.ages import age_text, coarse_age, heard, is_old
from proxtui.core.fields import guest_field, guest_haystack
from proxtui.core.lazy_rows import LazyRows
from proxtui.core.model import Fleet, GuestKey, Scope, ServerRef, Snapshot, SourceState
from proxtui.core.rows import UNKNOWN, Column, Scalar, Tone, tone_of_load
from proxtui.features.guests.inside import INSIDE_COLUMNS, NO_ASIDES, ROW_FIELDS, Asides, asides_of, name_text
from proxtui.features.guests.rates import UNKNOWN_RATES, Rates, Readings
from proxtui.pve.models import Guest

EVERYWHERE = Scope()
NOTHING: Mapping[Any, str] = {}


class GuestRow(msgspec.Struct, frozen=True, eq=False, gc=False, weakref=False):
    """One guest with what is known of its server at the moment. Works out the rest when asked."""

    key: GuestKey
    guest: Guest
    state: SourceState
    """How good the knowledge of its server is."""
    age: int | None
    """Coarse seconds; None while unknown. See ``core.ages``."""
    node_offline: bool
    """PVE keeps the last values of an offline node's guests for up to five minutes."""
    asides: Asides = NO_ASIDES
    """What its guest was asked beside the poll."""
    doing: str = ""
    """What is being done to it from here: ``start…``."""
    readings: Readings | None = None
    """What the polls of its server told; None while there was none. Rows are equal whatever it says."""
    grown: Rates | None = None
    """How fast its counters grow, once somebody has asked for it."""
    searched: str | None = None
    """The haystack, once somebody has asked for it."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GuestRow) and self._compared == other._compared

    def __hash__(self) -> int:
        return hash(self._compared)

    @property
    def _compared(self) -> tuple[object, ...]:
        return self.key, self.guest, self.state, self.age, self.node_offline, self.asides, self.doing

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
        if self.readings is None or self.muted:
            return UNKNOWN_RATES
        found = self.grown
        if found is None:
            found = self.readings.rates(self.key, self.guest)
            msgspec.structs.force_setattr(self, "grown", found)
        return found

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


class _Part(NamedTuple):
    """What the rows of one server have in common."""

    snapshot: Snapshot
    age: int | None
    offline: set[str]
    readings: Readings | None


class GuestRows(LazyRows[GuestRow]):
    """The guests in scope. A row whose guest and surroundings are those of the poll before is the same object again.

    Of the poll before only those rows are looked at that somebody had asked for then: the others nobody has seen.
    """

    def __init__(
        self,
        fleet: Fleet,
        scope: Scope,
        kind: str | None,
        previous: GuestRows | None,
        doing: Mapping[Any, str] = NOTHING,
    ) -> None:
        self._now = fleet.now
        self._doing = doing
        self._made: dict[GuestKey, GuestRow] = {}
        self._known: Mapping[GuestKey, GuestRow] = previous._made if previous is not None else {}
        # Also of what is out of scope: when it is back in sight, its rates are too.
        self._readings: Mapping[ServerRef, Readings] = _noted(fleet, previous._readings if previous is not None else {})
        self._keys: list[GuestKey] = []
        self._guests: list[Guest] = []
        self._parts: list[_Part] = []
        self._starts: list[int] = []
        for snapshot in fleet.snapshots:
            if scope.covers_server(snapshot.ref):
                self._add(snapshot, scope.node, kind)

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def made(self) -> int:
        """How many rows somebody has looked at."""
        return len(self._made)

    def keys(self) -> Sequence[GuestKey]:
        return self._keys

    def values(self, column: Column[GuestRow]) -> list[Scalar]:
        read = _DIRECT.get(column.value)
        return list(map(read, self._guests)) if read is not None else super().values(column)

    def make(self, number: int) -> GuestRow:
        key = self._keys[number]
        row = self._made.get(key)
        if row is None:
            part = self._parts[bisect_right(self._starts, number) - 1]
            row = self._made[key] = self._row(key, self._guests[number], part)
        return row

    def _add(self, snapshot: Snapshot, node: str | None, kind: str | None) -> None:
        offline = {key.node for key, known in snapshot.nodes.items() if known.status == "offline"}
        age = coarse_age(snapshot, self._now)
        self._starts.append(len(self._keys))
        self._parts.append(_Part(snapshot, age, offline, self._readings.get(snapshot.ref)))
        guests: Mapping[GuestKey, Guest] = snapshot.guests
        if node or kind:
            guests = {
                key: guest for key, guest in guests.items() if node in (None, guest.node) and kind in (None, key.kind)
            }
        self._keys.extend(guests)
        self._guests.extend(guests.values())

    def _row(self, key: GuestKey, guest: Guest, part: _Part) -> GuestRow:
        state, cut_off = part.snapshot.state, guest.node in part.offline
        age = None if cut_off else part.age
        asides = asides_of(key, part.snapshot, self._now)
        doing = self._doing.get(key, "")
        row = self._known.get(key)
        if row is None or row.guest is not guest:
            return GuestRow(key, guest, state, age, cut_off, asides, doing, part.readings)
        is_same = row.asides == asides and row.doing == doing
        if is_same and row.age == age and row.state is state and row.node_offline is cut_off:
            return row
        searched = row.searched if row.asides == asides else None
        return GuestRow(key, guest, state, age, cut_off, asides, doing, part.readings, row.grown, searched)


def _noted(fleet: Fleet, known: Mapping[ServerRef, Readings]) -> dict[ServerRef, Readings]:
    """The readings with what the fleet tells now."""
    found: dict[ServerRef, Readings] = {}
    for snapshot in fleet.snapshots:
        if snapshot.taken_at is not None:
            found[snapshot.ref] = known.get(snapshot.ref) or Readings()
            found[snapshot.ref].note(snapshot.taken_at, snapshot.guests)
    return found


def guest_rows(
    fleet: Fleet,
    scope: Scope = EVERYWHERE,
    *,
    kind: str | None = None,
    previous: GuestRows | None = None,
    doing: Mapping[Any, str] = NOTHING,
) -> GuestRows:
    """The guests in scope, in configured order of servers; ``kind`` is ``qemu``, ``lxc`` or None for both.

    ``previous`` are the rows of the poll before: rates come out of both.
    ``doing`` says what is being done to which guest.
    """
    return GuestRows(fleet, scope, kind, previous, doing)


_DIRECT: dict[Callable[[GuestRow], Scalar], Callable[[Guest], Scalar]] = {}
"""How to read a column from a guest when there is no row yet."""


def _of_guest(name: str) -> Callable[[GuestRow], Any]:
    """Reads a field of the guest."""
    read: Callable[[GuestRow], Any] = attrgetter(f"guest.{name}")
    _DIRECT[read] = attrgetter(name)
    return read


def status_text(row: GuestRow) -> str:
    """``running?`` when the node is offline or its server does not answer."""
    return "template" if row.is_template else heard(row.guest.status, is_doubtful=row.muted)


def status_tone(row: GuestRow) -> Tone:
    if row.is_template or row.guest.status == "stopped":
        return Tone.MUTED
    if row.muted or row.guest.status != "running":
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
    Column("status", "State", _of_guest("status"), status_text, 8, 1, tone=status_tone),
    Column("vmid", "ID", _of_guest("vmid"), lambda r: str(r.key.vmid), 5, 1, align="right"),
    Column("name", "Name", _of_guest("name"), name_text, 13, 1, grow=True),
    Column("node", "Node", _of_guest("node"), lambda r: r.guest.node, 8, 3, is_name=True),
    Column("server", "Server", lambda r: r.key.server, lambda r: r.key.server, 9, 4, is_name=True),
    Column("tenant", "Tenant", lambda r: r.key.tenant, lambda r: r.key.tenant, 9, 5, is_name=True),
    Column("cpu", "CPU", _of_guest("cpu"), _cpu_text, 5, 2, align="right", tone=_cpu_tone),
    Column("mem", "Memory", _of_guest("mem"), _memory_text, 14, 2, align="right", tone=_memory_tone),
    Column("disk", "Disk", _of_guest("disk"), _disk_text, 14, 8, align="right", tone=_disk_tone),
    _rate("netin_rate", "Net in/s", 8, lambda rates: rates.netin),
    _rate("netout_rate", "Net out/s", 8, lambda rates: rates.netout),
    _rate("diskread_rate", "Read/s", 9, lambda rates: rates.diskread),
    _rate("diskwrite_rate", "Written/s", 9, lambda rates: rates.diskwrite),
    Column(
        "uptime",
        "Uptime",
        _of_guest("uptime"),
        _uptime_text,
        7,
        5,
        align="right",
        tone=lambda r: _muted_when_unknown(r.is_running),
    ),
    Column("tags", "Tags", lambda r: list(r.guest.tags), lambda r: " ".join(r.guest.tags), 10, 6),
    Column("pool", "Pool", _of_guest("pool"), lambda r: r.guest.pool or "", 7, 9),
    Column("hastate", "HA", _of_guest("hastate"), lambda r: r.guest.hastate or "", 7, 8, tone=_ha_tone, shown=False),
    Column("lock", "Lock", _of_guest("lock"), lambda r: r.guest.lock or "", 8, 7, tone=lambda r: Tone.WARN),
    Column("age", "Age", lambda r: r.age, lambda r: age_text(r.age), 4, 3, align="right", tone=lambda r: Tone.MUTED),
    Column("type", "Type", _of_guest("type"), lambda r: r.key.kind, 4, shown=False),
    Column("maxcpu", "CPUs", _of_guest("maxcpu"), lambda r: _number(r.guest.maxcpu), 4, align="right", shown=False),
    Column("maxmem", "Max memory", _of_guest("maxmem"), lambda r: text.size(r.guest.maxmem), 10, shown=False),
    Column("maxdisk", "Max disk", _of_guest("maxdisk"), lambda r: text.size(r.guest.maxdisk), 9, shown=False),
    Column("netin", "Net in", _of_guest("netin"), lambda r: text.size(r.guest.netin), 9, shown=False),
    Column("netout", "Net out", _of_guest("netout"), lambda r: text.size(r.guest.netout), 9, shown=False),
    Column("diskread", "Read", _of_guest("diskread"), lambda r: text.size(r.guest.diskread), 9, shown=False),
    Column("diskwrite", "Written", _of_guest("diskwrite"), lambda r: text.size(r.guest.diskwrite), 9, shown=False),
    Column("template", "Template", _of_guest("template"), lambda r: _yes_no(r.guest.template), 8, shown=False),
    *INSIDE_COLUMNS,
)
"""Keys as PVE spells them, plus ``tenant``, ``server``, ``age``, the rates and what guests are asked slowly."""
