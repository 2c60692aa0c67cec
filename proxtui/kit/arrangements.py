"""How each view was arranged last, for each tenant by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proxtui.core.memory import Memory
from proxtui.core.model import Scope
from proxtui.kit.view import LiveView

FLEET = "*"
"""Stands for the whole fleet among the tenants; no slug can be so."""


class Arrangements:
    """Puts views in order as their tenant last had them."""

    def __init__(self, memory: Memory, tenants: tuple[str, ...]) -> None:
        """Of an only tenant the whole fleet is just another name."""
        self._memory = memory
        self.home = tenants[0] if len(tenants) == 1 else FLEET
        self._worn: dict[str, str] = {}
        self._before: dict[tuple[str, str], Mapping[str, Any]] = {}

    def tenant(self, scope: Scope) -> str:
        """Whose arrangements are in force."""
        return scope.tenant or self.home

    def wear(self, view: LiveView, tenant: str) -> None:
        """Arrange a view as this tenant has it. Where nothing is known it stays as it is."""
        name = name_of(view)
        worn = self._worn.get(name)
        if worn == tenant:
            return
        if worn is not None:
            # Arranged by nobody, and still what one expects to find on the way back.
            self._before[worn, name] = view.arrangement
        self._worn[name] = tenant
        known = self._memory.get("tenants", tenant, "views", name)
        wanted = known if isinstance(known, dict) else self._before.get((tenant, name))
        if wanted is not None:
            view.put_in_order(wanted)

    def note(self, view: LiveView) -> None:
        """Remember how it is arranged now."""
        name = name_of(view)
        if name in self._worn:
            self._memory.put(view.arrangement, "tenants", self._worn[name], "views", name)

    def note_front(self, name: str, tenant: str) -> None:
        """Remember which view was in front last."""
        self._memory.put(name, "tenants", tenant, "view")

    @property
    def last_front(self) -> str:
        """The view that was in front when the whole fleet was seen last; may be none that there is."""
        found = self._memory.get("tenants", self.home, "view")
        return found if isinstance(found, str) else ""


def name_of(view: LiveView) -> str:
    """``guests``: views are mounted as ``view-guests``."""
    return (view.id or "").removeprefix("view-")
