"""Back and forward through the places one has been at. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from msgspec import Struct

from proxtui.core.model import Scope

KEPT = 100
"""Places that are remembered in each direction."""


class Place(Struct, frozen=True):
    """What one looks at: a view, the part of the fleet, the row under the cursor, the filter."""

    view: str
    scope: Scope
    key: Hashable | None
    filter: str


class Places:
    """The way here and the way that was taken back."""

    def __init__(self) -> None:
        self._before: list[Place] = []
        self._after: list[Place] = []

    def leave(self, here: Place) -> None:
        """Somebody goes from here to a place of his own choice: what lay ahead is forgotten."""
        self._after.clear()
        if not self._before or self._before[-1] != here:
            self._before.append(here)
            del self._before[:-KEPT]

    def back(self, here: Place) -> Place | None:
        """The place before this one, or None at the beginning."""
        return self._step(here, self._before, self._after)

    def forward(self, here: Place) -> Place | None:
        """The place that one came back from, or None."""
        return self._step(here, self._after, self._before)

    def through(self, look: Callable[[Place], Place | None]) -> Places:
        """The same ways with each place as ``look`` gives it; those of which it gives None are left out."""
        found = Places()
        found._before = [place for one in self._before if (place := look(one)) is not None]
        found._after = [place for one in self._after if (place := look(one)) is not None]
        return found

    @staticmethod
    def _step(here: Place, source: list[Place], other: list[Place]) -> Place | None:
        # A place that looks exactly like this one would be a key press without an effect.
        while source and source[-1] == here:
            source.pop()
        if not source:
            return None
        other.append(here)
        return source.pop()
