"""What can be done to some rows of a view, and why the rest cannot. Knows no widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from proxtui.core.feature import load
from proxtui.core.model import GuestKey, NodeKey, ServerRef, StorageKey
from proxtui.core.operation import Kind, Operation, Target
from proxtui.core.policy import lacks
from proxtui.kit.menu_entries import MenuEntry, entries_for
from proxtui.kit.prepared import Prepared

if TYPE_CHECKING:
    from proxtui.core.runtime import Runtime
    from proxtui.kit.view import LiveView
    from proxtui.pve.access import Permissions


class Offers:
    """Of one moment: the rows are those that were meant when somebody asked."""

    def __init__(self, runtime: Runtime, view: LiveView | None, rows: Sequence[Any]) -> None:
        """Without a ``view`` nothing is known but what the operations themselves say."""
        self._runtime = runtime
        self._view = view
        found = [view.subject_of(row) for row in rows] if view is not None else []
        self.subjects = [one for one in found if one is not None]
        self._rules: dict[tuple[str, ServerRef, Kind], str | None] = {}
        self._permissions: dict[ServerRef, Permissions | None] = {}
        self._things = {one.target: one.thing for one in self.subjects if one.thing is not None}

    @property
    def title(self) -> str:
        """What the menu is about."""
        if len(self.subjects) > 1:
            return f"{len(self.subjects)} marked"
        return next((one.title or one.target.label for one in self.subjects), "")

    @property
    def given(self) -> Mapping[str, Any]:
        """Parameters that the only row tells itself."""
        return self.subjects[0].given if len(self.subjects) == 1 else {}

    def entries(self) -> list[MenuEntry]:
        """All operations that these rows could be meant by, in the order they are declared in."""
        operations = [*self._runtime.catalogue.all().values(), *self._consoles()]
        targets = {one.name: self.targets(one) for one in operations}
        return entries_for(operations, targets, self.refusal)

    def _consoles(self) -> list[Operation]:
        """What is opened instead of run, of one thing at a time."""
        known = self._runtime.catalogue.consoles().values() if len(self.subjects) == 1 else ()
        return [one for one in known if one.opened_by]

    async def look_closer(self) -> bool:
        """Ask the VMs whether they stand still, which no list tells; True when another thing may be possible now."""
        from proxtui.core.standing import ask_vms

        things = {one.target: self._thing(one.target) for one in self.subjects if one.target.kind is Kind.QEMU}
        asked = [target for target, thing in things.items() if getattr(thing, "status", "") == "running"]
        if not asked:
            return False
        await ask_vms(self._runtime, asked)
        for target in asked:
            # From now on what the store knows.
            self._things.pop(target, None)
        return True

    def targets(self, operation: Operation) -> tuple[Target, ...]:
        """What an operation would change; empty when it is not meant by any of them."""
        if len(self.subjects) > 1 and operation.creates:
            # What makes one new thing is nothing to do to many.
            return ()
        meant = [one.target_for(operation) for one in self.subjects]
        if not any(meant):
            return ()
        # Of many, those that it is not for are counted, and said to be left out.
        found = [target or one.target for one, target in zip(self.subjects, meant, strict=True)]
        return tuple(dict.fromkeys(found))

    def refusal(self, operation: Operation, target: Target) -> str | None:
        """Why it cannot be done to this now; None when it can."""
        refused = self._rules_say(operation, target)
        permissions = self._permissions.get(target.ref)
        if refused is None and permissions is not None:
            refused = lacks(operation, target, permissions)
        if refused is not None:
            return refused
        thing = self._thing(target)
        return None if thing is None else operation.unavailable(thing)

    def _thing(self, target: Target) -> Any:
        thing = self._things.get(target)
        return self._known(target) if thing is None else thing

    async def prepared(self, operation: Operation, targets: Sequence[Target]) -> Prepared:
        """What the room knows before somebody is asked. Raises ``ProxtuiError``."""
        if operation.prepared_by:
            # Whose change it is knows more than the view that it was asked for in.
            prepare = load(operation.prepared_by)
            found: Prepared = await prepare(self._runtime, operation, targets, self.given)
            return found
        own = await self._view.prepare(operation, targets) if self._view is not None else None
        return own or Prepared()

    def _rules_say(self, operation: Operation, target: Target) -> str | None:
        """Role, configuration and lock: of a thousand guests of a server they say the same."""
        place = (operation.name, target.ref, target.kind)
        if target.ref not in self._permissions:
            self._permissions[target.ref] = getattr(self._runtime.connection(target.ref), "permissions", None)
        if place not in self._rules:
            self._rules[place] = self._runtime.policy.offered(operation, target, None)
        return self._rules[place]

    def _known(self, target: Target) -> Any:
        """What the store knows of a guest, a node or a storage."""
        key = target.key
        snapshot = None if key is None else self._runtime.store.fleet().snapshot(target.ref)
        if snapshot is None:
            return None
        if isinstance(key, GuestKey):
            return snapshot.guests.get(key)
        if isinstance(key, NodeKey):
            return snapshot.nodes.get(key)
        return snapshot.storages.get(key) if isinstance(key, StorageKey) else None
