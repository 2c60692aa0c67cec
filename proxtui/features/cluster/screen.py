"""The clusters in sections; each is asked for only while it is in front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from proxtui.core.model import Fleet, Scope
from proxtui.core.rows import Tone
from proxtui.features.cluster.board import ASK_EVERY, Board
from proxtui.features.cluster.records import Record
from proxtui.features.cluster.rows import AnyColumn
from proxtui.features.cluster.sections import SECTIONS, Section
from proxtui.features.cluster.sorting import SortedSections
from proxtui.features.cluster.subjects import ClusterSubjects
from proxtui.kit.facts import Facts, folded
from proxtui.kit.key_names import key_of
from proxtui.kit.live_table import LiveTable
from proxtui.kit.lookout import Lookout
from proxtui.kit.one_line import OneLine
from proxtui.kit.painting import Run, fit
from proxtui.kit.pulse import Pulse
from proxtui.kit.signs import state_text
from proxtui.kit.view import Arranged, Chosen, LiveView, Told, number_of

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime


SIGNED = ("nodes", "uncovered")
"""Sections whose column ``status`` is the state of a node or a guest."""


def _state(row: Record[Any]) -> str:
    return state_text(str(row.fields["status"] or "unknown"))


def on_screen(section: Section) -> tuple[AnyColumn, ...]:
    """Its columns; on the screen a sign stands before the state, the command line has the word alone."""
    if section.name not in SIGNED:
        return section.columns
    return tuple(replace(one, text=_state, width=9) if one.key == "status" else one for one in section.columns)


class SectionBar(OneLine):
    """The names of the sections, the one in front as a badge."""

    _at = 0

    def point(self, at: int) -> None:
        """Mark the section with this number."""
        self._at = at
        self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        plain = self.style_of(Tone.PLAIN)
        if sum(len(section.title) + 2 for section in SECTIONS) > width:
            return self._neighbours(width)
        looks = [self.badge_style(Tone.ACCENT) if at == self._at else plain for at in range(len(SECTIONS))]
        names = [(f" {section.title} ", look) for section, look in zip(SECTIONS, looks, strict=True)]
        # The last look is what the rest of the line is filled up with.
        return [*names, (" " * (width - sum(len(name) for name, _ in names)), plain)]

    def _neighbours(self, width: int) -> list[Run]:
        """Too narrow for all of them: the one in front with as many beside it as have room, and where one is."""
        plain = self.style_of(Tone.PLAIN)
        place = f" {self._at + 1} of {len(SECTIONS)} "
        names = [f" {section.title} " for section in SECTIONS]
        first, last = self._at, self._at + 1
        while True:
            # In turns after and before it, so that both neighbours are seen.
            room = width - len(place) - 2 - sum(map(len, names[first:last]))
            after = (
                last < len(names)
                and len(names[last]) <= room
                and (last - self._at <= self._at - first + 1 or not first)
            )
            before = first > 0 and len(names[first - 1]) <= room
            if not after and not before:
                break
            last, first = (last + 1, first) if after else (last, first - 1)
        runs: list[Run] = [("…" if first else " ", plain)]
        for at in range(first, last):
            runs.append((names[at], self.badge_style(Tone.ACCENT) if at == self._at else plain))
        runs.append(("…" if last < len(names) else " ", plain))
        used = sum(len(text) for text, _ in runs)
        return [*runs, (fit(place.rjust(width - used), max(0, width - used)), self.style_of(Tone.MUTED))]


class RecordTable(LiveTable):
    """Has Enter only where there is something to open."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "open":
            row = self.cursor_row
            return isinstance(row, Record) and row.target is not None
        return super().check_action(action, parameters)


class ClusterView(ClusterSubjects, SortedSections, LiveView):
    """Quorum, HA, replication, backup jobs, snapshots, pools, log and access of the servers in scope."""

    HELP_NAME: ClassVar[str] = "cluster"
    DEFAULT_CSS = """
    ClusterView { layout: vertical; }
    ClusterView > Facts { height: 1; padding: 0 1; display: none; }
    ClusterView > RecordTable { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "section(-1)", "Section before", key_display="←", show=False, id="fold"),
        Binding("right,l", "section(1)", "Next section", key_display="→", id="unfold"),
        Binding("A", "sweep", "Read/stop", id="sweep"),
    ]

    def __init__(self, runtime: Runtime, *, id: str | None = None) -> None:
        super().__init__(runtime, id=id)
        self.board = Board(runtime)
        self.bar, self.facts = SectionBar(), Facts()
        self.table = RecordTable(on_screen(SECTIONS[0]), sort=SECTIONS[0].sort, noun="line", empty="")
        self.lookout = Lookout(self, self._look, every=ASK_EVERY, idle=self._unseen)
        # A sweep tells of every guest: not each of them is worth a repaint.
        self._pulse = Pulse(self, self._swept, runtime.clock.monotonic, least=0.3)
        self._filling = True
        self.at = 0
        self._hidden: frozenset[str] = frozenset()
        self._said = ""
        self._sorts: dict[str, tuple[str, bool]] = {}
        """By what each section is sorted where somebody chose: a column, and whether downwards."""

    def compose(self) -> ComposeResult:
        yield self.bar
        yield self.facts
        yield self.table

    def take_focus(self) -> None:
        self.screen.set_focus(self.table)

    @property
    def summary(self) -> str:
        """``3 backup jobs``; ``– backup jobs`` while nobody has told."""
        return self.board.counted(self.table.shown, self.table.total)

    def show(self, fleet: Fleet, scope: Scope) -> None:
        self.board.fleet, self.board.scope = fleet, scope
        self._paint()
        self._ask_if_due()

    # Keys.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.board.is_swept if action == "sweep" else super().check_action(action, parameters)

    def turn_to(self, section: str) -> None:
        self.action_section(number_of(section, [one.name for one in SECTIONS]) - self.at)

    def action_section(self, step: int) -> None:
        """Show the next section, or the one before."""
        self.at = (self.at + step) % len(SECTIONS)
        section = self.board.section = SECTIONS[self.at]
        self.bar.point(self.at)
        self.table.set_rows(())
        self._hidden = frozenset()
        self.table.set_columns(on_screen(section))
        self._sort()
        self._filling = True
        self._paint()
        self._ask_if_due()
        self.post_message(Told())
        self.post_message(Arranged(self))
        self.refresh_bindings()

    def on_live_table_sorted(self, event: LiveTable.Sorted) -> None:
        event.stop()
        self._sorts[self.board.section.name] = self.table.rows.sort, self.table.rows.descending
        self.post_message(Arranged(self))

    def action_sweep(self) -> None:
        """Ask every guest in scope that the filter leaves for its snapshots, or stop that: what was found stays."""
        if self.board.sweep.is_running:
            self.workers.cancel_group(self, "sweep")
            return
        board = self.board
        work = board.sweep.run(board.fleet, board.scope, self._pulse.ask, wanted=self.table.rows.filter)
        self.run_worker(work, name="sweep", group="sweep", exclusive=True)
        self.refresh_bindings()

    def on_live_table_opened(self, event: LiveTable.Opened) -> None:
        event.stop()
        if isinstance(event.row, Record) and event.row.target is not None:
            self.post_message(Chosen(event.row.target))

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        event.stop()
        self.refresh_bindings()

    # Painting.

    def _paint(self) -> None:
        self._save_columns()
        if self.board.is_swept:
            self.board.sweep_key = key_of(self.screen, "sweep", "A")
        # While servers answer one after the other, a cursor that nobody moved stays at the top.
        stay, self._filling = self._filling and self.table.rows.cursor == 0, self.board.is_filling
        records = self.board.records()
        if records is not self.table.rows.all:
            self.table.set_rows(records)
        if stay:
            self.table.move(0)
        self.facts.set_facts(self.board.lines())
        self._share_room()
        self.table.say_when_empty(self.board.empty())
        said = self.summary
        if said != self._said:
            self._said = said
            self.post_message(Told())

    def _save_columns(self) -> None:
        """Columns that would say the same on every line are left out: the header says it once."""
        scope = self.board.scope
        hidden = frozenset({"server", "tenant"} if scope.server else {"tenant"} if scope.tenant else ())
        if hidden != self._hidden:
            self._hidden = hidden
            self.table.set_columns([column for column in on_screen(self.board.section) if column.key not in hidden])

    def _share_room(self) -> None:
        """The lines above the table get what they need, at most a third of the room."""
        lines = len(folded(self.facts.facts, max(1, self.size.width - 2)))
        self.facts.display = bool(lines)
        wanted = max(1, min(lines, self.size.height // 3))
        height = self.facts.styles.height
        if height is None or height.value != wanted:
            self.facts.styles.height = wanted

    def on_resize(self, _event: events.Resize) -> None:
        self._share_room()

    # Asking.

    def _ask_if_due(self) -> None:
        if self.board.is_due and not self.runtime.poller.paused:
            self.board.note()
            self.lookout.now()

    async def _look(self) -> None:
        await self.board.ask(self._paint)

    def _swept(self) -> None:
        # The end of a sweep is told even when it ended because the screen went away.
        if self.board.is_swept and self.is_attached and self.is_running:
            self._paint()
            self.refresh_bindings()

    def _unseen(self) -> bool:
        return self.runtime.poller.paused or not self.is_on_screen
