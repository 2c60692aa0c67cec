"""What a room knows of what is to be changed, before anybody is asked. Nothing heavy: every view may name it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from proxtui.core.operation import Operation, Target

Words = Sequence[str]
Suggest = Words | Callable[[], Awaitable[Words]]
"""What could stand in a field, or how to find out. Finding out gives nothing when it cannot; it never raises."""
Look = Callable[[Any], Awaitable[Sequence[str]]]
"""From parameters to lines for the question. ``ProxtuiError``: it cannot be done."""


class Prepared(Struct, frozen=True):
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
    look: Look | None = None
    """Asked once the parameters are known: what the change would do. What it raises stands at the form."""
    settle: Callable[[Any], Any] | None = None
    """Makes of the parameters that were filled in those that are sent: of a whole configuration what differs."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """By field, what stands there in grey as long as nothing is typed: what stays as it is, and is not shown."""


class Subject(Struct, frozen=True):
    """What a row stands for, and what can be done to it."""

    target: Target
    thing: Any = None
    """What ``Operation.unavailable`` is asked about; None: what the store knows of the target."""
    title: str = ""
    """Above the menu; empty: the label of the target."""
    only: frozenset[str] = frozenset()
    """Names of the operations that are meant; empty: all that its kind has."""
    also: Mapping[Target, frozenset[str]] = field(default_factory=dict)
    """What else it stands for, and the operations on that: the guest of a backup can be restored from it."""
    given: Mapping[str, Any] = field(default_factory=dict)
    """Parameters that the row itself tells, where an operation has them: the name of a snapshot."""

    def target_for(self, operation: Operation) -> Target | None:
        """What this operation would change; None when it is not meant here."""
        if self.target.kind in operation.kinds and (not self.only or operation.name in self.only):
            return self.target
        return next((other for other, names in self.also.items() if operation.name in names), None)
