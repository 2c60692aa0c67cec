"""What a room knows before somebody is asked for parameters. Nothing heavy: every view may name it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Words = Sequence[str]
Suggest = Words | Callable[[], Awaitable[Words]]
"""What could stand in a field, or how to find out. Finding out gives nothing when it cannot; it never raises."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is known before somebody types."""

    initial: Mapping[str, Any] = field(default_factory=dict)
    """Values to begin with, by field."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Values that are not asked for: the node and VMID of the target."""
    suggestions: Mapping[str, Suggest] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """Lines above the fields and in the question: what a check beforehand found."""
    current: Mapping[str, Any] | None = None
    """The configuration as it is, by PVE's names: then what would change is shown before it is sent."""
    refusal: str = ""
    """Why it cannot be done at all, after a closer look."""
