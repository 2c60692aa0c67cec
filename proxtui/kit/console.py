"""The live screen with everything that finds things: palette, command line, back and forward."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType

from proxtui.core.feature import Feature, load
from proxtui.core.model import Goal, Scope
from proxtui.kit.app import LiveApp
from proxtui.kit.filter_bar import FilterBar
from proxtui.kit.live_table import LiveTable
from proxtui.kit.places import Place, Places
from proxtui.kit.screen import LiveScreen
from proxtui.kit.view import LiveView

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.kit.command_line import CommandLine
    from proxtui.kit.commands import Commands
    from proxtui.kit.finder import Entry, Finder


class Console(LiveScreen):
    """What the dashboard shows. What finds and obeys is loaded when somebody first asks for it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("colon", "command", "Command", key_display=":", id="command"),
        Binding("ctrl+p", "palette", "Go to", id="palette"),
        Binding("left_square_bracket", "go_back", "Back", key_display="[", show=False, id="back"),
        Binding("right_square_bracket", "go_on", "Forward", key_display="]", show=False, id="forward"),
    ]

    def __init__(self, runtime: Runtime, features: Sequence[Feature], sidebar: Feature | None = None) -> None:
        super().__init__(runtime, features, sidebar)
        self.places = Places()
        self._line: CommandLine | None = None
        self._one_step = False

    @cached_property
    def commands(self) -> Commands:
        """What can stand after ``:``."""
        from proxtui.kit.commands import Commands
        from proxtui.kit.console_commands import ConsoleCommands

        return Commands(ConsoleCommands(self).all())

    @property
    def command_help(self) -> list[tuple[str, str]]:
        """Each command and what it does."""
        return [(command.usage, command.meaning) for command in self.commands.all]

    # Going somewhere: each of these is one step for the way back.

    async def bring(self, name: str) -> LiveView:
        if self.front is not None and self.front_feature is not self.features[name]:
            self._leave()
        return await super().bring(name)

    def narrow(self, scope: Scope) -> None:
        if scope != self.scope:
            self._leave()
        super().narrow(scope)

    async def go(self, key: Goal) -> bool:
        self._leave()
        with self._as_one_step():
            return await super().go(key)

    @property
    def here(self) -> Place:
        """Where one is now."""
        name = self.front_feature.name if self.front_feature else ""
        table = next(iter(self.front.query(LiveTable)), None) if self.front is not None else None
        key = table.rows.cursor_key if table is not None else None
        return Place(name, self.scope, key, self.query_one(FilterBar).filter.text)

    async def action_go_back(self) -> None:
        await self.return_to(self.places.back(self.here))

    async def action_go_on(self) -> None:
        await self.return_to(self.places.forward(self.here))

    # Finding.

    async def action_command(self) -> None:
        (await self.command_line()).open()

    async def command_line(self) -> CommandLine:
        """The line below the filter; awaited, so that the next key finds its field."""
        if self._line is None:
            from proxtui.kit.command_line import CommandLine

            self._line = CommandLine(self.commands, self._to_front)
            await self.mount(self._line, after=self.query_one(FilterBar))
        return self._line

    async def action_palette(self) -> None:
        leave_line(self._line)
        await self.open_palette()

    async def open_palette(self, query: str = "") -> None:
        """Show the palette; awaited, so that the next key finds its field."""
        from proxtui.kit.palette import Palette

        await self.app.push_screen(Palette(self.finder(actions=True), self.obey, query))

    def finder(self, *, actions: bool) -> Finder:
        """Everything that can be found now."""
        from proxtui.kit.actions import action_entries
        from proxtui.kit.deeds import Deeds
        from proxtui.kit.finder import Finder, fleet_entries

        kinds = {kind for card in self.features.values() for kind in load(card.view).SHOWS}
        things = list(fleet_entries(self.runtime.store.fleet(), kinds))
        if not actions:
            return Finder(things)
        return Finder([*Deeds(self).palette(), *action_entries(self), *self._themes(), *things])

    async def obey(self, entry: Entry) -> None:
        """Go where the entry leads, or do what it says."""
        if entry.place is not None:
            if not await self.go(entry.place):
                self.say(f"{entry.kind} {entry.name} is not shown here now")
        elif entry.run is not None:
            doing: Any = entry.run()
            if isinstance(doing, Awaitable):
                await doing

    def say(self, text: str) -> None:
        """Show a line for a moment."""
        self.call_later(_say, self, text)

    def _themes(self) -> Iterator[Entry]:
        from proxtui.kit.finder import Entry

        app = self.app
        if isinstance(app, LiveApp):
            for name in app.looks.names:
                yield Entry("do", f"Theme {name}", f":theme {name}", run=partial(app.wear, name))

    def _leave(self) -> None:
        if not self._one_step:
            self.places.leave(self.here)

    async def return_to(self, place: Place | None) -> None:
        """Show this place, as far as it is still there."""
        if place is None:
            return
        with self._as_one_step():
            self.narrow(place.scope)
            view = await self.bring(place.view)
            bar = self.query_one(FilterBar)
            bar.put(place.filter)
            view.set_filter(bar.filter)
            key: Any = place.key
            if key is not None:
                view.reveal(key)

    @contextmanager
    def _as_one_step(self) -> Iterator[None]:
        before, self._one_step = self._one_step, True
        try:
            yield
        finally:
            self._one_step = before


def leave_line(line: CommandLine | None) -> None:
    """Fold up the command line, for what somebody began to type there is not meant any more."""
    if line is not None and line.is_open:
        line.leave()


async def _say(console: Console, text: str) -> None:
    (await console.command_line()).say(text)
