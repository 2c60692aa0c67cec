"""A widget of exactly one line, written to the terminal only when the line differs."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from proxtui.core.rows import Tone
from proxtui.kit.bare_lines import BareLines
from proxtui.kit.painting import Run, fit, paint_runs
from proxtui.kit.tones import tone_styles


class OneLine(Widget):
    """Subclasses say what the line is; this one paints it."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "OneLine { height: 1; width: 1fr; color: $foreground; background: $panel; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._styles_cache = BareLines()
        self._painted: Strip | None = None
        self._tones: dict[Tone, Style] = {}

    def runs(self, width: int) -> Sequence[Run]:
        """The pieces of the line, at most ``width`` cells of them."""
        return ()

    def repaint(self) -> None:
        """Write the line if it is another than the one on the screen."""
        if self.is_mounted and self.size and self._paint() != self._painted:
            self.refresh()

    def style_of(self, tone: Tone) -> Style:
        """The style of a tone on this widget's ground."""
        if not self._tones:
            self._tones = tone_styles(self)
        return self._tones[tone]

    def badge_style(self, tone: Tone) -> Style:
        """The tone as a filled badge."""
        return self.style_of(tone) + Style(reverse=True, bold=True)

    def render_line(self, y: int) -> Strip:
        if y:
            return Strip.blank(self.size.width, self.rich_style)
        self._painted = self._paint()
        return self._painted

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._tones.clear()
        if self.is_mounted:
            self.call_next(self.repaint)

    def _paint(self) -> Strip:
        width = self.size.width
        return paint_runs(self.runs(width), width, self.style_of(Tone.PLAIN))


class Notice(OneLine):
    """One line of words in one tone; takes no room while it has nothing to say."""

    DEFAULT_CSS = "Notice { background: $surface; display: none; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._text, self._tone = "", Tone.PLAIN

    @property
    def text(self) -> str:
        """What it says at the moment."""
        return self._text

    def say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        """Show a text; an empty one folds the line away."""
        self._text, self._tone = text, tone
        self.display = bool(text)
        self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        return [(" ", self.style_of(Tone.PLAIN)), (fit(self._text, width - 1), self.style_of(self._tone))]


class Sentences(Notice):
    """The same on as many lines as it needs: what was refused is read to its end."""

    DEFAULT_CSS = "Sentences { height: auto; max-height: 8; }"

    def say(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        super().say(text, tone)
        self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines(width))

    def render_line(self, y: int) -> Strip:
        width, lines = self.size.width, self._lines(self.size.width)
        said = [(fit(f" {lines[y]}", width), self.style_of(self._tone))] if y < len(lines) else []
        return paint_runs(said, width, self.style_of(Tone.PLAIN))

    def _lines(self, width: int) -> list[str]:
        return wrap(self._text, max(1, width - 1)) or [""]
