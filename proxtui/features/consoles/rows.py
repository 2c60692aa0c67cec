"""Open consoles as rows, and what is told of one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxtui.core.ages import age_text
from proxtui.core.rows import Column, Scalar, Tone
from proxtui.core.text import duration, size

if TYPE_CHECKING:
    from proxtui.core.consoles import ConsoleSession

USES = {
    "vnc": "viewer",
    "term": "terminal",
    "ssh": "SSH shell",
    "spice": "SPICE",
    "peek": "look",
    "sendkeys": "send keys",
}


@dataclass(frozen=True, slots=True)
class ConsoleRow:
    """One open console."""

    key: str
    use: str
    target: str
    place: str
    seconds: float
    sent: int
    received: int
    muted: bool = False

    @property
    def haystack(self) -> str:
        return f"{self.use} {self.target} {self.place}".lower()

    def field(self, name: str) -> Scalar:
        return {"name": self.target, "type": self.use}.get(name)

    @property
    def state(self) -> str:
        """A viewer sends something at once."""
        return "open" if self.sent or self.received else "waits"


def rows_of(sessions: Iterable[ConsoleSession], now: float) -> list[ConsoleRow]:
    """The oldest first; ``now`` is ``Clock.time``."""
    return [
        ConsoleRow(
            one.op_id,
            USES[one.use],
            one.target.label,
            f"{one.target.ref.tenant} ▸ {one.target.ref.server}",
            max(0.0, now - one.started),
            one.sent,
            one.received,
        )
        for one in sessions
    ]


COLUMNS: Sequence[Column[ConsoleRow]] = (
    Column("state", "STATE", lambda row: row.state, lambda row: row.state, 6, 2,
           tone=lambda row: Tone.GOOD if row.state == "open" else Tone.MUTED),
    Column("use", "CONSOLE", lambda row: row.use, lambda row: row.use, 10, 1),
    Column("target", "OF", lambda row: row.target, lambda row: row.target, 20, 1, grow=True),
    Column("place", "SERVER", lambda row: row.place, lambda row: row.place, 16, 4, tone=lambda _row: Tone.MUTED),
    Column("seconds", "TIME", lambda row: row.seconds, lambda row: age_text(int(row.seconds)), 6, 1, align="right"),
    Column("sent", "SENT", lambda row: row.sent, lambda row: size(row.sent), 10, 2, align="right"),
    Column("received", "RECEIVED", lambda row: row.received, lambda row: size(row.received), 10, 2, align="right"),
)  # fmt: skip


def told(called: str, message: str, seconds: float, received: int) -> str:
    """``vm 100 web-1: PVE closed an idle console, after 15m (1.2 MiB)``."""
    return f"{called}: {message}, after {duration(int(seconds))} ({size(received)})"
