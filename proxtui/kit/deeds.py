"""Changes that are asked for by their name: in the palette, and after ``:create`` and ``:do``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from proxtui.core.model import ServerRef
from proxtui.core.operation import Kind, Operation, Target
from proxtui.errors import UsageError
from proxtui.kit.app import LiveApp
from proxtui.kit.commands import printable
from proxtui.kit.finder import Entry
from proxtui.kit.menu_entries import MenuEntry
from proxtui.kit.offers import Offers
from proxtui.kit.setup_view import SetupView
from proxtui.kit.write_badge import can_change

if TYPE_CHECKING:
    from proxtui.kit.changing import Changing
    from proxtui.kit.console import Console

_CREATE = "create"


class Deeds:
    """Of one console: what its front view, or the tree while that has the keys, stands on."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @property
    def _changing(self) -> Changing:
        app: Any = self._console.app
        assert isinstance(app, LiveApp)  # noqa: S101 - only there a console can change anything
        return app.changing(self._console.runtime)

    def offers(self) -> Offers:
        """About the row under the cursor, or all marked ones."""
        sidebar = self._console.sidebar
        view = sidebar if sidebar is not None and sidebar.has_focus_within else self._console.front
        return self._changing.offers(view, [row for row in view.meant if view.can_act_on(row)] if view else [])

    def entries(self) -> list[MenuEntry]:
        """Those that can be done now."""
        return [entry for entry in self.offers().entries() if entry.targets]

    def palette(self) -> Iterator[Entry]:
        """``Start web-1``, each as an entry that does it; nothing where one can only read."""
        front = self._console.front
        if isinstance(front, SetupView):
            yield from front.entries()
        if not can_change(self._console.runtime) or self._console.runtime.read_only:
            return
        offers = self.offers()
        for entry in offers.entries():
            if entry.targets:
                one, name = entry.operation, _named(entry.targets)
                words = f"{one.verb} {one.summary}".lower()
                where = entry.targets[0].label if len(entry.targets) == 1 else ""
                run = partial(self._changing.start, offers, one, entry.targets)
                yield Entry("do", f"{one.label} {name}", where, words=words, run=run)

    @property
    def creatable(self) -> dict[str, Operation]:
        """What can be made, by the word for it: ``vm``, ``ct``, ``pool``, ``restore``."""
        known = self._console.runtime.catalogue.all().values()
        return {
            one.verb.replace(_CREATE, "").strip("-"): one for one in known if one.creates and Kind.SERVER in one.kinds
        }

    def create(self, what: str) -> None:
        """Ask for what is needed, and make it. UsageError when it cannot be meant, or nobody may."""
        operation = self.creatable.get(what)
        if operation is None:
            raise UsageError(
                printable(f"there is no {what or 'such'} to create; there are {', '.join(self.creatable)}")
            )
        target = self._place(operation)
        offers = self._changing.offers(None, ())
        refused = offers.refusal(operation, target)
        if refused is not None:
            raise UsageError(printable(refused))
        self._changing.start(offers, operation, (target,))

    def do(self, action: str) -> None:
        """Do what has this label or verb. UsageError tells why it cannot be done now."""
        offers = self.offers()
        wanted = action.lower()
        for entry in offers.entries():
            if wanted in (entry.operation.label.lower(), entry.operation.verb):
                if not entry.targets:
                    raise UsageError(printable(f"{entry.operation.label}: {entry.why}"))
                self._changing.start(offers, entry.operation, entry.targets)
                return
        raise UsageError(printable(f"nothing called {action} can be done here; m shows what can"))

    def _place(self, operation: Operation) -> Target:
        """The node or the server in scope; where several are, that of the row under the cursor."""
        scope = self._console.scope
        known = [one.ref for one in self._console.runtime.store.fleet().snapshots if scope.covers_server(one.ref)]
        if len(known) != 1:
            subjects = self.offers().subjects
            known = [subjects[0].target.ref] if subjects else []
        if not known:
            raise UsageError("choose a server first (:scope): there are several")
        ref: ServerRef = known[0]
        if scope.node and Kind.NODE in operation.kinds:
            return Target(ref, Kind.NODE, scope.node, scope.node, scope.node)
        return Target(ref, Kind.SERVER, "")


def _named(targets: Sequence[Target]) -> str:
    if len(targets) > 1:
        return f"{len(targets)} marked"
    return targets[0].name or targets[0].id or targets[0].ref.server
