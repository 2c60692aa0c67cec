"""What one could do now, for the palette: made from what is bound, never from a list of its own."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from textual.app import App
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

from proxtui.kit.finder import Entry
from proxtui.kit.help import is_ours, where_of
from proxtui.kit.key_names import key_name
from proxtui.kit.view import LiveView

_NOT_LISTED = frozenset({"palette", "app.focus_next", "app.focus_previous", "screen.copy_text"})
"""Where one is already, and what Textual binds."""


def action_entries(screen: Screen[None]) -> Iterator[Entry]:
    """Views first, then the actions of what has the focus, of the screen and of the app."""
    found: dict[tuple[DOMNode, str], Entry] = {}
    for node, binding, enabled, _ in screen.active_bindings.values():
        if enabled and _is_worth_a_line(node, binding):
            kind = "view" if binding.action.startswith("switch(") else "do"
            shown = key_name(screen.app, binding)
            where = f"key {shown}" if kind == "view" else f"key {shown}, {where_of(node)}"
            run = partial(screen.app.run_action, binding.action, node)
            found.setdefault((node, binding.action), Entry(kind, binding.description, where, run=run))
    entries = list(found.values())
    yield from (entry for entry in entries if entry.kind == "view")
    yield from (entry for entry in entries if entry.kind == "do")


def _is_worth_a_line(node: DOMNode, binding: Binding) -> bool:
    if not binding.description or binding.system or binding.action in _NOT_LISTED or not is_ours(node):
        return False
    # What only moves a cursor is not shown in the key line either.
    return binding.show or isinstance(node, Screen | App | LiveView)
