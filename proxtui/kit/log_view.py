"""Lines of a log: follows the end until somebody scrolls up, and finds words. Foreign text, painted cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from proxtui.core.rows import Tone
from proxtui.kit.painting import Run, fit, paint_centred, paint_runs
from proxtui.kit.safe import visible
from proxtui.kit.tones import tone_styles


class LogCanvas(ScrollView):
    """The painting half: lines that are told, a word that is marked in them, the hit that is looked at."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    LogCanvas {
        width: 1fr; height: 1fr; background: $background; color: $foreground;
        overflow-x: hidden; overflow-y: auto; scrollbar-size: 1 1;
    }
    """

    def __init__(self, *, empty: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self.lines: tuple[str, ...] = ()
        self.tones: tuple[Tone, ...] = ()
        self.empty = empty
        self.word = ""
        self.hit: int | None = None
        self._styles: dict[Tone, Style] = {}
        self._on_screen: dict[int, Strip] = {}

    @property
    def top(self) -> int:
        """Index of the first line in sight."""
        return self.scroll_offset.y

    @property
    def bottom(self) -> int:
        """The greatest ``top``."""
        return max(0, len(self.lines) - self.size.height)

    def render_line(self, y: int) -> Strip:
        strip = self._on_screen[y] = self._paint(y)
        return strip

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()
        if self.is_mounted:
            self.call_next(self.repaint)

    def repaint(self) -> None:
        """Mark the lines in sight that differ from what was painted."""
        if not self.is_mounted or not self.size:
            return
        width = self.scrollable_content_region.width
        dirty = [Region(0, y, width, 1) for y in range(self.size.height) if self._on_screen.get(y) != self._paint(y)]
        if dirty:
            self.refresh(*dirty)

    def extend(self) -> None:
        """Tell Textual how far it can scroll, without the layout of the whole screen that assigning would cause."""
        size = Size(self.scrollable_content_region.width, len(self.lines))
        if size != self.virtual_size:
            self.set_reactive(Widget.virtual_size, size)
            self._scroll_update(size)

    def _paint(self, y: int) -> Strip:
        if not self._styles:
            self._styles = tone_styles(self)
        width, plain = self.scrollable_content_region.width, self._styles[Tone.PLAIN]
        if not self.lines:
            words = self.empty if y == self.size.height // 2 else ""
            return paint_centred(words, width, self._styles[Tone.MUTED])
        index = self.top + y
        return paint_runs(self._runs(index, width) if index < len(self.lines) else (), width, plain)

    def _runs(self, index: int, width: int) -> list[Run]:
        text = fit(self.lines[index], width)
        look = self._styles[self.tones[index]]
        found = text.lower().find(self.word) if self.word else -1
        # A few letters are another number of letters in lower case: then the place is not sure, and nothing is marked.
        if found < 0 or len(text.lower()) != len(text):
            return [(text, look)]
        mark = self._styles[Tone.ACCENT if index == self.hit else Tone.WARN] + Style(reverse=True)
        end = found + len(self.word)
        return [(text[:found], look), (text[found:end], mark), (text[end:], look)]


class LogView(LogCanvas, can_focus=True, inherit_bindings=False):
    """Told with ``set_lines``; keeps to the end as long as the end is in sight."""

    HELP_NAME: ClassVar[str] = "log"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "step(-1)", "Up", show=False, id="up"),
        Binding("down,j", "step(1)", "Down", show=False, id="down"),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False, id="page-up"),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False, id="page-down"),
        Binding("home,g", "go_top", "First line", show=False, id="first"),
        Binding("end,G", "go_end", "Follow the end", key_display="G", id="last"),
    ]

    def __init__(self, *, empty: str = "", id: str | None = None) -> None:
        super().__init__(empty=empty, id=id)
        self.following = True
        self._found: tuple[tuple[str, ...], str, list[int]] = ((), "", [])

    def set_lines(self, lines: Sequence[str], tones: Sequence[Tone]) -> None:
        """Show these, with a tone for each."""
        told = tuple(lines)
        # The same lines again keep their hits, which are costly to find in a long log.
        self.lines, self.tones = self.lines if told == self.lines else told, tuple(tones)
        if self.hit is not None and self.hit >= len(self.lines):
            self.hit = None
        self._settle()

    def say_when_empty(self, text: str) -> None:
        """What stands there while there are no lines."""
        self.empty = text
        self.repaint()

    def start_over(self) -> None:
        """Another log comes: follow its end, forget the hit."""
        self.following, self.hit = True, None

    def look_for(self, word: str) -> int:
        """Mark every line with this word, case ignored, and go to the last one; how many there are."""
        self.word, self.hit = visible(word).lower(), None
        hits = self.hits
        if hits:
            self._look_at(hits[-1])
        self.repaint()
        return len(hits)

    def next_hit(self, step: int) -> bool:
        """Go to the next line with the word, or with -1 to the one before; True when it went around an end."""
        hits = self.hits
        if not hits:
            return False
        here = self.hit if self.hit is not None else len(self.lines)
        later, before = [hit for hit in hits if hit > here], [hit for hit in hits if hit < here]
        self._look_at((later or hits)[0] if step > 0 else (before or hits)[-1])
        return not (later if step > 0 else before)

    @property
    def hits(self) -> list[int]:
        """Indexes of the lines with the word."""
        if self._found[0] is not self.lines or self._found[1] != self.word:
            hits = [at for at, line in enumerate(self.lines) if self.word in visible(line).lower()] if self.word else []
            self._found = self.lines, self.word, hits
        return self._found[2]

    def action_step(self, step: int) -> None:
        self._to(self.top + step)

    def action_page(self, pages: int) -> None:
        self._to(self.top + pages * max(1, self.size.height - 1))

    def action_go_top(self) -> None:
        self._to(0)

    def action_go_end(self) -> None:
        self._to(self.bottom)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        # Also the mouse wheel and the scroll bar let go of the end, or take hold of it again.
        self.following = self.top >= self.bottom
        self.repaint()

    def on_resize(self, _event: events.Resize) -> None:
        self._settle()

    def _settle(self) -> None:
        following = self.following
        self.extend()
        if following:
            self._to(self.bottom)
        self.following = following
        self.repaint()

    def _look_at(self, index: int) -> None:
        self.hit = index
        if not self.top <= index < self.top + self.size.height:
            self._to(index - self.size.height // 2)
        self.following = False
        self.repaint()

    def _to(self, top: int) -> None:
        top = max(0, min(top, self.bottom))
        self.scroll_to(y=top, animate=False, force=True)
        self.following = top >= self.bottom
