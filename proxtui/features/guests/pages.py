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
    Head("Snapshot", 16, grow=True),
    Head("Age", 5, 2, "right"),
    Head("Taken", 16, 3),
    Head("RAM", 3, 2),
    Head("Description", 12, 4, grow=True),
)
NOW = "NOW"
"""Stands where the guest of now hangs in the tree of its snapshots."""
BACKUPS = (
    Head("Made", 16),
    Head("Size", 9, 2, "right"),
    Head("Storage", 9, 2),
    Head("Kept", 9, 4),
    Head("Notes", 12, 5, grow=True),
)
NO_PRESSURE = Note("", "no pressure is kept of this guest: PVE does so from 9.0 on, and not of every guest", Tone.MUTED)


def config_page(config: Mapping[str, Any] | None, pending: Iterable[PendingChange]) -> Page:
    """Every option as PVE spells it; one that will change shows what holds now, and what will."""
    changes = {change.key: change for change in pending}
    keys = sorted({*(config or {}), *changes} - {"digest"})
    rows = [_option(key, (config or {}).get(key), changes.get(key)) for key in keys]
    things = [changes.get(key) for key in keys]
    count = len(changes)
    waits = "option waits" if count == 1 else "options wait"
    notes = (Note("Pending", f"{count} {waits} for a stop and start", Tone.WARN),) if count else ()
    return Page(notes, sheet(CONFIG, rows, "not read" if config is None else "no options", things))


def _option(key: str, value: Any, change: PendingChange | None) -> tuple[Cell, ...]:
    if change is None:
        return Cell(key, key), said(_written(value)), Cell("")
    will = "removed" if change.delete or change.pending is None else f"→ {one_line(change.pending)}"
    return Cell(key, key, Tone.WARN), said(one_line(change.value)), Cell(will, will, Tone.WARN)


def _written(value: Any) -> str | None:
    return one_line(value) if isinstance(value, str) else json.dumps(value)


def snapshots_page(snapshots: Iterable[GuestSnapshot] | None, now: float | None = None) -> Page:
    """The tree that they are: each below the one that it was made on top of, the oldest first; ``now`` is the clock's.

    A snapshot whose parent is gone stands at the top.
    """
    known = list(snapshots or ())
    lines = list(_branch(_children(known), None, "", {one.name for one in known if one.is_current}))
    rows = [_snapshot(lead, one, now) for lead, one in lines]
    empty = "not read" if snapshots is None else "no snapshots"
    return Page(sheet=sheet(SNAPSHOTS, rows, empty, [one for _, one in lines]))


def _children(snapshots: list[GuestSnapshot]) -> dict[str | None, list[GuestSnapshot]]:
    """By the name of their parent; None for those at the top. What hangs on itself in a circle stands there too."""
    parents = {one.name: one.parent for one in snapshots}
    found: dict[str | None, list[GuestSnapshot]] = {}
    for one in sorted(snapshots, key=lambda each: each.snaptime or 0):
        seen, above = {one.name}, one.parent
        while above in parents and above not in seen:
            seen.add(above)
            above = parents[above]
        is_rooted = one.parent in parents and above not in seen
        found.setdefault(one.parent if is_rooted else None, []).append(one)
    return found


def _branch(
    children: Mapping[str | None, list[GuestSnapshot]], parent: str | None, lead: str, current: set[str]
) -> Iterator[tuple[str, GuestSnapshot | None]]:
    """The lines below one: what stands before its name, and the snapshot; None for the guest of now."""
    below: list[GuestSnapshot | None] = [*children.get(parent, ()), *([None] if parent in current else [])]
    for number, one in enumerate(below):
        is_last = number == len(below) - 1
        own = "" if parent is None else "└ " if is_last else "├ "
        yield lead + own, one
        if one is not None:
            yield from _branch(
                children, one.name, lead + ("" if parent is None else "  " if is_last else "│ "), current
            )


def _snapshot(lead: str, one: GuestSnapshot | None, now: float | None) -> tuple[Cell, ...]:
    if one is None:
        return Cell(f"{lead}{NOW}", NOW, Tone.ACCENT), Cell(""), Cell(""), Cell(""), Cell("the guest as it is")
    memory = None if one.vmstate is None else "yes" if one.vmstate else "no"
    age = None if now is None or one.snaptime is None else max(0.0, now - one.snaptime)
    name = Cell(f"{lead}{one.name}", one.name)
    return name, Cell(text.age(age), age), moment(one.snaptime), said(memory), said(one_line(one.description))


def backups_page(backups: Iterable[tuple[str, StorageContent]], doubts: Iterable[str], *, complete: bool) -> Page:
    """The newest first. Only where nothing can be hidden and all was read, none is called none."""
    found = sorted(backups, key=lambda pair: -(pair[1].ctime or 0))
    notes = tuple(Note("may hide", doubt, Tone.WARN) for doubt in doubts)
    empty = "no backups" if complete and not notes else "none that we may see"
    return Page(notes, sheet(BACKUPS, (_backup(*pair) for pair in found), empty, [one for _, one in found]))


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
        yield Note("Rules", f"{state.rules}, {state.active_rules} of them on" if state.rules else "none")
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
