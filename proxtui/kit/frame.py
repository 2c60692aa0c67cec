"""The frame of the screen: header, sidebar, body, filter line and key line, and how they share the room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import Screen

from proxtui.core.feature import Feature, load
from proxtui.kit.filter_bar import FilterBar
from proxtui.kit.header_bar import HeaderBar
from proxtui.kit.key_bar import KeyBar
from proxtui.kit.keymap import view_binding
from proxtui.kit.one_line import Notice
from proxtui.kit.too_small import TooSmall
from proxtui.kit.view import LiveView

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime

FOLD_BELOW = 100
"""Columns below which the sidebar folds away unless somebody asked for it."""


class Ground(Container):
    """Holds parts that cover it: painting its own ground line by line would be for nobody."""

    BLANK: ClassVar[bool] = True


class Frame(Screen[None]):
    """Views of rooms, one of them in front; loads a view's code when it is first shown."""

    HELP_NAME: ClassVar[str] = "screen"
    BLANK: ClassVar[bool] = True
    AUTO_FOCUS: ClassVar[str | None] = ""
    """The view that comes to the front takes the keys; Textual would give them to the sidebar first."""
    DEFAULT_CSS = """
    Frame { layers: base cover; layout: vertical; background: $background; }
    Frame > #body { height: 1fr; width: 1fr; layout: horizontal; }
    Frame #sidebar { width: 30; height: 1fr; border-right: vkey $panel; }
    Frame #views { width: 1fr; height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", key_display="/", id="filter"),
        Binding("t", "toggle_sidebar", "Tree", id="tree"),
        Binding("tab", "app.focus_next", "Next part of the screen", show=False),
        Binding("shift+tab", "app.focus_previous", "Part before", show=False),
        Binding("question_mark", "help", "Help", key_display="?", id="help"),
    ]

    def __init__(self, runtime: Runtime, features: Sequence[Feature], sidebar: Feature | None = None) -> None:
        """``features`` with a view become views in this order; ``sidebar``'s view stands at the left."""
        super().__init__()
        self.runtime = runtime
        self.features = {feature.name: feature for feature in features if feature.view}
        self._sidebar_feature = sidebar
        self._wants_sidebar: bool | None = None
        self._front = ""
        for feature in self.features.values():
            if feature.key:
                self._bindings.key_to_bindings.setdefault(feature.key, []).append(view_binding(feature))

    def compose(self) -> ComposeResult:
        yield HeaderBar()
        yield Notice(id="trouble")
        with Ground(id="body"):
            with Container(id="sidebar"):
                if self._sidebar_feature is not None:
                    yield load(self._sidebar_feature.view)(self.runtime, id=f"view-{self._sidebar_feature.name}")
            yield Ground(id="views")
        yield from self.compose_lines()
        yield KeyBar()
        yield TooSmall()

    @on(events.ScreenSuspend)
    @on(events.ScreenResume)
    def _renew_keys(self) -> None:
        """A dialog came or went: with it the keys that work."""
        if bar := next(iter(self.query(KeyBar)), None):
            bar.repaint()

    def compose_lines(self) -> ComposeResult:
        """The lines between the body and the keys."""
        yield FilterBar(self._to_front)

    @property
    def sidebar(self) -> LiveView | None:
        """The view at the left, also while it is folded away."""
        return next(iter(self.query_one("#sidebar").query(LiveView)), None)

    @property
    def front(self) -> LiveView | None:
        """The view in the body."""
        return self._view(self._front)

    @property
    def front_feature(self) -> Feature | None:
        """The card of the view in the body."""
        return self.features.get(self._front)

    async def bring(self, name: str) -> LiveView:
        """Put the view of this feature in front; it gets the keys."""
        view = self._view(name)
        if view is None:
            view = load(self.features[name].view)(self.runtime, id=f"view-{name}")
            assert isinstance(view, LiveView)  # noqa: S101 - a card that names something else is a bug in the registry
            await self.query_one("#views").mount(view)
        self._front = name
        for other in self.query_one("#views").query_children(LiveView):
            other.display = other is view
        self.came_to_front(view)
        view.take_focus()
        return view

    def came_to_front(self, view: LiveView) -> None:
        """Called when another view is in front, before it gets the keys."""

    def sidebar_came(self) -> None:
        """Called when the sidebar was folded away and is in sight again."""

    async def action_switch(self, name: str) -> None:
        await self.bring(name)

    def action_filter(self) -> None:
        self.query_one(FilterBar).open()

    def action_toggle_sidebar(self) -> None:
        self._wants_sidebar = not self.query_one("#sidebar").display
        self._share_room()

    def action_help(self) -> None:
        from proxtui.kit.help import HelpScreen

        self.app.push_screen(HelpScreen(self))

    def _to_front(self) -> None:
        if self.front is not None:
            self.front.take_focus()

    def on_resize(self, _event: events.Resize) -> None:
        self._share_room()

    def _share_room(self) -> None:
        self.query_one(TooSmall).judge(self.size)
        sidebar = self.query_one("#sidebar")
        wide = self.size.width >= FOLD_BELOW
        was_in_sight = sidebar.display
        sidebar.display = self.sidebar is not None and (wide if self._wants_sidebar is None else self._wants_sidebar)
        if not sidebar.display and self.focused is not None and sidebar in self.focused.ancestors and self.front:
            self.front.take_focus()
        if sidebar.display and not was_in_sight:
            self.sidebar_came()

    def _view(self, name: str) -> LiveView | None:
        return next(iter(self.query(f"#view-{name}").results(LiveView)), None) if name else None
