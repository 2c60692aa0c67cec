"""Lines that are painted whole by their widget: Textual's frame around each of them is left out where there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual._styles_cache import StylesCache
from textual.color import Color
from textual.css.styles import StylesBase
from textual.geometry import NULL_SPACING, Size, Spacing
from textual.strip import Strip

_OUTLINES = ("outline_top", "outline_right", "outline_bottom", "outline_left")
_EFFECTS = (*_OUTLINES, "hatch", "tint", "text_opacity")


class BareLines(StylesCache):
    """For a widget's ``_styles_cache``. Which lines are asked anew, and their filters, stay Textual's business.

    Textual looks at each single line for borders, padding, outlines, hatches and tints; a table of ours has none, and
    two thirds of what its lines cost was that look.
    """

    _is_bare = False

    def render(self, styles: StylesBase, *arguments: Any, **settings: Any) -> list[Strip]:
        """As Textual does; how the widget is framed is asked once for all of its lines."""
        self._is_bare = (
            settings.get("opacity") == 1.0 and styles.gutter == NULL_SPACING and not any(map(styles.has_rule, _EFFECTS))
        )
        return super().render(styles, *arguments, **settings)

    def render_line(
        self,
        styles: StylesBase,
        y: int,
        size: Size,
        content_size: Size,
        padding: Spacing,
        base_background: Color,
        background: Color,
        render_content_line: Callable[[int], Strip],
        *others: Any,
    ) -> Strip:
        """The line as the widget gives it, as wide as the widget."""
        if not self._is_bare or y >= content_size.height:
            return super().render_line(
                styles, y, size, content_size, padding, base_background, background, render_content_line, *others
            )
        ground = self.get_inner_outer(base_background, background)[0].rich_style
        return render_content_line(y).adjust_cell_length(size.width, ground)
