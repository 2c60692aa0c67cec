"""The question before one leaves while changes run: which they are, and that they go on without us."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from proxtui.kit.dialog import DEAF, Dialog
from proxtui.kit.safe import plain

if TYPE_CHECKING:
    from proxtui.core.run import Run

NAMED = 10


class Leaving(Dialog[bool]):
    """Answers True when somebody wants to leave all the same."""

    HELP_NAME: ClassVar[str] = "leaving"
    DEAF: ClassVar[float] = DEAF
    TAKES_PASTE: ClassVar[bool] = False
    DECISIVE: ClassVar[frozenset[str]] = frozenset({"q", "y", "enter"})
    ALWAYS: ClassVar[frozenset[str]] = frozenset({"escape", "ctrl+c"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,y,ctrl+q", "leave_now", "Leave"),
        Binding("n", "give_up", "Stay"),
    ]

    def __init__(
        self, runs: Sequence[Run], *, deaf: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(deaf=deaf, clock=clock)
        self._runs = tuple(runs)

    @property
    def lines(self) -> tuple[str, ...]:
        """What it says."""
        count = len(self._runs)
        named = [f"  {run.operation.of(run.target)}: {run.state.value}" for run in self._runs[:NAMED]]
        more = [f"  and {count - NAMED} more"] if count > NAMED else []
        head = "One change still runs:" if count == 1 else f"{count} changes still run:"
        end = "What the server has taken goes on there; how it ended is looked up at the next start."
        waiting = sum(run.state.value == "queued" for run in self._runs)
        unsent = (f"{waiting} of them were not sent yet, and will not be.",) if waiting else ()
        return (head, *named, *more, *unsent, end)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as frame:
            frame.border_title = "leave proxtui?"
            for line in self.lines:
                yield Static(plain(line))
            yield Static("q or y leaves   esc stays", classes="dialog-keys", markup=False)

    def action_leave_now(self) -> None:
        self.give(True)
