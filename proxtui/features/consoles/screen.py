"""Viewers from the dashboard: it starts them and stays; what to paste where there is no display; what is open; keys."""

from __future__ import annotations

import os
from math import ceil
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from proxtui.core.rows import Tone
from proxtui.errors import ProxtuiError
from proxtui.features.consoles.keys import CHORDS, LONGEST_TEXT, keys_of, send_keys
from proxtui.features.consoles.rows import COLUMNS, ConsoleRow, rows_of, told
from proxtui.features.consoles.service import Invitation, Telling, called, relay
from proxtui.features.consoles.viewers import Manner, choose
from proxtui.kit.live_table import LiveTable
from proxtui.kit.one_line import Notice
from proxtui.kit.safe import plain
from proxtui.pve.sanitize import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import App

    from proxtui.core.consoles import ConsoleDesk
    from proxtui.core.operation import Target
    from proxtui.core.runtime import Runtime
    from proxtui.kit.console import Console


async def open_viewer(app: App[Any], runtime: Runtime, target: Target) -> None:
    """Show the screen of a guest or node in a viewer of its own; the dashboard goes on meanwhile."""
    manner = choose(runtime.config.settings.viewer, os.environ)
    app.run_worker(Relaying(app, runtime, target, manner).run(), name="relay", group="relays")


class Relaying:
    """One relay, and what the dashboard shows of it."""

    def __init__(self, app: App[Any], runtime: Runtime, target: Target, manner: Manner) -> None:
        self._app, self._runtime, self._target, self._manner = app, runtime, target, manner
        self._shown: Invited | None = None

    async def run(self) -> None:
        """Until it ended; how, is told."""
        began = self._runtime.clock.time()
        telling = Telling(self._invite, self._hide, getattr(self._app, "touched", lambda: None))
        try:
            ended = await relay(self._runtime.consoles, self._target, self._manner, telling)
        except ProxtuiError as error:
            self._say(f"{called(self._target)}: {error}", "error")
        else:
            lasted = self._runtime.clock.time() - began
            line = told(called(self._target), ended.message, lasted, ended.received)
            if ended.was_idle:
                # Whoever it was sits somewhere else by now: a line in the corner would be gone when they come back.
                await self._app.push_screen(Idle(line), self._open_again)
            else:
                self._say(line)
        finally:
            self._hide()

    def _open_again(self, is_wanted: bool | None) -> None:
        if is_wanted:
            again = Relaying(self._app, self._runtime, self._target, self._manner)
            self._app.run_worker(again.run(), name="relay", group="relays")

    def _invite(self, invitation: Invitation) -> None:
        if invitation.lines or invitation.password:
            self._shown = Invited(invitation, self._runtime.clock.monotonic)
            self._app.push_screen(self._shown)
        else:
            self._say(f"{called(self._target)}: {self._manner.called} is starting; :consoles shows what is open")

    def _hide(self) -> None:
        shown, self._shown = self._shown, None
        if shown is not None and shown.is_attached and shown.is_current:
            shown.dismiss(None)

    def _say(self, text: str, severity: Any = "information") -> None:
        self._app.notify(clean(text), severity=severity, markup=False)


class Invited(ModalScreen[None]):
    """What has to be pasted elsewhere; goes away by itself when a viewer has come. Closing it ends nothing."""

    HELP_NAME: ClassVar[str] = "viewer"
    DEFAULT_CSS = """
    Invited { align: center middle; background: $background 60%; }
    Invited > Vertical { width: auto; max-width: 98%; height: auto; border: round $primary; padding: 0 1; }
    Invited > Vertical { background: $background; }
    Invited Static { width: auto; }
    Invited .keys { color: $foreground 70%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "copy_line(0)", "Copy the first line"),
        Binding("2", "copy_line(1)", "Copy the second line"),
        Binding("y", "copy_password", "Copy the password"),
        Binding("escape,q", "dismiss", "Close"),
    ]

    def __init__(self, invitation: Invitation, now: Callable[[], float]) -> None:
        super().__init__()
        self._invitation, self._now = invitation, now
        self._until = now() + invitation.seconds
        self._time = Static("")
        self._notice = Notice()

    def on_mount(self) -> None:
        self.set_interval(1.0, self.paint)
        self.paint()

    def paint(self) -> None:
        """Say how long it is good yet."""
        left = max(0, ceil(self._until - self._now()))
        where = "on the machine with the display" if self._invitation.lines else "in the viewer"
        self._time.update(plain(f"{left} s left, {where}:"))

    def compose(self) -> ComposeResult:
        told = self._invitation
        with Vertical() as frame:
            frame.border_title = plain(called(told.target))
            if told.note:
                yield Static(plain(told.note))
            yield self._time
            for line in told.lines:
                yield Static(plain(line))
            if told.password:
                yield Static(plain(f"password {told.password}   good for one viewer"))
            yield self._notice
            yield Static("1 2 copy a line   y copy the password   esc closes", classes="keys", markup=False)

    def action_copy_line(self, number: int) -> None:
        """Copy what is pasted, by OSC 52."""
        if number < len(self._invitation.lines):
            self.app.copy_to_clipboard(self._invitation.lines[number])
            self._notice.say("copied", Tone.GOOD)

    def action_copy_password(self) -> None:
        """Copy the password, by OSC 52."""
        if self._invitation.password:
            self.app.copy_to_clipboard(self._invitation.password)
            self._notice.say("the password is in the clipboard", Tone.GOOD)


class Idle(ModalScreen[bool]):
    """Tells that PVE closed a console in which nothing happened, and answers whether it is wanted again."""

    HELP_NAME: ClassVar[str] = "idle console"
    DEFAULT_CSS = """
    Idle { align: center middle; background: $background 60%; }
    Idle > Vertical { width: auto; max-width: 98%; height: auto; border: round $primary; padding: 0 1; }
    Idle > Vertical { background: $background; }
    Idle Static { width: auto; }
    Idle .keys { color: $foreground 70%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "dismiss(True)", "Open it again"),
        Binding("escape,q", "dismiss(False)", "Close"),
    ]

    def __init__(self, line: str) -> None:
        super().__init__()
        self._line = line

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(plain(self._line))
            yield Static("r opens it again   esc closes", classes="keys", markup=False)


async def show_consoles(console: Console, _text: str) -> None:
    """``:consoles``."""
    await console.app.push_screen(OpenConsoles(console.runtime))


class OpenConsoles(ModalScreen[None]):
    """Which consoles are open, and a way to end each."""

    HELP_NAME: ClassVar[str] = "consoles"
    DEFAULT_CSS = """
    OpenConsoles { align: center middle; background: $background 60%; }
    OpenConsoles > Vertical { width: 96%; max-width: 120; height: 60%; border: round $primary; padding: 0 1; }
    OpenConsoles > Vertical { background: $background; }
    OpenConsoles LiveTable { height: 1fr; }
    OpenConsoles .keys { color: $foreground 70%; height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "end", "Close the console"),
        Binding("escape,q", "dismiss", "Back"),
    ]

    def __init__(self, runtime: Runtime) -> None:
        super().__init__()
        self._runtime = runtime
        self._table = LiveTable(COLUMNS, sort="", empty="no console is open", noun="console")
        self._notice = Notice()

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = "consoles"
            yield self._table
            yield self._notice
            yield Static("x closes the console   esc back", classes="keys", markup=False)

    def on_mount(self) -> None:
        self.set_focus(self._table)
        self.set_interval(1.0, self.paint)
        self.paint()

    def paint(self) -> None:
        """Show how it is now."""
        self._table.set_rows(rows_of(self._runtime.consoles.sessions, self._runtime.clock.time()))

    def action_end(self) -> None:
        """End the one under the cursor."""
        row = self._table.cursor_row
        found = [one for one in self._runtime.consoles.sessions if isinstance(row, ConsoleRow) and one.op_id == row.key]
        for session in found:
            session.end("closed in the dashboard")
        self._notice.say(f"closed: {found[0].target.label}" if found else "it is closed already", Tone.MUTED)


async def open_keys(app: App[Any], runtime: Runtime, target: Target) -> None:
    """Show the keys that can be pressed at a VM."""
    refused = runtime.consoles.refusal("sendkeys", target)
    if refused is not None:
        raise refused
    await app.push_screen(KeyMenu(runtime.consoles, target))


class Text(Input):
    """The line that is typed at the VM; hidden, for it may be a password."""

    HELP_NAME: ClassVar[str] = "text"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "screen.leave_text", "Back")]


class KeyMenu(ModalScreen[None]):
    """One letter, one chord; or a line of text, which is asked about before it is typed."""

    HELP_NAME: ClassVar[str] = "send keys"
    DEFAULT_CSS = """
    KeyMenu { align: center middle; background: $background 60%; }
    KeyMenu > Vertical { width: 60; max-width: 98%; height: auto; border: round $primary; padding: 0 1; }
    KeyMenu > Vertical { background: $background; }
    KeyMenu Text { display: none; border: none; height: 1; padding: 0; background: $surface; }
    KeyMenu .keys { color: $foreground 70%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(letter, f"press({name!r})", label) for letter, label, name in CHORDS),
        Binding("t", "text", "Type a line of text"),
        Binding("y", "confirm", "Type it", show=False),
        Binding("escape,q", "back", "Close"),
    ]
    AUTO_FOCUS: ClassVar[str | None] = ""

    def __init__(self, desk: ConsoleDesk, target: Target) -> None:
        super().__init__()
        self._desk, self._target = desk, target
        self._asked: Sequence[str] = ()
        """Keys that somebody is asked about."""
        self._notice = Notice()

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = plain(f"Send keys to {called(self._target)}")
            for letter, label, _name in CHORDS:
                yield Static(plain(f"{letter}  {label}"))
            yield Static(plain("t  a line of text, as on an American keyboard"))
            line = Text(password=True, compact=True, max_length=LONGEST_TEXT)
            line.cursor_blink = False
            yield line
            yield self._notice
            yield Static("esc closes", classes="keys", markup=False)

    def action_press(self, name: str) -> None:
        """Press a chord."""
        self._send((name,), name)

    def action_text(self) -> None:
        """Ask for the line."""
        line = self.query_one(Text)
        line.value, line.display = "", True
        self.set_focus(line)

    def action_leave_text(self) -> None:
        """Type nothing."""
        self.query_one(Text).display = False
        self.set_focus(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        typed = event.input.value
        self.action_leave_text()
        event.input.value = ""
        try:
            self._asked = keys_of(typed)
        except ProxtuiError as error:
            self._notice.say(clean(str(error)), Tone.BAD)
            return
        if self._asked:
            self._notice.say(f"type {len(self._asked)} characters at {called(self._target)}? y types them", Tone.WARN)

    def action_confirm(self) -> None:
        """Type what was asked about."""
        asked, self._asked = self._asked, ()
        if asked:
            self._send(asked, f"{len(asked)} characters")

    def action_back(self) -> None:
        """Take back the question, or close."""
        if self._asked:
            self._asked = ()
            self._notice.say("nothing was typed", Tone.MUTED)
        else:
            self.dismiss(None)

    def _send(self, keys: Sequence[str], what: str) -> None:
        self._asked = ()
        self.run_worker(self._sent(keys, what), name="keys", group="keys")

    async def _sent(self, keys: Sequence[str], what: str) -> None:
        self._notice.say(f"{what} ...", Tone.MUTED)
        try:
            await send_keys(self._desk, self._target, keys)
        except ProxtuiError as error:
            self._notice.say(clean(str(error)), Tone.BAD)
        else:
            self._notice.say(f"{what}: sent", Tone.GOOD)
