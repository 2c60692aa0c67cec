"""What guests were asked slowly, as cells: how rows get it, and the columns that show it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import TYPE_CHECKING

import msgspec

from proxtui.core import text
from proxtui.core.learned import Learned
from proxtui.core.model import GuestKey, Snapshot
from proxtui.core.rows import UNKNOWN, Column, Scalar, Tone

if TYPE_CHECKING:
    from proxtui.features.guests.rows import GuestRow

NONE = "none"


class Asides(msgspec.Struct, frozen=True, gc=False):
    """What a row shows beside what the poll told, with its ages at the moment."""

    learned: Learned | None = None
    age: int | None = None
    """Whole hours, in seconds, since the guest told; 0 while that is recent."""
    backup_age: int | None = None
    """Seconds since the newest backup that is known, roughly."""
    recalled: bool = False
    """True when only we remember its name."""


NO_ASIDES = Asides()


def asides_of(key: GuestKey, snapshot: Snapshot, now: float) -> Asides:
    """What is known of a guest beside the poll; of most guests nothing."""
    learned, recalled = snapshot.learned.get(key), key in snapshot.recalled
    if learned is not None:
        return Asides(learned, learned.coarse_age(now), learned.backup_age(now), recalled)
    return Asides(recalled=True) if recalled else NO_ASIDES


def backup_field(row: GuestRow) -> Scalar:
    """Seconds since the newest backup, ``none`` where that is sure, None where nothing is known."""
    return NONE if is_without_backup(row) else row.asides.backup_age


ROW_FIELDS: Mapping[str, Callable[[GuestRow], Scalar]] = {
    "backup": backup_field,
    "netin": lambda row: row.rates.netin,
    "netout": lambda row: row.rates.netout,
    "diskread": lambda row: row.rates.diskread,
    "diskwrite": lambda row: row.rates.diskwrite,
}
"""Filter terms that only a row can answer: the guest alone knows neither the time nor the poll before."""


def is_without_backup(row: GuestRow) -> bool:
    """True only when every storage was read and nothing can be hidden."""
    backup = row.asides.learned.backup if row.asides.learned is not None else None
    return backup is not None and backup.sure and backup.made_at is None


def name_text(row: GuestRow) -> str:
    """``web1?`` when PVE does not tell it any more: that is what it was called last."""
    return f"{row.guest.name}?" if row.asides.recalled and row.guest.name else row.guest.name or UNKNOWN


def _addresses(row: GuestRow) -> Scalar:
    inside = row.asides.learned.inside if row.asides.learned is not None else None
    return None if inside is None or inside.addresses is None else list(inside.addresses)


def ip_text(row: GuestRow) -> str:
    """``10.3.0.5 +1 2h``: the first address, how many more, and how old that is."""
    inside = row.asides.learned.inside if row.asides.learned is not None else None
    if inside is None:
        return UNKNOWN
    if not inside.addresses:
        return (inside.silence or UNKNOWN) if inside.addresses is None else NONE
    more = f" +{len(inside.addresses) - 1}" if len(inside.addresses) > 1 else ""
    return _aged(inside.addresses[0] + more, row)


def _system(row: GuestRow) -> str | None:
    inside = row.asides.learned.inside if row.asides.learned is not None else None
    return None if inside is None else inside.system


def _system_text(row: GuestRow) -> str:
    system = _system(row)
    return UNKNOWN if system is None else _aged(system, row)


def _aged(said: str, row: GuestRow) -> str:
    """What a guest said that does not run now has a question mark, and what it said long ago its age."""
    doubt = "" if row.is_running and not row.muted else "?"
    return f"{said}{doubt} {text.age(row.asides.age)}" if row.asides.age else said + doubt


def _inside_tone(row: GuestRow) -> Tone:
    known = row.asides.learned is not None and row.asides.learned.inside is not None
    return Tone.MUTED if not known or row.asides.age or not row.is_running or not _addresses(row) else Tone.PLAIN


def backup_text(row: GuestRow) -> str:
    """``3d``; ``3d?`` when there may be a newer one that we cannot see; ``none`` only when that is sure."""
    if is_without_backup(row):
        return NONE
    if row.asides.backup_age is None:
        return UNKNOWN
    return text.age(row.asides.backup_age) + ("" if _is_sure(row) else "?")


def _is_sure(row: GuestRow) -> bool:
    backup = row.asides.learned.backup if row.asides.learned is not None else None
    return backup is not None and backup.sure


def _backup_tone(row: GuestRow) -> Tone:
    if is_without_backup(row):
        return Tone.WARN
    return Tone.MUTED if row.asides.backup_age is None else Tone.PLAIN


def _backup_state(row: GuestRow) -> str | None:
    if is_without_backup(row):
        return NONE
    if row.asides.backup_age is None:
        return None
    return "known" if _is_sure(row) else "partly"


def oldest_last(row: GuestRow) -> Scalar:
    """To sort by: no backup at all is worse than any age; unknown stays apart."""
    return inf if is_without_backup(row) else row.asides.backup_age


INSIDE_COLUMNS: tuple[Column[GuestRow], ...] = (
    Column("ip", "IP", _addresses, ip_text, 15, 4, tone=_inside_tone, shown=False),
    Column("os", "OS", _system, _system_text, 14, 8, tone=_inside_tone, shown=False),
    Column(
        "backup",
        "Backup",
        lambda r: r.asides.backup_age,
        backup_text,
        6,
        7,
        align="right",
        tone=_backup_tone,
        shown=False,
    ),
    Column("backup_state", "Backups", _backup_state, lambda r: _backup_state(r) or UNKNOWN, 7, shown=False),
)
"""``ip`` is a list, ``backup`` seconds; ``backup_state`` is ``known``, ``partly``, ``none`` or unknown."""
ASKED = frozenset({"ip", "os", "backup"})
"""Keys of the columns that are empty before somebody asks."""
