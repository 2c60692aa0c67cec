"""The tasks of all servers in one table, with status and log of the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Input

from proxtui.core.ages import nothing_to_show
from proxtui.core.model import Fleet, Goal, Scope, ServerRef, TaskKey
from proxtui.core.rows import Column, Tone
from proxtui.features.tasks.details import Line, task_lines, title_of
from proxtui.features.tasks.rows import COLUMNS, TaskRow, moment, problems, task_rows
from proxtui.features.tasks.service import TaskDetail, TaskService
from proxtui.features.tasks.sought import Sought
from proxtui.features.tasks.subjects import TaskSubjects
from proxtui.kit.detail_pane import PaneTitle
from proxtui.kit.facts import FactLike, Facts, folded
from proxtui.kit.key_names import PANE
from proxtui.kit.live_table import LiveTable
from proxtui.kit.log_pane import LogPane
from proxtui.kit.lookout import Lookout
from proxtui.kit.one_line import Notice
from proxtui.kit.pulse import Pulse
from proxtui.kit.signs import state_sign
from proxtui.kit.split import Split
from proxtui.kit.table_view import TableView
from proxtui.kit.view import Selected

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime

LOG_EVERY = 2.0
"""Seconds between two looks at the log of a running task."""
MOST_FACTS = 8
"""Lines of the facts above the log."""
SIGNS = {"running": state_sign("running"), "OK": "✓", "WARNINGS": "!", "error": "✗"}


def _state(row: TaskRow) -> str:
    return f"{SIGNS[row.task.outcome]} {row.status}"


def _began(row: TaskRow) -> float | None:
    """What running tasks are sorted first by, and then the newest."""
    start = row.task.starttime
    return start if start is None or not row.task.running else start + 1e12


def _started(row: TaskRow) -> str:
    return moment(row.task.starttime, row.now)


def _column(one: Column[TaskRow]) -> Column[TaskRow]:
    if one.key == "status":
        return replace(one, text=_state, width=9)
    return replace(one, value=_began, width=11, text=_started) if one.key == "starttime" else one


# On the screen a sign stands before the word, and today needs no date; the command line has both in full.
SCREEN_COLUMNS = tuple(_column(one) for one in COLUMNS)


class TaskPane(Widget):
    """Title, a few facts, and the log below."""

    DEFAULT_CSS = """
    TaskPane { width: 1fr; height: 1fr; layout: vertical; }
    TaskPane > Facts { width: 1fr; height: 4; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._title = PaneTitle()
        self._facts = Facts()
        self._height = 0
        self.log_pane = LogPane()

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._facts
        yield self.log_pane

    @property
    def facts(self) -> tuple[FactLike, ...]:
        """What it says above the log."""
        return self._facts.facts

    def tell(self, title: str, facts: Sequence[FactLike]) -> None:
        """Show these above the log."""
        self._title.say(title)
        self._facts.set_facts(facts)
        self._share_room()

    def clear(self) -> None:
        """There is nothing to tell about."""
        self.tell("", ())
        self.log_pane.tell(None, (), (), note="", empty="")

    def on_resize(self, _event: events.Resize) -> None:
        self._share_room()

    def _share_room(self) -> None:
        lines = len(folded(self._facts.facts, max(1, self.size.width - 2)))
        # In a low pane the log keeps half of the room.
        wanted = min(lines, MOST_FACTS, max(1, (self.size.height - 2) // 2))
        if wanted and wanted != self._height:
            self._height = self._facts.styles.height = wanted


class TasksView(TaskSubjects, TableView[TaskRow, TaskDetail]):
    """Asks every server in scope for its tasks, but only while it is in front."""

    NOUN = "task"
    SORT = "starttime"
    HELP_NAME: ClassVar[str] = "tasks"
    SHOWS = (TaskKey,)
    GROUPS = ("status", "type", "node", "server", "tenant", "user")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "find", "Find in log", group=PANE, id="find"),
        Binding("n", "next_hit(1)", "Next hit", group=PANE, id="next-hit"),
        Binding("N", "next_hit(-1)", "Hit before", show=False, group=PANE, id="hit-before"),
        Binding("ctrl+r,f5", "refresh", "Refresh now", show=False, id="refresh"),
    ]

    def __init__(self, runtime: Runtime, *, id: str | None = None) -> None:
        super().__init__(runtime, SCREEN_COLUMNS, id=id)
        self.table.sort_by(self.SORT, descending=True)
        self.panel = TaskPane()
        self.split = Split(self.table, lambda: self.panel)
        self.service = TaskService(runtime)
        self.notice = Notice(id="not-read")
        self.lookout = Lookout(self, self._look, every=LOG_EVERY, idle=self._unseen)
        self._missing = True
        self._sought = Sought()
        self._pulse = Pulse(self, self.changed, runtime.clock.monotonic)

    def compose(self) -> ComposeResult:
        yield self.notice
        yield self.split

    def on_mount(self) -> None:
        self.set_interval(self.runtime.config.settings.interval, self._ask_again)

    def on_show(self) -> None:
        self._ask_again()

    def show(self, fleet: Fleet, scope: Scope) -> None:
        wider = scope != self.scope
        # While servers answer one after the other, a cursor that nobody moved stays at the top.
        stay, self._missing = self._missing and self.table.rows.cursor == 0, self.service.is_missing(fleet, scope)
        super().show(fleet, scope)
        if stay:
            self.table.move(0)
        self._seek()
        if wider or self._missing:
            self._ask_again()
        lines = [*problems(fleet, self.service.survey.findings, scope), *self.service.limits(fleet, scope)]
        more = f"  (+{len(lines) - 1} more)" if len(lines) > 1 else ""
        self.notice.say(lines[0] + more if lines else "", Tone.WARN)
        self.table.say_when_empty(self._nothing(fleet, scope, lines))

    def rows_of(self, fleet: Fleet, scope: Scope) -> Sequence[TaskRow]:
        self.hide_columns({"server", "tenant"} if scope.server else {"tenant"} if scope.tenant else set())
        now = self.runtime.clock.time()
        rows = task_rows(fleet, self.service.survey.findings, now, scope)
        return self._sought.added_to(rows, fleet, scope, now)

    def find(self, goal: Goal) -> bool:
        """Open the log of a task: at once, or as soon as its server has told of it."""
        self._sought.key = goal if isinstance(goal, TaskKey) else None
        return self._seek()

    def _seek(self) -> bool:
        if problem := self._sought.problem():
            self.notify(problem, severity="warning", markup=False)
        key = self._sought.key
        if key is None:
            return False
        if not self.table.move_to(key):
            if not self._missing:
                asking = self._sought.ask(self.service, key, self.changed)
                self.run_worker(asking, name="task", group="sought", exclusive=True)
            return False
        self._sought.key = None
        if not self.split.is_open:
            self.action_toggle_detail()
        return True

    def name_of(self, row: TaskRow) -> str:
        return row.key.upid

    def place_of(self, row: TaskRow) -> tuple[ServerRef, str]:
        where = f"{row.guest.kind}/{row.guest.vmid}" if row.guest else f"node/{row.task.node}"
        return ServerRef(row.key.tenant, row.key.server), where

    async def ask(self, row: TaskRow, previous: TaskDetail | None) -> TaskDetail:
        return await self.service.follow(ServerRef(row.key.tenant, row.key.server), row.key.upid, previous)

    def tell(self, row: TaskRow, detail: TaskDetail | None) -> None:
        known = detail if detail is not None and detail.upid == row.key.upid else None
        facts = list(task_lines(row, known.task if known else None))
        facts.extend(Line("not read", problem, Tone.WARN) for problem in (known.problems if known else ()))
        self.panel.tell(title_of(row), facts)
        lines = known.lines if known else ()
        self.panel.log_pane.tell(
            row.key,
            [line for _, line in lines],
            [line_tone(line) for _, line in lines],
            note=log_note(known),
            empty="reading …" if known is None else "no log" if known.has_log else "the log could not be read",
        )

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        """The tree follows to the guest or the node, which it knows; it knows no tasks."""
        event.stop()
        event.prevent_default()
        self.post_message(Selected(self.row.place if self.row is not None else None))
        if self.split.is_open:
            self._paint()
            self.lookout.soon()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "find":
            return self.split.is_open and not isinstance(self.app.focused, Input)
        if action == "next_hit":
            return self.split.is_open and bool(self.panel.log_pane.word)
        return super().check_action(action, parameters)

    def action_find(self) -> None:
        self.panel.log_pane.find()

    def action_next_hit(self, step: int) -> None:
        self.panel.log_pane.next_hit(step)

    def action_refresh(self) -> None:
        self.runtime.poller.nudge()
        self._ask_again()

    def _ask_again(self) -> None:
        """A worker for each server: none waits for a slower one."""
        if self._unseen():
            return
        for ref in self.service.due(self.fleet, self.scope):
            self.run_worker(self.service.refresh([ref], self._pulse.ask), name="tasks", group="survey")

    def _nothing(self, fleet: Fleet, scope: Scope, lines: Sequence[str]) -> str:
        if lines:
            return "\n".join(["no tasks are known", *lines])
        if self._missing:
            return "reading …"
        return nothing_to_show(fleet, scope, "tasks", filtered=False)

    def _paint(self) -> None:
        if self.split.is_open and self.row is None:
            self.panel.clear()
        else:
            super()._paint()


def line_tone(line: str) -> Tone:
    """Errors and warnings stand out; PVE begins them so."""
    if line.startswith(("TASK ERROR", "ERROR")):
        return Tone.BAD
    if line.startswith(("TASK WARNINGS", "WARN")):
        return Tone.WARN
    return Tone.GOOD if line == "TASK OK" else Tone.PLAIN


def log_note(detail: TaskDetail | None) -> str:
    """``log: 120 lines, follows``; and how many are left out."""
    if detail is None or not detail.has_log:
        return "log"
    shown = len(detail.lines)
    count = f"log: {shown} line{'' if shown == 1 else 's'}"
    if detail.left_out:
        count = f"log: the last {shown} lines; {detail.left_out} before them are left out"
    return count if detail.complete else f"{count}, follows"
