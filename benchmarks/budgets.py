"""What a figure is, and how much it may be."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured thing beside its yardstick."""

    what: str
    value: float
    unit: str
    limit: float | None = None
    """Of ``value / yardstick``, or of ``value`` itself when there is no yardstick. None: only told."""
    yardstick: float | None = None
    beside: str = ""
    """What the yardstick is."""

    @property
    def ratio(self) -> float:
        """What is compared with the limit."""
        return self.value if self.yardstick is None else self.value / self.yardstick

    @property
    def is_missed(self) -> bool:
        return self.limit is not None and self.ratio > self.limit

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"ratio": self.ratio, "missed": self.is_missed}

    def line(self) -> str:
        """For people: what, how much, beside what, and whether it is within the budget."""
        measured = f"{self.value:.4g} {self.unit}"
        if self.yardstick is not None:
            measured += f" beside {self.yardstick:.4g} ({self.beside})"
        times = "x" if self.yardstick is not None else f" {self.unit}"
        verdict = "told" if self.limit is None else ("MISSED" if self.is_missed else "ok")
        budget = "" if self.limit is None else f", budget {self.limit:g}{times}"
        return f"{verdict:<6} {self.what}: {self.ratio:.3g}{times}{budget}   [{measured}]"


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that cannot be measured here, and why."""

    what: str
    why: str

    @property
    def is_missed(self) -> bool:
        return False

    def as_json(self) -> dict[str, Any]:
        return {"what": self.what, "skipped": self.why}

    def line(self) -> str:
        return f"{'skip':<6} {self.what}: {self.why}"


Result = Figure | Skipped
