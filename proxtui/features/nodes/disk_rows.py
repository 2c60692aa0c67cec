"""Disks as table rows, for the command line. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from proxtui.core import text
from proxtui.core.model import NodeKey
from proxtui.core.rows import UNKNOWN, Column, Scalar
from proxtui.features.nodes.disks import life_text
from proxtui.pve.models_node import NodeDisk


@dataclass(frozen=True, slots=True)
class DiskRow:
    """One disk of one node."""

    node: NodeKey
    disk: NodeDisk
    haystack: str
    muted: bool = False

    @property
    def key(self) -> str:
        return self.disk.devpath

    def field(self, name: str) -> Scalar:
        """The value behind a filter term; ``disk`` is the size in bytes, ``status`` the health."""
        values: dict[str, Scalar] = {
            "name": self.disk.devpath,
            "type": self.disk.type,
            "status": self.disk.health,
            "disk": self.disk.size,
        }
        return values.get(name) or {**self.node._asdict()}.get(name)


def disk_rows(disks: Iterable[NodeDisk], node: NodeKey) -> list[DiskRow]:
    """The disks of a node, as they are given."""
    rows = []
    for disk in disks:
        words = (disk.devpath, disk.model or "", disk.serial or "", disk.used or "", disk.health or "")
        rows.append(DiskRow(node, disk, " ".join(words).lower()))
    return rows


COLUMNS: tuple[Column[DiskRow], ...] = (
    Column("devpath", "Disk", lambda r: r.disk.devpath, lambda r: r.disk.devpath, 12, 1),
    Column("health", "Health", lambda r: r.disk.health, lambda r: r.disk.health or UNKNOWN, 8, 1),
    Column("wearout", "Life left", lambda r: r.disk.wearout, lambda r: life_text(r.disk.wearout), 9, 2, "right"),
    Column("type", "Type", lambda r: r.disk.type, lambda r: r.disk.type or UNKNOWN, 4, 3),
    Column("size", "Size", lambda r: r.disk.size, lambda r: text.size(r.disk.size), 9, 2, "right"),
    Column("used", "Used by", lambda r: r.disk.used, lambda r: r.disk.used or UNKNOWN, 10, 3),
    Column("model", "Model", lambda r: r.disk.model, lambda r: r.disk.model or UNKNOWN, 12, 4, grow=True),
    Column("serial", "Serial", lambda r: r.disk.serial, lambda r: r.disk.serial or UNKNOWN, 12, 5),
)
"""Keys as PVE spells them; ``wearout`` is the percent of its life that is left."""
