"""All changes that the rooms can make, found by their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from proxtui.core.feature import Feature, load
from proxtui.core.operation import Kind, Operation


class Catalogue:
    """Loaded when somebody wants to change something, not before."""

    def __init__(self, features: Iterable[Feature]) -> None:
        self._features = tuple(feature for feature in features if feature.operations)
        self._found: Mapping[str, Operation] | None = None

    def all(self) -> Mapping[str, Operation]:
        """By name, in the order of the rooms."""
        if self._found is None:
            operations = [operation for feature in self._features for operation in load(feature.operations)]
            self._found = MappingProxyType({operation.name: operation for operation in operations})
        return self._found

    def of(self, kind: Kind) -> tuple[Operation, ...]:
        """What can be done to things of this kind."""
        return tuple(operation for operation in self.all().values() if kind in operation.kinds)
