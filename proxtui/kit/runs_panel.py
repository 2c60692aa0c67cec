"""``R``: the changes of this session, how far each is, and the log of the one that is opened."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from proxtui.core.operation import Kind, Target
from proxtui.core.rows import Tone
from proxtui.errors import ProxtuiError
from proxtui.kit.live_table import LiveTable
from proxtui.kit.log_view import LogView
from proxtui.kit.lookout import Lookout
from proxtui.kit.one_line import Notice
from proxtui.kit.prepared import Prepared
from proxtui.kit.run_list import COLUMNS, RunRow, parts
from proxtui.kit.task_log import LogReader, TaskLogReader, line_tone
from proxtui.kit.write_badge import runs_text

if TYPE_CHECKING:
    from proxtui.kit.changing import Changing

LOG_EVERY = 2.0
"""Seconds between two looks at a log."""
STOP_TASK = "tasks.stop"
"""The operation that stops a task."""
KEYS = "enter opens the log, or the single changes   x stops   esc closes"


class RunsPanel(ModalScreen[None]):
    """A table; below it the log. Closing it ends no change."""

    HELP_NAME: ClassVar[str] = "changes"
    DEFAULT_CSS = """
    RunsPanel { align: center middle; background: $background 60%; }
    RunsPanel > Vertical { width: 96%; max-width: 140; height: 90%; border: round $primary; }
    RunsPanel > Vertical { background: $background; padding: 0 1; }
    RunsPanel LogView { display: none; height: 2fr; border-top: solid $panel; }
    RunsPanel LiveTable { height: 1fr; }
    RunsPanel #runs-keys { color: $foreground 70%; height: 1; width: 1fr; text-wrap: nowrap; text-overflow: ellipsis; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "stop", "Stop the task"),
        Binding("escape", "back", "Close"),
        Binding("q,R", "dismiss", "Close", show=False),
    ]

    def __init__(self, changing: Changing, reader: LogReader | None = None) -> None:
        super().__init__()
        self._changing = changing
        self._reader = reader or TaskLogReader(changing.runtime)
        self._table = LiveTable(COLUMNS, sort="", empty="nothing was changed in this session", noun="change")
        self._log = LogView(empty="reading ...")
        self._notice = Notice()
        self._inside = ""
        """The key of the bulk change whose single changes are shown; empty: all changes."""
        self._opened: RunRow | None = None
        self._lookout = Lookout(self, self._read, every=LOG_EVERY, idle=lambda: not self.is_current)
        self._unsubscribe: Callable[[], None] | None = None

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = "changes"
            yield self._table
            yield self._log
            yield self._notice
            yield Static(KEYS, id="runs-keys", markup=False)

    def on_mount(self) -> None:
        self.set_focus(self._table)
        self._unsubscribe = self._changing.subscribe(self.paint)
        self.set_interval(1.0, self._age)
        self.paint()

    def on_unmount(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
        self._lookout.stop()

    @property
    def row(self) -> RunRow | None:
        """What the cursor stands on."""
        row = self._table.cursor_row
        return row if isinstance(row, RunRow) else None

    def paint(self) -> None:
        """Show how it is now."""
        if not self.is_attached:
            return
        now = self._changing.runtime.clock.time()
        rows = self._changing.runs.rows(now)
        outer = next((row for row in rows if row.key == self._inside), None)
        self._table.set_rows(rows if outer is None else parts(outer, now))
        said = runs_text(len(self._changing.runs.running))
        frame = self.query_one(Vertical)
        frame.border_title = f"{outer.what}: {outer.message}" if outer is not None else f"changes {said}".rstrip()

    def _age(self) -> None:
        if self.is_current and self._changing.runs.running:
            self.paint()

    def action_back(self) -> None:
        """Close the log, then the bulk change, then the panel."""
        if self._opened is not None:
            self._opened = None
            self._lookout.stop()
            self._log.display = False
        elif self._inside:
            self._inside = ""
            self.paint()
        else:
            self.dismiss(None)

    def on_live_table_opened(self, event: LiveTable.Opened) -> None:
        event.stop()
        row = self.row
        if row is None:
            return
        if row.batch is not None:
            self._inside = row.key
            self.paint()
            self._table.move(0)
            return
        self._opened = row
        self._log.display = True
        self._log.start_over()
        self._show_log(())
        self._lookout.now()

    async def action_stop(self) -> None:
        """Send no more of a bulk change, or stop the task of one change."""
        row = self.row
        if row is None or not row.is_running:
            self._notice.say("it does not run any more", Tone.MUTED)
        elif row.batch is not None:
            row.batch.stop()
            self._notice.say("nothing more of it is sent; what runs goes on", Tone.WARN)
            self.paint()
        else:
            await self._stop_task(row)

    async def _stop_task(self, row: RunRow) -> None:
        run = row.runs[0]
        operation = self._changing.runtime.catalogue.all().get(STOP_TASK)
        if run.upid is None or operation is None:
            self._notice.say("there is no task of it that could be stopped", Tone.WARN)
            return
        from proxtui.kit.conversation import Conversation

        target = Target(run.target.ref, Kind.TASK, str(run.upid), row.what, run.upid.node)
        refused = self._changing.runtime.policy.offered(operation, target, None)
        if refused is not None:
            self._notice.say(refused, Tone.WARN)
            return

        async def nothing_more(_operation: object, _targets: object) -> Prepared:
            return Prepared()

        talk = Conversation(self._changing, nothing_more)
        self.app.run_worker(talk.about(operation, [target], rehearse=False, say=self._notice.say), group="changes")

    async def _read(self) -> None:
        row = self._opened
        if row is None:
            return
        run = row.runs[0]
        if run.upid is None:
            self._show_log((run.message or "it has no task",))
            return
        try:
            self._show_log(await self._reader.more(run.target.ref, str(run.upid)))
        except ProxtuiError as error:
            self._show_log((*run.log_tail, f"the log could not be read: {error}"))

    def _show_log(self, lines: tuple[str, ...]) -> None:
        self._log.set_lines(lines, [line_tone(line) for line in lines])
