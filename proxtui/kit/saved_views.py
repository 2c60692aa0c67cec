"""Views with a name: what is shown, of which part of the fleet, by which filter, in which order."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from proxtui.core.filters import MAX_LENGTH, parse
from proxtui.core.model import Fleet, Scope
from proxtui.errors import UsageError

if TYPE_CHECKING:
    from proxtui.kit.commands import Command
    from proxtui.kit.desk import Desk
    from proxtui.kit.finder import Entry

MOST = 200
_NAME = re.compile(r"[\w.+-]{1,40}")


class SavedViews:
    """The commands around them, and their lines in the palette."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    @property
    def names(self) -> list[str]:
        """All of them, in order."""
        found = self.desk.memory.get("saved")
        return sorted(name for name in found if _NAME.fullmatch(name)) if isinstance(found, dict) else []

    def commands(self) -> Iterator[Command]:
        """``:save``, ``:view``, ``:forget``."""
        from proxtui.kit.commands import Command

        yield Command("save", "keep this view, its filter and order by a name", self.save, "NAME", choices=self._names)
        yield Command("view", "show a saved view", self.show, "NAME", choices=self._names)
        yield Command("forget", "forget a saved view", self.forget, "NAME", choices=self._names)

    def entries(self) -> Iterator[Entry]:
        """What the palette shows."""
        for name in self.names:
            from proxtui.kit.finder import Entry

            yield Entry("view", f"Saved view {name}", f":view {name}", run=partial(self.show, name))

    async def save(self, name: str) -> None:
        """Keep what is shown now by this name."""
        if not _NAME.fullmatch(name):
            from proxtui.kit.commands import printable

            raise UsageError(printable(f"a name is one word of letters, digits and . _ + -, not {name or 'nothing'}"))
        names = self.names
        if len(names) >= MOST and name not in names:
            raise UsageError(f"there are {MOST} saved views: :forget one first")
        view, place = self.desk.front, self.desk.here
        if view is None:
            return
        scope = [part for part in (place.scope.tenant, place.scope.server, place.scope.node) if part]
        kept = {"view": place.view, "scope": scope, "filter": place.filter, "arrangement": view.arrangement}
        self.desk.memory.put(kept, "saved", name)
        self.desk.keep_soon()
        how = "is another view now" if name in names else "is saved"
        until = "" if self.desk.memory.is_kept else " until you quit"
        self.desk.say(f"{name} {how}{until}: :view {name} shows it")

    async def show(self, name: str) -> None:
        """Show what is kept by this name."""
        kept = self._kept(name)
        view, text = kept.get("view"), kept.get("filter")
        if not isinstance(view, str) or view not in self.desk.features:
            raise UsageError(f"{name} is of a view that is not here")
        text = text if isinstance(text, str) and text.isprintable() and len(text) <= MAX_LENGTH else ""
        parse(text)
        wanted = kept.get("arrangement")
        scope = self._scope(name, kept.get("scope"))
        await self.desk.put(scope, view, text, wanted if isinstance(wanted, dict) else {})

    async def forget(self, name: str) -> None:
        """Forget what is kept by this name."""
        self._kept(name)
        self.desk.memory.put(None, "saved", name)
        self.desk.keep_soon()
        self.desk.say(f"{name} is forgotten")

    def _kept(self, name: str) -> dict[str, Any]:
        names = self.names
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
            there = f"nearest is {near[0]}" if near else f"there are {', '.join(names)}" if names else ":save makes one"
            from proxtui.kit.commands import printable

            raise UsageError(printable(f"no view is saved as {name or 'nothing'}; {there}"))
        found = self.desk.memory.get("saved", name)
        return found if isinstance(found, dict) else {}

    def _scope(self, name: str, found: object) -> Scope:
        parts = [part for part in found if isinstance(part, str)] if isinstance(found, list) else []
        scope = Scope(*parts[:3])
        fleet: Fleet = self.desk.runtime.store.fleet()
        if not any(scope.covers_server(one.ref) for one in fleet.snapshots):
            from proxtui.kit.commands import printable

            raise UsageError(printable(f"{name} is of {' / '.join(parts[:2])}, which is not configured here"))
        return scope

    def _names(self) -> list[str]:
        return self.names
