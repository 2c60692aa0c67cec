"""The storages of all servers in one table, with what lies on the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widget import Widget

from proxtui.core.filters import Filter
from proxtui.core.model import Fleet, Key, Scope, ServerRef, StorageKey
from proxtui.core.rows import TableRow, Tone, tone_of_load
from proxtui.features.storage.contents import (
    BACKUP_COLUMNS,
    CONTENT_COLUMNS,
    KINDS,
    LEFT_OUT,
    Lack,
    backup_rows,
    content_rows,
    kinds_of,
    not_shown,
    unreadable_text,
)
from proxtui.features.storage.details import Line, storage_lines, title_of
from proxtui.features.storage.rows import COLUMNS, StorageRow, storage_rows
from proxtui.features.storage.service import WEEK, StorageDetail, StorageService
from proxtui.features.storage.subjects import StorageSubjects
from proxtui.kit.chart import LiveChart
from proxtui.kit.detail_pane import PaneTitle, finished
from proxtui.kit.facts import FactLike, Facts, folded
from proxtui.kit.key_names import PANE
from proxtui.kit.live_table import LiveTable
from proxtui.kit.one_line import Notice, OneLine
from proxtui.kit.painting import Run, fit
from proxtui.kit.signs import state_sign
from proxtui.kit.split import Split
from proxtui.kit.table_view import TableView
from proxtui.kit.time_axis import zone_text

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime

CHART_FROM = 16
"""Lines of the pane from which there is room for the chart."""
MOST_FACTS = 8
PER_GUEST = "per guest"
"""Stands among the content types for the backups of each guest."""
SIGNS = {"available": state_sign("online"), "unknown": state_sign("unknown")}


def _state(row: StorageRow) -> str:
    sign = state_sign(row.status) if row.muted else SIGNS.get(row.status, state_sign("offline"))
    return f"{sign} {row.status}"


# On the screen a sign stands before the word; the command line has the word alone.
SCREEN_COLUMNS = tuple(replace(one, text=_state, width=11) if one.key == "status" else one for one in COLUMNS)


class KindLine(OneLine):
    """The content types with their numbers; the chosen one stands out."""

    kinds: tuple[tuple[str, bool], ...] = ()

    def say(self, kinds: Sequence[tuple[str, bool]]) -> None:
        """Texts, and which of them is chosen."""
        self.kinds = tuple(kinds)
        self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        kinds = list(self.kinds)
        # However narrow it is, the chosen one is in sight: what stands before it goes first.
        while len(kinds) > 1 and not kinds[0][1] and _cells(kinds) > width and any(lit for _, lit in kinds):
            del kinds[0]
        left = width
        runs: list[Run] = []
        for text, lit in kinds:
            cells = min(left, len(text) + 2)
            runs.append((fit(f" {text} ", cells), self.badge_style(Tone.ACCENT) if lit else self.style_of(Tone.MUTED)))
            left -= cells
        return [*runs, (" " * left, self.style_of(Tone.PLAIN))]


def _cells(kinds: Sequence[tuple[str, bool]]) -> int:
    return sum(len(text) + 2 for text, _ in kinds)


class StoragePane(Widget):
    """Title, facts, usage over time, and the content."""

    DEFAULT_CSS = """
    StoragePane { width: 1fr; height: 1fr; layout: vertical; }
    StoragePane > Facts { width: 1fr; height: 3; padding: 0 1; }
    StoragePane > LiveChart { width: 1fr; height: 8; padding: 0 1; display: none; }
    StoragePane > KindLine { background: $surface; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._title = PaneTitle()
        self._facts = Facts()
        self.chart = LiveChart()
        self.kinds = KindLine()
        self.content = LiveTable(CONTENT_COLUMNS, sort="volid", noun="volume", empty="")
        self._heights = (0, 0)

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._facts
        yield self.chart
        yield self.kinds
        yield self.content

    @property
    def title(self) -> str:
        """What it is about."""
        return self._title.text

    @property
    def facts(self) -> tuple[FactLike, ...]:
        """What it says."""
        return self._facts.facts

    def tell(self, title: str, facts: Sequence[FactLike]) -> None:
        """Show these above chart and content."""
        self._title.say(title)
        self._facts.set_facts(facts)
        self._share_room()

    def list_content(self, kinds: Sequence[tuple[str, bool]], rows: Sequence[TableRow], empty: str) -> None:
        """Show the content types and the volumes, or the guests, of the chosen one."""
        self.kinds.say(kinds)
        columns: Any = BACKUP_COLUMNS if any(text == PER_GUEST and lit for text, lit in kinds) else CONTENT_COLUMNS
        if self.content.rows.columns != columns:
            # The rows of one kind have not what the columns of the other ask for.
            self.content.set_rows(())
            self.content.set_columns(columns)
            self.content.sort_by("newest" if columns is BACKUP_COLUMNS else "volid", descending=False)
        self.content.set_rows(rows)
        self.content.say_when_empty(empty)

    def clear(self) -> None:
        """There is nothing to tell about."""
        self.tell("", ())
        self.chart.say("")
        self.list_content((), (), "")

    def on_live_table_highlighted(self, event: LiveTable.Highlighted) -> None:
        """The cursor in the content moves nothing else."""
        event.stop()

    def on_live_table_opened(self, event: LiveTable.Opened) -> None:
        """There is nothing to open below a volume."""
        event.stop()

    def on_resize(self, _event: events.Resize) -> None:
        self._share_room()

    def _share_room(self) -> None:
        lines = len(folded(self._facts.facts, max(1, self.size.width - 2)))
        facts = max(1, min(lines, MOST_FACTS, (self.size.height - 2) // 3))
        chart = min(9, self.size.height // 4) if self.size.height >= CHART_FROM else 0
        if (facts, chart) != self._heights:
            self._heights = facts, chart
            self._facts.styles.height = facts
            self.chart.display = chart > 0
            self.chart.styles.height = chart


class StorageView(StorageSubjects, TableView[StorageRow, StorageDetail]):
    """Every storage of every server; shared ones once."""

    NOUN = "storage"
    SORT = "storage"
    GROUPS = ("server", "tenant", "status", "plugintype", "node")
    HELP_NAME: ClassVar[str] = "storage"
    SHOWS: ClassVar[tuple[type, ...]] = (StorageKey,)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("full_stop", "next_kind(1)", "Next type", key_display=".", group=PANE, id="next-section"),
        Binding("comma", "next_kind(-1)", "Type before", key_display=",", show=False, group=PANE, id="section-before"),
        Binding("B", "per_guest", "Backups per guest", group=PANE, id="per-guest"),
        Binding("w", "history('longer')", "Time span", group=PANE, id="time-span"),
        Binding("M", "history('maxima')", "Average/max", group=PANE, id="maximum"),
    ]

    LEFT: ClassVar[tuple[str, ...]] = ("kind", "span")

    def __init__(self, runtime: Runtime, *, id: str | None = None) -> None:
        super().__init__(runtime, SCREEN_COLUMNS, id=id)
        self.panel = StoragePane()
        self.split = Split(self.table, lambda: self.panel)
        self.service = StorageService(runtime)
        self.notice = Notice(id="not-shown")
        self.kind: str | None = None
        """The chosen content type; ``PER_GUEST``; None for all."""
        self.span = WEEK

    def compose(self) -> ComposeResult:
        yield self.notice
        yield self.split

    def show(self, fleet: Fleet, scope: Scope) -> None:
        super().show(fleet, scope)
        lines = self.service.limits(fleet, scope)
        more = f"  (+{len(lines) - 1} more)" if len(lines) > 1 else ""
        self.notice.say(lines[0] + more if lines else "", Tone.WARN)
        if lines:
            self.table.say_when_empty("\n".join(["no storages are shown", *lines]))

    def rows_of(self, fleet: Fleet, scope: Scope) -> Sequence[StorageRow]:
        self.hide_columns({"server", "tenant"} if scope.server else {"tenant"} if scope.tenant else set())
        return storage_rows(fleet, scope)

    def name_of(self, row: StorageRow) -> str:
        return row.key.storage

    def place_of(self, row: StorageRow) -> tuple[ServerRef, str]:
        return ServerRef(row.key.tenant, row.key.server), f"storage/{row.key.node}/{row.key.storage}"

    def reveal(self, key: Key) -> bool:
        """A shared storage is one row, whichever node it is named with."""
        if not isinstance(key, StorageKey) or self.table.move_to(key):
            return isinstance(key, StorageKey)
        named = (key.tenant, key.server, key.storage)
        keys = (row.key for row in storage_rows(self.fleet, self.scope) if row.is_shared and key.node in row.nodes)
        return any(self.table.move_to(one) for one in keys if (one.tenant, one.server, one.storage) == named)

    def set_filter(self, wanted: Filter) -> None:
        """Of the storages; the content has types of its own to choose from."""
        self.table.set_filter(wanted)

    async def ask(self, row: StorageRow, previous: StorageDetail | None) -> StorageDetail:
        return await self.service.detail(row.key, row.ask_at, self.span, previous)

    def tell(self, row: StorageRow, detail: StorageDetail | None) -> None:
        known = detail if detail is not None and detail.key == row.key else None
        hidden = not_shown(known.permissions if known else None, row.key.storage, row.storage.content)
        facts: list[FactLike] = list(storage_lines(row, known.status if known else None))
        facts.extend(Line("not read", problem, Tone.WARN) for problem in (known.problems if known else ()))
        facts.extend(Line("not shown", lack.line, Tone.WARN) for lack in hidden.values())
        if known is not None and known.unreadable:
            facts.append(Line("not read", unreadable_text(known.unreadable), Tone.WARN))
        self.panel.tell(title_of(row), facts)
        self._list(row, known, hidden)
        self._draw(known)

    def volumes_in_sight(self) -> Sequence[Any]:
        return self.panel.content.rows.all if self.split.is_open else ()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "history":
            return self.split.is_open and self.panel.chart.display
        if action == "per_guest":
            return self.split.is_open and PER_GUEST in self._choices()
        if action == "next_kind":
            return self.split.is_open
        return super().check_action(action, parameters)

    def action_next_kind(self, step: int) -> None:
        """Show another content type of the storage under the cursor."""
        choices = self._choices()
        here = choices.index(self.kind) if self.kind in choices else 0
        self.kind = choices[(here + step) % len(choices)]
        self._paint()

    def action_per_guest(self) -> None:
        self.kind = None if self.kind == PER_GUEST else PER_GUEST
        self._paint()

    def action_history(self, other: str) -> None:
        """Draw a ``longer`` part of the history, or ``maxima`` instead of averages and the other way round."""
        self.span = self.span.longer() if other == "longer" else self.span.other()
        self._paint()
        self.lookout.now()

    def _choices(self) -> list[str | None]:
        if self.row is None:
            return [None]
        detail = self._detail if self._detail is not None and self._detail.key == self.row.key else None
        kinds = kinds_of(detail.volumes if detail else None, self.row.storage.content)
        return [None, *kinds, *(PER_GUEST for _ in "1" if "backup" in kinds)]

    def _list(self, row: StorageRow, detail: StorageDetail | None, hidden: dict[str, Lack]) -> None:
        volumes = detail.volumes if detail is not None else None
        counts = kinds_of(volumes, row.storage.content)
        choices = self._choices()
        kind = self.kind if self.kind in choices else None
        snapshot = self.fleet.snapshot(ServerRef(row.key.tenant, row.key.server))
        rows: Sequence[TableRow]
        if kind == PER_GUEST:
            rows = backup_rows(volumes or (), row.key, snapshot)
        else:
            rows = content_rows(volumes or (), row.key, snapshot, kind)
        # While nothing was read, and where something may be left out, a number would be a lie.
        unsure = LEFT_OUT if detail is None or detail.permissions is None else hidden.keys()
        texts: dict[str | None, str] = {None: "all", PER_GUEST: PER_GUEST}
        for one, count in counts.items():
            sure = volumes is not None and (count or (one not in unsure and not (detail and detail.unreadable)))
            texts[one] = f"{KINDS.get(one, one)} {count}" if sure else KINDS.get(one, one)
        self.panel.list_content([(texts[one], one == kind) for one in choices], rows, self._empty(detail, kind, hidden))

    def _empty(self, detail: StorageDetail | None, kind: str | None, hidden: dict[str, Lack]) -> str:
        if detail is None:
            return "reading …"
        if detail.volumes is None:
            return "not read"
        asked = "backup" if kind == PER_GUEST else kind
        if hidden and (asked is None or asked in hidden):
            return "\n".join(lack.short for one, lack in hidden.items() if asked in (None, one))
        if detail.unreadable:
            return unreadable_text(detail.unreadable)
        if detail.permissions is None and (asked is None or asked in LEFT_OUT):
            return f"no {KINDS.get(asked or '', 'volumes')} that we may see"
        return f"no {KINDS.get(asked, asked)} here" if asked else "nothing lies here"

    def _draw(self, detail: StorageDetail | None) -> None:
        title = f"Used, last {self.span.text}"
        history = detail.history if detail is not None and detail.span == self.span else None
        used = history.values.get("used", ()) if history is not None else ()
        if history is None or not used:
            self.panel.chart.set_series(title, (), ())
            self.panel.chart.say("reading …" if detail is None or detail.span != self.span else "no history")
            return
        whole = finished(used)
        # Times are of this machine's zone, which need not be that of who looks.
        title += f", {zone_text(history.times[-1])}" if history.times else ""
        total = max((value for value in history.values.get("total", ()) if value is not None), default=None)
        tone = partial(_tone, total) if total else None
        self.panel.chart.set_series(title, history.times[:whole], used[:whole], unit="B", maximum=total, tone=tone)

    def _paint(self) -> None:
        if self.split.is_open and self.row is None:
            self.panel.clear()
        else:
            super()._paint()


def _tone(total: float, used: float) -> Tone:
    return tone_of_load(used / total)
