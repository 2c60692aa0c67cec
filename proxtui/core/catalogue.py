"""All changes that the rooms can make, found by their names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

from proxtui.core.feature import Feature, load
from proxtui.core.operation import Kind, Operation


class Catalogue:
    """Loaded when somebody wants to change something, not before."""

    def __init__(self, features: Iterable[Feature]) -> None:
        every = tuple(features)
        self._features = tuple(feature for feature in every if feature.operations or feature.consoles)
        self._unlisted = tuple(feature.unlisted for feature in every)
        self._found: Mapping[str, Operation] | None = None
        self._consoles: Mapping[str, Operation] | None = None

    def all(self) -> Mapping[str, Operation]:
        """By name, in the order of the rooms."""
        if self._found is None:
            self._found = _named(feature.operations for feature in self._features)
        return self._found

    def consoles(self) -> Mapping[str, Operation]:
        """What is opened and not run, by name. The gate never sees them: see ``ConsoleDesk``."""
        if self._consoles is None:
            self._consoles = _named(feature.consoles for feature in self._features)
        return self._consoles

    def names(self) -> Collection[str]:
        """All that a rule can allow or deny."""
        return (*self.all(), *self.consoles(), *_named(self._unlisted))

    def of(self, kind: Kind) -> tuple[Operation, ...]:
        """What can be done to things of this kind."""
        return tuple(operation for operation in self.all().values() if kind in operation.kinds)


def _named(places: Iterable[str]) -> Mapping[str, Operation]:
    operations = [operation for place in places if place for operation in load(place)]
    return MappingProxyType({operation.name: operation for operation in operations})
