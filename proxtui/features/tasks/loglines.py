"""Lines of a task's log as rows of a table, for the command line. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from proxtui.core.model import TaskKey
from proxtui.core.rows import Column, Scalar


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line."""

    task: TaskKey
    number: int
    text: str
    muted: bool = False

    @property
    def key(self) -> int:
        return self.number

    @property
    def haystack(self) -> str:
        return self.text.lower()

    def field(self, name: str) -> Scalar:
        """A line belongs to a tenant and a server; the rest is text."""
        return {"tenant": self.task.tenant, "server": self.task.server}.get(name)


COLUMNS: tuple[Column[LogLine], ...] = (
    Column("n", "Line", lambda line: line.number, lambda line: str(line.number), 4, 1, align="right"),
    Column("t", "Text", lambda line: line.text, lambda line: line.text, 20, 1, grow=True),
)
"""Keys as PVE spells them."""
