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
from proxtui.kit.key_names import key_name
from proxtui.kit.live_table import LiveTable

FILTER_EXAMPLES = (
    ("web prod", "both words in name, id, tags, node"),
    ("tag:prod node:pve3", "a field; * stands for anything: name:web*"),
    ("status:running type:lxc", "state and kind"),
    ("cpu>80 mem>=90", "percent of what it has; mem>4G is bytes"),
    ("!lock:*  a | b", "not; or"),
)


MOVE, FIND, HERE, EVERYWHERE, COMMANDS, FILTERS = "Move", "Find", "This view", "Everywhere", "Commands", "Filters"
GROUPS = (MOVE, FIND, HERE, EVERYWHERE, COMMANDS, FILTERS)
"""In this order."""
_MOVES = frozenset({"move", "page", "go", "step", "go_top", "go_end", "fold", "unfold", "focus_next", "focus_previous"})
_FINDS = frozenset({"filter", "command", "palette", "go_back", "go_on", "back"})


@dataclass(frozen=True, slots=True)
class HelpRow:
    """One action: its keys, what it does, where it works."""

    key: int
    keys: str
    text: str
    where: str
    group: str
    head: str = ""
    """The name of the group, on its first row."""
    muted: bool = False
    """Bound, but without a use at the moment."""

    @property
    def haystack(self) -> str:
        return f"{self.keys} {self.text} {self.where} {self.group}".lower()

    def field(self, name: str) -> Scalar:
        return {"name": self.text, "type": self.where}.get(name)


COLUMNS: Sequence[Column[HelpRow]] = (
    Column("order", "", lambda row: row.key, lambda row: "", 0, shown=False),
    Column("group", "", lambda row: row.group, lambda row: row.head, 10, priority=1),
    Column("keys", "KEY", lambda row: row.keys, lambda row: row.keys, 23, priority=1, tone=lambda row: Tone.ACCENT),
    Column("text", "WHAT IT DOES", lambda row: row.text, lambda row: row.text, 24, priority=1, grow=True),
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
    """The keys of the focused thing, its neighbours, the screen and the app by group; commands; how to filter."""
    keys: dict[tuple[str, str, str], list[str]] = {}
    useful: set[tuple[str, str, str]] = set()
    for node in sorted(_nodes(screen), key=_distance):
        for binding in _own_bindings(node, screen.app):
            line = (_group(node, binding), binding.description, where_of(node))
            shown = key_name(screen.app, binding)
            if shown not in keys.setdefault(line, []):
                keys[line].append(shown)
            if screen.app._check_action_state(binding.action, node) is not False:
                useful.add(line)
    lines = [
        (group, " ".join(keys[line]), text, where, line not in useful) for line in keys for group, text, where in [line]
    ]
    told = getattr(screen, "command_help", ())
    lines += [(COMMANDS, usage, _sentence(meaning), "command", False) for usage, meaning in told]
    lines += [(FILTERS, example, _sentence(meaning), "filter", False) for example, meaning in FILTER_EXAMPLES]
    lines.sort(key=lambda line: GROUPS.index(line[0]))
    heads = [group if at == 0 or lines[at - 1][0] != group else "" for at, (group, *_) in enumerate(lines)]
    return [
        HelpRow(order, shown, text, where, group, heads[order], muted)
        for order, (group, shown, text, where, muted) in enumerate(lines)
    ]


def _own_bindings(node: DOMNode, app: App[object]) -> Iterator[Binding]:
    """What our classes bind, with the keys of the settings; what Textual's bring beside is not looked for here."""
    if not is_ours(node):
        return
    theirs = {
        (binding.key, binding.action, binding.description)
        for kind in type(node).__mro__
        if kind.__module__.partition(".")[0] == "textual"
        for binding in Binding.make_bindings(kind.__dict__.get("BINDINGS", ()))
    }
    bindings = node._bindings.copy()
    bindings.apply_keymap(app._keymap)
    for _, binding in bindings:
        if (
            binding.description
            and not binding.system
            and (binding.key, binding.action, binding.description) not in theirs
        ):
            yield binding


def _group(node: DOMNode, binding: Binding) -> str:
    name = binding.action.partition("(")[0].rpartition(".")[2]
    if name in _MOVES:
        return MOVE
    if name in _FINDS:
        return FIND
    return EVERYWHERE if isinstance(node, Screen | App) else HERE


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


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
    HelpScreen #help-end { text-wrap: nowrap; text-overflow: ellipsis; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark", "dismiss", "Close help")]

    def __init__(self, explained: Screen[None], group: str = "") -> None:
        """The keys of ``explained``; ``group`` is one of ``GROUPS``, whose first line is looked at first."""
        super().__init__()
        self._group = group
        self._rows = help_rows(explained)

    def compose(self) -> ComposeResult:
        with Vertical(id="help") as frame:
            frame.border_title = "keys"
            yield LiveTable(COLUMNS, sort="order")
            yield Static("esc closes, arrows scroll; what is grey has no use right now", id="help-end", markup=False)

    def on_mount(self) -> None:
        table = self.query_one(LiveTable)
        table.set_rows(self._rows)
        at = next((row.key for row in self._rows if row.group == self._group), 0)
        if at:
            # Not before it has its height: until then no line can be brought into sight.
            self.call_after_refresh(self._begin_at, at)
        table.focus()

    def _begin_at(self, at: int) -> None:
        table = self.query_one(LiveTable)
        # From the end upwards, so that what follows the line is in sight as well.
        table.move(len(self._rows) - 1)
        table.move(at)
