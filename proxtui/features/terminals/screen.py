"""Terminals, shells and SPICE from the dashboard: it steps aside, and comes back as it was."""

from __future__ import annotations

import asyncio
from math import ceil
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static
from textual.worker import get_current_worker

from proxtui.core.rows import Tone
from proxtui.errors import ProxtuiError, UsageError
from proxtui.features.terminals.joining import joined, opened_for, seated
from proxtui.features.terminals.service import SshWish
from proxtui.kit.away import away
from proxtui.kit.one_line import Notice
from proxtui.kit.safe import plain
from proxtui.pve.sanitize import clean

if TYPE_CHECKING:
    from collections.abc import Callable

    from proxtui.core.consoles import ConsoleUse
    from proxtui.core.operation import Target
    from proxtui.core.runtime import Runtime

GROUP: Final = "terminals"
BAD_NEWS: Final = 15.0
"""Seconds for which it stands in the corner why one could not be opened."""


async def open_terminal(app: Any, runtime: Runtime, target: Target) -> None:
    """The console of a container, a VM with a serial port or a node."""
    _step_aside(app, runtime, target, "term")


async def open_shell(app: Any, runtime: Runtime, target: Target) -> None:
    """A shell by SSH, at the address that is known or asked for now."""
    _step_aside(app, runtime, target, "ssh")


async def open_spice(app: Any, runtime: Runtime, target: Target) -> None:
    """The display of a VM in a viewer of its own."""
    from proxtui.features.terminals.spice import open_display

    app.notify(clean(await open_display(runtime, target)), markup=False)


def _step_aside(app: Any, runtime: Runtime, target: Target, use: ConsoleUse) -> None:
    """In a worker, for the app has to hear of signals and of servers meanwhile."""
    if any(worker.group == GROUP and not worker.is_finished for worker in app.workers):
        raise UsageError("another one is being opened")
    app.run_worker(_told(app, runtime, target, use), name=use, group=GROUP)


async def _told(app: Any, runtime: Runtime, target: Target, use: ConsoleUse) -> None:
    title = runtime.consoles.operation(use).of(target)
    waiting = Opening(title, runtime.clock.monotonic, get_current_worker().cancel)
    await app.push_screen(waiting)
    try:
        line = await _attached(app, runtime, target, use, waiting)
    except ProxtuiError as error:
        app.notify(clean(f"{title}: {error}"), severity="error", markup=False, timeout=BAD_NEWS)
    except asyncio.CancelledError:
        if waiting.is_given_up:
            app.notify(clean(f"{title}: given up"), markup=False)
        raise
    else:
        app.notify(clean(line), markup=False)
    finally:
        waiting.leave()


async def _attached(app: Any, runtime: Runtime, target: Target, use: ConsoleUse, waiting: Opening) -> str:
    """Opened before the screen is left: what keeps it from opening is told on it. The poller goes on meanwhile."""
    with seated() as seat:
        more: dict[str, Any] = {"seat": seat, "wish": SshWish(), "trying": waiting.tries}
        async with opened_for(runtime, target, use, **more) as opened:
            waiting.leave()
            try:
                with away(app):
                    _, line = await joined(seat, opened, touched=app.touched)
            except SuspendNotSupported as error:
                raise UsageError("the dashboard cannot leave this terminal") from error
    return line


class Opening(ModalScreen[None]):
    """What is waited for until a terminal is there, and for how long; escape and ctrl+c end it."""

    HELP_NAME: ClassVar[str] = "opening"
    DEFAULT_CSS = """
    Opening { align: center middle; background: $background 60%; }
    Opening > Vertical { width: 76; max-width: 98%; height: auto; border: round $primary; padding: 0 1; }
    Opening > Vertical { background: $background; }
    Opening .keys { color: $foreground 70%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "give_up", "Give up")]

    def __init__(self, title: str, now: Callable[[], float], give_up: Callable[[], None]) -> None:
        super().__init__()
        self._title, self._now, self._give_up = title, now, give_up
        self._what, self._until = "", 0.0
        self.is_given_up = self._has_left = False
        self._line = Notice()

    def compose(self) -> ComposeResult:
        with Vertical() as frame:
            frame.border_title = plain(self._title)
            yield self._line
            yield Static("esc or ctrl+c ends it", classes="keys", markup=False)

    def on_mount(self) -> None:
        self.set_interval(1.0, self.paint)
        self.paint()

    def tries(self, what: str, seconds: float) -> None:
        """Something else is waited for now, for so many seconds at most; 0: nobody knows."""
        self._what, self._until = what, self._now() + seconds if seconds else 0.0
        self.paint()

    def paint(self) -> None:
        """Say how long it may still last."""
        left = f", {max(0, ceil(self._until - self._now()))} s left" if self._until else ""
        self._line.say(clean(f"{self._what}{left}"), Tone.PLAIN)

    def action_give_up(self) -> None:
        """Want it no more."""
        self.is_given_up = True
        self._give_up()

    def interrupted(self) -> None:
        """See ``ProxtuiApp.action_interrupt``."""
        self.action_give_up()

    def leave(self) -> None:
        """Go away; when something else lies above it, as soon as that has gone."""
        self._has_left = True
        if self.is_attached and self.is_current:
            self.dismiss(None)

    def on_screen_resume(self) -> None:
        if self._has_left:
            self.call_later(self.leave)
