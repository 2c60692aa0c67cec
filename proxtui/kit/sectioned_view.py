"""A table whose pane has several sections; each is asked for only while it is in front."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeVar

from textual.binding import Binding, BindingType

from proxtui.core.model import Fleet, Scope
from proxtui.core.rows import Column, TableRow, Tone
from proxtui.core.series import Span
from proxtui.kit.app import LiveApp
from proxtui.kit.key_names import PANE, key_of
from proxtui.kit.table_view import TableView
from proxtui.kit.time_axis import zone_text
from proxtui.kit.view import number_of

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.core.sheet import Page

R = TypeVar("R", bound=TableRow)
D = TypeVar("D")


class Section(NamedTuple):
    """One page of the pane. The first one of a view is told by ``ask`` and ``tell``, the others by ``read``."""

    name: str
    every: float | None = 30.0
    """Seconds after which it is asked again; None: never asked but by ``u``."""
    spans: bool = False
    """Whether it shows history, so that the time frame matters."""


class SectionedView(TableView[R, D]):
    """Rooms name their sections and read them."""

    SECTIONS: ClassVar[tuple[Section, ...]] = (Section("Summary"),)
    LEFT: ClassVar[tuple[str, ...]] = ("at", "span")
    """What is handed over to the view that takes its place, when the dashboard is opened anew."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("full_stop", "section(1)", "Next section", key_display=".", group=PANE, id="next-section"),
        Binding("comma", "section(-1)", "Section before", key_display=",", show=False, group=PANE, id="section-before"),
        Binding("w", "longer", "Time span", group=PANE, id="time-span"),
        Binding("M", "maximum", "Average/max", group=PANE, id="maximum"),
        Binding("u", "read_again", "Read again", group=PANE, id="read-again"),
    ]

    def __init__(self, runtime: Runtime, columns: Sequence[Column[R]], *, id: str | None = None) -> None:
        super().__init__(runtime, columns, id=id)
        self.at = 0
        """The number of the section in front."""
        self.span = Span()
        self._pages: dict[Hashable, tuple[float, Page]] = {}
        self._wished: Hashable = None
        self._ending: Hashable = None
        """Of the row under the cursor: what changed last of it."""

    @property
    def section(self) -> Section:
        """The section in front."""
        return self.SECTIONS[self.at]

    async def read(self, row: R, section: Section, span: Span) -> Page:
        """Ask for a section of a row. What could not be read is a note in it; never raises a ``ProxtuiError``."""
        from proxtui.core.sheet import Page

        return Page()

    def title_of(self, row: R) -> str:
        """The name of the thing, above its pane."""
        return ""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in ("section", "read_again"):
            return self.split.is_open and (action == "section" or self.at > 0)
        if action in ("longer", "maximum"):
            return self.split.is_open and self.section.spans
        return super().check_action(action, parameters)

    def turn_to(self, section: str) -> None:
        self.at = number_of(section, [one.name for one in self.SECTIONS])
        if not self.split.is_open:
            self.action_toggle_detail()
        self._turned()

    def action_section(self, step: int) -> None:
        self.at = (self.at + step) % len(self.SECTIONS)
        self._turned()

    def action_longer(self) -> None:
        self.span = self.span.longer()
        self._turned()

    def action_maximum(self) -> None:
        self.span = self.span.other()
        self._turned()

    def action_read_again(self) -> None:
        """Ask for this section now; the only way to those that cost the node too much to be asked by themselves."""
        if self.row is not None:
            self._wished = self._place(self.row)
            self._pages.pop(self._wished, None)
            self._paint()
            self.lookout.now()

    def show(self, fleet: Fleet, scope: Scope) -> None:
        super().show(fleet, scope)
        ending = self.app.ending_of(self.row.key) if isinstance(self.app, LiveApp) and self.row is not None else None
        if ending != self._ending:
            # What was changed is read again; until then the old page stays.
            self._ending = ending
            self._wished = self._place(self.row) if self.row is not None else None
            self._pages = {place: known for place, known in self._pages.items() if place == self._wished}
            if self.split.is_open:
                self.lookout.now()

    def _turned(self) -> None:
        """Another page is in front: it is asked for when nobody turns on for a moment."""
        self._paint()
        self.lookout.soon()
        self.refresh_bindings()

    def _place(self, row: R) -> Hashable:
        return row.key, self.section.name, self.span if self.section.spans else None

    async def _look(self) -> None:
        if not self.at:
            await super()._look()
            return
        row, section = self.row, self.section
        if not self.split.is_open or row is None or not self._is_due(row, section):
            return
        place = self._place(row)
        self._wished = None
        page = await self.read(row, section, self.span)
        # Only what is said of the present row is kept: the next one is asked anew.
        self._pages = {key: known for key, known in self._pages.items() if isinstance(key, tuple) and key[0] == row.key}
        self._pages[place] = (self.runtime.clock.monotonic(), page)
        self._paint()

    def _is_due(self, row: R, section: Section) -> bool:
        place = self._place(row)
        if self._wished == place:
            return True
        if section.every is None:
            return False
        known = self._pages.get(place)
        return known is None or self.runtime.clock.monotonic() - known[0] >= section.every

    def _paint(self) -> None:
        if not self.split.is_open:
            return
        self.pane.say_sections([section.name for section in self.SECTIONS], self.at)
        row = self.row
        had_keys = self.pane.table.has_focus
        if not self.at or row is None or not self.split.is_open:
            super()._paint()
        else:
            self._tell_section(row)
        if had_keys and not self.pane.has_class("-sheet"):
            # What is out of sight hears no keys, and then nobody would.
            self.table.focus()

    def _tell_section(self, row: R) -> None:
        from proxtui.core.sheet import Note
        from proxtui.kit.detail_pane import curves

        known = self._pages.get(self._place(row))
        page = known[1] if known is not None else self._unread(row)
        whose = f"; times are {zone_text(page.times[-1])}" if page.times else ""
        head = [Note("History", self.span.text + whose)] if self.section.spans else []
        lines = curves(page.drawings, page.times, page.empty)
        self.pane.tell(self.title_of(row), [*head, *page.notes], lines, page.sheet)

    def _unread(self, row: R) -> Page:
        from proxtui.core.sheet import Note, Page

        if self.section.every is None and self._wished != self._place(row):
            key = key_of(self.screen, "read-again", "u")
            return Page((Note("", f"not asked by itself, for it costs the node seconds: {key} asks", Tone.MUTED),))
        return Page((Note("", "reading …", Tone.MUTED),))
