"""What a tone looks like: the only place where meaning becomes colour."""

from __future__ import annotations

from rich.style import Style
from textual.color import Color
from textual.widget import Widget

from proxtui.core.rows import Tone

_LOOKS: dict[Tone, tuple[str, float, bool]] = {
    Tone.PLAIN: ("foreground", 1.0, False),
    Tone.MUTED: ("foreground", 0.55, False),
    Tone.ACCENT: ("accent", 1.0, False),
    Tone.GOOD: ("success", 1.0, False),
    Tone.WARN: ("warning", 1.0, True),
    Tone.BAD: ("error", 1.0, True),
}
"""The colour of the theme, how much of it covers the ground (0..1), and whether it is bold."""


def tone_styles(widget: Widget) -> dict[Tone, Style]:
    """The theme's style of each tone on the background of ``widget``.

    Mixed when somebody asks: as component classes each widget would match six more nodes against all style rules.
    """
    variables, base = widget.app.theme_variables, widget.rich_style
    _, behind = widget.background_colors
    styles: dict[Tone, Style] = {}
    for tone, (name, share, bold) in _LOOKS.items():
        colour = behind + Color.parse(variables[name]).multiply_alpha(share)
        styles[tone] = base + Style(color=colour.rich_color, bold=bold or None)
    return styles


def over(base: Style, tone: Style) -> Style:
    """The tone's colour and weight on the background of ``base``."""
    return base + Style(color=tone.color, bold=tone.bold)
