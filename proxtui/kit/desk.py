"""The console that one finds again as one left it: arranged views, saved ones, what was typed, the theme."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.theme import Theme
from textual.timer import Timer

from proxtui.core.feature import Feature
from proxtui.core.memory import Memory
from proxtui.core.model import Scope
from proxtui.kit.app import LiveApp
from proxtui.kit.arrangements import Arrangements
from proxtui.kit.console import Console, leave_line
from proxtui.kit.filter_bar import FilterBar
from proxtui.kit.history import History
from proxtui.kit.saved_views import SavedViews
from proxtui.kit.view import Arranged, LiveView
from proxtui.kit.write_badge import can_change

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.kit.command_line import CommandLine
    from proxtui.kit.commands import Commands
    from proxtui.kit.finder import Entry

KEEP_AFTER = 2.0
"""Seconds between a change and the disk: many keys are one write."""


class Desk(Console):
    """A console with a memory."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("R", "changes", "Changes of this session", show=False, id="changes"),
        Binding("ctrl+t", "tenants", "Choose a tenant", show=False, id="choose-tenant"),
    ]

    def __init__(
        self,
        runtime: Runtime,
        features: Sequence[Feature],
        sidebar: Feature | None = None,
        memory: Memory | None = None,
    ) -> None:
        """Without a ``memory`` of its own everything lasts as long as the screen."""
        super().__init__(runtime, features, sidebar)
        self.memory = memory or Memory()
        tenants = dict.fromkeys(place.tenant for place, _ in runtime.config.servers())
        self.arrangements = Arrangements(self.memory, tuple(tenants))
        self.saved = SavedViews(self)
        self._keeping: Timer | None = None

    @cached_property
    def commands(self) -> Commands:
        """Those of every console, and those of the saved views."""
        from proxtui.kit.commands import Commands

        return Commands([*super().commands.all, *self.saved.commands()])

    async def command_line(self) -> CommandLine:
        is_first = self._line is None
        line = await super().command_line()
        if is_first:
            line.history = self._history("commands")
        return line

    async def on_mount(self) -> None:
        self.query_one(FilterBar).history = self._history("filters")
        self.app.theme_changed_signal.subscribe(self, self._theme_changed)
        if self.sidebar is not None:
            self.arrangements.wear(self.sidebar, self.arrangements.home)
        self.call_after_refresh(self._tell_news)

    async def bring(self, name: str) -> LiveView:
        first = self.front is None
        if first and self.arrangements.last_front in self.features:
            name = self.arrangements.last_front
        view = await super().bring(name)
        if not first:
            self.arrangements.note_front(name, self.arrangements.tenant(self.scope))
            self.keep_soon()
        return view

    def came_to_front(self, view: LiveView) -> None:
        self.arrangements.wear(view, self.arrangements.tenant(self.scope))
        super().came_to_front(view)

    def narrow(self, scope: Scope) -> None:
        super().narrow(scope)
        if self.front is not None:
            self.arrangements.wear(self.front, self.arrangements.tenant(scope))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return can_change(self.runtime) if action == "changes" else super().check_action(action, parameters)

    async def action_changes(self) -> None:
        """Show what runs and what ended."""
        if isinstance(self.app, LiveApp):
            await self.app.changing(self.runtime).show_runs()

    async def action_tenants(self) -> None:
        """Show all tenants with the states of their servers, to choose one; awaited, as the palette is."""
        from proxtui.kit.tenants import choose_tenant

        leave_line(self._line)
        await choose_tenant(self)

    async def put(self, scope: Scope, name: str, text: str, arrangement: Mapping[str, Any]) -> None:
        """Show this view so: one step for the way back."""
        self._leave()
        with self._as_one_step():
            self.narrow(scope)
            view = await self.bring(name)
            view.put_in_order(arrangement)
            bar = self.query_one(FilterBar)
            bar.put(text)
            view.set_filter(bar.filter)

    def on_arranged(self, event: Arranged) -> None:
        event.stop()
        self.arrangements.note(event.view)
        self.keep_soon()

    def keep_soon(self) -> None:
        """Write what is remembered, in a moment."""
        if self.memory.is_dirty and self._keeping is None:
            self._keeping = self.set_timer(KEEP_AFTER, self._keep)

    def _keep(self) -> None:
        self._keeping = None
        self.run_worker(self._written(), name="keep", group="keep")

    async def _written(self) -> None:
        await self.memory.save()
        self._tell_news()

    def _tell_news(self) -> None:
        if line := self.memory.news():
            self.say(line)

    def _history(self, name: str) -> History:
        def tell(line: str) -> None:
            self.memory.add_line(name, line)
            self.keep_soon()

        return History(self.memory.lines(name), tell)

    def _theme_changed(self, theme: Theme) -> None:
        self.memory.put(theme.name, "theme")
        self.keep_soon()

    def _themes(self) -> Iterator[Entry]:
        yield from super()._themes()
        yield from self.saved.entries()
