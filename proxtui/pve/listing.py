"""Rows together with what is known about where they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

from proxtui.pve.fields import Row, objects, rows_of
from proxtui.pve.models import ProxmoxNode

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One node that rows come from, and how far to believe them."""

    source: str
    state: str
    """``online``, ``offline`` or ``unknown``, as PVE says of the node."""
    error: str | None = None
    """What that means for the rows; None when all is well."""


@dataclass(frozen=True, slots=True)
class Listing(Sequence[T], Generic[T]):
    """Rows, read like a tuple. What is missing or old among them is told in ``sources`` and ``invalid``."""

    rows: tuple[T, ...] = ()
    sources: tuple[SourceStatus, ...] = ()
    """Sorted by name; empty where the rows have one source only, which answered."""
    invalid: int = 0
    """Rows that PVE sent and that could not be read."""

    @property
    def is_complete(self) -> bool:
        """Whether every source answered and every row could be read."""
        return self.invalid == 0 and all(source.error is None for source in self.sources)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[T, ...]: ...
    def __getitem__(self, index: int | slice) -> T | tuple[T, ...]:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[T]:
        return iter(self.rows)


def read_listing(
    data: object, where: str, read: Callable[[Row], T | None], key: Callable[[T], Any] | None = None
) -> Listing[T]:
    """``data`` of the answer of ``where`` as rows, sorted by ``key``; a row of which ``read`` makes None is invalid.

    ``UnexpectedAnswer`` when ``data`` is no list.
    """
    found = [read(row) if row is not None else None for row in objects(rows_of(data, where))]
    kept = [item for item in found if item is not None]
    return Listing(tuple(kept if key is None else sorted(kept, key=key)), invalid=len(found) - len(kept))


def node_sources(nodes: Iterable[ProxmoxNode], named: Iterable[str] = ()) -> tuple[SourceStatus, ...]:
    """The nodes as sources; ``named`` are the nodes that rows mention, whether the cluster lists them or not."""
    states = dict.fromkeys(named, "unknown") | {node.node: node.status for node in nodes}
    return tuple(SourceStatus(name, state, _doubt(name, state)) for name, state in sorted(states.items()))


def _doubt(node: str, state: str) -> str | None:
    return None if state == "online" else f"node {node} is {state}: its rows are as last reported"
