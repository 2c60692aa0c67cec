"""The styles of a table's lines, mixed from the theme when first needed."""

from __future__ import annotations

from textual.widget import Widget

from proxtui.core.rows import Tone
from proxtui.kit.painting import Ink
from proxtui.kit.tones import over, tone_styles


class Inks:
    """Inks of a widget by name: ``plain``, ``cursor``, ``header``, ``empty``, each also as ``plain muted``."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._mixed: dict[str, Ink] = {}

    def __getitem__(self, name: str) -> Ink:
        ink = self._mixed.get(name)
        if ink is None:
            ink = self._mixed[name] = self._mix(name)
        return ink

    def clear(self) -> None:
        """The theme or the focus changed."""
        self._mixed.clear()

    def _mix(self, name: str) -> Ink:
        ground, _, muted = name.partition(" ")
        tones = tone_styles(self._widget)
        plain = tones[Tone.PLAIN]
        base = plain if ground == "plain" else self._widget.get_component_rich_style(f"table--{ground}")
        if ground == "cursor":
            # Grey on the cursor's ground cannot be read.
            tones[Tone.MUTED] = base
        if muted:
            base = over(base, tones[Tone.MUTED])
            return Ink(base, dict.fromkeys(Tone, base))
        return Ink(base, {tone: base if tone is Tone.PLAIN else over(base, style) for tone, style in tones.items()})
