"""The cluster tree at the left: painted by line, however many guests there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from rich.cells import cell_len
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from proxtui.core.census import Census
from proxtui.core.filters import EVERYTHING, Filter
from proxtui.core.model import Fleet, GuestKey, Key, NodeKey, Scope, ServerRef, StorageKey
from proxtui.core.rows import Tone
from proxtui.features.tree.groups import WAYS, filter_of, group_ancestors, group_lines
from proxtui.features.tree.marks import fold_sign, sign_of
from proxtui.features.tree.rows import (
    FLEET,
    NOBODY,
    GroupKey,
    Keep,
    LineKey,
    MemberKey,
    TenantKey,
    TreeLine,
    ancestors,
    keep_matching,
    tree_lines,
)
from proxtui.kit.bare_lines import BareLines
from proxtui.kit.inks import Inks
from proxtui.kit.painting import Run, blank, fit, fit_name, paint_runs
from proxtui.kit.signs import CURSOR
from proxtui.kit.view import Arranged, Chosen, LiveView, Scoped, Selected

if TYPE_CHECKING:
    from proxtui.core.operation import Target
    from proxtui.core.runtime import Runtime

CHOSEN = "•"
REST = 0.3
"""Seconds that the other cursor has to stand still before the tree follows it: jumping along would cost more than the
key itself, on the line to the terminal too."""
LEAST_NAME = 8
"""Cells that a name keeps before the note at the right is cut."""
_CACHED_STRIPS = 512


class BranchCanvas(ScrollView):
    """Lines and a cursor on one of them; paints what is in sight."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--header", "table--cursor", "table--empty"}
    DEFAULT_CSS = """
    BranchCanvas {
        background: $background; color: $foreground;
        overflow-x: hidden; overflow-y: auto; scrollbar-size: 1 1;
        & > .table--header { color: $foreground; background: $panel; text-style: bold; }
        & > .table--cursor { background: $surface; }
        & > .table--empty { color: $foreground 70%; }
        &:focus > .table--cursor { background: $primary 40%; text-style: bold; }
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._styles_cache = BareLines()
        self.lines: list[TreeLine] = []
        self.places: dict[LineKey, int] = {}
        """Where each line stands."""
        self.cursor = 0
        self.scope = Scope()
        """Its line is marked."""
        self._inks = Inks(self)
        self._on_screen: dict[int, Strip] = {}
        self._strips: dict[tuple[TreeLine, bool, bool, int], Strip] = {}

    @property
    def line(self) -> TreeLine | None:
        """The line under the cursor."""
        return self.lines[self.cursor] if self.lines else None

    def set_lines(self, lines: list[TreeLine]) -> None:
        """Show these; the cursor stays on its line, or at its place when that is gone."""
        key = self.line.key if self.line else FLEET
        self.lines = lines
        self.places = {line.key: index for index, line in enumerate(lines)}
        self.cursor = self.places.get(key, max(0, min(self.cursor, len(lines) - 1)))
        self._extend()
        self._repaint()

    def put(self, index: int) -> None:
        """Move the cursor to the line with this index, or the nearest there is."""
        self.cursor = max(0, min(index, len(self.lines) - 1))
        self.follow()
        self._repaint()

    def follow(self) -> None:
        """Scroll just as far as the cursor needs."""
        top, page = self.scroll_offset.y, max(1, self.size.height)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True)
        elif self.cursor >= top + page:
            self.scroll_to(y=self.cursor - page + 1, animate=False, force=True)

    def _extend(self) -> None:
        """Tell Textual how far it can scroll, without the layout of the whole screen that assigning would cause."""
        size = Size(self.scrollable_content_region.width, len(self.lines))
        if size != self.virtual_size:
            self.set_reactive(Widget.virtual_size, size)
            self._scroll_update(size)

    def _repaint(self) -> None:
        if not self.is_mounted or not self.size or not self._on_screen:
            # What was never painted will be, as a whole.
            return
        width = self.scrollable_content_region.width
        dirty = [Region(0, y, width, 1) for y in range(self.size.height) if self._differs(y, width)]
        if dirty:
            self.refresh(*dirty)

    def _differs(self, y: int, width: int) -> bool:
        old, new = self._on_screen.get(y), self._paint(y, width)
        return old is not new and old != new

    def render_line(self, y: int) -> Strip:
        strip = self._on_screen[y] = self._paint(y, self.scrollable_content_region.width)
        return strip

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._inks.clear()
        self._strips.clear()
        if self.is_mounted:
            self.call_next(self._repaint)

    def on_resize(self, _event: events.Resize) -> None:
        self._extend()
        self.follow()
        self._repaint()

    def _paint(self, y: int, width: int) -> Strip:
        index = self.scroll_offset.y + y
        if index >= len(self.lines):
            return blank(width, self._inks["plain"].base)
        line = self.lines[index]
        chosen = line.scope == self.scope and not isinstance(line.key, GuestKey | StorageKey | MemberKey | GroupKey)
        look = (line, index == self.cursor, chosen, width)
        strip = self._strips.get(look)
        if strip is None:
            if len(self._strips) >= _CACHED_STRIPS:
                self._strips.clear()
            strip = self._strips[look] = self._painted(*look)
        return strip

    def _painted(self, line: TreeLine, lit: bool, chosen: bool, width: int) -> Strip:
        ink = self._inks[("cursor" if lit else "plain") + (" muted" if line.muted else "")]
        mark = CURSOR if lit else CHOSEN if chosen and line.key != FLEET else " "
        runs: list[Run] = [(mark, ink.tones[Tone.ACCENT]), ("  " * line.depth + fold_sign(line), ink.base)]
        if sign := sign_of(line):
            runs.append((sign + " ", ink.tones[line.tone]))
        room = width - sum(len(text) for text, _ in runs)
        least = min(LEAST_NAME, cell_len(line.name))
        note = fit(line.note, min(len(line.note), max(0, room - least - 1)))
        name = ink.tones[Tone.ACCENT] if chosen or isinstance(line.key, TenantKey) else ink.base
        runs.append((fit_name(line.name, room - len(note) - bool(note)), name))
        if note:
            runs.extend([(" ", ink.base), (note, ink.tones[line.note_tone])])
        return paint_runs(runs, width, ink.base)


class Branches(BranchCanvas, can_focus=True, inherit_bindings=False):
    """The lines with keys and mouse."""

    HELP_NAME: ClassVar[str] = "tree"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Narrow to it", id="open"),
        Binding("right,l", "unfold", "Unfold", id="unfold"),
        Binding("left,h", "fold", "Fold", id="fold"),
        Binding("b", "next_way", "By server/pool/tag", id="tree-way"),
        Binding("up,k", "move(-1)", "Up", show=False, id="up"),
        Binding("down,j", "move(1)", "Down", show=False, id="down"),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False, id="page-up"),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False, id="page-down"),
        Binding("home,g", "go(0)", "First line", show=False, id="first"),
        Binding("end,G", "go(-1)", "Last line", show=False, id="last"),
    ]

    class Walked(Message):
        """The cursor came to a guest, node or storage because somebody moved it."""

        def __init__(self, key: Key) -> None:
            super().__init__()
            self.key = key

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, Branches.Walked)

    def __init__(self) -> None:
        super().__init__()
        self._fleet = Fleet((), 0.0)
        self.folds: set[LineKey] = set(NOBODY)
        self._keep: Keep | None = None
        self._census = Census()
        self.way = WAYS[0]
        """How the tree is built: by server, pool or tag."""

    def show(self, fleet: Fleet, scope: Scope, keep: Keep | None) -> None:
        """Show this fleet; ``scope`` marks the chosen line, ``keep`` says what a filter lets through."""
        self._fleet, self.scope, self._keep = fleet, scope, keep
        self._rebuild()

    def place_of(self, key: Key) -> int | None:
        """Index of the line of ``key`` or the nearest one above it; None when there is none."""
        if self.way == WAYS[0]:
            above = ancestors(key, self._fleet)
        else:
            above = group_ancestors(key, self._fleet, self.way) if isinstance(key, GuestKey) else []
        return next((self.places[candidate] for candidate in above if candidate in self.places), None)

    def mark(self, key: Key) -> bool:
        """Put the cursor on that line; False when there is none."""
        found = self.place_of(key)
        if found is not None:
            self.put(found)
        return found is not None

    def action_choose(self) -> None:
        """Narrow the views to this line, or widen them again when they are; on a guest, go to it."""
        line = self.line
        if line is None:
            return
        if isinstance(line.thing, GuestKey):
            self.post_message(Chosen(line.thing))
        elif isinstance(line.key, GroupKey):
            self.post_message(Scoped(line.scope, filter_of(line.key)))
        else:
            self.post_message(Scoped(Scope() if line.scope == self.scope else line.scope))

    def action_next_way(self) -> None:
        """Build the tree another way; the cursor stays on its guest where it is in sight."""
        self.build(WAYS[(WAYS.index(self.way) + 1) % len(WAYS)])
        self.post_message(Arranged(next(above for above in self.ancestors if isinstance(above, LiveView))))

    def build(self, way: str) -> None:
        """Build the tree this way."""
        line = self.line
        self.way = way
        self._rebuild()
        if line is not None and line.thing is not None:
            self.mark(line.thing)
        self.follow()

    def action_unfold(self) -> None:
        line = self.line
        if line is None or line.is_open is None:
            return
        if line.is_open:
            self._walk(self.cursor + 1)
        else:
            self._toggle(line.key)

    def action_fold(self) -> None:
        line = self.line
        if line is None:
            return
        if line.is_open:
            self._toggle(line.key)
        elif line.depth:
            above = range(self.cursor - 1, -1, -1)
            self._walk(next((index for index in above if self.lines[index].depth < line.depth), 0))

    def action_move(self, step: int) -> None:
        self._walk(self.cursor + step)

    def action_page(self, pages: int) -> None:
        self._walk(self.cursor + pages * max(1, self.size.height - 1))

    def action_go(self, index: int) -> None:
        self._walk(index if index >= 0 else len(self.lines) + index)

    def on_click(self, event: events.Click) -> None:
        event.stop()
        index = self.scroll_offset.y + event.y
        if index >= len(self.lines):
            return
        self._walk(index)
        line = self.lines[index]
        if event.chain == 2:
            self.action_choose()
        elif line.is_open is not None and event.x <= 2 * line.depth + 2:
            self._toggle(line.key)

    def _walk(self, index: int) -> None:
        """Move the cursor because somebody wants to."""
        before = self.line
        self.put(index)
        if (line := self.line) is not None and line is not before and line.thing is not None:
            self.post_message(self.Walked(line.thing))

    def _toggle(self, key: LineKey) -> None:
        self.folds ^= {key}
        self._rebuild()
        self.follow()

    def _rebuild(self) -> None:
        if self.way == WAYS[0]:
            self.set_lines(tree_lines(self._fleet, self.folds, self._keep, self._census))
        else:
            self.set_lines(group_lines(self._fleet, self.way, self.folds, self._keep))


class ClusterTree(LiveView):
    """Tenant, server, node, then guests and storages. Says ``Selected``, on enter ``Chosen`` or ``Scoped``."""

    HELP_NAME: ClassVar[str] = "tree"
    LEFT: ClassVar[tuple[str, ...]] = ("folds",)

    def __init__(self, runtime: Runtime, *, id: str | None = None) -> None:
        super().__init__(runtime, id=id)
        self._filter = EVERYTHING
        self._branches = Branches()
        self.folds = self._branches.folds
        self._fleet, self._scope = Fleet((), 0.0), Scope()
        self._wanted: Key | None = None
        """What the cursor is to stand on as soon as that does not change any more."""
        self._rest: Timer | None = None
        """Runs for a moment after each time that the cursor was sent somewhere."""

    def compose(self) -> ComposeResult:
        yield self._branches

    def show(self, fleet: Fleet, scope: Scope) -> None:
        self._fleet, self._scope = fleet, scope
        keep = keep_matching(fleet, self._filter.matches) if self._filter else None
        self._branches.show(fleet, scope, keep)

    def set_filter(self, wanted: Filter) -> None:
        """Hide what does not match; tenants, servers and the nodes above a match stay."""
        self._filter = wanted
        self.show(self._fleet, self._scope)

    @property
    def arrangement(self) -> dict[str, Any]:
        return {"way": self._branches.way}

    def put_in_order(self, wanted: Mapping[str, Any]) -> None:
        if wanted.get("way") in WAYS:
            self._branches.build(wanted["way"])

    # What can be changed here.

    def row_with_keys(self) -> TreeLine | None:
        return self._branches.line if self.app.focused is self._branches else None

    def can_act_on(self, row: TreeLine) -> bool:
        return isinstance(row.thing or row.key, GuestKey | NodeKey | StorageKey | ServerRef)

    def targets_of(self, row: TreeLine) -> Target | None:
        from proxtui.features.tree.targets import target_of

        return target_of(self._fleet, row.thing or row.key)

    def on_branches_walked(self, event: Branches.Walked) -> None:
        event.stop()
        self._wanted = None
        self.post_message(Selected(event.key))

    def reveal(self, key: Key) -> bool:
        """Put the cursor there: at once, or while this is asked again and again, as soon as that has ended."""
        if self._branches.place_of(key) is None:
            return False
        if self._rest is None:
            self._rest = self.set_timer(REST, self.settle)
            self._branches.mark(key)
        else:
            self._wanted = key
            self._rest.reset()
        return True

    def on_descendant_focus(self) -> None:
        # Keys that come now start from where the other cursor is.
        self.settle()

    def settle(self) -> None:
        """Follow now, if that is still to be done."""
        if self._rest is not None:
            self._rest.stop()
            self._rest = None
        if self._wanted is not None:
            self._branches.mark(self._wanted)
            self._wanted = None
