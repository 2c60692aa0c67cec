"""What one can do with the rows of any table: choose columns, mark, group."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from msgspec.structs import replace
from textual.binding import Binding, BindingType

from proxtui.core.ages import at_least, counted
from proxtui.core.model import Fleet, Scope
from proxtui.core.rows import Column, TableRow, Tone
from proxtui.kit.layout import ALWAYS
from proxtui.kit.live_table import LiveTable
from proxtui.kit.marking import Marking
from proxtui.kit.table_groups import grouping_of
from proxtui.kit.view import Arranged, Told

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime

R = TypeVar("R", bound=TableRow)


class TableTools(Marking[R]):
    """A view over one main table. Rooms say by which columns its rows can be grouped."""

    SORT: ClassVar[str] = "name"
    NOUN: ClassVar[str] = "row"
    GROUPS: ClassVar[tuple[str, ...]] = ()
    """Keys of the columns that rows can be grouped by."""
    CONFIGURED: ClassVar[bool] = False
    """True of rows that our configuration tells: their number is known whoever answers."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("C", "columns", "Columns", show=False, id="columns"),
        Binding("b", "group", "Group", id="group"),
    ]

    def __init__(self, runtime: Runtime, columns: Sequence[Column[R]], *, id: str | None = None) -> None:
        super().__init__(runtime, id=id)
        self._columns = tuple(columns)
        self._hidden: frozenset[str] = frozenset()
        self._usual = self.wanted = frozenset(column.key for column in columns if column.shown)
        """Keys of the columns that are shown where the scope does not make them superfluous."""
        self.group = ""
        """The key of the column that rows are grouped by; empty for none."""
        self.table = LiveTable(columns, sort=self.SORT, noun=self.NOUN, empty="")
        self.fleet = Fleet((), 0.0)
        self.scope = Scope()

    def changed(self) -> None:
        """The view shows something else than before, for a reason of its own."""
        self.show(self.fleet, self.scope)
        self.post_message(Told())

    @property
    def summary(self) -> str:
        """``120 of 400 guests, 3 marked, by node``; the total only while nothing is hidden."""
        sure = "" if self.CONFIGURED else at_least(self.fleet, self.scope)
        return counted(self.table.shown, self.table.total, f"{self.NOUN}s", sure) + self.extras

    @property
    def extras(self) -> str:
        """What else the header says: how many rows are marked, and how they are grouped."""
        marked = f", {len(self.marks)} marked" if self.marks else ""
        return f"{marked}, by {self.group}" if self.group else marked

    def hide_columns(self, hidden: Collection[str]) -> None:
        """Leave out columns that would say the same on every line: the header says it once."""
        if frozenset(hidden) != self._hidden:
            self._hidden = frozenset(hidden)
            self.set_columns()

    def set_columns(self) -> None:
        """Show the wanted columns; the one that rows are grouped by comes first."""
        kept = [
            replace(column, shown=column.key in self.wanted)
            for column in self._columns
            if column.key not in self._hidden or column.key == self.group
        ]
        leader = next((column for column in kept if column.key == self.group), None)
        if leader is not None:
            kept.remove(leader)
            kept.insert(0, replace(leader, shown=True, priority=1, tone=lambda _row: Tone.ACCENT))
        if self.marks:
            kept.insert(0, self.mark_column())
        self.table.rows.group = grouping_of(self, leader) if leader is not None else None
        self.table.set_columns(kept)

    @property
    def arrangement(self) -> dict[str, Any]:
        """Order, group, and how the columns differ from the usual ones: later versions may have others."""
        return {
            "sort": self.table.rows.sort,
            "descending": self.table.rows.descending,
            "group": self.group,
            "more": sorted(self.wanted - self._usual),
            "fewer": sorted(self._usual - self.wanted),
        }

    def put_in_order(self, wanted: Mapping[str, Any]) -> None:
        known = {column.key: column for column in self._columns}
        fixed = {key for key, column in known.items() if column.shown and column.priority <= ALWAYS}
        self.wanted = (self._usual | _names(wanted, "more") & frozenset(known)) - (_names(wanted, "fewer") - fixed)
        group, sort = wanted.get("group"), wanted.get("sort")
        self.group = group if isinstance(group, str) and group in self.GROUPS else ""
        if isinstance(sort, str) and sort in known:
            self.table.rows.sort, self.table.rows.descending = sort, wanted.get("descending") is True
        self.set_columns()
        self._said_otherwise()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "group":
            return bool(self.GROUPS)
        if action == "web":
            return self.row is not None and self.place_of(self.row) is not None
        if action in ("mark", "mark_all", "mark_to", "copy", "copy_row"):
            return self.row is not None
        return super().check_action(action, parameters)

    # Keys.

    def action_group(self) -> None:
        choices = ("", *self.GROUPS)
        self.group = choices[(choices.index(self.group) + 1) % len(choices)]
        self.set_columns()
        self._said_otherwise()
        self.post_message(Arranged(self))

    def action_columns(self) -> None:
        from proxtui.kit.column_chooser import ColumnChooser

        dropped = {column.key for column in self.table.slots.dropped}
        self.app.push_screen(ColumnChooser(self._columns, self.wanted, dropped), self._choose)

    def _choose(self, wanted: frozenset[str] | None) -> None:
        if wanted is not None:
            self.wanted = wanted
            self.set_columns()
            self.post_message(Arranged(self))

    def on_live_table_sorted(self, event: LiveTable.Sorted) -> None:
        if event.table is self.table:
            event.stop()
            self.post_message(Arranged(self))

    def marked_otherwise(self) -> None:
        self.set_columns()
        self._said_otherwise()

    def _said_otherwise(self) -> None:
        self.post_message(Told())
        self.refresh_bindings()


def _names(wanted: Mapping[str, Any], what: str) -> frozenset[str]:
    found = wanted.get(what)
    return frozenset(name for name in found if isinstance(name, str)) if isinstance(found, list) else frozenset()
