"""What can be done to some targets: each operation with a letter, and why it cannot be done now. Knows no widget."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase, ascii_uppercase, digits

from proxtui.core.operation import Operation, Risk, Target
from proxtui.core.rows import Column, Scalar, Tone

Refusal = Callable[[Operation, Target], str | None]
"""Why it cannot be done to this target now; None when it can."""

RISKS = {Risk.SAFE: "", Risk.DISTURBS: "asks", Risk.DESTROYS: "asks for the name"}


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One line of the menu."""

    operation: Operation
    letter: str
    targets: tuple[Target, ...]
    """Those it can be done to."""
    why: str = ""
    """Why it cannot be done to any, or to how many it can."""

    @property
    def key(self) -> Hashable:
        return self.operation.name

    @property
    def muted(self) -> bool:
        return not self.targets

    @property
    def haystack(self) -> str:
        return f"{self.operation.label} {self.operation.name} {self.operation.summary}".lower()

    def field(self, name: str) -> Scalar:
        return {"name": self.operation.label}.get(name)

    @property
    def said(self) -> str:
        """What stands beside it."""
        return self.why or self.operation.summary


COLUMNS: Sequence[Column[MenuEntry]] = (
    Column("key", "", lambda one: one.letter, lambda one: one.letter, 1, 1, tone=lambda one: Tone.ACCENT),
    Column("label", "ACTION", lambda one: one.operation.label, lambda one: one.operation.label, 20, 1),
    Column("why", "", lambda one: one.said, lambda one: one.said, 40, 1, grow=True,
           tone=lambda one: Tone.WARN if one.why and one.targets else Tone.MUTED),
    Column("risk", "", lambda one: one.operation.risk.value, lambda one: RISKS[one.operation.risk], 17, 4,
           tone=lambda one: Tone.BAD if one.operation.risk is Risk.DESTROYS else Tone.MUTED),
)  # fmt: skip


def entries_of(operations: Sequence[Operation], targets: Sequence[Target], refusal: Refusal) -> list[MenuEntry]:
    """The operations that at least one of the targets could be meant by; in the order they are declared in."""
    # What makes one new thing is nothing to do to many.
    fitting = [one for one in operations if len(targets) < 2 or not one.creates]
    fitting = [one for one in fitting if any(target.kind in one.kinds for target in targets)]
    return entries_for(fitting, {one.name: targets for one in fitting}, refusal)


def entries_for(
    operations: Sequence[Operation], targets: Mapping[str, Sequence[Target]], refusal: Refusal
) -> list[MenuEntry]:
    """One line for each operation that has something to change: ``targets``, by the name of the operation."""
    fitting = [one for one in operations if targets.get(one.name)]
    letters = _letters(fitting)
    return [_entry(one, letters[one.name], targets[one.name], refusal) for one in fitting]


def _entry(operation: Operation, letter: str, targets: Sequence[Target], refusal: Refusal) -> MenuEntry:
    left: list[Target] = []
    reasons: dict[str, None] = {}
    for target in targets:
        why = refusal(operation, target) if target.kind in operation.kinds else "not for this kind"
        if why is None:
            left.append(target)
        else:
            reasons[why.removeprefix(f"{operation.label}: ")] = None
    if not reasons:
        return MenuEntry(operation, letter, tuple(left))
    first, *others = reasons
    why = first + (f" (and {len(others)} other reasons)" if others else "")
    return MenuEntry(operation, letter, tuple(left), f"for {len(left)} of {len(targets)}: {why}" if left else why)


def _letters(operations: Sequence[Operation]) -> dict[str, str]:
    """A letter for each: its own, else one of its label, else any that is free, else none."""
    found: dict[str, str] = {}
    taken: set[str] = set()
    for one in operations:
        if one.key and one.key not in taken:
            found[one.name] = one.key
            taken.add(one.key)
    for one in operations:
        if one.name not in found:
            wished = [sign for sign in one.label.lower() if sign in ascii_lowercase]
            choices = [*wished, *(sign.upper() for sign in wished), *ascii_lowercase, *ascii_uppercase, *digits]
            found[one.name] = next((sign for sign in choices if sign not in taken), "")
            taken.add(found[one.name])
    return found
