"""A line of named numbers side by side, in a colour of its own where the terminal has one."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style

from proxtui.core.rows import Tone
from proxtui.kit.one_line import OneLine
from proxtui.kit.painting import Run, fit

Figure = tuple[str, str, Tone]
"""Name, value, and what the value means; PLAIN takes the colour of the line."""


class FigureLine(OneLine):
    """``Servers 3    Online 2    ...``; every figure gets the same width."""

    DEFAULT_CSS = "FigureLine { background: $surface; }"

    _figures: Sequence[Figure] = ()
    _tint = ""

    def tell(self, figures: Sequence[Figure], tint: str = "") -> None:
        """Show these. ``tint`` is a colour as the configuration names it; empty: the accent."""
        if (figures, tint) != (self._figures, self._tint):
            self._figures, self._tint = figures, tint
            self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        runs: list[Run] = []
        if not self._figures:
            return runs
        cell, colour = (width - 1) // len(self._figures), self._colour()
        for name, value, tone in self._figures:
            style = colour if tone is Tone.PLAIN else self.style_of(tone)
            runs.append((f" {name} ", self.style_of(Tone.MUTED)))
            runs.append((fit(value, max(0, cell - len(name) - 2)), style + Style(bold=True)))
        return runs

    def _colour(self) -> Style:
        usual = self.style_of(Tone.ACCENT)
        if not self._tint or self.app.native_ansi_color or self.app.no_color:
            return usual
        from proxtui.kit.tenants import readable

        _, ground = self.background_colors
        colour = readable(self._tint, ground, self.styles.color)
        return usual if colour is None else usual + Style(color=colour.rich_color)
