"""Copying rows of a table to the terminal's clipboard, and finding them in PVE's own GUI."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import accumulate
from typing import ClassVar, Generic, TypeVar, cast
from urllib.parse import quote

from textual.binding import Binding, BindingType

from proxtui.core.model import Fleet, ServerRef
from proxtui.core.rows import TableRow
from proxtui.kit.live_table import LiveTable
from proxtui.kit.view import LiveView
from proxtui.pve.sanitize import clean

R = TypeVar("R", bound=TableRow)

MOST_COPIED = 64 * 1024
"""Bytes that go to the terminal's clipboard at most: many terminals take no more."""


class RowCopies(LiveView, Generic[R]):
    """A view over one main table, whose rows have names and may have a page in PVE's GUI."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy name", show=False, id="copy"),
        Binding("Y", "copy_row", "Copy the whole row", show=False, id="copy-row"),
        Binding("o", "web", "URL in PVE's GUI", show=False, id="web"),
    ]
    table: LiveTable
    fleet: Fleet
    marks: set[Hashable]

    # What a room says.

    def name_of(self, row: R) -> str:
        """The line that is copied for a row."""
        return str(row.key)

    def place_of(self, row: R) -> tuple[ServerRef, str] | None:
        """The server and how its GUI calls the row: ``qemu/100``, ``node/pve1``; None when it has no page."""
        return None

    @property
    def row(self) -> R | None:
        """The row under the cursor."""
        return cast("R | None", self.table.cursor_row)

    @property
    def meant(self) -> Sequence[R]:
        """The marked rows; the one under the cursor where none is, or where another table of the view has the keys."""
        return self._meant() if self.app.focused is self.table else super().meant

    def action_copy(self) -> None:
        """Copy the name of the row, or of every marked one."""
        self._copy([clean(self.name_of(row)) for row in self._meant()])

    def action_copy_row(self) -> None:
        """Copy the shown cells, with tabs between them."""
        slots = self.table.slots.slots
        lines = ["\t".join(clean(slot.column.text(row).strip()) for slot in slots) for row in self._meant()]
        self._copy(lines, "row")

    def action_web(self) -> None:
        """Tell where PVE's own GUI shows the row, and copy it: on a jump host there is no browser to start."""
        place = self.place_of(self.row) if self.row is not None else None
        known = self.fleet.snapshot(place[0]) if place is not None else None
        if place is None or known is None or not known.endpoint:
            self._tell("the address of its server is not known yet")
            return
        url = clean(f"https://{known.endpoint}/#v1:0:={quote(place[1], safe='')}")
        self.app.copy_to_clipboard(url)
        self._tell(url, "copied")

    def _meant(self) -> list[R]:
        """The marked rows as they are shown, or else the one under the cursor."""
        if self.marks:
            return [cast("R", row) for row in self.table.rows.all if row.key in self.marks]
        return [self.row] if self.row is not None else []

    def _copy(self, lines: Sequence[str], what: str = "name") -> None:
        """Copy as many whole lines as the terminal takes, and say how many that were."""
        ends = accumulate(len(line.encode()) + 1 for line in lines)
        whole = [line for line, end in zip(lines, ends, strict=True) if end <= MOST_COPIED]
        self.app.copy_to_clipboard("\n".join(whole))
        self._tell(lines[0] if len(lines) == 1 else f"{len(whole)} of {len(lines)} {what}s", "copied")

    def _tell(self, text: str, title: str = "") -> None:
        self.app.notify(clean(text), title=title, markup=False, timeout=6)
