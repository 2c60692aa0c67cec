"""What each command after ``:`` does on the screen."""

from __future__ import annotations

import difflib
from collections.abc import Awaitable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from proxtui.core.feature import Feature, Word, load
from proxtui.core.filters import parse
from proxtui.core.model import Fleet, Scope
from proxtui.errors import ProxtuiError, UsageError
from proxtui.kit.app import LiveApp
from proxtui.kit.commands import Command, Obey, printable
from proxtui.kit.filter_bar import FilterBar
from proxtui.kit.finder import Entry
from proxtui.kit.view import Told
from proxtui.kit.write_badge import can_change

if TYPE_CHECKING:
    from proxtui.kit.console import Console
    from proxtui.kit.deeds import Deeds

ALL = "all"
"""What the whole fleet is called after ``:scope``."""
SCOPE = "TENANT[/SERVER[/NODE]] or all"
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
            yield Command(
                card.name, f"show {card.title}", self._show(card), aliases=NICKNAMES.get(card.name, ()), more=True
            )
        yield Command("go", "go to a guest, a node or a storage", self.go, "NAME", choices=self._names)
        yield Command("filter", "show what matches; nothing clears", self.filter, "TEXT", ("f",))
        yield Command("scope", "show only this part; all widens", self.scope, SCOPE, choices=self._scopes)
        yield Command("tenant", "show only this one, or choose", partial(_tenant, self.console), "NAME",
                      choices=partial(_tenants, self.console))  # fmt: skip
        yield Command("lock", "cover the screen until the passphrase is typed", self._press("app.lock"))
        yield from (self._word(word) for card in getattr(self.console.app, "rooms", ()) for word in card.words)
        yield Command("theme", "other colours", self.theme, "NAME", choices=self._themes)
        yield Command("back", "to the place before", self._press("go_back"))
        yield Command("forward", "to the place one came back from", self._press("go_on"))
        yield Command("pause", "stop or resume asking the servers", self._press("pause"))
        yield Command("write", "open the lock for changes, or close it", self.write, "15m REASON | off")
        yield Command("runs", "the changes of this session", self._press("changes"), aliases=("changes",))
        if can_change(self.console.runtime) and not self.console.runtime.read_only:
            yield Command(
                "create", "make a new one", self.create, "vm | ct | ...", choices=lambda: list(self._deeds().creatable)
            )
            yield Command("do", "do it to the row under the cursor, or to all marked", self.do, "ACTION",
                          choices=self._doable)  # fmt: skip
        yield Command(
            "sweep", "ask guest by guest for what this view shows of them, or stop", partial(_sweep, self.console)
        )
        yield Command("refresh", "ask the servers now", self._press("refresh"), aliases=("r",))
        yield Command("help", "all commands and the keys of this screen", self.help, aliases=("h",))
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

    async def help(self, _rest: str) -> None:
        """The commands first, for who asks here asks for them; the keys stand above."""
        from proxtui.kit.help import COMMANDS, HelpScreen

        await self.console.app.push_screen(HelpScreen(self.console, COMMANDS))

    async def filter(self, text: str) -> None:
        parse(text)
        self.console.query_one(FilterBar).put(text)

    async def scope(self, text: str) -> None:
        """A path, the last part of one where only one ends so, or ``all``; nothing is ``all``, too."""
        known = {_path(one): one for one in self._every_scope()}
        known[""] = known[ALL] = Scope()
        meant = [text] if text in known else [path for path in known if path.rpartition("/")[2] == text]
        if len(meant) > 1:
            raise UsageError(printable(f"{text} could be {', '.join(meant)}"))
        if not meant:
            names = [*known, *(path.rpartition("/")[2] for path in known)]
            raise UsageError(printable(f"no server, tenant or node named {text}{_nearest(text, names)}"))
        self.console.narrow(known[meant[0]])

    async def theme(self, name: str) -> None:
        app: Any = self.console.app
        if not name:
            raise UsageError(self._listed(f"theme {app.theme}; there are ", self._themes()))
        known, looks = self._themes(), getattr(app, "looks", None)
        if name not in known and looks is not None and name not in looks.broken and not _nearest(name, known):
            raise UsageError(printable(self._listed(f"there is no theme {name}; there are ", known)))
        app.wear(name)

    async def write(self, text: str) -> None:
        """Open the lock of what is in scope for a time, or close it."""
        from proxtui.kit.write_badge import obey_write

        try:
            said = await obey_write(self.console.runtime, self.console.scope, text)
        except ProxtuiError as error:
            raise UsageError(printable(str(error))) from error
        self.console.post_message(Told())
        self.console.say(said)

    async def create(self, what: str) -> None:
        """Make something new at the node or server in scope, else where the row under the cursor is."""
        self._deeds().create(what)

    async def do(self, action: str) -> None:
        """Do this to what is under the cursor."""
        self._deeds().do(action)

    def _deeds(self) -> Deeds:
        from proxtui.kit.deeds import Deeds

        return Deeds(self.console)

    def _doable(self) -> list[str]:
        return [entry.operation.label for entry in self._deeds().entries()]

    def _listed(self, lead: str, names: Sequence[str]) -> str:
        """As many names as have room in one line of the screen, and how many more there are."""
        shown = list(names)
        rest = ""
        while shown and len(lead) + len(", ".join(shown)) + len(rest) > self.console.size.width - 2:
            shown.pop()
            rest = f" and {len(names) - len(shown)} more, which tab shows"
        return f"{lead}{', '.join(shown)}{rest}"

    def _show(self, card: Feature) -> Obey:
        async def show(section: str) -> None:
            view = await self.console.bring(card.name)
            if section:
                view.turn_to(section)

        return show

    def _word(self, word: Word) -> Command:
        """What a room obeys itself."""

        async def obey(rest: str) -> None:
            await load(word.obey)(self.console, rest)

        def choices() -> Sequence[str]:
            found: Sequence[str] = load(word.choices)(self.console.runtime) if word.choices else ()
            return found

        return Command(word.name, word.meaning, obey, word.argument, choices=choices)

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
            for snapshot in (one for one in fleet.snapshots if one.ref.tenant == tenant):
                yield Scope(*snapshot.ref)
                yield from (Scope(*snapshot.ref, key.node) for key in snapshot.nodes)

    def _scopes(self) -> list[str]:
        return [ALL, *(_path(one) for one in self._every_scope() if one != Scope())]

    def _names(self) -> list[str]:
        return sorted({entry.name for entry in self.console.finder(actions=False).entries})

    def _themes(self) -> list[str]:
        app = self.console.app
        return list(app.looks.names) if isinstance(app, LiveApp) else []


def _path(scope: Scope) -> str:
    return "/".join(part for part in (scope.tenant, scope.server, scope.node) if part)


def _nearest(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; nearest is {near[0]}" if near else ""


async def _sweep(console: Console, _rest: str) -> None:
    """Ask the guests slowly, or end that, in a view that can."""
    view = console.front
    if view is None or not hasattr(view, "action_sweep") or not view.check_action("sweep", ()):
        raise UsageError("nothing here is asked guest by guest; :guests and :cluster snapshots are")
    await view.run_action("sweep")


def _tenants(console: Console) -> list[str]:
    return list(dict.fromkeys(one.ref.tenant for one in console.runtime.store.fleet().snapshots))


async def _tenant(console: Console, name: str) -> None:
    """All of a tenant, or a list of them to choose from."""
    known = _tenants(console)
    if not name:
        from proxtui.kit.tenants import choose_tenant

        await choose_tenant(console)
    elif name in known:
        console.narrow(Scope(name))
    else:
        raise UsageError(printable(f"there is no tenant {name}{_nearest(name, known)}"))
