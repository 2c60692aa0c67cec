"""``?``: every key that works on this screen, what it does and where; made from what is bound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from proxtui.core.rows import Column, Scalar, Tone
from proxtui.kit.live_table import LiveTable

FILTER_EXAMPLES = (
    ("web prod", "both words in name, id, tags, node"),
    ("tag:prod node:pve3", "a field; * stands for anything: name:web*"),
    ("status:running type:lxc", "state and kind"),
    ("cpu>80 mem>=90", "percent of what it has; mem>4G is bytes"),
    ("!lock:*  a | b", "not; or"),
)


_DULL = frozenset({"screen.copy_text"})
"""Bound by Textual, and nothing that one would look for here."""


@dataclass(frozen=True, slots=True)
class HelpRow:
    """One action: its keys, what it does, where it works."""

    key: int
    keys: str
    text: str
    where: str
    muted: bool = False

    @property
    def haystack(self) -> str:
        return f"{self.keys} {self.text} {self.where}".lower()

    def field(self, name: str) -> Scalar:
        return {"name": self.text, "type": self.where}.get(name)


COLUMNS: Sequence[Column[HelpRow]] = (
    Column("order", "", lambda row: row.key, lambda row: "", 0, shown=False),
    Column("keys", "KEY", lambda row: row.keys, lambda row: row.keys, 24, priority=1, tone=lambda row: Tone.ACCENT),
    Column("text", "WHAT IT DOES", lambda row: row.text, lambda row: row.text, 26, priority=1, grow=True),
    Column("where", "WHERE", lambda row: row.where, lambda row: row.where, 8, priority=2, tone=lambda row: Tone.MUTED),
)


def where_of(node: DOMNode) -> str:
    """What people call the thing: its ``HELP_NAME``, or the name of its class."""
    if isinstance(node, App):
        return "app"
    return getattr(node, "HELP_NAME", "") or type(node).__name__.lower()


def _nodes(screen: Screen[None]) -> Iterator[DOMNode]:
    """Everything that could have the keys, with what lies around it; the focused first."""
    seen: set[DOMNode] = set()
    focused = [screen.focused] if screen.focused else []
    for widget in [*focused, *screen.focus_chain, screen]:
        for node in widget.ancestors_with_self:
            if node not in seen:
                seen.add(node)
                yield node


def help_rows(screen: Screen[None]) -> list[HelpRow]:
    """The keys of the focused thing, of its neighbours, of the screen and the app; then how filters are written."""
    found: dict[tuple[str, str], list[str]] = {}
    for node in sorted(_nodes(screen), key=_distance):
        bindings = node._bindings.copy()
        bindings.apply_keymap(screen.app._keymap)
        for _, binding in bindings:
            if binding.system or binding.action in _DULL or not binding.description or not is_ours(node):
                continue
            shown = binding.key_display or screen.app.get_key_display(binding)
            keys = found.setdefault((where_of(node), binding.description), [])
            if shown not in keys:
                keys.append(shown)
    lines = [(" ".join(keys), text, where) for (where, text), keys in found.items()]
    lines += [(usage, meaning, "command") for usage, meaning in getattr(screen, "command_help", ())]
    lines += [(example, meaning, "filter") for example, meaning in FILTER_EXAMPLES]
    return [HelpRow(order, *line) for order, line in enumerate(lines)]


def _distance(node: DOMNode) -> int:
    """Widgets first, then the screen, then the app."""
    return 2 if isinstance(node, App) else int(isinstance(node, Screen))


def is_ours(node: DOMNode) -> bool:
    """Bindings that Textual's own classes bring are not worth a line."""
    return type(node).__module__.partition(".")[0] != "textual"


class HelpScreen(ModalScreen[None]):
    """A table of keys over the screen it explains."""

    HELP_NAME: ClassVar[str] = "help"
    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen #help { width: 90%; max-width: 100; height: 90%; border: round $primary; background: $background; }
    HelpScreen #help-end { height: 1; width: 1fr; color: $foreground 70%; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark", "dismiss", "Close")]

    def __init__(self, explained: Screen[None]) -> None:
        super().__init__()
        self._rows = help_rows(explained)

    def compose(self) -> ComposeResult:
        with Vertical(id="help") as frame:
            frame.border_title = "keys"
            yield LiveTable(COLUMNS, sort="order")
            yield Static("esc closes, arrows scroll", id="help-end", markup=False)

    def on_mount(self) -> None:
        table = self.query_one(LiveTable)
        table.set_rows(self._rows)
        table.focus()
