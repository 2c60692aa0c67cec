"""What each command after ``:`` does on the screen."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from proxtui.core.feature import Feature
from proxtui.core.filters import parse
from proxtui.core.model import Fleet, Scope
from proxtui.errors import UsageError
from proxtui.kit.app import LiveApp
from proxtui.kit.commands import Command, Obey, printable
from proxtui.kit.filter_bar import FilterBar
from proxtui.kit.finder import Entry

if TYPE_CHECKING:
    from proxtui.kit.console import Console

NICKNAMES = {
    "guests": ("g", "vm", "vms", "ct", "cts"),
    "nodes": ("n",),
    "storage": ("s", "st"),
    "tasks": ("t", "log"),
    "cluster": ("c",),
    "overview": ("o", "home"),
}
"""Short words that people have in their fingers, by the name of the view."""


class ConsoleCommands:
    """The commands of one screen."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def all(self) -> Iterator[Command]:
        """Views first."""
        for card in self.console.features.values():
            yield Command(card.name, f"show {card.title}", self._show(card), aliases=NICKNAMES.get(card.name, ()))
        yield Command("go", "go to a guest, a node or a storage", self.go, "NAME", choices=self._names)
        yield Command("filter", "show what matches; nothing clears", self.filter, "TEXT", ("f",))
        yield Command("scope", "narrow; nothing widens", self.scope, "TENANT[/SERVER]", choices=self._scopes)
        yield Command("theme", "other colours", self.theme, "NAME", choices=self._themes)
        yield Command("back", "to the place before", self._press("go_back"))
        yield Command("forward", "to the place one came back from", self._press("go_on"))
        yield Command("pause", "stop or resume asking the servers", self._press("pause"))
        yield Command("refresh", "ask the servers now", self._press("refresh"), aliases=("r",))
        yield Command("help", "the keys of this screen", self._press("help"), aliases=("h",))
        yield Command("quit", "leave proxtui", self._press("app.quit"), aliases=("q", "q!", "exit"))

    async def go(self, name: str) -> None:
        """To the only thing of this name; among several the palette lets one choose."""
        if not name:
            await self.console.open_palette()
            return
        finder = self.console.finder(actions=False)
        found: Sequence[Entry] = finder.named(name) or finder.search(name)
        if len(found) == 1:
            await self.console.obey(found[0])
        elif found:
            await self.console.open_palette(name)
        else:
            raise UsageError(printable(f"nothing is called {name}{_nearest(name, self._names())}"))

    async def filter(self, text: str) -> None:
        parse(text)
        self.console.query_one(FilterBar).put(text)

    async def scope(self, text: str) -> None:
        known = {"/".join(part for part in (one.tenant, one.server) if part): one for one in self._every_scope()}
        wanted = known.get(text)
        if wanted is None:
            raise UsageError(printable(f"there is no {text}{_nearest(text, list(known))}"))
        self.console.narrow(wanted)

    async def theme(self, name: str) -> None:
        app: Any = self.console.app
        if not name:
            raise UsageError(f"theme {app.theme}; there are {', '.join(self._themes())}")
        app.wear(name)

    def _show(self, card: Feature) -> Obey:
        async def show(_rest: str) -> None:
            await self.console.bring(card.name)

        return show

    def _press(self, action: str) -> Obey:
        async def press(_rest: str) -> None:
            doing: Any = self.console.run_action(action)
            if isinstance(doing, Awaitable):
                await doing

        return press

    def _every_scope(self) -> Iterator[Scope]:
        fleet: Fleet = self.console.runtime.store.fleet()
        yield Scope()
        for tenant in dict.fromkeys(snapshot.ref.tenant for snapshot in fleet.snapshots):
            yield Scope(tenant)
            yield from (Scope(*snapshot.ref) for snapshot in fleet.snapshots if snapshot.ref.tenant == tenant)

    def _scopes(self) -> list[str]:
        return ["/".join(part for part in (one.tenant, one.server) if part) for one in self._every_scope()][1:]

    def _names(self) -> list[str]:
        return sorted({entry.name for entry in self.console.finder(actions=False).entries})

    def _themes(self) -> list[str]:
        app = self.console.app
        return list(app.looks.names) if isinstance(app, LiveApp) else []


def _nearest(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; nearest is {near[0]}" if near else ""
