"""Sums that say when they are only a lower bound. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import NamedTuple


class Amount(NamedTuple):
    """A number; None when nothing of it is known."""

    value: float | None = 0
    least: bool = False
    """True when something that belongs to it is unknown: it may be more."""

    def written(self, text: str) -> str:
        """``text`` with a plus behind it when there may be more."""
        return f"{text}+" if self.least and self.value is not None else text


NONE = Amount(0)
UNKNOWN_AMOUNT = Amount(None, True)


def total(amounts: Iterable[Amount]) -> Amount:
    """The sum; None when there are parts and none of them is known."""
    parts = list(amounts)
    known = [part.value for part in parts if part.value is not None]
    return Amount(sum(known) if known or not parts else None, any(part.least or part.value is None for part in parts))


def of_known(values: Iterable[float | None]) -> Amount:
    """The sum of values of which some may be unknown."""
    return total(Amount(value, value is None) for value in values)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one server has, or many together. Sizes in bytes, processors in cores."""

    guests: Amount = NONE
    running: Amount = NONE
    nodes: Amount = NONE
    online: Amount = NONE
    cpu: Amount = NONE
    """Cores in use on the nodes that are online."""
    maxcpu: Amount = NONE
    mem: Amount = NONE
    maxmem: Amount = NONE
    disk: Amount = NONE
    """Used of the storages; a shared one counts once."""
    maxdisk: Amount = NONE


NOTHING_KNOWN = Figures(*[UNKNOWN_AMOUNT] * len(fields(Figures)))


def together(parts: Iterable[Figures]) -> Figures:
    """Field by field."""
    every = list(parts)
    return Figures(*(total(getattr(part, field.name) for part in every) for field in fields(Figures)))
