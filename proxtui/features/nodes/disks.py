"""The disks of a node, and what SMART says of one of them, for the pane and the command line. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from proxtui.core import text
from proxtui.core.rows import UNKNOWN, Tone
from proxtui.core.sheet import Cell, Head, Note, Page, Sheet, SheetRow, said, sheet
from proxtui.pve.models_node import DiskSmart, NodeDisk, SmartAttribute

NOT_READ = "not read"
DISKS = (
    Head("Disk", 12),
    Head("Health", 9),
    Head("Life left", 9, 2, "right"),
    Head("Type", 4, 3),
    Head("Size", 9, 2, "right"),
    Head("Used by", 10, 3),
    Head("Model", 12, 4, grow=True),
    Head("Serial", 12, 5),
)
ATTRIBUTES = (
    Head("ID", 3, 4, "right"),
    Head("Attribute", 16, grow=True),
    Head("Value", 5, 2, "right"),
    Head("Worst", 5, 3, "right"),
    Head("Fails at", 8, 3, "right"),
    Head("Raw", 10, 1),
    Head("Failed", 6, 2),
)
PRINTED = (Head("What SMART says", 20, grow=True),)
SILENT = "unknown: this disk does not tell, as one behind a RAID controller or of a virtual machine"
WORN, WORN_OUT = 20, 5
"""Percent of its life that a disk has left: yellow below, and red."""
SIGNS = {True: "✓ ", False: "✗ ", None: "? "}
TONES = {True: Tone.GOOD, False: Tone.BAD, None: Tone.MUTED}


def disks_page(disks: Iterable[NodeDisk] | None) -> Page:
    """Every disk with what SMART says of it; the key of a row is the path of the disk."""
    rows = tuple(SheetRow(one.devpath, _disk(one)) for one in disks or ())
    note = (Note("", "enter on a disk (tab goes there) shows all that SMART says of it", Tone.MUTED),) if rows else ()
    return Page(note, Sheet(DISKS, rows, NOT_READ if disks is None else "no disks"))


def _disk(one: NodeDisk) -> tuple[Cell, ...]:
    return (
        said(one.devpath),
        Cell(health_text(one.health, healthy=one.is_healthy), one.health, TONES[one.is_healthy]),
        Cell(life_text(one.wearout), one.wearout, _worn(one.wearout)),
        said(one.type),
        Cell(text.size(one.size), one.size),
        said(one.used),
        said(one.model),
        said(one.serial),
    )


def smart_page(smart: DiskSmart | None) -> Page:
    """The table of an ATA disk, or what an NVMe or SAS disk prints; a disk that does not tell is unknown."""
    health = None if smart is None else smart.is_healthy
    words = SILENT if smart is None or smart.health is None else smart.health
    notes = [Note("Health", SIGNS[health] + words, TONES[health])]
    if smart is None:
        return Page(tuple(notes), sheet(PRINTED, (), NOT_READ))
    if smart.wearout is not None:
        notes.append(Note("Life left", life_text(smart.wearout), _worn(smart.wearout)))
    bad = sum(one.failing for one in smart.attributes)
    if bad:
        notes.append(Note("Failing", f"{bad} attribute{'' if bad == 1 else 's'} at or below the threshold", Tone.BAD))
    if smart.attributes:
        return Page(tuple(notes), sheet(ATTRIBUTES, (_attribute(one) for one in smart.attributes), ""))
    lines = (smart.text or "").strip("\n").splitlines()
    return Page(tuple(notes), sheet(PRINTED, ((Cell(line, line),) for line in lines), "this disk tells no more"))


def disk_on_its_way() -> Page:
    """While the disk is being asked: it may have to wake up first."""
    return Page(sheet=sheet(PRINTED, (), "reading …"))


def _attribute(one: SmartAttribute) -> tuple[Cell, ...]:
    tone = Tone.BAD if one.failing else Tone.WARN if one.failed_once else Tone.PLAIN
    failed = "now" if one.failing else "once" if one.failed_once else "no"
    return (
        _number(one.id),
        Cell(one.name, one.name, tone),
        _number(one.value, tone),
        _number(one.worst),
        # 0 is what SMART writes for an attribute that cannot fail.
        _number(one.threshold or None),
        said(one.raw),
        Cell(failed, failed, Tone.MUTED if tone is Tone.PLAIN else tone),
    )


def _number(value: int | None, tone: Tone = Tone.PLAIN) -> Cell:
    return Cell(UNKNOWN if value is None else str(value), value, tone)


def health_text(health: str | None, *, healthy: bool | None) -> str:
    """``✓ PASSED``, ``✗ FAILED!``, ``? –``."""
    return SIGNS[healthy] + (health or UNKNOWN)


def life_text(left: float | None) -> str:
    """``98 %``; PVE tells whole percents."""
    return UNKNOWN if left is None else f"{left:.0f} %"


def _worn(left: float | None) -> Tone:
    return Tone.MUTED if left is None else Tone.BAD if left < WORN_OUT else Tone.WARN if left < WORN else Tone.PLAIN


def smart_lines(smart: DiskSmart) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The same in sections of (label, text), for the command line."""
    yield (
        f"disk {smart.disk}",
        [("Health", smart.health or UNKNOWN), ("Life left", life_text(smart.wearout))],
    )
    if smart.attributes:
        yield "Attributes", [(one.name, _attribute_text(one)) for one in smart.attributes]
    printed = (smart.text or "").strip("\n").splitlines()
    if printed:
        yield "What SMART says", [_split(line) for line in printed if line.strip()]


def _attribute_text(one: SmartAttribute) -> str:
    numbers = [("value", one.value), ("worst", one.worst), ("fails at", one.threshold or None)]
    said_numbers = " ".join(f"{name} {UNKNOWN if number is None else number}" for name, number in numbers)
    failed = ", fails now" if one.failing else ", failed once" if one.failed_once else ""
    return f"{said_numbers}, raw {one.raw or UNKNOWN}{failed}"


def _split(line: str) -> tuple[str, str]:
    label, colon, value = line.partition(":")
    return (label.strip(), value.strip()) if colon and value.strip() else ("", line.strip())
