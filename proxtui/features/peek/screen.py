"""``p``: the screen of a VM in the terminal, as a picture or as text; it is looked at, never typed at."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static
from textual.worker import Worker

from proxtui.core.rows import Tone
from proxtui.errors import PermissionDenied, ProxtuiError
from proxtui.features.peek import rows
from proxtui.features.peek.picture import Depth, paint
from proxtui.features.peek.png import save
from proxtui.features.peek.sampling import STEP, Look, scale_of
from proxtui.features.peek.service import INTERVALS, Opening, Shot, console_of, watching
from proxtui.features.peek.text import Reading, read
from proxtui.kit.log_view import LogView
from proxtui.kit.one_line import Notice
from proxtui.kit.painted import PaintedCells
from proxtui.kit.safe import plain

if TYPE_CHECKING:
    from textual.app import App

    from proxtui.core.operation import Target
    from proxtui.core.runtime import Runtime


_COLOURS = {"truecolor": Depth.TRUE, "256": Depth.MANY, "standard": Depth.FEW, "windows": Depth.FEW}
SIDEWAYS = 8
"""Columns of text that one key goes to the side."""
PAN = 0.25
"""Of what is in sight, that one key goes to a side."""
PICTURE_KEYS = "r again  a watch  i every  + - zoom  arrows  f fit  1 1:1  t text  w save  esc"
TEXT_KEYS = "r again  a watch  i every  / find  n N next  y copy  t picture  w save  esc"
EMPTY = Reading()


async def open_peek(app: App[None], runtime: Runtime, target: Target) -> None:
    """Show the screen of this VM."""
    await app.push_screen(PeekScreen(runtime, target, partial(console_of, runtime.consoles, target)))


def depth_of(app: App[Any]) -> Depth:
    """What the terminal of this app can show."""
    if getattr(app, "ascii_only", False) or app.console.no_color:
        return Depth.ASCII
    return _COLOURS.get(app.console.color_system or "", Depth.ASCII)


class Line(Input):
    """The one line that somebody types in: a word to find, or the name of a file."""

    HELP_NAME: ClassVar[str] = "line"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "screen.leave_line", "Back")]


class Looking(Screen[None]):
    """Looks, once or again and again, and shows what it saw. The console is open only while somebody waits for it."""

    HELP_NAME: ClassVar[str] = "screen of a VM"
    IN_DIALOG: ClassVar[bool] = True
    """It owns the keyboard while it is there: its keys take none from the views."""
    AUTO_FOCUS: ClassVar[str | None] = ""
    DEFAULT_CSS = """
    Looking { layout: vertical; background: $background; }
    Looking #peek-title { height: 1; width: 1fr; background: $panel; }
    Looking #peek-keys { height: 1; width: 1fr; color: $foreground 70%; text-wrap: nowrap; text-overflow: ellipsis; }
    Looking LogView { scrollbar-size: 0 0; display: none; }
    Looking Line { border: none; height: 1; padding: 0; background: $surface; display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "again", "Look again"),
        Binding("a", "watch", "Watch, or stop"),
        Binding("i", "interval", "Another interval"),
    ]

    def __init__(self, runtime: Runtime, target: Target, opening: Opening, depth: Depth | None = None) -> None:
        """``opening`` opens its console; ``depth`` None: what the terminal can show."""
        super().__init__()
        self._runtime, self._target, self._opening, self._depth = runtime, target, opening, depth
        self.shot: Shot | None = None
        self.reading = EMPTY
        self.look = Look()
        self.every = 0.0
        """Seconds between two looks while it is being watched; 0: it is not."""
        self._interval = INTERVALS[2]
        self._wants_text: bool | None = None
        self._side = 0
        self._saves = False
        self._waits = False
        self._worker: Worker[None] | None = None
        self._picture = PaintedCells(empty="opening its screen ...", id="peek-picture")
        self._text = LogView()
        self._notice = Notice()

    def compose(self) -> ComposeResult:
        yield Static(id="peek-title", markup=False)
        yield self._picture
        yield self._text
        yield self._notice
        yield Line(compact=True, select_on_focus=False)
        yield Static(id="peek-keys", markup=False)

    def on_mount(self) -> None:
        self.query_one(Line).cursor_blink = False
        self.set_interval(1.0, self._tell)
        self._show()
        self._begin()

    # Looking.

    def _begin(self) -> None:
        self._worker = self.run_worker(self._look(), name="peek", group="peek", exclusive=True)

    def _end(self) -> None:
        self._waits = False
        if self._worker is not None:
            self._worker.cancel()

    async def _look(self) -> None:
        clock = self._runtime.clock
        try:
            async with watching(self._opening, clock.monotonic) as watch:
                self._took(await watch.look())
                while self.every:
                    self._waits = True
                    await clock.sleep(self.every)
                    self._took(await watch.look())
        except ProxtuiError as error:
            self._failed(error)
        finally:
            self._waits = False

    def _took(self, shot: Shot) -> None:
        self.shot, self.reading = shot, read(shot.picture)
        self._say("")
        self._show()

    def _failed(self, error: ProxtuiError) -> None:
        self.every = 0.0
        needs = "needs VM.Console: " if isinstance(error, PermissionDenied) else ""
        self._picture.say("" if self.shot else "no picture")
        self._say(f"{needs}{error}", Tone.BAD)
        self._tell()

    @on(events.ScreenSuspend)
    def _out_of_view(self) -> None:
        self._end()

    @on(events.ScreenResume)
    def _in_view(self) -> None:
        if self.every and (self._worker is None or self._worker.is_finished):
            self._begin()

    def action_again(self) -> None:
        self._begin()

    def action_watch(self) -> None:
        self.every = 0.0 if self.every else self._interval
        self._begin() if self.every else self._end()
        self._tell()

    def action_interval(self) -> None:
        self._interval = INTERVALS[(INTERVALS.index(self._interval) + 1) % len(INTERVALS)]
        self.every = self._interval
        self._begin()
        self._tell()

    # Showing.

    @property
    def shows_text(self) -> bool:
        """Whether it is shown as text; by itself where most of it could be read."""
        return self.reading.is_text and self._wants_text is not False

    @property
    def depth(self) -> Depth:
        return self._depth or depth_of(self.app)

    @on(PaintedCells.Sized)
    def _show(self) -> None:
        text = self.shows_text
        self._text.display, self._picture.display = text, not text
        if not isinstance(self.focused, Input):
            self.set_focus(self._text if text else self._picture)
        if text:
            lines = [line[self._side :] for line in self.reading.lines]
            self._text.set_lines(lines, [Tone.PLAIN] * len(lines))
        elif self.shot is not None and self._picture.size:
            width, height = self._picture.size
            painting = paint(self.shot.picture, width, height, self.depth, self.look)
            self._picture.show_cells(painting.lines, painting.width)
        self._tell()

    def _tell(self) -> None:
        if not self.is_attached:
            return
        parts = []
        if self.shot is not None:
            # In front, where it is never cut.
            old = self._runtime.clock.monotonic() - self.shot.taken_at
            parts.append(rows.age(old, self.every, waits=self._waits))
        parts.append(self._target.label)
        if self.shot is not None:
            scale = None if self.shows_text else self._scale(self.look.zoom)
            parts.append(rows.headline(self.shot.picture, self.reading, scale))
        self.query_one("#peek-title", Static).update(plain(" " + " - ".join([*parts, "view only"])))
        self.query_one("#peek-keys", Static).update(Content(TEXT_KEYS if self.shows_text else PICTURE_KEYS))

    def _say(self, text: str, tone: Tone = Tone.WARN) -> None:
        self._notice.say(text, tone)

    def _scale(self, zoom: float) -> float:
        if self.shot is None or not self._picture.size:
            return 1.0
        width, height = self._picture.size
        picture = self.shot.picture
        return scale_of(picture.width, picture.height, width, height * 2, zoom)


class PeekScreen(Looking):
    """View only: nothing that is typed here reaches the VM."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus,equals_sign", "zoom(1)", "Closer", key_display="+"),
        Binding("minus", "zoom(-1)", "Farther", key_display="-"),
        Binding("f,0", "fit", "Fit"),
        Binding("1", "one_to_one", "1:1"),
        Binding("left,h", "pan(-1,0)", "Left", show=False),
        Binding("right,l", "pan(1,0)", "Right", show=False),
        Binding("up,k", "pan(0,-1)", "Up", show=False),
        Binding("down,j", "pan(0,1)", "Down", show=False),
        Binding("t", "turn", "Text/picture"),
        Binding("slash", "find", "Find", key_display="/"),
        Binding("n", "next_hit(1)", "Next", show=False),
        Binding("N", "next_hit(-1)", "Before", show=False),
        Binding("y", "copy", "Copy the text"),
        Binding("w", "save", "Save as PNG"),
        Binding("escape,q,p", "dismiss", "Close"),
    ]

    def action_zoom(self, step: int) -> None:
        self._look_at(zoom=max(1.0, self.look.zoom * STEP**step) if self._scale(self.look.zoom) < 8 or step < 0 else 0)

    def action_fit(self) -> None:
        self.look = Look()
        self._show()

    def action_one_to_one(self) -> None:
        self._look_at(zoom=1 / self._scale(1.0))

    def _look_at(self, *, zoom: float = 0.0, x: float = 0.0, y: float = 0.0) -> None:
        now = self.look
        zoom = zoom or now.zoom
        # Beyond its edges there is nothing to see, and keys that lead back would do nothing at first.
        part = min(0.5, 0.5 / max(1.0, zoom))
        self.look = Look(zoom, min(1 - part, max(part, now.x + x)), min(1 - part, max(part, now.y + y)))
        self._show()

    def action_pan(self, x: int, y: int) -> None:
        if not self.shows_text:
            self._look_at(x=x * PAN / self.look.zoom, y=y * PAN / self.look.zoom)
        elif x:
            most = max(map(len, self.reading.lines), default=0) - self._text.size.width
            self._side = max(0, min(self._side + x * SIDEWAYS, most))
            self._show()
        else:
            self._text.action_step(y)

    def action_turn(self) -> None:
        if not self.reading.is_text:
            self._say(f"no text screen: {rows.percent(self.reading.share)} of it are letters that are known here")
            return
        self._wants_text = not self.shows_text
        self._show()

    # The text, and the file.

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if isinstance(self.focused, Input):
            return action == "leave_line"
        return action not in ("find", "next_hit", "copy") or self.shows_text

    def action_copy(self) -> None:
        self.app.copy_to_clipboard("\n".join(self.reading.lines))
        self._say(f"copied {len(self.reading.lines)} lines", Tone.GOOD)

    def action_find(self) -> None:
        self._saves = False
        self._ask("find", self._text.word)

    def action_next_hit(self, step: int) -> None:
        self._text.next_hit(step)

    def action_save(self) -> None:
        if self.shot is None:
            self._say("there is no picture yet")
            return
        self._saves = True
        self._ask("file", rows.file_name(self._target.vmid, self._target.name, self._runtime.clock.time()))

    def _ask(self, what: str, value: str) -> None:
        line = self.query_one(Line)
        line.placeholder, line.value, line.display = what, value, True
        line.cursor_position = len(value)
        self.set_focus(line)

    def action_leave_line(self) -> None:
        self.query_one(Line).display = False
        self.set_focus(None)
        self._show()

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        typed = event.input.value
        self.action_leave_line()
        if not self._saves:
            found = self._text.look_for(typed)
            self._say(f"{found} lines with {typed}" if typed else "", Tone.PLAIN)
        elif typed.strip() and self.shot is not None:
            await self._save(typed.strip(), self.shot)

    async def _save(self, name: str, shot: Shot) -> None:
        try:
            path, size = await asyncio.to_thread(_saved, name, shot)
        except ProxtuiError as error:
            self._say(str(error), Tone.BAD)
        else:
            self._say(f"saved {size} bytes as {path}", Tone.GOOD)


def _saved(name: str, shot: Shot) -> tuple[Path, int]:
    path = Path(name).expanduser()
    return path, save(path, shot.picture)
