"""What keys are called for people, and which of them belong to a part of the screen."""

from __future__ import annotations

from typing import Any, Final

from textual.app import App
from textual.binding import Binding
from textual.screen import Screen

from proxtui.kit.app import LiveApp

PANE: Final = Binding.Group("pane")
"""The group of keys that work on the open pane: they are shown before the others."""
_ASCII: Final = {"↑": "up", "↓": "down", "←": "left", "→": "right", "⏎": "enter", "⌫": "backspace"}


def key_name(app: App[Any], binding: Binding) -> str:
    """``esc``, ``^p``, ``↓``; words instead of arrows where nothing but ASCII is written."""
    shown = binding.key_display or app.get_key_display(binding)
    return _ASCII.get(shown, shown) if isinstance(app, LiveApp) and app.ascii_only else shown


def key_of(screen: Screen[Any], name: str, shipped: str) -> str:
    """The key that the action with this name has on a screen: people may have given it another than the shipped one."""
    found = (active.binding for active in screen.active_bindings.values() if active.binding.id == name)
    return next((key_name(screen.app, binding) for binding in found), shipped)
