"""A view that is a table with a detail pane: rooms say what the rows are, what to ask about one, and how to tell it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from proxtui.core.ages import nothing_to_show
from proxtui.core.filters import Filter
from proxtui.core.model import Fleet, Key, Scope, SourceState
from proxtui.core.rows import Column, TableRow
from proxtui.kit.key_names import PANE
from proxtui.kit.live_table import LiveTable
from proxtui.kit.lookout import Lookout
from proxtui.kit.split import Split
from proxtui.kit.table_tools import TableTools
from proxtui.kit.view import Selected

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.kit.detail_pane import DetailPane

R = TypeVar("R", bound=TableRow)
D = TypeVar("D")


class TableView(TableTools[R], Generic[R, D]):
    """Asks only about the row under the cursor, only while the pane is open and the view in front."""

    DEFAULT_CSS = """
    TableView Split > .split-main { overflow-y: scroll; }
    TableView Split > #split-detail { height: 66%; }
    TableView Split.-wide > #split-detail { height: 1fr; width: 42%; }
    TableView Split.-zoom.-open > .split-main { height: 2; }
    TableView Split.-zoom > #split-detail { height: 1fr; }
    TableView Split.-wide.-zoom.-open > .split-main { height: 1fr; }
    TableView Split.-wide.-zoom > #split-detail { width: 75%; }
    """
    BLANK: ClassVar[bool] = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "toggle_detail", "Detail", id="detail"),
        Binding("z", "zoom", "Zoom", group=PANE, id="zoom"),
        # Two actions of one key: which of them it is now, the key line tells.
        Binding("escape", "unmark", "Unmark"),
        Binding("escape", "close_detail", "Close"),
    ]

    CHARTS: ClassVar[int] = 4
    """The most that the pane shows at once."""

    def __init__(self, runtime: Runtime, columns: Sequence[Column[R]], *, id: str | None = None) -> None:
        super().__init__(runtime, columns, id=id)
        self.split = Split(self.table, lambda: self.pane)
        self._detail: D | None = None
        every = runtime.config.settings.interval
        self.lookout = Lookout(self, self._look, every=every, idle=self._unseen)
        self._filling = True

    # What a room says.

    def rows_of(self, fleet: Fleet, scope: Scope) -> Sequence[R]:
        """The rows to show."""
        return ()

    async def ask(self, row: R, previous: D | None) -> D | None:
        """Read what the pane shows of a row. Answers with its problems, never raises a ``ProxtuiError``."""
        return None

    def tell(self, row: R, detail: D | None) -> None:
        """Show a row in ``self.pane``; ``detail`` is None, or of an earlier row, while the answer is on its way."""

    # What the screen says.

    def compose(self) -> ComposeResult:
        yield self.split

    def reveal(self, key: Key) -> bool:
        return self.table.move_to(key)

    def set_filter(self, wanted: Filter) -> None:
        # The small table of the pane is no part of what is searched.
        self.table.set_filter(wanted)

    def show(self, fleet: Fleet, scope: Scope) -> None:
        self.fleet, self.scope = fleet, scope
        # While servers answer one after the other, a cursor that nobody moved stays at the top.
        waiting = any(snapshot.state is SourceState.WAITING for snapshot in fleet.snapshots)
        stay, self._filling = self._filling and self.table.rows.cursor == 0, waiting
        rows = self.rows_of(fleet, scope)
        self.forget_marks(rows)
        self.table.set_rows(rows)
        if stay:
            self.table.move(0)
        self.table.say_when_empty(nothing_to_show(fleet, scope, f"{self.NOUN}s", filtered=False))
        self._paint()

    # The pane.

    @cached_property
    def pane(self) -> DetailPane:
        """It shows the row under the cursor; made when it is first opened, and its charts loaded then."""
        from proxtui.kit.detail_pane import DetailPane

        return DetailPane(self.CHARTS)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "unmark":
            return bool(self.marks)
        return self.split.is_open if action in ("zoom", "close_detail") else super().check_action(action, parameters)

    def action_unmark(self) -> None:
        """Forget the marks: what escape does first."""
        self.clear_marks()

    def action_toggle_detail(self) -> None:
        if self.split.is_open:
            self.action_close_detail()
            return
        self.split.open()
        self.table.opens = False
        self._paint()
        self.lookout.now()
        self.refresh_bindings()

    def action_zoom(self) -> None:
        """Give the pane nearly all the room; the row under the cursor stays in sight."""
        self.split.toggle_class("-zoom")

    def action_close_detail(self) -> None:
        self.split.remove_class("-zoom")
        self.split.close()
        self.table.opens = True
        self.lookout.stop()
        self.refresh_bindings()

    def on_live_table_opened(self, event: LiveTable.Opened) -> None:
        event.stop()
        if event.table is self.table and not self.split.is_open:
            self.action_toggle_detail()

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        event.stop()
        if event.table is not self.table:
            return
        row: Any = event.row
        self.post_message(Selected(row.key if row is not None else None))
        if self.split.is_open:
            self._paint()
            self.lookout.soon()

    def _paint(self) -> None:
        if not self.split.is_open:
            return
        if self.row is None:
            self.pane.clear()
        else:
            self.tell(self.row, self._detail)

    async def _look(self) -> None:
        row = self.row
        if self.split.is_open and row is not None:
            self._detail = await self.ask(row, self._detail)
            self._paint()

    def _unseen(self) -> bool:
        return self.runtime.poller.paused or not self.is_on_screen
