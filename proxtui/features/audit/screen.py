"""The audit as a table, the newest row first, with the story of a change beside it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from msgspec.structs import replace
from textual.binding import Binding, BindingType

from proxtui.config.ledger import ledger_of
from proxtui.core.model import Fleet, GuestKey, Scope, ServerRef, TaskKey
from proxtui.core.operation import GUESTS
from proxtui.core.rows import Column, Tone
from proxtui.features.audit.checker import Checker
from proxtui.features.audit.places import AuditFiles, usual_files
from proxtui.features.audit.reading import AuditReader, summary_of
from proxtui.features.audit.rows import COLUMNS, AuditRow, moment, state_tone
from proxtui.features.audit.telling import proof_lines, what_lines, who_lines
from proxtui.kit.facts import Fact
from proxtui.kit.live_table import LiveTable
from proxtui.kit.one_line import Notice
from proxtui.kit.table_view import TableView
from proxtui.kit.view import Chosen, Selected

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.worker import Worker

    from proxtui.core.runtime import Runtime

EVERY = 2.0
"""Seconds between two looks at the file."""
SIGNS = {"ok": "✓", "warnings": "!", "failed": "✗", "denied": "✗", "unknown": "?"}


def _state(row: AuditRow) -> str:
    return f"{SIGNS.get(row.state, '·')} {row.state}"


def _column(one: Column[AuditRow]) -> Column[AuditRow]:
    return replace(one, text=_state, width=10) if one.key == "result" else one


SCREEN_COLUMNS = tuple(_column(one) for one in COLUMNS)


class AuditView(TableView[AuditRow, list[AuditRow]]):
    """Reads the file of this user, and only while it is in front. It asks no server."""

    NOUN = "row"
    SORT = "seq"
    HELP_NAME: ClassVar[str] = "audit"
    GROUPS = ("event", "result", "user", "server", "tenant")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "go", "View guest", id="view-guest"),
        Binding("L", "log", "Task log", id="task-log"),
        Binding("V", "verify", "Verify", id="verify"),
        Binding("ctrl+r,f5", "refresh", "Refresh now", show=False, id="refresh"),
    ]

    def __init__(self, runtime: Runtime, *, id: str | None = None, files: AuditFiles | None = None) -> None:
        super().__init__(runtime, SCREEN_COLUMNS, id=id)
        self.table.sort_by(self.SORT, descending=True)
        self.reader = AuditReader(files or usual_files(ledger_of(runtime.config, os.environ)))
        self.notice = Notice(id="audit-problem")
        self.checker = Checker(self, self.reader.files, self._judged, runtime.config.audit_keys)

    def compose(self) -> ComposeResult:
        yield self.notice
        yield self.split

    def on_mount(self) -> None:
        self.set_interval(EVERY, self.action_refresh)

    def on_show(self) -> None:
        self.action_refresh()

    @property
    def summary(self) -> str:
        return summary_of(self.reader.found.rows)

    def show(self, fleet: Fleet, scope: Scope) -> None:
        stay = self.table.rows.cursor == 0
        super().show(fleet, scope)
        if stay:
            # Whoever looks at the newest row sees the next one come; whoever looks at another keeps it.
            self.table.move(0)
        found = self.reader.found
        self.notice.say(self.checker.trouble or found.problem, Tone.BAD)
        self.table.say_when_empty("no change was made here yet" if found.missing else "no rows")

    def rows_of(self, fleet: Fleet, scope: Scope) -> Sequence[AuditRow]:
        self.hide_columns({"server", "tenant"} if scope.server else {"tenant"} if scope.tenant else set())
        return [row for row in self.reader.found.rows if _is_in(row, scope)]

    def name_of(self, row: AuditRow) -> str:
        return str(row.key)

    def place_of(self, row: AuditRow) -> tuple[ServerRef, str]:
        return ServerRef(row.entry.tenant, row.entry.server), f"{row.entry.target_kind}/{row.entry.target_id}"

    async def ask(self, row: AuditRow, previous: list[AuditRow] | None) -> list[AuditRow]:
        return await asyncio.to_thread(self.reader.story, row)

    def tell(self, row: AuditRow, detail: list[AuditRow] | None) -> None:
        story = detail if detail is not None and row.key in {one.key for one in detail} else [row]
        self.pane.tell(f"row {row.key}: {row.entry.event} {row.subject}".rstrip(), facts_of(row, story), ())

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        """The tree follows to the guest; it knows no rows of the audit."""
        event.stop()
        event.prevent_default()
        self.post_message(Selected(guest_of(self.row)))
        self.refresh_bindings()
        if self.split.is_open:
            self._paint()
            self.lookout.soon()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "go":
            return guest_of(self.row) is not None
        if action == "log":
            key = task_of(self.row)
            return key is not None and self.fleet.snapshot(ServerRef(key.tenant, key.server)) is not None
        return super().check_action(action, parameters)

    def action_go(self) -> None:
        """Bring the guest forward that the row is about."""
        key = guest_of(self.row)
        if key is not None:
            self.post_message(Chosen(key))

    def action_log(self) -> None:
        """Show the log of the task that the row is about."""
        key = task_of(self.row)
        if key is not None:
            self.post_message(Chosen(key))

    def action_verify(self) -> None:
        """Check every row; that somebody asked is itself a row."""
        self.checker.start()

    def _judged(self) -> None:
        self.changed()
        self.action_refresh()

    def on_unmount(self) -> None:
        self.checker.stop()

    def action_refresh(self) -> None:
        if not self._unseen():
            _worker: Worker[None] = self.run_worker(self._read, name="audit", group="audit", exclusive=True)

    async def _read(self) -> None:
        before = self.reader.found
        found = await asyncio.to_thread(self.reader.refresh)
        if found != before:
            self.changed()


def guest_of(row: AuditRow | None) -> GuestKey | None:
    """The guest that a row is about."""
    if row is None or row.entry.target_kind not in GUESTS or not row.entry.target_id.isdecimal():
        return None
    return GuestKey(row.entry.tenant, row.entry.server, row.entry.target_kind, int(row.entry.target_id))


def task_of(row: AuditRow | None) -> TaskKey | None:
    """The task that a row is about."""
    if row is None or not row.entry.upid or not row.entry.server:
        return None
    return TaskKey(row.entry.tenant, row.entry.server, row.entry.upid)


def facts_of(row: AuditRow, story: Sequence[AuditRow]) -> list[Fact]:
    """What was done, how it went on, who it was, and what proves it."""
    facts = [Fact(label, text, state_tone(row) if label == "Result" else Tone.PLAIN) for label, text in what_lines(row)]
    if len(story) > 1:
        facts += [Fact(f"row {one.key}", f"{moment(one.seconds)} {_state(one)}", state_tone(one)) for one in story]
    facts += [Fact(label, text) for label, text in who_lines(row)]
    return facts + [Fact(label, text, Tone.MUTED) for label, text in proof_lines(row.record) if text]


def _is_in(row: AuditRow, scope: Scope) -> bool:
    entry = row.entry
    return scope.tenant in (None, entry.tenant) and scope.server in (None, entry.server)
