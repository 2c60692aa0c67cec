"""In which order each section stands, and what of that is remembered. Knows no screen."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from proxtui.core.model import Key
from proxtui.features.cluster.board import Board
from proxtui.features.cluster.records import Record
from proxtui.features.cluster.sections import SECTIONS

if TYPE_CHECKING:
    from proxtui.kit.live_table import LiveTable


class SortedSections:
    """The part of the view that sorts its table."""

    board: Board
    table: LiveTable
    at: int
    """The number of the section in front."""
    _sorts: dict[str, tuple[str, bool]]

    @abstractmethod
    def action_section(self, step: int) -> None:
        """Show another section."""

    def reveal(self, key: Key) -> bool:
        for row in self.table.rows.shown:
            if isinstance(row, Record) and row.target == key:
                return self.table.move_to(row.key)
        return False

    @property
    def arrangement(self) -> dict[str, Any]:
        """The section in front, and the order of each that somebody sorted."""
        return {"section": self.board.section.name, "sorts": {name: list(by) for name, by in self._sorts.items()}}

    def put_in_order(self, wanted: Mapping[str, Any]) -> None:
        self._sorts = dict(_sorts(wanted.get("sorts")))
        names = [one.name for one in SECTIONS]
        section = wanted.get("section")
        if section in names and section != self.board.section.name:
            self.action_section(names.index(section) - self.at)
        else:
            self._sort()

    def _sort(self) -> None:
        section = self.board.section
        by, descending = self._sorts.get(section.name, (section.sort, section.descending))
        self.table.sort_by(by, descending)


def _sorts(found: object) -> Iterator[tuple[str, tuple[str, bool]]]:
    """Out of a file that people can edit: orders by columns that there are."""
    known = {one.name: {column.key for column in one.columns} for one in SECTIONS}
    for name, by in found.items() if isinstance(found, dict) else ():
        match by:
            case [str(column), bool(descending)] if column in known.get(name, ()):
                yield name, (column, descending)
