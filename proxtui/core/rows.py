"""A table before anybody has painted it: columns over row objects, for the screen and for the command line alike."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from enum import StrEnum
from typing import Generic, Literal, Protocol, TypeVar

from msgspec import Struct

Scalar = str | int | float | bool | None | list[str]


class Tone(StrEnum):
    """What a text means; the theme decides how it looks. Never the only sign: the text says it too."""

    PLAIN = "plain"
    MUTED = "muted"
    ACCENT = "accent"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


class TableRow(Protocol):
    """What the live table and the filter ask of a row."""

    @property
    def key(self) -> Hashable:
        """Stays the same while the thing is the same; the cursor follows it."""

    @property
    def haystack(self) -> str:
        """Lower-cased text that plain filter words search in."""

    @property
    def muted(self) -> bool:
        """True when the knowledge is old: the whole line is greyed."""

    def field(self, name: str) -> Scalar:
        """The value behind a filter term such as ``node:`` or ``cpu>``; None when unknown."""


R = TypeVar("R", bound=TableRow)


def _plain(_row: object) -> Tone:
    return Tone.PLAIN


class Column(Struct, Generic[R], frozen=True):
    """One column: how a row's value is found, sorted, written and coloured."""

    key: str
    """As PVE spells it; the key in ``--json`` and the name in ``--columns``."""
    title: str
    value: Callable[[R], Scalar]
    """For sorting and ``--json``; None is unknown and sorts last either way."""
    text: Callable[[R], str]
    """For people; ``–`` is unknown."""
    width: int
    """Cells at the least."""
    priority: int = 5
    """1 is never dropped; the highest number goes first when the terminal is narrow."""
    align: Literal["left", "right"] = "left"
    grow: bool = False
    """Takes what is left over."""
    tone: Callable[[R], Tone] = _plain
    swatch: Callable[[R], str] | None = None
    """A colour, ``#rrggbb`` or a name, that is shown before the text, which says it, too; empty for none."""
    shown: bool = True
    """False: only on request (``--columns``, ``--json``)."""
    is_name: bool = False
    """True: what has no room loses its middle, for such names differ at their ends."""


UNKNOWN = "–"
WARN_AT = 0.75
BAD_AT = 0.90


def tone_of_load(fraction: float | None) -> Tone:
    """The same thresholds for everything that means load: below 75 %, below 90 %, above."""
    if fraction is None:
        return Tone.MUTED
    if fraction >= BAD_AT:
        return Tone.BAD
    return Tone.WARN if fraction >= WARN_AT else Tone.PLAIN
