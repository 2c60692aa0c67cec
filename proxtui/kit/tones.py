"""What a tone looks like: the only place where meaning becomes colour."""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget

from proxtui.core.rows import Tone

TONE_CLASSES = frozenset(f"tone--{tone}" for tone in Tone)

_RULES = """
    & > .tone--plain { color: $foreground; }
    & > .tone--muted { color: $foreground 55%; }
    & > .tone--accent { color: $accent; }
    & > .tone--good { color: $success; }
    & > .tone--warn { color: $warning; text-style: bold; }
    & > .tone--bad { color: $error; text-style: bold; }
"""


def tone_rules(widget: str) -> str:
    """The CSS of the tones for a widget class that has ``TONE_CLASSES`` among its component classes."""
    return f"{widget} {{{_RULES}}}"


def tone_styles(widget: Widget) -> dict[Tone, Style]:
    """The theme's style of each tone on the background of ``widget``."""
    return {tone: widget.get_component_rich_style(f"tone--{tone}") for tone in Tone}


def over(base: Style, tone: Style) -> Style:
    """The tone's colour and weight on the background of ``base``."""
    return base + Style(color=tone.color, bold=tone.bold)
