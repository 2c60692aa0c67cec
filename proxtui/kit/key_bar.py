"""The line at the bottom: the keys that work now, made from what is bound, never from a list of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from textual import events
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Input

from proxtui.core.rows import Tone
from proxtui.kit.one_line import OneLine
from proxtui.kit.painting import Run

HELP = "help"
"""The action that is never left out: it shows the others."""
_GAP = 2


@dataclass(frozen=True, slots=True)
class KeyHint:
    """One key and what it does."""

    key: str
    shown_key: str
    text: str
    is_help: bool = False

    @property
    def cells(self) -> int:
        return cell_len(self.shown_key) + 1 + cell_len(self.text)


def hints_of(screen: Screen[object]) -> list[KeyHint]:
    """Keys worth showing for the thing that has the focus, nearest first; one key for each action; ``?`` last."""
    typing = isinstance(screen.focused, Input)
    hints: dict[tuple[object, str], tuple[int, KeyHint]] = {}
    for key, (node, binding, enabled, _) in screen.active_bindings.items():
        if not (binding.show and enabled) or (typing and node is not screen.focused):
            continue
        shown = binding.key_display or screen.app.get_key_display(binding)
        rank = _rank(binding, outer=node in (screen, screen.app))
        hint = KeyHint(key, shown, binding.description, is_help=binding.action == HELP)
        hints.setdefault((node, binding.action), (rank, hint))
    return [hint for _, hint in sorted(hints.values(), key=lambda pair: pair[0])]


def _rank(binding: Binding, *, outer: bool) -> int:
    """What belongs to the focused thing comes first, then the views, then the screen, then ``?``."""
    if binding.action == HELP:
        return 3
    if binding.action.startswith("switch("):
        return 1
    # The way back is as near as what has the focus.
    return 2 if outer and binding.key != "escape" else 0


def fitting(hints: Sequence[KeyHint], width: int) -> list[KeyHint]:
    """As many hints as have room; when some have not, the last one says ``? more``."""
    if _cells(hints) <= width:
        return list(hints)
    more = next((replace(hint, text="more") for hint in hints if hint.is_help), None)
    if more is None:
        return list(hints)
    kept = [hint for hint in hints if not hint.is_help]
    while kept and _cells([*kept, more]) > width:
        kept.pop()
    return [*kept, more]


def _cells(hints: Sequence[KeyHint]) -> int:
    return sum(hint.cells + _GAP for hint in hints)


class KeyBar(OneLine):
    """Key and meaning, key and meaning; a click on one presses it."""

    DEFAULT_CSS = "KeyBar { background: $surface; }"

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def runs(self, width: int) -> Sequence[Run]:
        runs: list[Run] = []
        for hint in fitting(hints_of(self.screen), width - 1):
            runs.append((f" {hint.shown_key}", self.style_of(Tone.ACCENT)))
            runs.append((f" {hint.text} ", self.style_of(Tone.PLAIN)))
        return runs

    def on_click(self, event: events.Click) -> None:
        at = 0
        for hint in fitting(hints_of(self.screen), self.size.width - 1):
            at += hint.cells + _GAP
            if event.x < at:
                self.app.simulate_key(hint.key)
                return

    def _bindings_changed(self, _screen: Screen[object]) -> None:
        self.repaint()
