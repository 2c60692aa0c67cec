"""The sections of a guest's pane, out of what was read for them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from proxtui.core import text
from proxtui.core.rows import Tone
from proxtui.core.sheet import Cell, Head, Note, Page, moment, one_line, said, sheet
from proxtui.features.guests.charts import every_drawing, pressures
from proxtui.pve.models import StorageContent
from proxtui.pve.models_guest import FirewallState, GuestSnapshot, PendingChange
from proxtui.pve.rrd import RrdSeries

CONFIG = (Head("Option", 12), Head("Value", 18, grow=True), Head("Pending", 10))
SNAPSHOTS = (
    Head("Snapshot", 14, grow=True),
    Head("Taken", 16),
    Head("Memory", 6, 4),
    Head("On top of", 12, 3),
    Head("", 3, 2),
    Head("Description", 12, 5),
)
BACKUPS = (
    Head("Made", 16),
    Head("Size", 9, 2, "right"),
    Head("Storage", 9, 2),
    Head("Kept", 9, 4),
    Head("Notes", 12, 5, grow=True),
)
NO_PRESSURE = Note("", "this server keeps no pressure: PVE does so from 9.0 on", Tone.MUTED)


def config_page(config: Mapping[str, Any] | None, pending: Iterable[PendingChange]) -> Page:
    """Every option as PVE spells it; one that will change shows what holds now, and what will."""
    changes = {change.key: change for change in pending}
    keys = sorted({*(config or {}), *changes} - {"digest"})
    rows = (_option(key, (config or {}).get(key), changes.get(key)) for key in keys)
    count = len(changes)
    waits = "option waits" if count == 1 else "options wait"
    notes = (Note("Pending", f"{count} {waits} for a stop and start", Tone.WARN),) if count else ()
    return Page(notes, sheet(CONFIG, rows, "not read" if config is None else "no options"))


def _option(key: str, value: Any, change: PendingChange | None) -> tuple[Cell, ...]:
    if change is None:
        return Cell(key, key), said(_written(value)), Cell("")
    will = "removed" if change.delete or change.pending is None else f"→ {one_line(change.pending)}"
    return Cell(key, key, Tone.WARN), said(one_line(change.value)), Cell(will, will, Tone.WARN)


def _written(value: Any) -> str | None:
    return one_line(value) if isinstance(value, str) else json.dumps(value)


def snapshots_page(snapshots: Iterable[GuestSnapshot] | None) -> Page:
    """Oldest first; the one that the guest of now stands on says so."""
    empty = "not read" if snapshots is None else "no snapshots"
    return Page(sheet=sheet(SNAPSHOTS, (_snapshot(one) for one in snapshots or ()), empty))


def _snapshot(one: GuestSnapshot) -> tuple[Cell, ...]:
    memory = None if one.vmstate is None else "yes" if one.vmstate else "no"
    here = Cell("now", "now", Tone.ACCENT) if one.is_current else Cell("")
    return said(one.name), moment(one.snaptime), said(memory), said(one.parent), here, said(one_line(one.description))


def backups_page(backups: Iterable[tuple[str, StorageContent]], doubts: Iterable[str], *, complete: bool) -> Page:
    """The newest first. Only where nothing can be hidden and all was read, none is called none."""
    found = sorted(backups, key=lambda pair: -(pair[1].ctime or 0))
    notes = tuple(Note("may hide", doubt, Tone.WARN) for doubt in doubts)
    empty = "no backups" if complete and not notes else "none that we may see"
    return Page(notes, sheet(BACKUPS, (_backup(*pair) for pair in found), empty))


def _backup(storage: str, one: StorageContent) -> tuple[Cell, ...]:
    kept = Cell("protected", True, Tone.ACCENT) if one.protected else Cell("")
    return moment(one.ctime), Cell(text.size(one.size), one.size), said(storage), kept, said(one_line(one.notes))


def firewall_page(state: FirewallState | None) -> Page:
    """What the guest's own firewall is set to; whether it filters depends on the cluster's and the interfaces too."""
    return Page(tuple(_firewall(state)) if state is not None else ())


def _firewall(state: FirewallState) -> Iterator[Note]:
    yield Note("Firewall", "on" if state.enabled else "off", Tone.GOOD if state.enabled else Tone.MUTED)
    yield Note("Incoming", state.policy_in or "DROP, PVE's default")
    yield Note("Outgoing", state.policy_out or "ACCEPT, PVE's default")
    if state.rules is not None:
        yield Note("Rules", f"{state.rules}, {state.active_rules} of them on")
    for label, on in (("MAC filter", state.macfilter), ("IP filter", state.ipfilter), ("DHCP", state.dhcp)):
        if on is not None:
            yield Note(label, "on" if on else "off")
    logs = [f"{way} {level}" for way, level in (("in", state.log_level_in), ("out", state.log_level_out)) if level]
    if logs:
        yield Note("Log", ", ".join(logs))
    yield Note("", "it filters where the cluster's firewall is on, at interfaces with firewall=1", Tone.MUTED)


def charts_page(kind: str, history: RrdSeries | None) -> Page:
    """All series but the pressures."""
    if history is None:
        return Page()
    return Page(drawings=tuple(every_drawing(kind, history)), times=history.times)


def pressure_page(history: RrdSeries | None) -> Page:
    """How long its processes waited for CPU, disks and memory."""
    found = tuple(pressures(history)) if history is not None else ()
    notes = (NO_PRESSURE,) if history is not None and history.times and not found else ()
    return Page(notes, drawings=found, times=history.times if history is not None else ())
