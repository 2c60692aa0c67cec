"""The line at the bottom: the keys that work now, made from what is bound, never from a list of its own."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace
from rich.cells import cell_len
from textual import events
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Input

from proxtui.core.rows import Tone
from proxtui.kit.key_names import PANE, key_name
from proxtui.kit.one_line import OneLine
from proxtui.kit.painting import Run

_VIEWS = 6
"""The rank of the keys that bring a view to the front."""
HELP = "help"
"""The action that is never left out: it shows the others."""
_GAP = 2
_ALWAYS = frozenset({"filter", "app.quit"})
"""Actions that are left out only when there is room for nothing else but ``?``."""
_LATE = frozenset({"invert"})
"""Actions that are worth a place when all the others have one."""


class KeyHint(Struct, frozen=True):
    """One key and what it does."""

    key: str
    shown_key: str
    text: str
    is_help: bool = False
    is_view: bool = False
    is_pane: bool = False
    keep: bool = False
    """Left out only after all those that need not be kept."""

    @property
    def cells(self) -> int:
        return cell_len(self.shown_key) + 1 + cell_len(self.text)


def hints_of(screen: Screen[object]) -> list[KeyHint]:
    """Keys worth showing for the thing that has the focus, nearest first; one key for each action; ``?`` last."""
    typing = isinstance(screen.focused, Input)
    hints: dict[tuple[object, str], tuple[int, KeyHint]] = {}
    for key, (node, binding, enabled, _) in screen.active_bindings.items():
        if not (binding.show and enabled) or (typing and node is not screen.focused) or only_refuses(node, binding):
            continue
        rank = _rank(binding, outer=node in (screen, screen.app))
        hint = KeyHint(
            key,
            key_name(screen.app, binding),
            binding.description,
            is_help=binding.action == HELP,
            is_view=rank == _VIEWS,
            is_pane=binding.group == PANE,
            keep=binding.action in _ALWAYS or binding.key in ("enter", "escape"),
        )
        hints.setdefault((node, binding.action), (rank, hint))
    return [hint for _, hint in sorted(hints.values(), key=lambda pair: pair[0])]


def only_refuses(node: object, binding: Binding) -> bool:
    """Whether the key would do no more than say why not: heard, and not offered."""
    runtime = getattr(node, "runtime", None)
    return binding.action.startswith("console(") and runtime is not None and runtime.read_only


def _rank(binding: Binding, *, outer: bool) -> int:
    """In and out first, then the open pane, filter and quit, what has the focus, the views, the screen, ``?``."""
    ranks = {HELP: 9, "filter": 3, "app.quit": 4, **dict.fromkeys(_LATE, 8)}
    if binding.action in ranks:
        return ranks[binding.action]
    if binding.key in ("enter", "escape"):
        return int(binding.key == "escape")
    if binding.group == PANE:
        return 2
    if binding.action.startswith("switch("):
        return _VIEWS
    return 7 if outer else 5


def fitting(hints: Sequence[KeyHint], width: int) -> list[KeyHint]:
    """As many hints as have room; when some have not, the last one says ``? more``."""
    if _cells(hints) <= width:
        return list(hints)
    more = next((replace(hint, text="more") for hint in hints if hint.is_help), None)
    if more is None:
        return list(hints)
    kept = _views_as_one([hint for hint in hints if not hint.is_help])
    while kept and _cells([*kept, more]) > width:
        loose = [hint for hint in kept if not hint.keep]
        kept.remove((loose or kept)[-1])
    return [*kept, more]


def _views_as_one(hints: Sequence[KeyHint]) -> list[KeyHint]:
    """``0-5 Views`` instead of a hint for each, as long as their keys are digits in a row."""
    views = sorted(
        (hint for hint in hints if hint.is_view and hint.shown_key.isdigit()), key=lambda hint: hint.shown_key
    )
    digits = "".join(hint.shown_key for hint in views)
    if len(digits) < 3 or digits not in "0123456789":
        return list(hints)
    # Who looks into an open pane wants its keys more.
    keep = not any(hint.is_pane for hint in hints)
    one = replace(views[0], shown_key=f"{digits[0]}-{digits[-1]}", text="Views", keep=keep)
    rest = [hint for hint in hints if hint not in views]
    # What is dropped is dropped from the end: the views stand before what the screen offers besides.
    at = next((at for at, hint in enumerate(hints) if hint in views), 0)
    return [*rest[:at], one, *rest[at:]]


def _cells(hints: Sequence[KeyHint]) -> int:
    return sum(hint.cells + _GAP for hint in hints)


class KeyBar(OneLine):
    """Key and meaning, key and meaning; a click on one presses it."""

    DEFAULT_CSS = "KeyBar { background: $surface; }"

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def runs(self, width: int) -> Sequence[Run]:
        if self.app.screen is not self.screen:
            # A dialog lies above: it has the keys, and names its own.
            return ()
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
