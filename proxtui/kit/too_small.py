"""One clear line instead of a broken screen when the terminal has no room."""

from __future__ import annotations

from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from proxtui.kit.painting import paint_centred

LEAST = Size(40, 10)


def too_small_lines(size: Size) -> list[str]:
    """The longest wording that fits."""
    seen, needed = f"too small: {size.width}x{size.height}", f"needs {LEAST.width}x{LEAST.height}"
    whole = f"{seen}, {needed}"
    if len(whole) <= size.width:
        return [whole]
    if max(len(seen) + 1, len(needed)) <= size.width and size.height > 1:
        return [f"{seen},", needed]
    return [f"{size.width}x{size.height} < {LEAST.width}x{LEAST.height}"]


class TooSmall(Widget):
    """Lies over everything while the screen is smaller than ``LEAST``; what is below keeps its state and focus."""

    DEFAULT_CSS = """
    TooSmall { layer: cover; width: 100%; height: 100%; display: none; background: $background; color: $foreground; }
    """

    def judge(self, size: Size) -> bool:
        """Cover the screen or not; True when it does."""
        self.display = size.width < LEAST.width or size.height < LEAST.height
        return self.display

    def render_line(self, y: int) -> Strip:
        lines = too_small_lines(self.size)
        line = y - (self.size.height - len(lines)) // 2
        text = lines[line] if 0 <= line < len(lines) else ""
        return paint_centred(text, self.size.width, self.rich_style)
