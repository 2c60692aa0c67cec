"""What is asked before a change: what, to whom, what will be lost, and what must be typed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from proxtui.core.operation import Operation, Risk, Target
from proxtui.kit.signs import STEP

NAMED = 8
"""Targets that are named one by one; of the others it is said how many there are."""
TYPED_FROM = 11
"""So many targets that are only disturbed ask for a typed count as well: a yes is too quick for them."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question before a change."""

    title: str
    """What will be done: ``Shut down``."""
    lines: tuple[str, ...]
    warning: str = ""
    """What will be lost."""
    typed: str = ""
    """What must be typed; empty: a yes is enough."""
    typing: str = ""
    """What that is: ``its name``."""


def where(target: Target) -> str:
    """``tenant acme ▸ server berlin``."""
    return f"tenant {target.ref.tenant} {STEP} server {target.ref.server}"


def question_of(
    operation: Operation, targets: Sequence[Target], risk: Risk, notes: Sequence[str] = ()
) -> Question | None:
    """The question for these targets; None where nothing needs to be asked. ``notes`` say what else is to be known."""
    if len(targets) == 1:
        return _about_one(operation, targets[0], risk, notes)
    count = len(targets)
    typed = f"{operation.label.lower()} {count}" if risk is Risk.DESTROYS or count >= TYPED_FROM else ""
    named = [f"  {target.label}" for target in targets[:NAMED]]
    more = [f"  and {count - NAMED} more"] if count > NAMED else []
    lines = (f"{operation.label} {count} {_kinds(targets)}?", *named, *more, *_places(targets), *notes)
    return Question(operation.label, lines, _loss(operation, risk), typed, "this")


def _about_one(operation: Operation, target: Target, risk: Risk, notes: Sequence[str]) -> Question | None:
    if risk is Risk.SAFE:
        return None
    lines = (f"{operation.of(target)}?", where(target), *notes)
    typed = target.confirmed_by if risk is Risk.DESTROYS else ""
    return Question(operation.label, lines, _loss(operation, risk), typed, "its name" if target.name else "this")


def _loss(operation: Operation, risk: Risk) -> str:
    """What the operation says of itself; of what destroys it says what is lost."""
    return operation.summary if risk is not Risk.SAFE else ""


def _kinds(targets: Sequence[Target]) -> str:
    words = {"qemu": "VMs", "lxc": "containers"}
    kinds = {words.get(target.kind, f"{target.kind}s") for target in targets}
    return kinds.pop() if len(kinds) == 1 else "guests" if kinds <= set(words.values()) else "things"


def _places(targets: Sequence[Target]) -> list[str]:
    """On which servers they are; a fleet has many of the same name."""
    counts = Counter(target.ref for target in targets)
    if len(counts) == 1:
        return [where(targets[0])]
    return [f"{count} at tenant {ref.tenant} {STEP} server {ref.server}" for ref, count in counts.items()]
